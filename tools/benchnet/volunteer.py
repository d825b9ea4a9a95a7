"""What a volunteer's host pays, over an hour with all defaults.     (wiring)

Two addresses, IPv4 and IPv6, 11 hops and 20 ms away; a day is the first
minutes and, for the rest, the rates of the time after them.  Memory is looked at
ten times a second: its median, and the most at once, of the program and its
children.
"""

import binascii
import contextlib
import os
import socket
import statistics
import subprocess
import time

from labnet import netns
from labnet.errors import LabError

from .figure import figure
from .probe_footprint import DAY_S, NODE_JS, filesystem, written
from .resident import deployed
from .runner import family, resident_kb
from .tools import probe
from .world import require, targets, v6

BEGIN_S = 100          # a new probe looks at everything first
LOOKS = 10             # a second
PING_EVERY_S, TRACE_EVERY_S = 60, 900
SCAMPER_PORT, START_S = 31337, 10
UNITS = {"memory": ("kB", 1), "most": ("kB", 1), "cpu": ("s/day", 1),
         "wire": ("MB/day", 1e6), "disk": ("MB/day", 1e6)}


def catchwater(bench):
    """Enrolled, measuring by the schedule that an operator gets who sets none."""
    if filesystem(bench.folder) == "tmpfs":
        raise LabError(f"{bench.folder} is no disk: set TMPDIR to a folder on one")
    with deployed(bench, _addresses(bench)) as deployment:
        deployment.stop_probe("prober")
        with _running(bench.world, probe(bench.world), "run", "--state",
                      deployment.state_of("prober")) as child:
            yield from _rows("catchwater", _watch(bench, child))


def scamper(bench):
    """A resident scamper that is told through its socket to ping each address
    once a minute and to trace it every quarter of an hour.  It asks no DNS and
    sends nothing home; the disk's is what its results are long."""
    require("scamper")
    addresses = _addresses(bench)
    with _running(bench.world, "scamper", "-P", str(SCAMPER_PORT), "-p", "20") as child, \
            _attached(bench.world) as link:
        n_bytes = []
        day = _watch(bench, child, lambda second: n_bytes.append(
            _ask(link, addresses, second)))
        day["disk"] = sum(n_bytes) * DAY_S / len(n_bytes)
        yield from _rows("scamper", day)


def node(bench):
    """A bare node.js that listens, which a probe would be built on."""
    require("node")
    with _running(bench.world, "node", "-e", NODE_JS) as child:
        yield from _rows("node", _watch(bench, child))


def _addresses(bench):
    """One of each family, at the end of the long path."""
    bench.world.add_v6()
    address = targets("end", 1)[0]
    return [address, v6(address)]


@contextlib.contextmanager
def _running(world, *words):
    child = world.popen("prober", *words, stdin=subprocess.DEVNULL,
                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield child
    finally:
        child.terminate()
        child.wait()


def _watch(bench, child, each_second=lambda second: None):
    """What a day costs, {what: how much}.  each_second is called with the
    seconds since the start."""
    begun, length = time.monotonic(), BEGIN_S + bench.minutes * 60
    counted, kb = [{"cpu": 0, "disk": 0, "wire": _wire_bytes(bench.world)}], []
    for look in range(1, length * LOOKS + 1):
        time.sleep(max(0, begun + look / LOOKS - time.monotonic()))
        if child.poll() is not None:
            raise LabError(f"{child.args[-1]} ended by itself: {child.returncode}")
        second, is_between = divmod(look, LOOKS)
        if not is_between:
            each_second(second)
            if second in (BEGIN_S, length):
                counted.append(_counters(bench.world, child.pid))
        if second >= BEGIN_S:
            kb.append(_family_kb(child.pid))
    start, first, last = counted
    day = {what: first[what] - start[what] + (last[what] - first[what])
           * (DAY_S - BEGIN_S) / (length - BEGIN_S) for what in start}
    kb = [size for size in kb if size]
    return {"memory": statistics.median(kb), "most": max(kb), **day}


def _rows(name, day):
    for what, (unit, scale) in UNITS.items():
        yield figure(f"volunteer.{name}.{what}", unit, [day[what] / scale])


def _counters(world, pid):
    """CPU seconds and bytes written to disks since the program's start, of it
    and of its children that have ended; bytes on the wire, of all time."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        ticks = file.read().rpartition(")")[2].split()[11:15]
    return {"cpu": sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK"), "disk": written(pid),
            "wire": _wire_bytes(world)}


def _wire_bytes(world):
    """In and out of the prober's devices, with their Ethernet headers."""
    lines = world.exec("prober", "cat", "/proc/net/dev").stdout.splitlines()[2:]
    counts = {name.strip(): numbers.split() for name, _, numbers in
              (line.partition(":") for line in lines)}
    return sum(int(of[0]) + int(of[8]) for name, of in counts.items() if name != "lo")


def _family_kb(pid):
    """0 when one of them has ended meanwhile."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError, StopIteration):
        return sum(map(resident_kb, family(pid)))
    return 0


@contextlib.contextmanager
def _attached(world):
    """A socket to scamper's control port, ready for commands."""
    deadline = time.monotonic() + START_S
    while True:
        try:
            with netns.entered(world.names["prober"]):
                link = socket.create_connection(("127.0.0.1", SCAMPER_PORT))
            break
        except ConnectionRefusedError:
            if time.monotonic() > deadline:
                raise LabError("scamper does not listen") from None
            time.sleep(0.1)
    with link:
        link.sendall(b"attach\n")
        link.setblocking(False)
        yield link


def _ask(link, addresses, second):
    """Sends the commands of a second; how many bytes of results came."""
    words = (["ping -c 1"] if second % PING_EVERY_S == 1 else []) + \
        (["trace -P udp-paris"] if second % TRACE_EVERY_S == 2 else [])
    for word in words:
        for address in addresses:
            link.send(f"{word} {address}\n".encode())
    with contextlib.suppress(BlockingIOError):
        return sum(map(result_bytes, link.recv(1 << 20).splitlines()))
    return 0


def result_bytes(line):
    """Of a line of scamper's protocol, which wraps results by uuencode."""
    if line.split(b" ")[0] in (b"", b"OK", b"MORE", b"DATA", b"ERR"):
        return 0
    return len(binascii.a2b_uu(line))
