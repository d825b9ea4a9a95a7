"""What storing costs as the database grows, and what detecting adds. (wiring)

tools/bench.d/feed puts a fleet's observations into the collector's own store,
without a network.  Goals C3, C5 and C7.
"""

import contextlib
import os
import sqlite3
import subprocess
import tempfile

from labnet.errors import LabError

from .figure import figure
from .runner import in_turn

MILLION = 1_000_000
GROWTH = {False: 5 * MILLION, True: 50 * MILLION}   # by --full
HISTORY = {False: 1 * MILLION, True: 10 * MILLION}
DETECTED = 500_000
MANY, FEW = 24, 4     # service addresses
LANDING = ("landing", "landing_of_vantage", "landing_of_target", "landing_by_place")


def growth(bench):
    """C3: rate of the last million rows beside that of the first."""
    n = GROWTH[bench.full]
    with feed(bench, "store", MANY, n, MILLION) as (lines, _):
        first, last = lines[0], lines[-1]
    name = f"collector.c3.{n // MILLION}M"
    yield figure(f"{name}.cpu", "us/observation", [last[2]], "1 M", [first[2]])
    yield figure(f"{name}.rate", "observations/s", [MILLION / last[1]], "1 M",
                 [MILLION / first[1]], ">=0.85")


def history(bench):
    """C5: bytes and rows of the landing journal, indexes too."""
    n = HISTORY[bench.full]
    with feed(bench, "ingest", FEW, n, n) as (_, database):
        with contextlib.closing(sqlite3.connect(database)) as db:
            marks = ",".join("?" * len(LANDING))
            size = db.execute(f"SELECT sum(pgsize) FROM dbstat WHERE name IN ({marks})",
                              LANDING).fetchone()[0]
            rows = db.execute("SELECT count(*) FROM landing").fetchone()[0]
    name = f"collector.c5.{n // MILLION}M"
    yield figure(f"{name}.bytes", "B/observation", [size / n], goal="<=1 B")
    yield figure(f"{name}.rows", "rows", [rows], "one each", [n], "<=0.02")


def detectors(bench):
    """C7: CPU that detecting, and all else of the way but the network, adds to
    storing; and how soon a reader sees a change."""
    seen = []

    def cpu_us(way):
        with feed(bench, way, MANY, DETECTED, DETECTED) as (lines, _):
            if way == "ingest":
                seen.append(lines[-1][0])
            return 1e6 * lines[0][2] / DETECTED
    whole, stored = in_turn(bench.runs, lambda: cpu_us("ingest"), lambda: cpu_us("store"))
    yield figure("collector.c7.cpu", "us/observation",
                 [a - b for a, b in zip(whole, stored)], "storing", stored, "<=0.3 us")
    yield figure("collector.c7.visible", "ms", seen, goal="<=1000 ms")


@contextlib.contextmanager
def feed(bench, way, n_targets, n, part):
    """The numbers of the lines that feed prints, and the database."""
    with tempfile.TemporaryDirectory(dir=bench.folder) as folder:
        addresses = ", ".join(f'"192.0.2.{i + 1}"' for i in range(n_targets))
        sites = "".join(f'    site "s{i}" {{ }}\n' for i in range(6))
        with open(f"{folder}/feed.conf", "w", encoding="ascii") as file:
            file.write(f'listen = "127.0.0.1:8420"\ndatabase = "{folder}/feed.db"\n'
                       f'service "anycast" {{\n    zone = "anycast.example"\n'
                       f'    addresses = {{ {addresses} }}\n    dns_every = 300s\n'
                       f'    ping_every = 300s\n    identity = {{ "ns*.{{site}}" }}\n{sites}}}\n')
        done = subprocess.run(
            [f"{bench.build}/tools/bench.d/feed", f"{folder}/feed.conf", way, str(n), str(part)],
            capture_output=True, text=True, check=False)
        if done.returncode:
            raise LabError(done.stderr.strip())
        yield ([[float(x) for x in line.split()] for line in done.stdout.splitlines()],
               os.path.join(folder, "feed.db"))
