"""catchwater-probe site beside routers that the lab itself does not use: FRR and
GoBGP, each with a BIRD for a neighbour, on the loopback of a namespace.
"""

import contextlib
import json
import os
import shutil
import subprocess
import tempfile
import time

import pytest

PREFIXES = "192.0.2.0/24 2001:db8::/48"

BIRD = """\
router id 10.0.0.2;
protocol device { }
protocol bgp up {
	local 127.0.0.2 port 10179 as 64502;
	neighbor 127.0.0.1 port 10180 as 64501;
	multihop 4; strict bind yes; connect delay time 1; connect retry time 1;
	ipv4 { import all; export none; };
	ipv6 { import all; export none; };
}
"""

FRR = """\
router bgp 64501
 bgp router-id 10.0.0.1
 no bgp ebgp-requires-policy
 no bgp network import-check
 neighbor 127.0.0.2 remote-as 64502
 neighbor 127.0.0.2 port 10179
 neighbor 127.0.0.2 ebgp-multihop 4
 neighbor 127.0.0.2 update-source 127.0.0.1
 neighbor 127.0.0.2 timers connect 1
 address-family ipv4 unicast
  network 192.0.2.0/24
 exit-address-family
 address-family ipv6 unicast
  network 2001:db8::/48
  neighbor 127.0.0.2 activate
 exit-address-family
"""

GOBGP = """\
[global.config]
  as = 64501
  router-id = "10.0.0.1"
  port = 10180
  local-address-list = ["127.0.0.1"]
[[neighbors]]
  [neighbors.config]
    neighbor-address = "127.0.0.2"
    peer-as = 64502
  [neighbors.transport.config]
    remote-port = 10179
    local-address = "127.0.0.1"
  [neighbors.ebgp-multihop.config]
    enabled = true
    multihop-ttl = 4
  [neighbors.timers.config]
    connect-retry = 1
  [[neighbors.afi-safis]]
    [neighbors.afi-safis.config]
      afi-safi-name = "ipv4-unicast"
  [[neighbors.afi-safis]]
    [neighbors.afi-safis.config]
      afi-safi-name = "ipv6-unicast"
"""


class Namespace:
    """A network namespace with a loopback, and daemons in it."""

    def __init__(self, folder):
        self.folder = folder
        self.children = []
        self.holder = subprocess.Popen(
            ["unshare", "-n", "sh", "-c", "ip link set lo up && echo up && exec sleep 1000"],
            stdout=subprocess.PIPE)
        assert self.holder.stdout.readline() == b"up\n"

    def words(self, *words):
        return ["nsenter", "-t", str(self.holder.pid), "-n", *words]

    def write(self, name, text):
        with open(f"{self.folder}/{name}", "w", encoding="ascii") as file:
            file.write(text)
        return file.name

    def start(self, *words):
        with open(f"{self.folder}/log", "ab") as log:
            child = subprocess.Popen(self.words(*words), stdin=subprocess.DEVNULL,
                                     stdout=log, stderr=log)
        self.children.append(child)
        return child

    def run(self, *words):
        return subprocess.run(self.words(*words), capture_output=True, text=True,
                              check=False, timeout=60)

    def close(self):
        for child in [*reversed(self.children), self.holder]:
            child.kill()
            child.wait()
        self.holder.stdout.close()


@pytest.fixture(name="space")
def fixture_space():
    if os.geteuid() != 0:
        pytest.skip("namespaces need root, or tools/lab-as-user")
    with tempfile.TemporaryDirectory() as folder, \
            contextlib.closing(Namespace(folder)) as space:
        space.start("bird", "-f", "-c", space.write("bird.conf", BIRD),
                    "-s", f"{folder}/bird.ctl")
        yield space


def need(*tools):
    missing = [t for t in tools if not shutil.which(t) and not os.path.exists(t)]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")


def announced(space, program, *words):
    """{family: (said, why)}"""
    done = space.run(program, "site", "--once", "--json", "--prefix", PREFIXES, *words)
    assert done.returncode in (0, 1), done.stderr
    return {f["family"]: (f["announced"]["is"], f["announced"].get("why"))
            for f in json.loads(done.stdout)["families"]}


def wait_until(space, program, wanted, *words):
    deadline = time.monotonic() + 60
    while True:
        found = announced(space, program, *words)
        if {family: said for family, (said, _) in found.items()} == wanted:
            return found
        assert time.monotonic() < deadline, (wanted, found)
        time.sleep(0.5)


def test_frr_says_what_it_advertises(space, probe):
    bgpd = "/usr/lib/frr/bgpd"
    need("vtysh", bgpd)
    sockets = ("--vty_socket", space.folder)
    ask = ("--frr", " ".join(["vtysh", *sockets]))
    daemon = space.start(
        bgpd, "-f", space.write("bgpd.conf", FRR), "-p", "10180", "-l", "127.0.0.1",
        *sockets, "-i", f"{space.folder}/bgpd.pid", "-u", "root", "-g", "root", "-n", "-S")
    found = wait_until(space, probe, {4: "yes", 6: "yes"}, *ask)
    assert found[4][1] == "FRR advertises it to 1 peers"
    assert announced(space, probe, *ask, "--peers", "127.0.0.9")[4][0] == "no"

    done = space.run("vtysh", *sockets, "-c", "configure",
                     "-c", "router bgp", "-c", "address-family ipv4 unicast",
                     "-c", "no network 192.0.2.0/24")
    assert done.returncode == 0, done.stdout
    wait_until(space, probe, {4: "no", 6: "yes"}, *ask)
    daemon.kill()
    daemon.wait()
    wait_until(space, probe, {4: "unknown", 6: "unknown"}, *ask)


def test_gobgp_says_what_it_advertises(space, probe):
    need("gobgp", "gobgpd")
    ask = ("--gobgp", "gobgp -p 50051", "--timeout", "10s")
    daemon = space.start("gobgpd", "-f", space.write("gobgpd.conf", GOBGP),
                         "--api-hosts", "127.0.0.1:50051")
    wait_until(space, probe, {4: "no", 6: "no"}, *ask)
    assert space.run("gobgp", "global", "rib", "add", "192.0.2.0/24").returncode == 0
    assert space.run("gobgp", "global", "rib", "add", "-a", "ipv6",
                     "2001:db8::/48").returncode == 0
    found = wait_until(space, probe, {4: "yes", 6: "yes"}, *ask)
    assert found[6][1] == "GoBGP advertises it to 127.0.0.2"
    assert space.run("gobgp", "global", "rib", "del", "192.0.2.0/24").returncode == 0
    wait_until(space, probe, {4: "no", 6: "yes"}, *ask)
    daemon.kill()
    daemon.wait()
    wait_until(space, probe, {4: "unknown", 6: "unknown"}, *ask)


def test_any_command_speaks_by_its_exit_status(space, probe):
    script = 'echo "$CATCHWATER_PREFIX"; [ "$CATCHWATER_FAMILY" = 4 ]'
    assert announced(space, probe, "--command", script) == {
        4: ("yes", "192.0.2.0/24"), 6: ("no", "2001:db8::/48")}
    assert announced(space, probe, "--command", "exit 7")[4] == ("unknown", "exit status 7")
    assert announced(space, probe, "--command", "sleep 60", "--timeout", "200ms")[4][0] == "unknown"
