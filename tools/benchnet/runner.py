"""Runs commands in the world, ours and the peers', and what they cost. (edge)"""

import itertools
import json
import subprocess
import types

from labnet.errors import LabError

_numbers = itertools.count()


def run(world, device, *words, timeout=600, good=(0,)):
    """Runs a command in the prober to its end.  The result has the fields
    that run.c prints, and `output` and `complaints`, files of what the
    command printed.  `good`: exit statuses that are no error."""
    return wait(start(world, device, *words), timeout, good)


def start(world, device, *words, stdin=subprocess.DEVNULL, output=None, complaints=None):
    """As run, without waiting: `wait` and `stop` take what it returns."""
    base = f"{world.folder}/run{next(_numbers)}"
    output, complaints = output or f"{base}.out", complaints or f"{base}.err"
    child = world.popen("prober", f"{world.build}/tools/bench.d/run", device, output,
                        complaints, *words, stdin=stdin, stdout=subprocess.PIPE, text=True)
    child.output, child.complaints, child.command = output, complaints, words[0]
    return child


def stop(child, timeout=60):
    """Ends the command of `start` with SIGTERM; its result."""
    child.terminate()
    return wait(child, timeout)


def wait(child, timeout, good=(0,)):
    try:
        text = child.communicate(timeout=timeout)[0]
    except subprocess.TimeoutExpired:
        child.terminate()
        child.communicate()
        raise LabError(f"{child.command}: not over after {timeout} s") from None
    result = types.SimpleNamespace(output=child.output, complaints=child.complaints,
                                   **json.loads(text))
    if result.status not in good:
        raise LabError(f"{child.command}: exit status {result.status}: "
                       f"{_tail(child.complaints)}")
    return result


def family(pid):
    """A process and all that it has started."""
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return [pid] + [p for child in file.read().split() for p in family(int(child))]


def resident_kb(pid):
    """Resident memory of a process."""
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("Rss:"))


def in_turn(runs, *functions):
    """Calls the functions in turn, `runs` times; a list of results of each,
    so that ratios hold when the machine's speed drifts."""
    rows = [[function() for function in functions] for _ in range(runs)]
    return [list(column) for column in zip(*rows)]


def _tail(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()[-300:].strip()
