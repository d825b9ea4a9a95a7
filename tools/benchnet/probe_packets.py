"""What a packet costs: goals P1, P2, P3 and P8.                     (wiring)"""

import contextlib

from labnet.errors import LabError

from .figure import figure
from .runner import in_turn
from .tools import dnsperf, fping, kdig, kdig_forked, measure, scamper

PACED = 1000           # packets a second
MANY = 10_000
SOME = 1_000
FORKS = 200            # kdig's own cost, not its number, is looked at
MIXED_RATE = 1_400     # packets a second: 1000 x (1 + 2 + 11) in 10 s
SWEEP_TRIES, SWEEP_ANSWERED = 4, 0.95
PING = "ping -c 1"
TRACE = "trace -P icmp-paris -q 1 -w 1"


def per_packet(results):
    return [r.cpu_us / r.sent for r in results]


def paced(bench):
    """P1: echoes to 1000 targets at 1000 a second, 20 ms away."""
    world = bench.world
    ours, theirs, other = in_turn(
        bench.runs, lambda: measure(world, "far", SOME, "--ping", rate=PACED),
        lambda: fping(world, "far", SOME, 1), lambda: scamper(world, "far", SOME, PACED, PING))
    yield figure("probe.p1.fping", "us/echo", per_packet(ours), "fping", per_packet(theirs),
                 "<=0.55")
    yield figure("probe.p1.scamper", "us/echo", per_packet(ours), "scamper", per_packet(other),
                 "<=0.4")


def flood(bench):
    """P2: echoes to 10000 targets as fast as they go."""
    world = bench.world
    ours, theirs = in_turn(bench.runs, lambda: measure(world, "near", MANY, "--ping"),
                           lambda: fping(world, "near", MANY, 0))
    yield figure("probe.p2", "us/echo", per_packet(ours), "fping", per_packet(theirs), "<=0.8")


def sweep(bench):
    """P3: two questions (SOA and CHAOS, both with NSID) of 10000 servers.
    The peers know one question at a time; all costs are per question."""
    world = bench.world
    ours, perf, one, forked = in_turn(
        bench.runs, lambda: _sweep(world),
        lambda: dnsperf(world, "near", 2 * MANY), lambda: kdig(world, "near", SOME),
        lambda: kdig_forked(world, "near", FORKS))
    for peer, results, goal in (("dnsperf", perf, "<=1.5"), ("kdig", one, "<=0.2"),
                                ("kdig-fork", forked, "<=0.005")):
        yield figure(f"probe.p3.{peer}", "us/query", per_packet(ours), peer,
                     per_packet(results), goal)


def _sweep(world):
    """In a flood the server's socket loses some while others use the
    processor: a run that lost many has measured that, and is repeated."""
    for _ in range(SWEEP_TRIES - 1):
        with contextlib.suppress(LabError):
            return measure(world, "near", MANY, "--dns", answered=SWEEP_ANSWERED)
    return measure(world, "near", MANY, "--dns", answered=SWEEP_ANSWERED)


def mixed(bench):
    """P8: 1000 echoes, 1000 servers asked and 1000 traces in 10 s, against
    the sum of three programs that do one thing each.  kdig asks one server
    after the other, so it asks those without delay."""
    world = bench.world

    def peers():
        return (fping(world, "end", SOME, 1).cpu_us + kdig(world, "near", SOME).cpu_us +
                scamper(world, "end", SOME, PACED, TRACE).cpu_us) / 1000

    ours, theirs = in_turn(
        bench.runs, lambda: measure(world, "end", SOME, "--all", rate=MIXED_RATE).cpu_us / 1000,
        peers)
    yield figure("probe.p8", "ms CPU", ours, "fping+kdig+scamper", theirs, "<=0.5")
