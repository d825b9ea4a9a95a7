"""What the detector tells of simulated fleets, beside naive rules.    (wiring)

tools/simulate draws the fleets, runs the detector on them, and knows the truth.
Two rules hear the same answers: `any change` tells each vantage that names
another site or falls silent, `k of n` waits until k vantages do; either may
wait until a vantage has said so for some time.  Each is beaten on precision
twice: as quick as it can be (of `k of n` the k that has the best precision
while it is no slower than we are, for that is the choice that an operator
would have), and, since a rule that waits for one vantage is always earlier than
one that waits for three networks, at equal delay: the setting that is as slow
as we are, or the next slower one.

The goal of a delay is 1.2 times the mean that is possible for the fleet and
the period (tools/simulate.d/theory.h: the time until a quorum has been asked,
confirmation, upload, and what a rule must hold).
"""

import json
import subprocess
from typing import NamedTuple

from labnet.errors import LabError

from .figure import figure, missing

SCENARIOS = 310
SEED = 1
BEATEN = ">=1.01"


class Rule(NamedTuple):
    k: int
    hold_s: int
    told: dict


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
        yield from _kind(kind, ours, [Rule(rule["k"], rule["hold_s"], rule["kinds"][kind])
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
    any_change = [rule for rule in rules if rule.k == 1]
    k_of_n = [rule for rule in rules if rule.k > 1]
    yield from _naive(f"{name}.any_change", ours, any_change[0])
    yield from _naive(f"{name}.k_of_n", ours, _best_no_slower(k_of_n, ours))
    for family, settings in ("any_change", any_change), ("k_of_n", k_of_n):
        yield from _naive(f"{name}.{family}.as_slow", ours, _as_slow(settings, ours), "<=1")


def _best_no_slower(settings, ours):
    quick = [rule for rule in settings
             if rule.hold_s == 0 and rule.told["delay_p50_s"] <= ours["delay_p50_s"]]
    return max(quick or settings[:1], key=lambda rule: rule.told["precision"])


def _as_slow(settings, ours):
    """Of the settings no quicker than we are the quickest; of equal ones the most precise."""
    slow = [rule for rule in settings if rule.told["delay_p50_s"] >= ours["delay_p50_s"]]
    return min(slow, default=None,
               key=lambda rule: (rule.told["delay_p50_s"], -rule.told["precision"]))


def _naive(name, ours, rule, delay_goal=None):
    if rule is None:
        yield missing(f"{name}.precision", "no setting of the rule is as slow")
        return
    theirs = rule.told
    peer = f"k={rule.k}" + (f",{rule.hold_s}s" if rule.hold_s else "")
    yield figure(f"{name}.precision", "of 1", [ours["precision"]], peer,
                 [theirs["precision"]] if theirs["precision"] else (),
                 BEATEN if theirs["precision"] else None)
    yield figure(f"{name}.delay.p50", "s", [ours["delay_p50_s"]], peer,
                 [theirs["delay_p50_s"]], delay_goal)
