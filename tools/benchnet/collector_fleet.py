"""A collector under a fleet as large as RIPE Atlas.                  (wiring)

tools/simulate enrols 12,000 hosts over TLS on loopback, each with 26 targets
and one round a minute, and posts what they saw as signed batches for four
minutes.  It shares the cores with the collector, so that the CPU of an
observation is what compares from machine to machine.
"""

import json
import os
import socket
import subprocess
import time

from labnet import certificates
from labnet.errors import LabError

from .collector import cpu_s
from .figure import figure

VANTAGES, TARGETS, MINUTES = 12_000, 26, 4
RATE = VANTAGES * TARGETS / 60


def fleet(bench):
    folder = f"{bench.folder}/fleet"
    os.mkdir(folder)
    simulate = f"{bench.build}/tools/simulate.d/simulate"
    config, url = _configure(folder, simulate)
    catchwater = f"{bench.build}/catchwater"
    with subprocess.Popen([catchwater, "serve", "--config", config],
                          stderr=subprocess.DEVNULL) as collector:
        try:
            _wait_for(url, folder)
            token = subprocess.run(
                [catchwater, "token", "new", "--config", config, "--uses", str(VANTAGES)],
                capture_output=True, text=True, check=True).stdout.split()[0]
            with subprocess.Popen(
                    [simulate, "--collector", url, "--ca", f"{folder}/ca.pem", "--token", token,
                     "--vantages", str(VANTAGES), "--targets", str(TARGETS), "--upload", "60s",
                     "--for", f"{MINUTES}m", "--json"],
                    stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as load:
                seen = _watch(collector.pid, load, url, folder)
                told, why = load.communicate()
        finally:
            collector.terminate()
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


def _configure(folder, simulate):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    certificates.make_ca(folder)
    certificates.make_server(folder, "server", "collector", ["IP:127.0.0.1"])
    services = subprocess.run([simulate, "--print-config", "--targets", str(TARGETS)],
                              capture_output=True, text=True, check=True).stdout
    config = f"{folder}/catchwater.conf"
    with open(config, "w", encoding="ascii") as file:
        file.write(f'listen = "{address}"\ndatabase = "{folder}/fleet.db"\n'
                   f'tls {{ certificate = "{folder}/server.pem" key = "{folder}/server.key" }}\n'
                   f'{services}')
    return config, f"https://{address}"


def _get(url, folder):
    """The page, or "" when nobody answers."""
    return subprocess.run(["curl", "-s", "--cacert", f"{folder}/ca.pem", url],
                          capture_output=True, text=True, check=False).stdout


def _wait_for(url, folder):
    for _ in range(300):
        if _get(f"{url}/metrics", folder):
            return
        time.sleep(0.1)
    raise LabError("the collector does not answer")


def _watch(pid, load, url, folder):
    seen = []
    while load.poll() is None:
        for line in _get(f"{url}/metrics", folder).splitlines():
            if line.startswith("catchwater_observations_total "):
                seen.append((int(line.split()[1]), cpu_s(pid), _resident(pid)))
        time.sleep(2)
    return seen


def _resident(pid):
    with open(f"/proc/{pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
