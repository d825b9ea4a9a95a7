"""The network that the probe's benchmarks run in.                     (edge)

    prober --- near                                        no delay
    prober --- delay box --- far                           20 ms round trip
    prober --- delay box --- h1 --- ... --- h10 --- end    20 ms, 11 hops

near, far and end answer pings and DNS questions on every address of a /16, after
add_v6() also of a /32: fd00:A:B::C stands beside 10.A.B.C.
Nothing is shared with another run: all names begin with a prefix made of the
process's number.
"""

import contextlib
import json
import os
import re
import shutil
import subprocess
import time

from labnet import netns, process
from labnet.errors import LabError

ZONE = "bench.example."
ROUND_TRIP_US = 20_000
HOPS = 11                     # the last one is the target
SILENT = ("h4", "h7")
SERVERS = ("near", "far", "end")
ROUTERS = tuple(f"h{i}" for i in range(1, HOPS))
NODES = ("prober", "delay", *SERVERS, *ROUTERS)
# {path: (the prober's device, first two bytes of its targets)}
PATHS = {"near": ("near", "10.101"), "far": ("far", "10.102"), "end": ("path", "10.103")}
PREFIX = "cwbn"
START_S = 10
UNLIMITED = "1000000"

SYSCTLS = {
    "ipv6/conf/all/disable_ipv6": "1",
    "ipv4/ping_group_range": "0 2147483647",
    "ipv4/conf/all/rp_filter": "0",
    "ipv4/conf/default/rp_filter": "0",
    "ipv4/icmp_ratemask": "0",
    "ipv4/icmp_msgs_per_sec": UNLIMITED,
    "ipv4/icmp_msgs_burst": UNLIMITED,
    "ipv4/ip_forward": "1",
}

SYSCTLS_V6 = {
    "ipv6/conf/all/forwarding": "1",
    "ipv6/icmp/ratelimit": "0",
    "ipv6/ip_nonlocal_bind": "1",
    "ipv6/conf/all/disable_ipv6": "0",
}

KNOT = """\
server:
    rundir: {dir}
    identity: "ns1.{name}.bench.example"
    nsid: "ns1.{name}.bench.example"
    listen: [ "0.0.0.0@53", "::@53" ]
    udp-workers: 4
    tcp-workers: 1
    background-workers: 1
log:
  - target: stderr
    any: warning
database:
    storage: {dir}
zone:
  - domain: {zone}
    file: {dir}/zone
    journal-content: none
    zonefile-load: whole
    zonefile-sync: -1
"""
ZONE_TEXT = f"""\
$ORIGIN {ZONE}
$TTL 300
@	SOA	ns1 hostmaster 2026010101 3600 600 604800 60
@	NS	ns1
ns1	A	10.101.0.1
"""


class World:
    """Call up() once and down() always."""

    def __init__(self, folder, build):
        self.folder = f"{folder}/network"
        self.build = build
        self.prefix = f"{PREFIX}{os.getpid()}-"
        self.names = {node: self.prefix + node for node in NODES}
        self._has_v6 = False

    def up(self):
        os.mkdir(self.folder)
        netns.run(["ip", "-batch", "-"], "".join(
            f"netns add {name}\n" for name in self.names.values()))
        for name in self.names.values():
            with netns.entered(name):
                _write_sysctls(SYSCTLS)
            netns.run(["ip", "-n", name, "link", "set", "dev", "lo", "up"])
        self._connect()
        for devices in (("p-far", "far"), ("p-path", "path")):
            process.start(self.folder, f"delay-{devices[1]}",
                          [f"{self.build}/tools/bench.d/delay", str(ROUND_TRIP_US // 2),
                           *devices], self.names["delay"])
        for name in SERVERS:
            self._start_server(name)
        for name in SERVERS:
            self._wait_for(name)

    def down(self):
        if os.path.isdir(self.folder):
            process.stop_all(self.folder)
        remove(self.prefix)

    def add_v6(self):
        """Gives every device and route of IPv4 its like of IPv6, once."""
        if self._has_v6:
            return
        self._has_v6 = True
        for name in self.names.values():
            with netns.entered(name):
                _write_sysctls(SYSCTLS_V6)
            for device_ in self._told(name, "-4 address show scope global"):
                for address in device_["addr_info"]:
                    netns.run(["ip", "-n", name, "address", "add", f"{v6(address['local'])}/64",
                               "dev", device_["ifname"], "nodad"])
        for name in self.names.values():
            for route in self._told(name, "-4 route show table all proto boot"):
                kind = [route["type"]] if "type" in route else []
                way = ["via", v6(route["gateway"])] if "gateway" in route else []
                netns.run(["ip", "-n", name, "-6", "route", "add", *kind, v6(route["dst"]),
                           *way, "dev", route["dev"]])

    @contextlib.contextmanager
    def silence(self):
        """Two routers of the path make no ICMP errors."""
        for name in SILENT:
            netns.run(["ip", "-n", self.names[name], "rule", "add", "pref", "10", "iif", "lo",
                       "to", "10.0.3.1", "blackhole"])
        try:
            yield
        finally:
            for name in SILENT:
                netns.run(["ip", "-n", self.names[name], "rule", "del", "pref", "10"])

    def command(self, node, *words):
        """The command line that runs `words` inside a node."""
        return netns.prefix_command(self.names[node]) + list(words)

    def exec(self, node, *words, timeout=60, **more):
        """Runs a command inside a node; subprocess.CompletedProcess, text."""
        more = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True,
                "check": False, **more}
        return subprocess.run(self.command(node, *words), timeout=timeout, **more)

    def popen(self, node, *words, **more):
        """Starts a command inside a node; subprocess.Popen."""
        return subprocess.Popen(self.command(node, *words), **more)

    # Inside

    def _connect(self):
        for number, device in ((1, "near"), (2, "far"), (3, "path")):
            first = {"near": "near", "far": "far", "path": "h1"}[device]
            if device == "near":
                self._cable(("prober", device), (first, "up"))
            else:
                self._cable(("prober", device), ("delay", f"p-{device}"))
                self._cable(("delay", device), (first, "up"))
            self._link(number, ("prober", device), (first, "up"))
        chain = ("h1", *ROUTERS[1:], "end")
        for i, (a, b) in enumerate(zip(chain, chain[1:])):
            self._cable((a, "down"), (b, "up"))
            self._link(10 + i, (a, "down"), (b, "up"))
            self._ip(a, f"route add default via 10.0.{10 + i}.2")
            if i:
                self._ip(a, f"route add 10.0.3.0/30 via 10.0.{9 + i}.1")
        self._ip("end", f"route add default via 10.0.{8 + len(chain)}.1")
        for number, (server, (_, net)) in enumerate(PATHS.items(), 1):
            self._ip("prober", f"route add {net}.0.0/16 via 10.0.{number}.2")
            self._ip(server, f"route add local {net}.0.0/16 dev lo")

    def _cable(self, one, other):
        """A pair of devices; their hardware addresses tell whose they are."""
        netns.run(["ip", "link", "add", "name", one[1], "netns", self.names[one[0]],
                   "address", _mac(*one), "type", "veth", "peer", "name", other[1],
                   "netns", self.names[other[0]], "address", _mac(*other)])
        for node, device in (one, other):
            with netns.entered(self.names[node]):
                netns.offloads_off(device)
            self._ip(node, f"link set dev {device} up")

    def _link(self, number, one, other):
        """Addresses of two ends that know each other for good: no ARP."""
        ends = ((one, other, 1, 2), (other, one, 2, 1))
        for (node, device), far, mine, theirs in ends:
            self._ip(node, f"address add 10.0.{number}.{mine}/30 dev {device}")
            self._ip(node, f"neighbour add 10.0.{number}.{theirs} lladdr {_mac(*far)} "
                           f"dev {device} nud permanent")

    def _ip(self, node, words):
        netns.run(["ip", "-n", self.names[node], *words.split()])

    def _told(self, name, words):
        return json.loads(netns.run(["ip", "-n", name, "-j", *words.split()]))

    def _start_server(self, name):
        folder = f"{self.folder}/{name}"
        os.mkdir(folder)
        with open(f"{folder}/zone", "w", encoding="ascii") as file:
            file.write(ZONE_TEXT)
        with open(f"{folder}/knot.conf", "w", encoding="ascii") as file:
            file.write(KNOT.format(dir=folder, name=name, zone=ZONE))
        process.start(self.folder, f"knot-{name}", ["knotd", "-c", f"{folder}/knot.conf"],
                      self.names[name])

    def _wait_for(self, name):
        deadline = time.monotonic() + START_S
        words = ["kdig", "+short", "+timeout=1", "+retry=0", f"@{PATHS[name][1]}.0.1", ZONE,
                 "SOA"]
        while not self.exec("prober", *words).stdout.strip():
            if time.monotonic() > deadline:
                raise LabError(f"the DNS server of {name} does not answer: see "
                               f"{self.folder}/knot-{name}.log")


def targets(path, n):
    """The first n target addresses of a path: near, far or end."""
    net = PATHS[path][1]
    return [f"{net}.{1 + i // 250}.{1 + i % 250}" for i in range(n)]


def v6(destination):
    """Of an IPv4 address, network or "default" of this world: its like of IPv6."""
    if destination == "default":
        return destination
    address, _, length = destination.partition("/")
    a, b, c = address.split(".")[1:]
    return {"": f"fd00:{a}:{b}::{c}", "16": f"fd00:{a}::/32",
            "30": f"fd00:{a}:{b}::/64"}[length]


def device(path):
    """The prober's device on a path."""
    return PATHS[path][0]


def router_of(address):
    """The router that has an address on the way to `end`, "" for none."""
    found = re.fullmatch(r"10\.0\.(\d+)\.2", address)
    if not found:
        return ""
    number = int(found[1])
    return "h1" if number == 3 else f"h{number - 8}" if 10 <= number < 9 + HOPS - 1 else ""


def leftovers(word):
    """Prefixes, made of a word and a process's number, of namespaces whose
    process is no more."""
    found = (re.match(rf"({word}(\d+)-)", name) for name in netns.existing(word))
    return sorted({match[1] for match in found
                   if match and not os.path.exists(f"/proc/{match[2]}")})


def remove(prefix):
    """Removes a world's namespaces and all that runs in them."""
    process.stop_inside(netns.existing(prefix))
    netns.remove(prefix)


def require(*tools):
    missing = [tool for tool in tools if not shutil.which(tool)]
    if missing:
        raise LabError(f"not installed: {', '.join(missing)}; try `make deps`")


def _mac(node, device_name):
    number = sum(ord(c) * 131 ** i for i, c in enumerate(f"{node}/{device_name}"))
    return "02:" + ":".join(f"{number >> shift & 255:02x}" for shift in (32, 24, 16, 8, 0))


def _write_sysctls(values):
    for name, value in values.items():
        # Older kernels lack some; none of them is vital there.
        with contextlib.suppress(FileNotFoundError):
            with open(f"/proc/sys/net/{name}", "w", encoding="ascii") as file:
                file.write(value)
