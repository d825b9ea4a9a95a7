"""/metrics, read by a checker that first gets every case of others right.

The cases are not part of the project: CATCHWATER_DATA, or ../shared/data beside
it.  The checker is python3-prometheus-client's OpenMetrics parser; the older text
format is checked by promtool, where that is installed.
"""

import contextlib
import csv
import json
import math
import os
import pathlib
import re
import shutil
import sqlite3
import subprocess

import pytest

from served import ROOT, SIMULATE, Served, run, simulate_services, wait_until

parser = pytest.importorskip("prometheus_client.openmetrics.parser")

DATA = pathlib.Path(os.environ.get("CATCHWATER_DATA", ROOT.parent / "shared/data"))
CASES = DATA / "exposition-conformance"
PROMTOOL = shutil.which("promtool")
needs_promtool = pytest.mark.skipif(not PROMTOOL, reason="promtool is not installed")

FAMILIES = {
    "catchwater_build": "info", "catchwater_start_timestamp_seconds": "gauge",
    "catchwater_healthy": "gauge", "catchwater_queue_depth": "gauge",
    "catchwater_database_bytes": "gauge", "catchwater_disk_bytes": "gauge",
    "catchwater_disk_free_bytes": "gauge", "catchwater_batches": "counter",
    "catchwater_observations": "counter", "catchwater_refused": "counter",
    "catchwater_ingest_seconds": "histogram", "catchwater_heard_timestamp_seconds": "gauge",
    "catchwater_rtt_seconds": "histogram", "catchwater_landings": "gauge",
    "catchwater_site_announced": "gauge", "catchwater_site_healthy": "gauge",
    "catchwater_site_receiving": "gauge", "catchwater_site_verdict": "gauge",
    "catchwater_events": "gauge", "catchwater_open_events": "gauge",
    "catchwater_deliveries": "gauge", "catchwater_probes": "gauge",
    "catchwater_probes_heard": "gauge", "catchwater_quarantined": "gauge",
    "process_cpu_seconds": "counter", "process_resident_memory_bytes": "gauge",
    "process_virtual_memory_bytes": "gauge", "process_open_fds": "gauge",
    "process_max_fds": "gauge", "process_start_time_seconds": "gauge",
}


def check(text):
    """The families of an OpenMetrics text, by name; ValueError when it is none."""
    return {family.name: family for family in parser.text_string_to_metric_families(text)}


def is_good(text):
    try:
        check(text)
    except (ValueError, KeyError, IndexError):
        return False
    return True


@pytest.mark.skipif(not CASES.exists(), reason="the cases are not here: CATCHWATER_DATA")
def test_the_checker_gets_every_case_right():
    with (CASES / "openmetrics-cases.tsv").open() as table:
        rows = list(csv.DictReader(table, delimiter="\t"))
    wrong = [row["case"] for row in rows
             if is_good((CASES / row["file"]).read_text()) != (row["should_parse"] == "True")]
    assert len(rows) > 100 and not wrong


def promtool(text):
    return subprocess.run([PROMTOOL, "check", "metrics"], input=text, capture_output=True,
                          text=True, check=False)


@needs_promtool
@pytest.mark.skipif(not CASES.exists(), reason="the cases are not here: CATCHWATER_DATA")
def test_promtool_gets_the_text_corpus_right():
    for path in sorted((CASES / "prometheus-text").glob("from_test_parse_*")):
        done = promtool(path.read_text())
        said_error = "error while linting" in done.stderr + done.stdout
        assert said_error == ("_error_" in path.name), path.name


@pytest.fixture(name="loaded", scope="module")
def _loaded(tmp_path_factory):
    """A collector that has heard a small fleet."""
    folder = tmp_path_factory.mktemp("loaded")
    alert = 'alert "ops" { webhook = "http://127.0.0.1:9/" }\n'
    with Served(folder, simulate_services(), more=alert) as served:
        told = json.loads(run(
            SIMULATE, "--collector", f"http://127.0.0.1:{served.port}", "--token",
            served.token(10), "--vantages", "10", "--targets", "4", "--period", "2s",
            "--upload", "1s", "--for", "5s", "--json").stdout)
        yield served, told


def page(served, accept=None):
    answer = served.ask("/metrics", {"Accept": accept} if accept else {})
    assert answer.status == 200
    return answer


def test_every_family_is_there_with_its_type(loaded):
    families = check(page(loaded[0]).text)
    for name, kind in FAMILIES.items():
        assert name in families and families[name].type == kind, name


def samples(served, name):
    return check(page(served).text)[name].samples


def test_what_the_database_knows_is_counted_again_after_a_while(loaded):
    """Every five seconds, so the fleet is in it soon after it has come."""
    wait_until(lambda: {s.value for s in samples(loaded[0], "catchwater_probes_heard")} == {10},
               "ten probes heard")


def test_what_came_in_is_counted(loaded):
    served, told = loaded
    assert samples(served, "catchwater_batches")[0].value == told["batches"]
    assert samples(served, "catchwater_observations")[0].value == told["observations"]
    lag = {s.name: s.value for s in samples(served, "catchwater_ingest_seconds")}
    assert lag["catchwater_ingest_seconds_count"] == told["batches"]
    assert all(s.value == 0 for s in samples(served, "catchwater_refused"))
    assert {s.labels["reason"] for s in samples(served, "catchwater_refused")} >= {
        "overload", "signature", "malformed"}
    rtts = sum(s.value for s in samples(served, "catchwater_rtt_seconds")
               if s.name.endswith("_count"))
    assert 0 < rtts <= told["observations"]


def test_landings_and_sites_have_the_configurations_names_only(loaded):
    landings = samples(loaded[0], "catchwater_landings")
    sites = {s.labels["site"] for s in landings}
    assert sites <= {f"s{i}" for i in range(1, 7)} | {""} and len(sites) > 1
    assert {s.labels["family"] for s in landings} <= {"4", "6"}
    assert {s.labels["state"] for s in landings} <= {"stable", "dark", "unknown"}
    for what in ("announced", "healthy", "receiving"):
        for sample in samples(loaded[0], f"catchwater_site_{what}"):
            assert sample.value in (0, 1) or math.isnan(sample.value)
    assert len(samples(loaded[0], "catchwater_site_verdict")) == len(
        samples(loaded[0], "catchwater_site_announced")) > 0
    states = {s.labels["state"]: s.value for s in samples(loaded[0], "catchwater_probes")}
    assert states == {"active": 10}
    heard = {s.labels["within"]: s.value for s in samples(loaded[0], "catchwater_probes_heard")}
    assert heard["1d"] == 10 and set(heard) == {"1m", "5m", "1h", "1d"}


def test_the_process_is_told_as_the_system_has_it(loaded):
    served = loaded[0]
    proc = pathlib.Path(f"/proc/{served.child.pid}")
    before = len(list((proc / "fd").iterdir()))
    told = {name: samples(served, f"process_{name}")[0].value for name in (
        "cpu_seconds", "resident_memory_bytes", "virtual_memory_bytes", "open_fds", "max_fds",
        "start_time_seconds")}
    pages = [int(n) for n in (proc / "statm").read_text().split()]
    assert told["virtual_memory_bytes"] == pytest.approx(
        pages[0] * os.sysconf("SC_PAGESIZE"), rel=0.2)
    assert told["resident_memory_bytes"] == pytest.approx(
        pages[1] * os.sysconf("SC_PAGESIZE"), rel=0.5)
    assert told["open_fds"] == pytest.approx(before, abs=4)   # connections come and go
    assert told["max_fds"] >= told["open_fds"] > 3
    ticks = [int(n) for n in (proc / "stat").read_text().rsplit(")", 1)[1].split()[11:13]]
    assert 0 < told["cpu_seconds"] <= sum(ticks) / os.sysconf("SC_CLK_TCK") + 0.02
    started = samples(served, "catchwater_start_timestamp_seconds")[0].value
    assert told["start_time_seconds"] == started


def test_who_is_quarantined_is_counted_and_told_to_the_log(tmp_path):
    """By hand through the program; by the detector as it writes it down."""
    with Served(tmp_path, simulate_services()) as served:
        run(SIMULATE, "--collector", f"http://127.0.0.1:{served.port}", "--token",
            served.token(8), "--vantages", "8", "--targets", "4", "--period", "2s",
            "--upload", "1s", "--for", "2s")
        one, two = [v["vantage"] for v in json.loads(
            served.catchwater("vantages", "--json").stdout) if v["family"] == 4][:2]
        served.catchwater("vantages", "quarantine", one, "--reason", "it lies")
        served.wait_for_log("vantages: quarantined: it lies vantage=")
        with contextlib.closing(sqlite3.connect(tmp_path / "c.db", timeout=60)) as db, db:
            db.execute("INSERT INTO quarantine SELECT v.id, 'peers', 1, NULL, 1, NULL, NULL, '{}' "
                       "FROM vantage v JOIN probe p ON p.id = v.probe_id "
                       "WHERE p.name || '/' || v.family = ?", (two,))

        def counted():
            return {s.labels["reason"]: s.value
                    for s in samples(served, "catchwater_quarantined")}
        wait_until(lambda: counted() == {"hand": 2, "peers": 1, "own_address": 0, "light": 0},
                   "both counted")
        served.catchwater("vantages", "release", two)
        served.wait_for_log("vantages: released: by hand: peers vantage=")
        served.catchwater("vantages", "release", one)
        served.wait_for_log("vantages: released: by hand vantage=")
        wait_until(lambda: set(counted().values()) == {0}, "nobody counted")


def test_clients_get_the_format_they_ask_for(loaded):
    served = loaded[0]
    assert page(served).headers["Content-Type"].startswith(
        "application/openmetrics-text; version=1.0.0")
    assert page(served).text.endswith("\n# EOF\n")
    old = page(served, "text/plain;version=0.0.4;q=1,*/*;q=0.1")
    assert old.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert "# TYPE catchwater_batches_total counter\n" in old.text


@needs_promtool
def test_promtool_has_nothing_to_say(loaded):
    done = promtool(page(loaded[0], "text/plain").text)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


HOSTILE = ['"} 1\nevil_total 2\n# EOF', "back\\slash\\", "\x1b[31mred\x07", "tab\there"]


def test_hostile_text_in_the_database_makes_no_other_metric(tmp_path):
    """The configuration takes no such names; a database may have been anywhere."""
    with Served(tmp_path) as served:
        with contextlib.closing(sqlite3.connect(tmp_path / "c.db")) as db, db:
            for i, text in enumerate(HOSTILE):
                db.execute("INSERT INTO delivery (alert, notice, key, created_us, next_try_us, "
                           "delivered_us) VALUES (?, 'test', ?, 1, 1, 1)", (text, f"k{i}"))
        answer = page(served)
        families = check(answer.text)
        assert "\x1b" not in answer.text
        got = {s.labels["alert"] for s in families["catchwater_deliveries"].samples}
        assert HOSTILE[0] in got and HOSTILE[1] in got
        assert len(got) == len(HOSTILE)
        assert not any("evil" in name for name in families)
        if PROMTOOL:
            assert promtool(page(served, "text/plain").text).returncode == 0


# What reads it: Prometheus' rules, Grafana's dashboard.

RULES = ROOT / "tools/prometheus/catchwater.rules.yml"
DASHBOARD = ROOT / "tools/grafana/catchwater.json"
WITH_TLS_ONLY = {"catchwater_certificate_end_timestamp_seconds"}


def dashboard_queries():
    """Every PromQL of the dashboard, its variables filled in."""
    board = json.loads(DASHBOARD.read_text())
    queries = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    queries += [note["expr"] for note in board["annotations"]["list"]]
    queries += [re.sub(r"label_values\((\w+), (\w+)\)", r"sum by (\2) (\1)", var["definition"])
                for var in board["templating"]["list"] if "definition" in var]
    for variable, value in (("$__rate_interval", "5m"), ("$service", ".*"), ("$family", ".*")):
        queries = [query.replace(variable, value) for query in queries]
    assert len(queries) > 20 and not any("$" in query for query in queries)
    return queries


@pytest.mark.parametrize("text", [RULES.read_text(), "\n".join(dashboard_queries())],
                         ids=["rules", "dashboard"])
def test_what_is_asked_for_is_there(loaded, text):
    served = loaded[0]
    with contextlib.closing(sqlite3.connect(served.folder / "c.db", timeout=60)) as db, db:
        db.execute("INSERT OR IGNORE INTO event (id, kind, severity, service_id, since_us,"
                   " detected_us, updated_us, n_vantages, n_asns, needed, gates)"
                   " SELECT 999, 'shift', 'info', min(id), 1, 1, 1, 3, 3, 3, '{}' FROM service")
        db.execute("INSERT OR IGNORE INTO delivery (event_id, alert, notice, key, created_us,"
                   " next_try_us, delivered_us) VALUES (999, 'ops', 'open', 'x', 1, 1, 1)")
    wait_until(lambda: samples(served, "catchwater_events") and
               samples(served, "catchwater_deliveries"), "an event and its notice counted")
    labels = {sample.name: set(sample.labels) for family in check(page(served).text).values()
              for sample in family.samples}
    names = set(re.findall(r"\bcatchwater_[a-z0-9_]+", text)) - WITH_TLS_ONLY
    assert len(names) > 8 and names - set(labels) == set()
    for name, matchers in re.findall(r"\b(catchwater_[a-z0-9_]+)\{([^}]*)\}", text):
        assert set(re.findall(r"(\w+)[=!]", matchers)) <= labels[name], name


@needs_promtool
def test_the_rules_do_what_their_test_says():
    for words in (("check", "rules", RULES.name),
                  ("test", "rules", RULES.name.replace(".yml", ".test.yml"))):
        done = subprocess.run([PROMTOOL, *words], cwd=RULES.parent, capture_output=True,
                              text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


@needs_promtool
def test_the_dashboard_asks_in_promql(tmp_path):
    rules = [{"record": f"query:{i}", "expr": expr} for i, expr in enumerate(dashboard_queries())]
    (tmp_path / "rules.yml").write_text(json.dumps({"groups": [{"name": "q", "rules": rules}]}))
    done = subprocess.run([PROMTOOL, "check", "rules", tmp_path / "rules.yml"],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
