"""tools/bench: what it calls ok, and what its runner counts.

The network that it measures in needs root and is not looked at here.
"""

import json
import os
import pathlib
import subprocess
import sys
import time
import types

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("CATCHWATER_BUILD", ROOT / "build"))
RUNNER = BUILD / "tools/bench.d/run"
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "tools"))

# pylint: disable=wrong-import-position
from benchnet import cli, collector_fleet, detector, figure, probe_times, volunteer, world  # noqa: E402


@pytest.mark.parametrize("ours, theirs, goal, ratio, verdict", [
    ([5], [10], "<=0.5", 0.5, "ok"),
    ([6, 5, 900], [10, 10, 10], "<=0.5", 0.6, "short"),
    ([6], [10], ">=0.5", 0.6, "ok"),
    ([6], [10], "<=6 us", 0.6, "ok"),
    ([7], [1000], "<=6 us", 0.007, "short"),
    ([0], (), "<=0 hops", None, "ok"),
    ([5], [10], None, 0.5, "-"),
])
def test_a_goal_is_a_ratio_or_with_a_unit_a_value(ours, theirs, goal, ratio, verdict):
    row = figure.figure("name", "us", ours, "peer", theirs, goal)
    assert (row["ratio"], row["verdict"]) == (ratio, verdict)


def test_a_ratio_without_a_peer_is_not_called_good():
    assert figure.figure("name", "us", [1], goal="<=0.5")["verdict"] == "missing"


def test_json_is_one_array_also_of_nothing(capsys):
    rows = [figure.figure("a", "us", [1]), figure.missing("b", "no peer")]
    for some in (rows, []):
        report = figure.Report(True)
        for row in some:
            report.add(row)
        report.end()
        assert json.loads(capsys.readouterr().out) == some


def test_a_line_says_what_could_not_be_measured(capsys):
    figure.Report(False).add(figure.missing("probe.p3", "not installed: dnsperf"))
    assert capsys.readouterr().out.split(None, 1) == [
        "probe.p3", "not measured: not installed: dnsperf\n"]


def test_a_fleet_is_counted_from_its_first_observation_on():
    told = {"refused": 0, "observations": 1000, "seconds": 1, "p99_ms": 5.0}
    seen = [(0, 7.0, 1e6), (100, 8.0, 2e6), (600, 8.5, 4e6), (1100, 9.0, 4.1e6)]
    rows = {row["name"]: row for row in collector_fleet.rows(told, seen)}
    assert rows["collector.fleet.cpu"]["value"] == 1000
    assert rows["collector.fleet.flat"]["verdict"] == "ok"
    assert rows["collector.fleet.refused"]["verdict"] == "ok"
    assert rows["collector.fleet.rate"]["verdict"] == "short"


def test_names_are_chosen_by_whole_words():
    assert cli.chosen(["probe.p1"]) == ["probe.p1"]
    assert set(cli.chosen(["probe.p10"])) == {"probe.p10.start", "probe.p10.wakeups"}
    assert cli.chosen([]) == [name for name in cli.BENCHES if not name.startswith("volunteer.")]
    assert cli.chosen(["volunteer.node"]) == ["volunteer.node"]
    assert cli.chosen(["prob"]) == []
    assert cli.chosen(["probe", "probe.p3", "collector"]) == ["probe.p3", *(
        name for name in cli.BENCHES if name.startswith("collector."))]
    assert "collector.c1" in cli.chosen(["collector"])


def test_every_hop_is_told_by_its_address():
    assert world.router_of("10.0.3.2") == "h1"
    assert world.router_of("10.0.10.2") == "h2"
    assert world.router_of("10.0.18.2") == "h10"
    for stranger in ("10.0.19.2", "10.0.2.2", "10.0.10.1", "10.103.1.1"):
        assert world.router_of(stranger) == ""


def test_targets_are_distinct_and_of_their_path():
    many = world.targets("end", 60_000)
    assert len(set(many)) == 60_000
    assert all(address.startswith("10.103.") for address in many)


def test_the_like_of_an_address_or_network_in_ipv6():
    assert [world.v6(text) for text in ("10.103.1.7", "10.0.3.0/30", "10.103.0.0/16",
                                        "default")] == [
        "fd00:103:1::7", "fd00:0:3::/64", "fd00:103::/32", "default"]


def test_of_what_scamper_says_only_results_count():
    said = [b"OK", b"MORE", b"OK id-1", b"DATA 62", b"#0V%T", b"`", b""]
    assert [volunteer.result_bytes(line) for line in said] == [0, 0, 0, 0, 3, 0, 0]


def test_round_trips_are_matched_by_server_and_class():
    def packet(is_out, qclass, at_ns):
        question = b"\2id\6server\0" + b"\0\x10" + qclass.to_bytes(2, "big")
        return types.SimpleNamespace(is_out=is_out, source="192.0.2.1" if is_out else "192.0.2.2",
                                     target="192.0.2.2" if is_out else "192.0.2.1",
                                     protocol=17, at_ns=at_ns,
                                     payload=bytes(8) + bytes(12) + question)
    packets = [packet(True, 1, 0), packet(True, 3, 1000), packet(False, 3, 3000),
               packet(False, 1, 9000), packet(False, 1, 99000)]
    assert probe_times.round_trips(packets, probe_times.dns_key) == {
        ("192.0.2.2", 3): 2.0, ("192.0.2.2", 1): 9.0}


def test_a_cut_dns_message_has_no_key():
    for length in range(8, 60):
        packet = types.SimpleNamespace(is_out=True, target="192.0.2.2", protocol=17,
                                       payload=(bytes(20) + b"\xff" * 60)[:length])
        assert probe_times.dns_key(packet) is None


def run_counted(tmp_path, *words):
    done = subprocess.run([RUNNER, "lo", tmp_path / "out", tmp_path / "err", *words],
                          capture_output=True, text=True, check=True, timeout=60)
    return json.loads(done.stdout)


def test_the_runner_keeps_output_and_status(tmp_path):
    result = run_counted(tmp_path, "sh", "-c", "echo yes; echo no >&2; exit 3")
    assert result["status"] == 3
    assert (tmp_path / "out").read_text() == "yes\n"
    assert (tmp_path / "err").read_text() == "no\n"


def test_the_runner_counts_what_outlives_its_parent(tmp_path):
    spend = "i=0; while [ $i -lt 200000 ]; do i=$((i + 1)); done"
    alone = run_counted(tmp_path, "sh", "-c", ":")
    orphan = run_counted(tmp_path, "sh", "-c", f"({spend}) & exit 0")
    assert orphan["cpu_us"] > 5 * alone["cpu_us"]
    assert orphan["status"] == 0


def test_the_runner_reports_the_memory_of_the_command_not_its_own_parents(tmp_path):
    ballast = bytearray(64 << 20)
    assert run_counted(tmp_path, "true")["rss_kb"] < len(ballast) >> 11


def test_the_runner_passes_on_the_signal_to_end(tmp_path):
    child = subprocess.Popen([RUNNER, "lo", tmp_path / "out", tmp_path / "err", "sh", "-c",
                              "trap 'exit 7' TERM; echo ready; while :; do sleep 0.05; done"],
                             stdout=subprocess.PIPE, text=True)
    out = tmp_path / "out"
    while not (out.exists() and out.read_text()):
        assert child.poll() is None
        time.sleep(0.01)
    child.terminate()
    assert json.loads(child.communicate(timeout=60)[0])["status"] == 7


def _kind(precision, delay_s):
    return {"precision": precision, "recall": 0.995, "delay_s": delay_s, "minimum_s": 40.0,
            "formula_s": 35.0, "delay_p50_s": delay_s, "delay_p95_s": 2 * delay_s}


def _rule(k, hold_s, precision, delay_s):
    return {"k": k, "hold_s": hold_s, "kinds": {"shift": _kind(precision, delay_s)}}


def test_the_detector_is_held_to_its_goals_and_to_the_best_naive_rule():
    result = {"scenarios": 200, "other_kinds": 1, "detector": {"shift": _kind(0.98, 44)}, "rules": [
        _rule(1, 0, 0.01, 10), _rule(5, 0, 0.3, 44), _rule(9, 0, 0.9, 45),   # slower than ours
        _rule(1, 30, 0.2, 50), _rule(5, 30, 0.8, 60), _rule(1, 60, 0.4, 70)]}
    rows = {row["name"]: row for row in detector.rows(result)}
    assert rows["detector.shift.precision"]["verdict"] == "short"
    assert rows["detector.shift.recall"]["verdict"] == "ok"
    assert rows["detector.shift.delay.mean"]["ratio"] == pytest.approx(1.1)
    assert rows["detector.shift.any_change.precision"]["peer"] == "k=1"
    assert rows["detector.shift.any_change.delay.p50"]["verdict"] == "-"
    assert rows["detector.shift.k_of_n.precision"]["peer"] == "k=5"
    assert rows["detector.shift.any_change.as_slow.precision"]["peer"] == "k=1,30s"
    assert rows["detector.shift.any_change.as_slow.delay.p50"]["verdict"] == "ok"
    assert rows["detector.shift.k_of_n.as_slow.precision"]["peer"] == "k=5"
    assert rows["detector.other_kinds"]["verdict"] == "short"


def test_a_naive_rule_as_precise_at_equal_delay_is_not_beaten():
    result = {"scenarios": 200, "other_kinds": 0, "detector": {"shift": _kind(0.98, 44)}, "rules": [
        _rule(1, 0, 0.01, 10), _rule(1, 30, 0.98, 44), _rule(5, 0, 0.9, 40)]}
    rows = {row["name"]: row for row in detector.rows(result)}
    assert rows["detector.shift.any_change.as_slow.precision"]["verdict"] == "short"
    assert rows["detector.shift.k_of_n.as_slow.precision"]["verdict"] == "missing"
