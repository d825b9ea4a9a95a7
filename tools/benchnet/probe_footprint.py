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
WAKEUPS_S = 180
WAKEUPS_PER_UPLOAD = 2
SYN = "tcp[tcpflags] & (tcp-syn | tcp-ack) == tcp-syn"
DISK_BEGIN_S, DISK_S = 100, 300   # a new probe looks at everything first
DISK_TARGETS = (2, 26)
DAY_S = 86_400
RESTING_LOOKS, RESTING_EVERY_S = 20, 0.2
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
        ours = [_resting_kb(pid_of(deployment))]
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
            kb.append(_resting_kb(pid_of(deployment)))
    yield figure("probe.p9.targets.assigned", "B/target",
                 [1024 * (kb[1] - kb[0]) / (ASSIGNED[1] - ASSIGNED[0])], goal="<=250 B")
    world = bench.world
    ours, theirs = runner.in_turn(
        bench.runs, lambda: _slope(lambda n: measure(world, "near", n, "--ping")),
        lambda: _slope(lambda n: fping(world, "near", n, 0)))
    yield figure("probe.p9.targets.listed", "B/target", ours, "fping", theirs, "<=250 B")


def wakeups(bench):
    """P10: how often a resident probe wakes up, beside how often it must: once
    for each slot of 5 ms in which a packet of its measurements left or came
    (an answer that comes later than the slot of its question wakes it again),
    and twice for each upload: to start its child, and when that is over.  What
    the child does, another process, is not counted.  What remains: libuv waits
    for the child's exec, once an upload, and an answer may come in the slot in
    which a timer sends the next question (here: echoes, 20 ms apart and away)."""
    with deployed(bench, targets("far", 1)) as deployment:
        with capture(bench.world, device("far"), "ip") as measured, \
                capture(bench.world, device("near"), SYN) as connections:
            before = _wakeups(pid_of(deployment))
            begun = time.time_ns()
            time.sleep(WAKEUPS_S)
            after = _wakeups(pid_of(deployment))
            ended = time.time_ns()
    slots = {p.at_ns // SLOT_NS for p in measured if begun <= p.at_ns <= ended}
    n_uploads = sum(p.is_out and begun <= p.at_ns <= ended for p in connections)
    if not slots:
        raise LabError(f"the probe has sent nothing in {WAKEUPS_S} s")
    yield figure("probe.p10.wakeups", f"in {WAKEUPS_S} s", [after - before], "needed",
                 [len(slots) + WAKEUPS_PER_UPLOAD * n_uploads], "<=1.0")


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
    """Bytes that a setup with all defaults writes in a day, for two addresses
    and for many: pages of files, as the kernel counts them for the process and
    its uploads, in an uneventful stretch, and one start and one orderly end a
    day.  A page more in the stretch is 1.2 MB.  Not counted: the file system's
    own (its journal), and the log, which is the other journal's."""
    if filesystem(bench.folder) == "tmpfs":
        raise LabError(f"{bench.folder} is no disk: set TMPDIR to a folder on one")
    for n in DISK_TARGETS:
        with deployed(bench, targets("far", n)) as deployment:
            deployment.stop_probe("prober")
            child = runner.start(bench.world, device("far"), probe(bench.world), "run",
                                 "--state", deployment.state_of("prober"), output=os.devnull,
                                 complaints=os.devnull)
            time.sleep(DISK_BEGIN_S)
            pid = family(child.pid)[1]
            before = written(pid)
            time.sleep(DISK_S)
            stretch = written(pid) - before
            all_of_it = runner.stop(child).written_bytes
        per_day = stretch * DAY_S / DISK_S + all_of_it - stretch
        yield figure(f"probe.disk.{n}", "MB/day", [per_day / 1e6], goal="<=5 MB")


def _family_kb(pid):
    return sum(map(resident_kb, family(pid)))


def _resting_kb(pid):
    """The least of a few seconds: an upload's child comes and goes."""
    least = _family_kb(pid)
    for _ in range(RESTING_LOOKS):
        time.sleep(RESTING_EVERY_S)
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            least = min(least, _family_kb(pid))
    return least


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


def written(pid):
    """Bytes of pages that a process has made the disk take."""
    with open(f"/proc/{pid}/io", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("write_bytes"))


def filesystem(path):
    done = subprocess.run(["stat", "-f", "-c", "%T", path], capture_output=True, text=True,
                          check=True)
    return done.stdout.strip()
