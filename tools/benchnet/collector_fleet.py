"""A collector under a fleet as large as RIPE Atlas.                  (wiring)

tools/simulate enrols 12,000 hosts over TLS on loopback, each with 26 targets
and one round a minute, and posts what they saw as signed batches for four
minutes.  It shares the cores with the collector, so that the CPU of an
observation is what compares from machine to machine.
"""

import json
import subprocess
import time

from labnet.errors import LabError

from .figure import figure
from .served import Served

VANTAGES, TARGETS, MINUTES = 12_000, 26, 4
RATE = VANTAGES * TARGETS / 60


def fleet(bench):
    simulate = f"{bench.build}/tools/simulate.d/simulate"
    services = subprocess.run([simulate, "--print-config", "--targets", str(TARGETS)],
                              capture_output=True, text=True, check=True).stdout
    with Served(bench, f"{bench.folder}/fleet", services) as served:
        with subprocess.Popen(
                [simulate, "--collector", served.url, "--ca", served.ca,
                 "--token", served.token(VANTAGES), "--vantages", str(VANTAGES),
                 "--targets", str(TARGETS), "--upload", "60s", "--for", f"{MINUTES}m", "--json"],
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as load:
            seen = _watch(served, load)
            told, why = load.communicate()
    if not told:
        raise LabError(why.strip())
    yield from rows(json.loads(told), seen)


def rows(told, seen):
    """`seen`: (observations so far, CPU seconds, resident bytes), in order."""
    at_work = [x for x in seen if x[0] > 0]
    if len(at_work) < 2:
        raise LabError("the collector was not seen at work")
    (n_before, cpu_before, _), (n, cpu, memory) = at_work[0], at_work[-1]
    half = next(x for x in at_work if x[0] >= n / 2)
    yield figure("collector.fleet.refused", "batches", [told["refused"]], goal="<=0 batches")
    yield figure("collector.fleet.rate", "observations/s",
                 [told["observations"] / told["seconds"]], "one round a minute", [RATE], ">=0.95")
    yield figure("collector.fleet.cpu", "us/observation", [1e6 * (cpu - cpu_before) / (n - n_before)])
    yield figure("collector.fleet.p99", "ms", [told["p99_ms"]])
    yield figure("collector.fleet.memory", "kB", [memory / 1000 / VANTAGES / TARGETS])
    yield figure("collector.fleet.flat", "MB", [memory / 1e6], "at half the time",
                 [half[2] / 1e6], "<=1.05")


def _watch(served, load):
    seen = []
    while load.poll() is None:
        seen.append((served.number("catchwater_observations_total"), served.cpu_s(),
                     served.resident()))
        time.sleep(2)
    return seen
