"""catchwater-probe doctor --privacy: what it tells is what is here.

Asks the built programs: CATCHWATER_BUILD, else build/.
"""

import json
import re

import pytest

from served import BUILD, Served, run

PROBE = BUILD / "catchwater-probe"


def sheet(state, check=True):
    return run(PROBE, "doctor", "--privacy", "--state", state, check=check)


def part(text, label):
    """What stands behind a label, with the lines that go on from it."""
    return re.search(rf"^{label} +(.*(?:\n {{11}}.*)*)", text, re.M)[1]


@pytest.fixture(name="state")
def _state(tmp_path):
    """Of a probe that has an assignment and four measurements that wait; its
    collector is gone."""
    state = tmp_path / "p"
    with Served(tmp_path) as served:
        run(PROBE, "enroll", "--state", state, "--name", "attic", "--token", served.token(),
            "--collector", f"http://127.0.0.1:{served.port}")
        run(PROBE, "upload", "--state", state)
    (state / "spool/00000000000000000007.jsonl").write_text("{}\n{}\n{}\n{}\n", encoding="ascii")
    return state


def test_it_tells_who_hears_what_and_how_much(state):
    told = sheet(state).stdout
    mine = json.loads((state / "probe.json").read_text())
    assigned = json.loads((state / "assignment.json").read_text())
    assert part(told, "to whom").split("\n")[0].startswith(f"{mine['collector']} and nobody else")
    assert mine["probe"] in part(told, "to whom") and '"attic"' in part(told, "to whom")
    for target in assigned["targets"]:
        assert f"{target['address']}: dns every {target['dns_every_us'] // 1_000_000} s" in told
    n = sum(86_400_000_000 // target[key] for target in assigned["targets"]
            for key in ("dns_every_us", "ping_every_us", "trace_every_us") if target[key])
    assert f"{len(assigned['targets'])} addresses, some {n} measurements a day" in told


def test_it_tells_what_is_kept_and_where(state):
    told = sheet(state).stdout
    assert part(told, "so far").startswith("10 measurements, since 20")
    assert f"{state}: key, lists, what to measure, and 12 B of measurements" in told
    assert f"catchwater-probe leave --state {state}" in part(told, "to erase")


def test_it_tells_the_lists_in_force(state):
    (state / "deny").write_text("192.0.2.0/24\n2001:db8::/32\n", encoding="ascii")
    told = sheet(state).stdout
    assert part(told, "not asked") == f"2 prefixes, in {state}/deny"
    assert part(told, "you allow").startswith("everything; to change that")


def test_it_changes_and_sends_nothing(state):
    before = {path: path.read_bytes() for path in state.rglob("*") if path.is_file()}
    assert sheet(state).stdout == sheet(state).stdout
    assert {path: path.read_bytes() for path in state.rglob("*") if path.is_file()} == before


def test_who_has_not_enrolled_is_told_so(tmp_path):
    told = sheet(tmp_path / "nowhere").stdout
    assert part(told, "to whom") == "nobody: not enrolled, so nothing is measured or sent"
    assert not (tmp_path / "nowhere").exists()


def test_a_damaged_state_is_an_error_and_no_half_sheet(state):
    (state / "probe.json").write_text("{", encoding="ascii")
    done = sheet(state, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert "probe.json is damaged" in done.stderr
