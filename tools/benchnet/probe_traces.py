"""Paths of 11 hops, 20 ms away: goals P5, P6 and P7.               (wiring)

Both sides trace by ICMP at 10000 packets a second at most, one packet a hop.
"""

from labnet.errors import LabError

from .figure import figure
from .runner import in_turn
from .tools import measure, scamper, scamper_records
from .world import HOPS, SILENT, router_of

RATE = 10_000
FEW, MANY = 100, 1_000
TRACE = "trace -P icmp-paris -q 1 -w 1"


def quick(bench):
    """P5: seconds that 100 traces take, and packets they need."""
    ours, theirs = in_turn(bench.runs, lambda: _ours(bench.world, FEW),
                           lambda: _scamper(bench.world, FEW))
    for result in ours:
        _require_true(result, ())
    yield figure("probe.p5.wall", "s", _wall(ours), "scamper", _wall(theirs), "<=0.6")
    yield figure("probe.p5.packets", "packets/hop", _packets(ours), "scamper",
                 _packets(theirs), "<=1.2 packets")


def silent(bench):
    """P6: the same where two hops say nothing."""
    with bench.world.silence():
        ours, theirs = in_turn(bench.runs, lambda: _ours(bench.world, FEW),
                               lambda: _scamper(bench.world, FEW, "json"))
    for result in ours:
        _require_true(result, SILENT)
    yield figure("probe.p6.wall", "s", _wall(ours), "scamper", _wall(theirs), "<=0.15")
    yield figure("probe.p6.hops", "hops not found", [_n_not_found(*pair) for pair in
                                                     zip(ours, theirs)], goal="<=0 hops")


def many(bench):
    """P7: CPU of a packet of 1000 traces."""
    ours, theirs = in_turn(bench.runs, lambda: _ours(bench.world, MANY),
                           lambda: _scamper(bench.world, MANY))
    yield figure("probe.p7", "us/packet", [r.cpu_us / r.sent for r in ours], "scamper",
                 [r.cpu_us / r.sent for r in theirs], "<=1.0")


def _ours(world, n):
    return measure(world, "end", n, "--trace", "--proto", "icmp", "--queries", "1",
                   rate=RATE)


def _scamper(world, n, form="warts"):
    return scamper(world, "end", n, RATE, TRACE, form)


def _wall(results):
    return [r.wall_s for r in results]


def _packets(results):
    return [r.sent / FEW / HOPS for r in results]


def _found(observation):
    """{TTL: address} of what answered."""
    return {hop["ttl"]: hop["address"] for hop in observation["hops"]
            if "address" in hop and not hop.get("extra")}


def _require_true(result, quiet):
    """No hop may be found where it is not."""
    for observation in result.observations:
        for ttl, address in _found(observation).items():
            right = observation["target"] if ttl == HOPS else f"h{ttl}"
            told = address if ttl == HOPS else router_of(address)
            if told != right or told in quiet:
                raise LabError(f"measure --trace: {address} at hop {ttl} of "
                               f"{observation['target']} is not there")


def _n_not_found(ours, theirs):
    """Hops that the peer has found and we have not."""
    paths = {o["target"]: _found(o) for o in ours.observations}
    return sum(paths[trace["dst"]].get(hop["probe_ttl"]) != hop["addr"]
               for trace in scamper_records(theirs) for hop in trace["hops"])
