"""Network namespaces: make, enter, wire up, remove.                   (edge)"""

import contextlib
import ctypes
import fcntl
import os
import socket
import struct
import subprocess

from . import users
from .errors import LabError
from .topology import ANYCAST, FAMILIES, link_local

NETNS_DIR = "/run/netns"
CLONE_NEWNET = 0x40000000
SIOCETHTOOL = 0x8946
# ETHTOOL_STXCSUM, _STSO, _SGSO, _SGRO: half-made checksums would show up in
# ICMP quotes, and packets larger than the MTU would hide what an MTU does.
OFFLOADS = (0x17, 0x1f, 0x24, 0x2c)
HOST_BITS = {4: 32, 6: 128}
LINK_BITS = {4: 31, 6: 64}

SYSCTLS = {
    "ipv4/icmp_ratemask": "0",
    "ipv4/conf/all/rp_filter": "0",
    "ipv4/conf/default/rp_filter": "0",
    "ipv4/fib_multipath_hash_policy": "3",
    "ipv4/fib_multipath_hash_fields": "55",
    "ipv6/fib_multipath_hash_policy": "3",
    "ipv6/fib_multipath_hash_fields": "55",
    "ipv6/icmp/ratemask": "0",
    "ipv6/conf/all/disable_ipv6": "0",
    "ipv6/conf/default/disable_ipv6": "0",
    "ipv6/conf/default/addr_gen_mode": "0",
    "ipv6/conf/default/accept_dad": "0",
    "ipv6/conf/default/accept_ra": "0",
    "ipv6/conf/default/router_solicitations": "0",
    "ipv6/conf/all/keep_addr_on_down": "1",
    "ipv6/conf/default/keep_addr_on_down": "1",
}
ROUTER_SYSCTLS = {
    "ipv4/ip_forward": "1",
    "ipv6/conf/all/forwarding": "1",
}

_libc = ctypes.CDLL(None, use_errno=True)


def run(argv, text=None):
    """Runs a command; its output, or LabError with its first complaint."""
    done = subprocess.run(argv, input=text, capture_output=True, text=True,
                          check=False)
    if done.returncode:
        complaint = (done.stderr or done.stdout).strip().split("\n")[0]
        raise LabError(f"{' '.join(argv)}: {complaint or done.returncode}")
    return done.stdout


def path(netns):
    return f"{NETNS_DIR}/{netns}"


def prefix_command(netns):
    """What to put before a command to run it in a namespace."""
    return ["nsenter", f"--net={path(netns)}", "--"]


def existing(prefix):
    """Names of the namespaces that begin with prefix."""
    try:
        return sorted(n for n in os.listdir(NETNS_DIR) if n.startswith(prefix))
    except FileNotFoundError:
        return []


@contextlib.contextmanager
def entered(netns):
    """Moves this thread into a namespace and back: sockets made inside
    stay inside."""
    with open("/proc/thread-self/ns/net", "rb") as home, \
            open(path(netns), "rb") as there:
        _setns(there.fileno())
        try:
            yield
        finally:
            _setns(home.fileno())


def _setns(fd):
    if _libc.setns(fd, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")


def build(topology, names):
    """Makes all namespaces and cables, configured but for BGP.  `names`
    maps a node to its namespace."""
    run(["ip", "-batch", "-"], "".join(
        f"netns add {netns}\n" for netns in names.values()))
    for node in topology.nodes.values():
        with entered(names[node.name]):
            _write_sysctls(node)
            if users.may_ping(node.name, topology.CLOSED):
                write_sysctl("ipv4/ping_group_range", users.ping_groups())
    run(["ip", "-batch", "-"], "".join(
        f"link add name {link.b} netns {names[link.a]} address {link.mac[link.a]} "
        f"type veth peer name {link.a} netns {names[link.b]} "
        f"address {link.mac[link.b]}\n" for link in topology.links))
    for node in topology.nodes.values():
        configure(topology, node, names[node.name])
        with entered(names[node.name]):
            for link in topology.links_of(node.name):
                offloads_off(link.other(node.name))


def configure(topology, node, netns):
    """Addresses, neighbours and default routes of one node; harmless to
    repeat, and needed again after its links were down."""
    run(["ip", "-n", netns, "-batch", "-"],
        "\n".join(_lines(topology, node)) + "\n")


def cut(topology, node, netns):
    """Takes all cables of a node down; `configure` brings them back."""
    run(["ip", "-n", netns, "-batch", "-"], "".join(
        f"link set dev {link.other(node.name)} down\n"
        for link in topology.links_of(node.name)))


def remove(prefix):
    """Removes all namespaces that begin with prefix; their links go too."""
    subprocess.run(["ip", "-force", "-batch", "-"], text=True, check=False,
                   input="".join(f"netns del {name}\n" for name in existing(prefix)),
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    left = existing(prefix)
    if left:
        raise LabError(f"namespace {left[0]} cannot be removed: `ip netns del {left[0]}`")


def write_sysctl(name, value):
    """Of the namespace entered.  Older kernels lack some; none of them is
    vital there."""
    with contextlib.suppress(FileNotFoundError):
        with open(f"/proc/sys/net/{name}", "w", encoding="ascii") as file:
            file.write(value)


def _write_sysctls(node):
    values = dict(SYSCTLS)
    if node.role == "transit":
        values.update(ROUTER_SYSCTLS)
    for name, value in values.items():
        write_sysctl(name, value)


def _lines(topology, node):
    """The `ip` commands of one node."""
    yield "link set dev lo up"
    for family in FAMILIES:
        yield _address(node.address[family], HOST_BITS[family], "lo", family)
        if node.role in ("site", "rogue"):
            yield _address(ANYCAST[family], HOST_BITS[family], "lo", family)
    for link in topology.links_of(node.name):
        yield from _link_lines(node, link)
    if node.providers[4] and not node.has_bird():
        yield from _default_routes(topology, node)


def _address(address, bits, device, family):
    nodad = " nodad" if family == 6 else ""
    return f"address replace {address}/{bits} dev {device}{nodad}"


def _link_lines(node, link):
    """Both ends know each other for good: no ARP delays the first packet."""
    device = peer = link.other(node.name)
    for family in FAMILIES:
        yield _address(link.address[node.name][family], LINK_BITS[family],
                       device, family)
    yield f"link set dev {device} up"
    for address in (*link.address[peer].values(), link_local(link.mac[peer])):
        yield (f"neighbour replace {address} lladdr {link.mac[peer]} "
               f"dev {device} nud permanent")


def _default_routes(topology, node):
    for family in FAMILIES:
        provider = node.providers[family][0]
        gateway = topology.link(provider, node.name).address[provider][family]
        yield (f"route replace default via {gateway} dev {provider} "
               f"src {node.address[family]}")


def offloads_off(device):
    """Makes a device of the entered namespace send every packet whole: no
    half-made checksums, nothing larger than the MTU."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for command in OFFLOADS:
            value = ctypes.create_string_buffer(struct.pack("II", command, 0))
            request = struct.pack("16sP16x", device.encode(),
                                  ctypes.addressof(value))
            fcntl.ioctl(sock, SIOCETHTOOL, request)
