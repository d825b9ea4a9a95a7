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


def start(world, device, *words):
    """As run, without waiting: `wait` and `stop` take what it returns."""
    base = f"{world.folder}/run{next(_numbers)}"
    child = world.popen("prober", f"{world.build}/tools/bench.d/run", device, f"{base}.out",
                        f"{base}.err", *words, stdin=subprocess.DEVNULL,
                        stdout=subprocess.PIPE, text=True)
    child.base, child.command = base, words[0]
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
    result = types.SimpleNamespace(output=f"{child.base}.out",
                                   complaints=f"{child.base}.err", **json.loads(text))
    if result.status not in good:
        raise LabError(f"{child.command}: exit status {result.status}: "
                       f"{_tail(f'{child.base}.err')}")
    return result


def in_turn(runs, *functions):
    """Calls the functions in turn, `runs` times; a list of results of each,
    so that ratios hold when the machine's speed drifts."""
    rows = [[function() for function in functions] for _ in range(runs)]
    return [list(column) for column in zip(*rows)]


def _tail(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()[-300:].strip()
