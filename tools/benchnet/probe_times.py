"""How true times are: goal P4, and the first packet of P10.         (wiring)

The truth is a capture on the prober's own device; probes are matched one by
one.  The error of ours counts the rounding to whole microseconds in.
"""

import contextlib
import statistics
import subprocess

from labnet.errors import LabError

from .capture import ICMP, UDP, capture
from .figure import figure
from .tools import ANSWERED, fping, measure, scamper, scamper_records
from .world import device

RATE = 1_000
PROBES = 1_000
BUSY_LOOPS = 4
ECHO, ECHO_REPLY = 8, 0
CLASS_IN, CLASS_CH = 1, 3
UDP_HEAD, DNS_HEAD = 8, 12


def errors(bench):
    """P4: round trips over 20 ms, idle and beside four busy loops."""
    for load in ("idle", "load"):
        rows = {"icmp": [], "dns": [], "scamper": []}
        with _busy(bench.world, BUSY_LOOPS if load == "load" else 0):
            for _ in range(bench.runs):
                for name, one_run in (("icmp", _icmp), ("dns", _dns), ("scamper", _scamper)):
                    rows[name].append(one_run(bench.world))
        for name in ("icmp", "dns"):
            yield figure(f"probe.p4.{name}.{load}.median", "us", _medians(rows[name]),
                         "scamper", _medians(rows["scamper"]), "<=1.5 us")
            yield figure(f"probe.p4.{name}.{load}.p95", "us", _p95(rows[name]),
                         "scamper", _p95(rows["scamper"]), "<=3 us")


def first_packet(bench):
    """P10: from the start of the program to its first packet."""
    world = bench.world

    def delay_ms(command):
        with capture(world, device("far"), "icmp") as packets:
            result = command()
        return (min(p.at_ns for p in packets if p.is_out) - result.started_ns) / 1e6

    ours, theirs = [], []
    for _ in range(bench.runs):
        ours.append(delay_ms(lambda: measure(world, "far", 1, "--ping")))
        theirs.append(delay_ms(lambda: fping(world, "far", 1, 1)))
    yield figure("probe.p10.start", "ms", ours, "fping", theirs, "<=5 ms")


@contextlib.contextmanager
def _busy(world, n):
    """n processes that do nothing but spend time."""
    loops = [world.popen("prober", "sh", "-c", "while :; do :; done",
                         stdin=subprocess.DEVNULL) for _ in range(n)]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


# One run: errors in microseconds, one for each probe

def _icmp(world):
    with capture(world, device("far"), "icmp") as packets:
        result = measure(world, "far", PROBES, "--ping", rate=RATE)
    return _against(round_trips(packets, _echo_key),
                    {o["target"]: o["rtt_min_us"] for o in result.observations
                     if o["outcome"] == "ok"})


def _dns(world):
    with capture(world, device("far"), "udp port 53") as packets:
        result = measure(world, "far", PROBES, "--dns", rate=RATE)
    told = {}
    for o in result.observations:
        if o["outcome"] == "ok":
            told[o["target"], CLASS_IN] = o["rtt_us"]
        if o.get("chaos", {}).get("outcome") == "ok":
            told[o["target"], CLASS_CH] = o["chaos"]["rtt_us"]
    return _against(round_trips(packets, dns_key), told)


def _scamper(world):
    with capture(world, device("far"), "icmp") as packets:
        result = scamper(world, "far", PROBES, RATE, "ping -c 1", "json")
    return _against(round_trips(packets, _echo_key),
                    {r["dst"]: 1000 * r["responses"][0]["rtt"]
                     for r in scamper_records(result) if r["responses"]})


def _against(wire, told):
    both = [key for key in told if key in wire]
    if len(both) < ANSWERED * PROBES:
        raise LabError(f"only {len(both)} of {PROBES} round trips found in the capture")
    return [told[key] - wire[key] for key in both]


def round_trips(packets, key_of):
    """{key: microseconds} of the first question and the first answer."""
    asked, result = {}, {}
    for packet in packets:
        key = key_of(packet)
        if key is None:
            continue
        if packet.is_out:
            asked.setdefault(key, packet.at_ns)
        elif key in asked:
            result.setdefault(key, (packet.at_ns - asked[key]) / 1000)
    return result


def _echo_key(packet):
    if packet.protocol != ICMP or packet.payload[0] not in (ECHO, ECHO_REPLY):
        return None
    return packet.target if packet.is_out else packet.source


def dns_key(packet):
    """The server and the class of the question."""
    at = UDP_HEAD + DNS_HEAD
    if packet.protocol != UDP or len(packet.payload) <= at:
        return None
    while at < len(packet.payload) and packet.payload[at]:
        at += 1 + packet.payload[at]
    if at + 5 > len(packet.payload):
        return None
    number = int.from_bytes(packet.payload[at + 3:at + 5], "big")
    return (packet.target if packet.is_out else packet.source), number


def _medians(runs):
    return [abs(statistics.median(run)) for run in runs]


def _p95(runs):
    return [sorted(map(abs, run))[len(run) * 95 // 100] for run in runs]
