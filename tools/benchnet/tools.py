"""The command lines: our prober's, and those of its peers.          (wiring)

Each function runs one command over the first n targets of a path and returns
runner.run's result; results are spooled to a file.  LabError when too many
targets did not answer: then the run has measured something else.
"""

import collections
import json

from labnet.errors import LabError

from . import runner
from .world import ZONE, device, require, targets

ANSWERED = 0.99   # share of the targets; a flood may lose a few


def probe(world):
    return f"{world.build}/catchwater-probe"


def measure(world, path, n, *words, rate=0, answered=ANSWERED):
    """Our own: a result whose `observations` are parsed."""
    result = runner.run(world, device(path), probe(world), "measure", "--json", "--zone", ZONE,
                        "--count", "1", "--rate", str(rate), "--targets",
                        target_file(world, path, n), *words, good=(0, 1))
    result.observations = observations(result.output)
    outcomes = collections.Counter(o["outcome"] for o in result.observations)
    if outcomes["ok"] < answered * outcomes.total() or outcomes.total() < n:
        raise LabError(f"measure {' '.join(words)}: of {n} targets only {dict(outcomes)}")
    return result


def observations(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def fping(world, path, n, interval_ms):
    require("fping")
    result = runner.run(world, device(path), "fping", "-q", "-i", str(interval_ms), "-C", "1",
                        "-f", target_file(world, path, n))
    with open(result.complaints, encoding="ascii") as file:
        lost = sum(line.rstrip().endswith(" -") for line in file)
    if lost > (1 - ANSWERED) * n:
        raise LabError(f"fping: {lost} of {n} targets lost")
    return result


def scamper(world, path, n, rate, command, form="warts"):
    """`form`: warts or json."""
    require("scamper")
    output = f"{world.folder}/scamper.{form}"
    result = runner.run(world, device(path), "scamper", "-p", str(rate), "-w", "0", "-c",
                        command, "-f", target_file(world, path, n), "-O", form, "-o", output)
    result.output = output
    return result


def scamper_records(result):
    """What a scamper run with form json has found, header lines left out."""
    with open(result.output, encoding="ascii") as file:
        records = [json.loads(line) for line in file]
    return [r for r in records if r["type"] in ("ping", "trace")]


def dnsperf(world, path, n):
    """n questions of one server, with EDNS: it knows neither more servers nor
    an empty NSID option."""
    require("dnsperf")
    questions = f"{world.folder}/questions"
    with open(questions, "w", encoding="ascii") as file:
        file.write(f"{ZONE} SOA\n" * n)
    return runner.run(world, device(path), "dnsperf", "-s", targets(path, 1)[0], "-d",
                      questions, "-n", "1", "-c", "1", "-T", "1", "-e")


def kdig(world, path, n):
    """All questions in one process."""
    require("kdig")
    words = ["kdig", "+nsid", "+norec"]
    for address in targets(path, n):
        words += ["CH", "TXT", "id.server", f"@{address}"]
    return runner.run(world, device(path), *words)


def kdig_forked(world, path, n):
    """A process for each question."""
    require("kdig", "xargs")
    return runner.run(world, device(path), "xargs", "-a", target_file(world, path, n), "-I{}",
                      "kdig", "+nsid", "+norec", "CH", "TXT", "id.server", "@{}")


def target_file(world, path, n):
    name = f"{world.folder}/{path}-{n}"
    with open(name, "w", encoding="ascii") as file:
        file.write("\n".join(targets(path, n)) + "\n")
    return name
