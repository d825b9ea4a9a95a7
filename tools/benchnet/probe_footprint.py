"""What nobody is to notice: goals P9, P10, P11, and the disk.       (wiring)"""

import contextlib
import glob
import os
import subprocess
import time

from labnet.errors import LabError

from . import runner
from .capture import capture
from .figure import figure
from .resident import deployed, pid_of
from .runner import family, resident_kb
from .tools import fping, measure, probe, scamper
from .world import ZONE, device, require, targets

SETTLE_S = 60
START_S = 2
FEW, MANY = 1_000, 10_000
ASSIGNED = (1_000, 4_000)  # an assignment has no more
# Within the cap of 20 packets a second.
SELDOM = {"dns_every": "1h", "ping_every": "1h", "trace_every": "6h"}
SLOT_NS = 5_000_000
DISK_SHORT_S, DISK_LONG_S = 40, 340
DAY_S = 86_400
ROUNDS = 60            # an hour of one a minute
SPOOL_TARGETS = 8
WARTS_RATE = 1_000
LONG_TARGETS = 500_000  # each is asked and pinged
LONG_RATE = 20_000
ADDRESSES = 60_000
NODE_JS = "require('http').createServer((q, r) => r.end('hello')).listen(8080)"


def memory(bench):
    """P9: resident memory between measurements, and of further targets."""
    with deployed(bench, targets("far", 1)) as deployment:
        time.sleep(SETTLE_S)
        ours = [_family_kb(pid_of(deployment))]
    yield figure("probe.p9.idle.scamper", "kB", ours, "scamper",
                 [_idle_kb(bench.world, "scamper", "-P", "31337")], "<=1.0")
    yield figure("probe.p9.idle.node", "kB", ours, "node",
                 [_idle_kb(bench.world, "node", "-e", NODE_JS)], "<=0.08")


def memory_per_target(bench):
    """P9: bytes of a further target, of a resident probe and of one list."""
    kb = []
    for n in ASSIGNED:
        with deployed(bench, targets("far", n), SELDOM) as deployment:
            time.sleep(SETTLE_S)
            kb.append(_family_kb(pid_of(deployment)))
    yield figure("probe.p9.targets.assigned", "B/target",
                 [1024 * (kb[1] - kb[0]) / (ASSIGNED[1] - ASSIGNED[0])], goal="<=250 B")
    world = bench.world
    ours, theirs = runner.in_turn(
        bench.runs, lambda: _slope(lambda n: measure(world, "near", n, "--ping")),
        lambda: _slope(lambda n: fping(world, "near", n, 0)))
    yield figure("probe.p9.targets.listed", "B/target", ours, "fping", theirs, "<=250 B")


def wakeups(bench):
    """P10: wake-ups of a resident probe, beside the slots of 5 ms in which a
    packet of its own, or of its upload, went or came."""
    with deployed(bench, targets("far", 1)) as deployment:
        with capture(bench.world, device("far"), "ip") as measured, \
                capture(bench.world, device("near"), "ip") as uploaded:
            before = _wakeups(pid_of(deployment))
            begun = time.time_ns()
            time.sleep(SETTLE_S)
            after = _wakeups(pid_of(deployment))
            ended = time.time_ns()
    slots = {p.at_ns // SLOT_NS for p in measured + uploaded if begun <= p.at_ns <= ended}
    if not slots:
        raise LabError(f"the probe has sent nothing in {SETTLE_S} s")
    yield figure("probe.p10.wakeups", f"in {SETTLE_S} s", [after - before], "slots",
                 [len(slots)], "<=1.0")


def uploaded_bytes(bench):
    """P11: bytes on the wire of an hour's observations of 8 targets, beside
    scamper's file of pings."""
    world = bench.world
    program = f"{bench.build}/tools/bench.d/batch_bytes"
    if not os.path.exists(program):
        raise LabError(f"{program} is not built")
    spool = runner.run(world, device("far"), probe(world), "measure", "--all", "--json",
                       "--count", str(ROUNDS), "--interval", "0.05", "--zone", ZONE,
                       *targets("far", SPOOL_TARGETS))
    done = subprocess.run([program, spool.output], capture_output=True, text=True, check=False)
    if done.returncode:
        raise LabError(f"batch_bytes: {done.stderr.strip()}")
    size, n = map(int, done.stdout.split())
    warts = os.path.getsize(scamper(world, "far", FEW, WARTS_RATE, "ping -c 1").output) / FEW
    yield figure("probe.p11.bytes", "B/observation", [size / n], "warts", [warts], "<=10 B")
    yield figure("probe.p11.warts", "B/observation", [size / n], "warts", [warts], "<=0.11")


def flat_memory(bench):
    """Resident memory of one long run, at a rate that the server can follow:
    after a tenth and at the end."""
    read, write = os.pipe()
    child = runner.start(bench.world, device("near"), probe(bench.world), "measure", "--dns",
                         "--ping", "--json", "--count", "1", "--zone", ZONE, "--rate",
                         str(LONG_RATE), "--targets", "-", stdin=read, output="/dev/null")
    os.close(read)
    addresses = targets("near", ADDRESSES)
    kb = {}
    with contextlib.suppress(BrokenPipeError), open(write, "w", encoding="ascii") as lines:
        for i in range(1, LONG_TARGETS + 1):
            lines.write(addresses[i % ADDRESSES] + "\n")
            if i in (LONG_TARGETS // 10, LONG_TARGETS):
                kb[i] = resident_kb(family(child.pid)[-1])
    runner.wait(child, 600, good=(0, 1))
    yield figure("probe.memory.flat", "kB", [kb[LONG_TARGETS]], "at 10%",
                 [kb[LONG_TARGETS // 10]], "<=1.05")


def disk(bench):
    """Bytes that a default setup (two addresses) writes in a day, in pages of
    files and of the file system's own: what a longer run writes more than a
    shorter one.  Its log is not counted: that is the journal's."""
    if _filesystem(bench.folder) == "tmpfs":
        raise LabError(f"{bench.folder} is no disk: set TMPDIR to a folder on one")
    written = []
    with deployed(bench, targets("far", 2)) as deployment:
        deployment.stop_probe("prober")
        for seconds in (DISK_SHORT_S, DISK_LONG_S):
            child = runner.start(bench.world, device("far"), probe(bench.world), "run",
                                 "--state", deployment.state_of("prober"), output=os.devnull,
                                 complaints=os.devnull)
            time.sleep(seconds)
            written.append(runner.stop(child).written_bytes)
    per_day = (written[1] - written[0]) * DAY_S / (DISK_LONG_S - DISK_SHORT_S)
    yield figure("probe.disk", "MB/day", [per_day / 1e6], goal="<=5 MB")


def _family_kb(pid):
    return sum(map(resident_kb, family(pid)))


def _idle_kb(world, *words):
    """Resident memory of a peer that waits, with its children."""
    require(words[0])
    child = world.popen("prober", *words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    time.sleep(START_S)
    kb = _family_kb(child.pid)
    child.terminate()
    child.wait()
    return kb


def _slope(run):
    return 1024 * (run(MANY).rss_kb - run(FEW).rss_kb) / (MANY - FEW)


def _wakeups(pid):
    """How often the process's threads went to sleep by themselves."""
    total = 0
    for path in glob.glob(f"/proc/{pid}/task/*/status"):
        with open(path, encoding="ascii") as file:
            total += next(int(line.split()[1]) for line in file
                          if line.startswith("voluntary_ctxt_switches"))
    return total


def _filesystem(path):
    done = subprocess.run(["stat", "-f", "-c", "%T", path], capture_output=True, text=True,
                          check=True)
    return done.stdout.strip()
