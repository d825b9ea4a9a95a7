"""The importers on data that others measured, with its published truth.

The data stands beside the project (CATCHWATER_DATA, by default ../shared/data)
and is no part of it: without it these tests are skipped.
"""

import csv
import gzip
import json
import os
import pathlib
import sqlite3
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("CATCHWATER_BUILD", ROOT / "build"))
DATA = pathlib.Path(os.environ.get("CATCHWATER_DATA", ROOT.parent / "shared/data"))
PROGRAM = BUILD / "catchwater"
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "tests/unit"))

# pylint: disable=wrong-import-position
import import_files  # noqa: E402
import sagan_view  # noqa: E402


def data(*parts):
    path = DATA.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"{path} is not there: set CATCHWATER_DATA")
    return path


def decode(path):
    """Lines of --decode, as they come."""
    with subprocess.Popen([PROGRAM, "import", "atlas", "--decode", path],
                          stdout=subprocess.PIPE, text=True) as program:
        for line in program.stdout:
            yield json.loads(line)
    assert program.returncode == 0


def truth_lines(path):
    with gzip.open(path, "rt") as lines:
        for line in lines:
            yield json.loads(line)


class Score:
    def __init__(self, what):
        self.what, self.good, self.all, self.first = what, 0, 0, []

    def add(self, ours, theirs, where):
        self.all += 1
        self.good += ours == theirs
        if ours != theirs and len(self.first) < 5:
            self.first.append((where, ours, theirs))

    def tell(self, capsys, at_least):
        with capsys.disabled():
            print(f"\n  {self.what}: {self.good} of {self.all} values equal", end=" ")
        assert not self.first
        assert self.all >= at_least


def chaos_values(line):
    """The keys of the truth."""
    got = {"prb_id": line["probe_id"], "ts": line["created"],
           "msm": line["measurement_id"], "dst": line["destination_address"],
           "sub": line["subid"]}
    reply = line["reply"]
    if line["error"] is not None:
        got["error"] = line["error"]
    if reply is None:
        return got
    edns = reply.get("edns", {})
    nsid = [o["data"] for o in edns.get("options", []) if o["code"] == 3]
    texts = [a["data"] for a in reply["answers"] if a["type"] == "TXT"]
    got |= {"rt": line["response_time"], "size": line["size"], "len": reply["length"],
            "decode": "broken" if reply["is_malformed"]
            else "trailing" if reply["trailing"] else "ok",
            "id": reply["header"]["id"], "flags": reply["flags"],
            "rcode": reply["flags"] & 15 | edns.get("extended_return_code", 0) << 4,
            "qd": reply["header"]["qdcount"], "an": reply["header"]["ancount"]}
    got |= {"edns": edns["version"], "payload": edns["udp_size"]} if edns else {}
    got |= {"nsid": nsid[0]} if nsid else {}
    return got | ({"txt": texts} if texts else {})


@pytest.mark.parametrize("kind", ["google", "probes-even"])
def test_every_chaos_response_is_the_truths(kind, capsys):
    score, n = Score(f"atlas-dns-chaos {kind}"), 0
    for question in ("hostname.bind", "id.server", "version.bind"):
        path = data("atlas-dns-chaos", f"{kind}-ch_{question}.json.gz")
        truth = truth_lines(str(path).replace(".json.gz", ".truth.jsonl.gz"))
        for line, wanted in zip(decode(path), truth, strict=True):
            n += 1
            got = chaos_values(line)
            for key in wanted.keys() | got.keys():
                score.add(got.get(key), wanted.get(key), (question, n, key))
    assert n == {"google": 25586, "probes-even": 25036}[kind]
    score.tell(capsys, 10 * n)


def ms(value):
    return None if value is None else round(value, 2)


def trace_values(line):
    path = [sorted({p["origin"] for p in h["packets"] if p["origin"]})
            for h in line["hops"]]
    return {"prb_id": line["probe_id"], "ts": line["created"], "fw": line["firmware"],
            "dst": line["destination_address"], "err": line["error"] is not None,
            "proto": line["protocol"], "paris": line["paris_id"],
            "hops": line["total_hops"], "dst_responded": line["destination_responded"],
            "last_responded": line["last_hop_responded"], "path": path,
            "last_rtt": line["last_median_rtt"], "mpls_entries": line["n_mpls"]}


def ping_values(line):
    return {"prb_id": line["probe_id"], "ts": line["created"], "fw": line["firmware"],
            "sent": line["packets_sent"], "rcvd": line["packets_received"],
            "min": line["rtt_min"], "median": line["rtt_median"],
            "max": line["rtt_max"], "dup": line["duplicates"], "err": "error" in line}


@pytest.mark.parametrize("file, n_results, values, medians", [
    ("google-traceroute-icmp4", 9263, trace_values, {"last_rtt"}),
    ("google-ping4", 9232, ping_values, {"median"}),
])
def test_every_trace_and_ping_is_the_truths(file, n_results, values, medians, capsys):
    path, n = data("atlas-traceroute-ping", f"{file}.json.gz"), 0
    truth = truth_lines(path.with_name(f"{file}.truth.jsonl.gz"))
    score = Score(f"atlas-traceroute-ping {file}")
    for line, wanted in zip(decode(path), truth, strict=True):
        n += 1
        got = values(line)
        for key, value in wanted.items():
            ours = got[key]
            if key == "path":
                value = [sorted(hop) for hop in value]
            # The truth took each time to the microsecond before the median.
            if key in medians and value is not None and abs(ours - value) < 0.001:
                ours = value
            score.add(ours, value, (n, key))
    assert n == n_results
    score.tell(capsys, 8 * n)


def test_the_conformance_vectors(tmp_path, capsys):
    path, n_vectors = data("atlas-sagan-vectors", "vectors.jsonl.gz"), 0
    score, skipped = Score("atlas-sagan-vectors"), 0
    for vector in truth_lines(path):
        n_vectors += 1
        one = tmp_path / "one.json"
        one.write_text(vector["result"])
        lines = list(decode(one))
        assert lines, vector["test"]
        view = sagan_view.result(lines, json.loads(vector["result"]),
                                 vector["options"].get("parse_buf") != "False")
        for expression, operator, wanted in vector["expect"]:
            if operator == "skipped":  # a print loop, which claims nothing
                skipped += 1
                continue
            score.add(sagan_view.evaluate(expression, view),
                      sagan_view.expected(wanted), (vector["test"], expression))
    assert (n_vectors, score.all + skipped, skipped) == (45, 717, 1)
    score.tell(capsys, 716)


CONFIG = '''
database = "{database}"
listen = "127.0.0.1:8420"
atlas {{ asn = "asn_v4" country = "country_code" latitude = "src_lat" longitude = "src_lon" }}
service "{name}" {{
	addresses = {{ "{address}" }}
	zone = "{name}.example"
	identity = {{ "{template}" }}
	{sites}
}}
'''


def configure(tmp_path, name, address, template, sites):
    path = tmp_path / "c.conf"
    path.write_text(CONFIG.format(
        database=tmp_path / "c.db", name=name, address=address, template=template,
        sites=" ".join(f'site "{s}" {{ }}' for s in sites)))
    return path


def run(conf, *words):
    done = subprocess.run([PROGRAM, *words, "--config", conf, "--json"],
                          capture_output=True, text=True, check=True)
    return done.stdout


def table(path, delimiter="\t"):
    with open(path, encoding="utf-8", newline="") as rows:
        return list(csv.DictReader(rows, delimiter=delimiter))


SERIES = [
    ("cf-id.server-20150321", "173.245.58.117", "{site}",
     ["jnb", "lhr", "cdg", "fra", "sin", "ams", "ewr"], 2684),
    ("ca-hostname.bind-20150328-even", "199.4.144.2", "{instance}.{site}.ca-servers.ca",
     ["yyz", "lax", "mtl", "mia", "yyc"], 422),
]


@pytest.mark.parametrize("file, address, template, sites, n_results", SERIES)
def test_exactly_the_changes_of_site_are_found(file, address, template, sites,
                                               n_results, tmp_path):
    path = data("atlas-catchment-timeseries", f"{file}.jsonl.gz")
    conf = configure(tmp_path, "series", address, template, sites)
    got = json.loads(run(conf, "import", "atlas", path))
    assert (got["results"], got["decoded"], got["rejected"], got["stored"]) == (
        n_results, n_results, 0, n_results)
    changes = json.loads(run(conf, "landing", "--all", "--changes"))
    seconds = "%Y-%m-%dT%H:%M:%S.000000Z"
    with sqlite3.connect(tmp_path / "c.db") as db:
        def unix(text):
            return str(db.execute("SELECT unixepoch(?)", (text,)).fetchone()[0])
        found = {(c["vantage"], unix(c["last_seen"]), unix(c["first_seen"]),
                  c["from"].upper(), c["to"].upper()) for c in changes}
        events = db.execute("SELECT kind FROM event").fetchall()
    truth = table(path.with_name(f"{file}.truth-site-changes.tsv"))
    assert found == {(f"atlas-{t['prb_id']}/4", t["t_last_old"], t["t_first_new"],
                      t["from_site"], t["to_site"]) for t in truth}, seconds
    flaps = {c["vantage"] for c in changes if c["flapping"]}
    calm = {c["vantage"] for c in changes if not c["flapping"]}
    if truth:
        assert flaps == {"atlas-253/4", "atlas-470/4", "atlas-14980/4"}
        assert calm == {"atlas-4089/4"}
    else:
        assert events == []
    assert len(import_files.told_again(PROGRAM, conf)) == len(events)


@pytest.fixture(name="tangled", scope="module")
def fixture_tangled(tmp_path_factory):
    folder = data("tangled-catchment")
    tmp_path = tmp_path_factory.mktemp("tangled")
    conf = configure(tmp_path, "tangled", "145.100.118.1", "{site}", [
        "au-syd-anycast01", "fr-par-anycast01", "uk-lnd-anycast02", "us-mia-anycast01"])
    index = table(folder / "index.tsv")
    paths = [folder / row["file"] for row in index]
    lines = [json.loads(line) for line in
             run(conf, "import", "catchment", *paths).splitlines()]
    with sqlite3.connect(tmp_path / "c.db") as db:
        events = db.execute(
            "SELECT e.kind, coalesce(e.verdict, ''), s.name, e.since_us / 1e6, "
            "e.detected_us / 1e6, e.resolved_us / 1e6, e.n_vantages FROM event e "
            "LEFT JOIN site s ON s.id = e.site_id ORDER BY e.since_us").fetchall()
    keys = [(row["sequence"], int(row["round"])) for row in index]
    return {"rounds": dict(zip(keys, lines, strict=True)), "events": events,
            "index": dict(zip(keys, index)), "folder": folder, "conf": conf}


def test_every_round_is_counted_as_the_truth_counts(tangled):
    truth = table(tangled["folder"] / "truth-transitions.tsv")
    for t in truth:
        line = tangled["rounds"][t["sequence"], int(t["to_round"])]
        assert [line["moved"], line["silent"], line["new"]] == [
            int(t[k]) for k in ("moved", "only_before", "only_after")], line["round"]
        moves = dict(part.split("=") for part in t["moves"].split(";") if part)
        assert {f"{m['from']}>{m['to']}": str(m["vantages"])
                for m in line["moves"]} == moves, line["round"]
    for key, row in tangled["index"].items():
        line = tangled["rounds"][key]
        assert (line["vantages"], line["replies"], line["rejected"]) == (
            int(row["distinct_vps"]), int(row["replies"]), 0)


def within(event, tangled, key):
    row = tangled["index"][key]
    return (int(row["first_receive_unix"]) <= event[3]
            <= int(row["last_receive_unix"]) + 1)


def test_each_transition_that_moves_many_is_one_shift_and_none_else(tangled):
    shifts = [e for e in tangled["events"] if e[0] == "shift"]
    truth = table(tangled["folder"] / "truth-transitions.tsv")
    explained = 0
    for t in truth:
        here = [e for e in shifts if within(e, tangled, (t["sequence"],
                                                         int(t["to_round"])))]
        share = float(t["moved_pct"])
        if share >= 1:
            assert [e[6] for e in here] == [int(t["moved"])], t
        elif share <= 0.1:
            assert here == [], t
        explained += len(here)
    assert explained == len(shifts)


def test_each_announced_but_dark_site_is_found_and_no_other(tangled):
    truth = {(t["sequence"], int(t["round"]), t["announced_site"])
             for t in table(tangled["folder"] / "truth-starved-sites.tsv")}
    dark = [e for e in tangled["events"] if e[:2] == ("mismatch", "shadowed")]
    found = set()
    for key, row in tangled["index"].items():
        end = int(row["last_receive_unix"]) + 1
        found |= {(*key, e[2]) for e in dark
                  if e[4] <= end and (e[5] is None or e[5] > end)}
    assert found == truth


def test_the_round_in_which_44_percent_fall_silent_is_loss(tangled):
    line = tangled["rounds"]["C1", 2]
    assert line["silent"] == 3875
    here = [e for e in tangled["events"]
            if e[0] == "shift" and within(e, tangled, ("C1", 2))]
    # Of those who still answered, 440 did move: the shift holds no other.
    assert [e[6] for e in here] == [line["moved"]] == [440]
    silent = [e for e in tangled["events"] if e[0] == "silent"]
    assert [e[6] for e in silent] == [3875] and within(silent[0], tangled, ("C1", 2))
    assert {e[0] for e in tangled["events"]} == {"shift", "mismatch", "silent"}


def test_a_replay_of_all_rounds_tells_the_same(tangled):
    again = import_files.told_again(PROGRAM, tangled["conf"])
    assert len(again) == len(tangled["events"]) > 20
