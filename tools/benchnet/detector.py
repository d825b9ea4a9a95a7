"""What the detector tells of simulated fleets, beside naive rules.    (wiring)

tools/simulate draws the fleets, runs the detector on them, and knows the truth.
Two rules hear the same answers: `any change` tells each vantage that names
another site or falls silent, `k of n` waits until k vantages do.  Of `k of n`
the k counts that has the best precision while it is no slower than we are, for
that is the choice that an operator would have.

The goal of a delay is 1.2 times the mean that is possible for the fleet and
the period (tools/simulate.d/theory.h: the time until a quorum has been asked,
confirmation, upload, and what a rule must hold).
"""

import json
import subprocess

from labnet.errors import LabError

from .figure import figure

SCENARIOS = 310
SEED = 1


def detector(bench):
    done = subprocess.run(
        [f"{bench.build}/tools/simulate.d/simulate", "--scenarios", str(SCENARIOS),
         "--seed", str(SEED), "--json"], capture_output=True, text=True, check=False)
    if done.returncode:
        raise LabError(done.stderr.strip())
    return list(rows(json.loads(done.stdout)))


def rows(result):
    yield figure("detector.scenarios", "scenarios", [result["scenarios"]], goal=">=200 scenarios")
    for kind, ours in result["detector"].items():
        yield from _kind(kind, ours, [(rule["k"], rule["kinds"][kind])
                                      for rule in result["rules"]])
    yield figure("detector.other_kinds", "events", [result["other_kinds"]], goal="<=0 events")


def _kind(kind, ours, rules):
    name = f"detector.{kind}"
    yield figure(f"{name}.precision", "of 1", [ours["precision"]], goal=">=0.99 of 1")
    yield figure(f"{name}.recall", "of 1", [ours["recall"]], goal=">=0.99 of 1")
    yield figure(f"{name}.delay.mean", "s", [ours["delay_s"]], "possible", [ours["minimum_s"]],
                 "<=1.2")
    yield figure(f"{name}.delay.formula", "s", [ours["delay_s"]], "T*k/(A+1)+",
                 [ours["formula_s"]])
    yield figure(f"{name}.delay.p50", "s", [ours["delay_p50_s"]])
    yield figure(f"{name}.delay.p95", "s", [ours["delay_p95_s"]])
    yield from _naive(f"{name}.any_change", ours, rules[0])
    quick = [rule for rule in rules[1:] if rule[1]["delay_p50_s"] <= ours["delay_p50_s"]]
    yield from _naive(f"{name}.k_of_n", ours, max(
        quick or rules[1:2], key=lambda rule: rule[1]["precision"]))


def _naive(name, ours, rule):
    k, theirs = rule
    yield figure(f"{name}.precision", "of 1", [ours["precision"]], f"k={k}",
                 [theirs["precision"]] if theirs["precision"] else (),
                 ">=1" if theirs["precision"] else None)
    yield figure(f"{name}.delay.p50", "s", [ours["delay_p50_s"]], f"k={k}",
                 [theirs["delay_p50_s"]])
