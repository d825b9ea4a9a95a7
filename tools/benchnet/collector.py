"""What the collector takes in, beside bare SQLite.                  (wiring)

Batches come over TLS from several probes on loopback, signed, and are
decoded, detected on and committed durably; SQLite inserts the same rows and
does nothing else.  Goals C1, C2 and C9.
"""

import itertools
import subprocess
import tempfile

from labnet.errors import LabError

from .figure import figure
from .runner import in_turn
from .served import LIMITS, Served

SERVICES = LIMITS + """\
service "anycast" {
    zone = "anycast.example"
    addresses = { "192.0.2.53" }
    identity = { "ns*.{site}.anycast.example" }
    site "ams" { position = "52.37,4.90" }
    site "fra" { position = "50.11,8.68" }
}
"""
OBSERVATIONS = 200_000
PARSED = 400_000

_numbers = itertools.count()


def ingest(bench):
    """C1: batches of 500, from TLS to disk; SQLite with as many rows in each
    durable transaction."""
    ours, theirs = in_turn(bench.runs, lambda: _ingest(bench, 8, 500),
                           lambda: _bare_sqlite(bench, 500))
    yield figure("collector.c1.rate", "observations/s", [OBSERVATIONS / x[0] for x in ours],
                 "sqlite", [OBSERVATIONS / x[0] for x in theirs], ">=0.5")
    yield figure("collector.c1.cpu", "us/observation", [1e6 * x[1] / OBSERVATIONS for x in ours],
                 "sqlite", [1e6 * x[1] / OBSERVATIONS for x in theirs])


def small_batches(bench):
    """C2: batches of 50 of many probes, which only group commit makes cheap;
    SQLite may put 10,000 rows into a transaction."""
    ours, theirs = in_turn(bench.runs, lambda: _ingest(bench, 100, 50),
                           lambda: _bare_sqlite(bench, 10_000))
    yield figure("collector.c2.rate", "observations/s", [OBSERVATIONS / x[0] for x in ours],
                 "sqlite", [OBSERVATIONS / x[0] for x in theirs], ">=0.35")
    yield figure("collector.c2.commits", "1/s", [x[2] / x[0] for x in ours],
                 "sqlite", [OBSERVATIONS / 10_000 / x[0] for x in theirs], "<=50 1/s")


def parse(bench):
    """C9: reading the lines of a batch, each value checked; jansson parses
    them and takes the values."""
    def run():
        out = subprocess.run([f"{bench.build}/tools/bench.d/parse", str(PARSED)],
                             capture_output=True, text=True, check=True).stdout
        return [1e6 * float(x) / PARSED for x in out.split()]
    runs = [run() for _ in range(bench.runs)]
    yield figure("collector.c9", "us/observation", [x[0] for x in runs],
                 "jansson", [x[1] for x in runs], "<=0.1")


def _ingest(bench, probes, per_batch):
    """Seconds to take all batches, CPU seconds and commits of the collector."""
    with Served(bench, f"{bench.folder}/ingest{next(_numbers)}", SERVICES) as served:
        token = served.token(probes)
        cpu_s, commits = served.cpu_s(), served.number("catchwater_commits_total")
        done = subprocess.run(
            [f"{bench.build}/tools/bench.d/post", served.url, served.ca, token, str(probes),
             str(OBSERVATIONS // probes // per_batch), str(per_batch)],
            capture_output=True, text=True, timeout=600, check=False)
        if done.returncode:
            raise LabError(done.stderr.strip())
        return (float(done.stdout), served.cpu_s() - cpu_s,
                served.number("catchwater_commits_total") - commits)


def _bare_sqlite(bench, per_batch):
    with tempfile.TemporaryDirectory(dir=bench.folder) as folder:
        out = subprocess.run([f"{bench.build}/tools/bench.d/rows", f"{folder}/rows.db",
                              str(OBSERVATIONS // per_batch), str(per_batch)],
                             capture_output=True, text=True, check=True).stdout
    return tuple(map(float, out.split()))
