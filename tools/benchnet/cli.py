"""The command line of tools/bench.                                  (wiring)"""

import argparse
import glob
import os
import shutil
import signal
import subprocess
import sys
import tempfile

from labnet.deployment import ROOT
from labnet.errors import LabError

from . import (collector, collector_chunks, collector_fleet, collector_import, collector_query,
               collector_store, collector_tls, detector, probe_footprint, probe_packets,
               probe_times, probe_traces, volunteer)
from .figure import Report, missing
from .world import PREFIX, World, leftovers, remove, require

FOLDER = "catchwater-bench-"
EPILOG = """\
One line each: name, value, unit, peer, the peer's value, ratio, goal, and ok
or short.  Values are medians of the runs, ours and the peer's in turn.  NAME
is the beginning of a name, whole words: probe, probe.p3, collector; a longer
one narrows a shorter; volunteer's run only when named.  All but detector,
collector.c* and collector.fleet need root (network namespaces)."""

BENCHES = {
    "probe.p1": probe_packets.paced,
    "probe.p2": probe_packets.flood,
    "probe.p3": probe_packets.sweep,
    "probe.p4": probe_times.errors,
    "probe.p5": probe_traces.quick,
    "probe.p6": probe_traces.silent,
    "probe.p7": probe_traces.many,
    "probe.p8": probe_packets.mixed,
    "probe.p9.idle": probe_footprint.memory,
    "probe.p9.targets": probe_footprint.memory_per_target,
    "probe.p10.start": probe_times.first_packet,
    "probe.p10.wakeups": probe_footprint.wakeups,
    "probe.p11": probe_footprint.uploaded_bytes,
    "probe.memory.flat": probe_footprint.flat_memory,
    "probe.disk": probe_footprint.disk,
    "collector.c1": collector.ingest,
    "collector.c2": collector.small_batches,
    "collector.c3": collector_store.growth,
    "collector.c4": collector_chunks.chunks,
    "collector.c5": collector_store.history,
    "collector.c6": collector_query.queries,
    "collector.c7": collector_store.detectors,
    "collector.c8": collector_tls.tls,
    "collector.c9": collector.parse,
    "collector.fleet": collector_fleet.fleet,
    "collector.import.atlas": collector_import.results,
    "collector.import.catchment": collector_import.rounds,
    "detector": detector.detector,
    "volunteer.catchwater": volunteer.catchwater,
    "volunteer.scamper": volunteer.scamper,
    "volunteer.node": volunteer.node,
}
# Those that need no network.
PLAIN = {"detector", "collector.fleet",
         *(name for name in BENCHES if name.startswith("collector.c"))}
LONG = "volunteer."   # an hour each: only when named


class Bench:
    """What a benchmark gets: how many runs, and the network, built when the
    first one asks for it."""

    def __init__(self, runs, full=False, minutes=60):
        self.runs = runs
        self.full = full   # as large as the goals say, however long it takes
        self.minutes = minutes   # of each of volunteer's
        self.build = f"{ROOT}/build"
        self.folder = tempfile.mkdtemp(prefix=f"{FOLDER}{os.getpid()}-")
        os.chmod(self.folder, 0o755)
        self._world = None

    @property
    def world(self):
        if not self._world:
            require("ip", "nsenter", "knotd", "kdig", "tcpdump")
            self._world = World(self.folder, self.build)
            self._world.up()
        return self._world

    def end(self):
        if self._world:
            self._world.down()
        shutil.rmtree(self.folder, ignore_errors=True)


def main(words):
    options = _parse(words)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if os.geteuid() != 0 and not PLAIN.issuperset(chosen(options.what)):
        print("bench: needs root, for network namespaces: try sudo", file=sys.stderr)
        return 1
    subprocess.run(["make", "-s", "-C", ROOT, "all", "bench-programs"], check=True,
                   stdout=sys.stderr)
    if os.geteuid() == 0:
        _remove_leftovers()
    report = Report(options.json)
    bench = Bench(options.runs, options.full, options.minutes)
    try:
        for name in chosen(options.what):
            _run(name, bench, report)
    finally:
        bench.end()
        report.end()
    return 0


def _remove_leftovers():
    """What benchmarks have left that were killed."""
    for prefix in leftovers(PREFIX):
        remove(prefix)
    for folder in glob.glob(f"{tempfile.gettempdir()}/{FOLDER}*-*"):
        if not os.path.exists(f"/proc/{folder.rsplit('-', 2)[1]}"):
            shutil.rmtree(folder, ignore_errors=True)


def _run(name, bench, report):
    try:
        for row in BENCHES[name](bench):
            report.add(row)
    except (LabError, OSError) as error:
        report.add(missing(name, str(error)))


def _parse(words):
    parser = argparse.ArgumentParser(
        prog="bench", description="Figures of the programs beside their peers', in one run.",
        epilog=EPILOG + "\n\nbenchmarks: " + " ".join(BENCHES),
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="an array of objects")
    parser.add_argument("--runs", type=int, default=5, help="of each; default 5")
    parser.add_argument("--full", action="store_true",
                        help="databases as large as the goals say: an hour more, 10 GB")
    parser.add_argument("--minutes", type=int, default=60,
                        help="how long each of volunteer's takes; default 60")
    parser.add_argument("what", nargs="*", metavar="NAME")
    options = parser.parse_args(words)
    for word in options.what:
        if not chosen([word]):
            parser.error(f"no benchmark {word!r}: there are {', '.join(BENCHES)}")
    if options.runs < 1 or options.minutes < 1:
        parser.error("--runs, --minutes: at least 1")
    return options


def chosen(words):
    """The benchmarks whose names begin with any of the words; without, all but
    the long ones.
    A word is narrowed by one that goes on from it: probe probe.p3."""
    words = [word for word in words
             if not any(other.startswith(f"{word}.") for other in words)]
    return [name for name in BENCHES
            if (any(f"{name}.".startswith(f"{word}.") for word in words) if words
                else not name.startswith(LONG))]
