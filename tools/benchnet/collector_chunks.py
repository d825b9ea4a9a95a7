"""What a packed observation takes in the database.                    (edge)

tools/bench.d/chunks stores what fleets would have measured, packs it with the
collector's own code, and counts pages: chunks, their index, what is unused in
them.
"""

import os
import subprocess

from labnet.errors import LabError

from .figure import figure

# Name, vantages, targets, minutes, with pings and traces?
FLEETS = (("small", 30, 2, 600, 0), ("small.all", 30, 2, 180, 1),
          ("large", 12_000, 26, 7, 0))


def chunks(bench):
    for name, *fleet in FLEETS:
        path = f"{bench.folder}/chunks-{name}.db"
        done = subprocess.run(
            [f"{bench.build}/tools/bench.d/chunks", path, *map(str, fleet)],
            capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise LabError(done.stderr.strip())
        os.unlink(path)
        yield from rows(name, done.stdout)


def rows(name, told):
    n, packed, unpacked, cpu_s, longest_s = map(float, told.split())
    yield figure(f"collector.c4.{name}.bytes", "B/observation", [packed / n],
                 "not packed", [unpacked / n], "<=8 B/observation")
    yield figure(f"collector.c4.{name}.cpu", "us/observation", [1e6 * cpu_s / n])
    yield figure(f"collector.c4.{name}.longest", "ms", [1e3 * longest_s])
