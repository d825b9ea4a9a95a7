"""One line of the report, and the report.                             (pure)

A figure is good when its ratio to the peer's keeps its goal, or, for a goal
with a unit, when the value itself does.
"""

import json
import math
import operator
import statistics

COMPARE = {"<=": operator.le, ">=": operator.ge}


def figure(name, unit, ours, peer=None, theirs=(), goal=None):
    """From lists of what the runs gave.  `goal` is a ratio, as "<=0.55", or
    a value with a unit, as "<=5 ms"."""
    value = statistics.median(ours)
    other = statistics.median(theirs) if theirs else None
    ratio = value / other if other else None
    return {"name": name, "value": _short(value), "unit": unit, "peer": peer or "-",
            "peer_value": _short(other), "ratio": _short(ratio), "goal": goal or "-",
            "verdict": _verdict(goal, value, ratio)}


def missing(name, reason):
    """The line of a figure that could not be measured."""
    return {"name": name, "value": None, "unit": "-", "peer": "-", "peer_value": None,
            "ratio": None, "goal": "-", "verdict": "missing", "reason": reason}


def _verdict(goal, value, ratio):
    if goal is None:
        return "-"
    number, _, unit = goal[2:].partition(" ")
    measured = value if unit else ratio
    if measured is None:
        return "missing"
    return "ok" if COMPARE[goal[:2]](measured, float(number)) else "short"


def _short(value):
    """Four digits that count, and never fewer than three decimals."""
    if value is None or not math.isfinite(value):
        return None
    return round(value, 3 if abs(value) >= 1 else 6)


class Report:
    """Prints rows as they come: a table, or one JSON array."""

    def __init__(self, as_json):
        self._as_json = as_json
        self._is_first = True

    def add(self, row):
        if not self._as_json:
            print(_line(row), flush=True)
            return
        print(("[\n" if self._is_first else ",\n") + json.dumps(row), end="", flush=True)
        self._is_first = False

    def end(self):
        if self._as_json:
            print("[]" if self._is_first else "\n]")


def _line(row):
    if row["verdict"] == "missing" and "reason" in row:
        return f"{row['name']:28} not measured: {row['reason']}"
    return (f"{row['name']:28} {_cell(row['value']):>10} {row['unit']:15} {row['peer']:8} "
            f"{_cell(row['peer_value']):>10} {_cell(row['ratio']):>8} {row['goal']:>10} "
            f"{row['verdict']}")


def _cell(value):
    return "-" if value is None else f"{value:.4g}" if abs(value) < 1 else f"{value:.10g}"
