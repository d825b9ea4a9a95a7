"""What the collector takes in, beside bare SQLite.                  (wiring)

Batches come over TLS from several probes of the laboratory, signed, and are
decoded, detected on and committed durably; SQLite inserts the same rows and
does nothing else.
"""

import os
import subprocess
import tempfile

from labnet.deployment import PORT
from labnet.errors import LabError

from .figure import figure
from .runner import in_turn

PROBES = 8
OBSERVATIONS = 200_000
PER_BATCH = 500
BATCHES = OBSERVATIONS // PER_BATCH


def ingest(bench):
    """Batches a second, and CPU of an observation, from TLS to disk."""
    deployment = bench.deployment
    ours, theirs = in_turn(bench.runs, lambda: _ingest(deployment),
                           lambda: _bare_sqlite(deployment))
    yield figure("collector.ingest.rate", "batches/s", [BATCHES / wall for wall, _ in ours],
                 "sqlite", [BATCHES / wall for wall, _ in theirs], ">=0.5")
    yield figure("collector.ingest.cpu", "us/observation",
                 [1e6 * cpu / OBSERVATIONS for _, cpu in ours], "sqlite",
                 [1e6 * cpu / OBSERVATIONS for _, cpu in theirs])


def _ingest(deployment):
    """Seconds to take all batches, and CPU seconds of the collector."""
    token = deployment.catchwater("token", "new", "--uses", str(PROBES)).split()[0]
    before = cpu_s(deployment.collector.pid)
    done = deployment.lab.exec(
        "collector", f"{deployment.build}/tools/bench.d/post",
        f"https://{deployment.address}:{PORT}", f"{deployment.folder}/ca.pem", token,
        str(PROBES), str(BATCHES // PROBES), str(PER_BATCH), timeout=600)
    if done.returncode:
        raise LabError(done.stderr.strip())
    return float(done.stdout), cpu_s(deployment.collector.pid) - before


def _bare_sqlite(deployment):
    with tempfile.TemporaryDirectory(dir=deployment.folder) as folder:
        out = subprocess.run([f"{deployment.build}/tools/bench.d/rows", f"{folder}/rows.db",
                              str(BATCHES), str(PER_BATCH)],
                             capture_output=True, text=True, check=True).stdout
    return tuple(map(float, out.split()))


def cpu_s(pid):
    """CPU seconds of a running process, its threads included."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
