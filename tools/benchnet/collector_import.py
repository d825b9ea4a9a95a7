"""How quickly history comes in, and with how much memory.           (wiring)

The files are written here: traceroutes in the shape of RIPE Atlas, and rounds
of replies.  The peer for results is Python's json, which reads the whole file
and keeps nothing; ours also decodes, stores, lands and detects.  The peer for
rounds is Python's csv, which compares each round with the one before.
"""

import gzip
import json
import os
import random
import subprocess
import sys
import time

from .figure import figure
from .runner import in_turn

SEED = 20261121
PROBES = 500
RESULTS = 10_000
ROUNDS, VANTAGES = 6, 9_000
CONFIG = '''database = "{folder}/import.db"
listen = "127.0.0.1:8420"
service "own" {{
	addresses = {{ "192.0.2.53" }}
	zone = "example.net"
	identity = {{ "{{site}}" }}
	site "ams" {{ }} site "fra" {{ }} site "lis" {{ }}
}}
'''
PYTHON_JSON = "import gzip, json, sys; len(json.load(gzip.open(sys.argv[1])))"
PYTHON_CSV = """
import csv, gzip, sys
before = {}
for path in sys.argv[1:]:
    now = {}
    for r in csv.DictReader(gzip.open(path, "rt")):
        old = now.get(r["source_address"])
        if old is None or old[0] > int(r["receive_time"]):
            now[r["source_address"]] = int(r["receive_time"]), r["client_id"]
    sum(v[1] != before[k][1] for k, v in now.items() if k in before)
    before = now
"""


def results(bench):
    """A file of traceroutes into an empty database; and one four times as
    large, for the memory."""
    small, large = (_write_results(bench.folder, n) for n in (RESULTS, 4 * RESULTS))
    ours, theirs = in_turn(bench.runs, lambda: _import(bench, "atlas", small),
                           lambda: _run(sys.executable, "-c", PYTHON_JSON, small))
    yield figure("collector.import.atlas.rate", "results/s",
                 [RESULTS / cpu for cpu, _ in ours], "python json",
                 [RESULTS / cpu for cpu, _ in theirs])
    yield figure("collector.import.atlas.memory", "MB", [mb for _, mb in ours],
                 "python json", [mb for _, mb in theirs], "<=0.5")
    yield figure("collector.import.atlas.flat", "MB", [_import(bench, "atlas", large)[1]],
                 "a quarter of the file", [mb for _, mb in ours], "<=1.2")


def rounds(bench):
    """Rounds of a catchment mapper, a third of the vantages moving each time."""
    paths = _write_rounds(bench.folder)
    ours, theirs = in_turn(bench.runs, lambda: _import(bench, "catchment", *paths),
                           lambda: _run(sys.executable, "-c", PYTHON_CSV, *paths))
    n = ROUNDS * VANTAGES
    yield figure("collector.import.catchment.rate", "replies/s", [n / cpu for cpu, _ in ours],
                 "python csv", [n / cpu for cpu, _ in theirs])
    yield figure("collector.import.catchment.memory", "MB", [mb for _, mb in ours],
                 "python csv", [mb for _, mb in theirs])


def _import(bench, kind, *paths):
    for name in os.listdir(bench.folder):
        if name.startswith("import.db"):
            os.unlink(f"{bench.folder}/{name}")
    config = f"{bench.folder}/import.conf"
    with open(config, "w", encoding="ascii") as file:
        file.write(CONFIG.format(folder=bench.folder))
    return _run(f"{bench.build}/catchwater", "import", kind, "--config", config, *paths)


def _run(*words):
    """CPU seconds and peak resident memory in MB of one command.  What wait4
    says of memory counts this program too, whose copy the command once was."""
    peak = 0
    with subprocess.Popen(words, stdout=subprocess.DEVNULL) as process:
        pid = 0
        while pid == 0:
            peak = max(peak, _peak_mb(process.pid))
            time.sleep(0.01)
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise OSError(f"{words[0]}: status {process.returncode}")
    return usage.ru_utime + usage.ru_stime, peak


def _peak_mb(pid):
    """0: it is gone."""
    try:
        with open(f"/proc/{pid}/status", encoding="ascii") as file:
            lines = dict(line.split(":", 1) for line in file)
    except (OSError, ValueError):
        return 0
    return int(lines["VmHWM"].split()[0]) / 1000 if "VmHWM" in lines else 0


def _trace(rng, i):
    hops = [{"hop": ttl, "result": [
        {"from": f"198.51.{ttl}.{rng.randrange(1, 250)}", "rtt": round(rng.uniform(1, 90), 3),
         "size": 28, "ttl": 255 - ttl} for _ in range(3)]} for ttl in range(1, 12)]
    hops.append({"hop": 12, "result": [{"from": "192.0.2.53", "rtt": 42.0, "size": 48,
                                        "ttl": 55}] * 3})
    return {"type": "traceroute", "fw": 5020, "msm_id": 1, "prb_id": i % PROBES, "af": 4,
            "timestamp": 1_600_000_000 + 900 * (i // PROBES) + i % PROBES,
            "endtime": 1_600_000_009 + 900 * (i // PROBES), "proto": "UDP", "paris_id": 1,
            "size": 40, "dst_addr": "192.0.2.53", "dst_name": "192.0.2.53",
            "src_addr": "10.0.0.9", "from": f"203.0.{i % PROBES // 250}.{i % 250}",
            "result": hops}


def _write_results(folder, n):
    rng = random.Random(SEED)
    path = f"{folder}/traces-{n}.json.gz"
    with gzip.open(path, "wt", compresslevel=1) as file:
        for i in range(n):
            file.write(("," if i else "[") + json.dumps(_trace(rng, i)))
        file.write("]")
    return path


def _write_rounds(folder):
    rng, paths = random.Random(SEED), []
    at = ["ams"] * VANTAGES
    for number in range(ROUNDS):
        ns = (1_600_000_000 + 600 * number) * 10**9
        path = f"{folder}/round-{number}.csv.gz"
        with gzip.open(path, "wt", compresslevel=1) as file:
            file.write("client_id,transmit_time,receive_time,send_receive_time_diff,"
                       "source_address,destination_address,ttl,source_address_asn\n")
            for v in range(VANTAGES):
                if number and rng.random() < 1 / 3:
                    at[v] = rng.choice(["ams", "fra", "lis"])
                file.write(f"{at[v]},{ns},{ns + v * 10**5},20.5,203.{v // 250}.{v % 250}.1,"
                           f"192.0.2.53,50,{64500 + v % 90}\n")
        paths.append(path)
    return paths
