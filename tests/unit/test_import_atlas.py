"""catchwater import atlas, on results made by hand (import_files.py)."""

import json
import os
import pathlib
import signal
import sqlite3
import subprocess
import sys
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("CATCHWATER_BUILD", ROOT / "build"))
PROGRAM = BUILD / "catchwater"
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "tests/unit"))

# pylint: disable=wrong-import-position
import import_files as f  # noqa: E402


@pytest.fixture
def place(tmp_path):
    (tmp_path / "c.conf").write_text(f.CONFIG.format(database=tmp_path / "c.db"))
    return tmp_path


def run(place, *words, status=0):
    done = subprocess.run([PROGRAM, *words, "--config", place / "c.conf"],
                          capture_output=True, text=True, check=False)
    assert done.returncode == status, done.stderr
    return done


def atlas(place, *paths):
    return json.loads(run(place, "import", "atlas", "--json", *paths).stdout)


def decode(path):
    done = subprocess.run([PROGRAM, "import", "atlas", "--decode", path],
                          capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def rows(place, query):
    with sqlite3.connect(place / "c.db") as db:
        return db.execute(query).fetchall()


def test_every_result_is_decoded_or_rejected_with_its_reason(place):
    good = f.dns(1, 1000, f.hostname("ns1.ams.example.net"))
    path = f.write_json(place / "a.json", [
        good,
        {**good, "type": "http"},
        {**good, "prb_id": -4},
        {**good, "timestamp": "soon"},
        {k: v for k, v in good.items() if k != "result"},
        {**good, "result": {"abuf": "%%%", "rt": 1}},
        17,
        {**good, "dst_addr": "192.0.2.99"},
    ])
    got = atlas(place, path)
    assert (got["results"], got["decoded"], got["rejected"]) == (8, 2, 6)
    assert got["reasons"] == {
        "type: not dns, traceroute or ping": 1,
        "prb_id: missing or out of range": 1,
        "timestamp: missing or out of range": 1,
        "neither a result nor an error": 1,
        "abuf: not base 64 of a DNS message": 1,
        "not an object": 1,
    }
    assert got["not_stored"] == {"no service has this address": 1}
    assert got["stored"] == 1


@pytest.mark.parametrize("lines", [False, True])
@pytest.mark.parametrize("suffix", [".json", ".json.gz"])
def test_an_array_and_lines_packed_or_not_are_the_same(place, lines, suffix):
    results = [f.dns(p, 1000 + p, f.hostname("ns1.ams.example.net"))
               for p in range(1, 40)]
    path = f.write_json(place / f"a{suffix}", results, lines)
    assert atlas(place, path)["stored"] == 39


def test_an_echoed_opt_behind_the_last_record_is_no_identity(place):
    nsid = f.opt(f.option(3, b"ns1.ams.example.net"))
    plain = f.message("example.net.", 6, 1, additionals=[nsid])
    echoed = f.message("example.net.", 6, 1, trailing=nsid)
    empty = f.message("example.net.", 6, 1, additionals=[f.opt(f.option(3, b""))])
    path = f.write_json(place / "a.json", [
        f.dns(1, 1000, plain), f.dns(2, 1001, echoed), f.dns(3, 1002, empty)])
    first, second, third = decode(path)
    assert first["reply"]["edns"]["options"][0]["nsid"] == "ns1.ams.example.net"
    assert "edns" not in second["reply"]
    assert second["reply"]["trailing"] == len(nsid)
    assert third["reply"]["edns"]["options"][0]["length"] == 0
    atlas(place, path)
    assert rows(place, "SELECT probe, site FROM measurement ORDER BY id") == [
        ("atlas-1", "ams"), ("atlas-2", None), ("atlas-3", None)]


def test_records_of_many_types_are_read(place):
    owner = b"\xc0\x0c"
    wire = f.message("example.net.", 255, 1, answers=[
        f.record(owner, 1, 1, 60, bytes([192, 0, 2, 7])),
        f.record(owner, 28, 1, 60, bytes(15) + b"\1"),
        f.record(owner, 15, 1, 60, b"\0\x0a\4mail\xc0\x0c"),
        f.record(owner, 6, 1, 60, b"\2ns\xc0\x0c\1h\xc0\x0c" + bytes(3) + b"\x2a"
                 + bytes(16)),
        f.record(owner, 50, 1, 60, b"\1\0\0\5\0\x05" + b"\xff" * 5 + b"\0\1\x40"),
        f.record(owner, 16, 1, 60, f.txt(b"a\xff", b"")),
        f.record(owner, 65280, 1, 60, b"\xab\xcd"),
    ])
    got = decode(f.write_json(place / "a.json", [f.dns(1, 1000, wire)]))[0]["reply"]
    kept = [{k: v for k, v in a.items() if k not in ("name", "class", "ttl", "rd_length")}
            for a in got["answers"]]
    assert kept[0] == {"type": "A", "address": "192.0.2.7"}
    assert kept[1] == {"type": "AAAA", "address": "::1"}
    assert kept[2] == {"type": "MX", "preference": 10,
                       "mail_exchanger": "mail.example.net."}
    assert (kept[3]["mname"], kept[3]["rname"], kept[3]["serial"]) == (
        "ns.example.net.", "h.example.net.", 42)
    assert kept[4] == {"type": "NSEC3", "hash_algorithm": 1, "flags": 0,
                       "iterations": 5, "salt": "", "hash": "vvvvvvvv", "types": [1]}
    assert kept[5] == {"type": "TXT", "data": ["a\xff", ""]}
    assert kept[6] == {"type": "TYPE65280", "rdata": "abcd"}
    assert got["header"]["aa"] is True and got["is_malformed"] is False


def test_a_broken_record_ends_the_list_and_says_so(place):
    wire = f.message("x.", 1, 1, answers=[
        f.record(b"\xc0\x0c", 1, 1, 60, bytes(4)),
        f.record(b"\xc0\x0c", 1, 1, 60, bytes(3))])
    got = decode(f.write_json(place / "a.json", [f.dns(1, 1000, wire)]))[0]["reply"]
    assert got["is_malformed"] is True
    atlas(place, place / "a.json")
    assert rows(place, "SELECT outcome FROM measurement") == [("malformed",)]


def test_a_name_that_points_at_itself_does_not_hang(place):
    wire = f.message("x.", 1, 1, answers=[f.record(b"\xc0\x13", 1, 1, 60, bytes(4))])
    got = decode(f.write_json(place / "a.json", [f.dns(1, 1000, wire)]))[0]["reply"]
    assert got["is_malformed"] is True


def test_a_resultset_is_one_result_of_many_responses(place):
    part = f.dns(1, 1000, f.hostname("ns1.fra.example.net"))
    path = f.write_json(place / "a.json", [{
        "type": "dns", "fw": "4610", "msm_id": 7, "prb_id": 5, "timestamp": 1000,
        "from": "198.51.100.5", "resultset": [
            {**part, "subid": 1, "submax": 2, "time": 1001},
            {"subid": 2, "submax": 2, "time": 1002, "proto": "UDP",
             "dst_addr": "192.0.2.53", "error": {"timeout": 5000}}]}])
    first, second = decode(path)
    assert (first["firmware"], first["probe_id"], first["created"]) == (4610, 5, 1001)
    assert second["error"] == {"timeout": 5000}
    got = atlas(place, path)
    assert (got["results"], got["responses"], got["stored"]) == (1, 2, 2)
    assert rows(place, "SELECT outcome FROM measurement ORDER BY id") == [
        ("ok",), ("timeout",)]


def test_a_trace_keeps_labels_and_sets_late_answers_apart(place):
    label = {"s": 1, "label": 2693, "exp": 0, "ttl": 1}
    trace = {"type": "traceroute", "fw": 4790, "msm_id": 7, "prb_id": 1, "af": 4,
             "timestamp": 1000, "endtime": 1009, "proto": "UDP", "paris_id": 3,
             "dst_addr": "192.0.2.53", "from": "198.51.100.1", "result": [
                 {"hop": 1, "result": [
                     {"from": "10.0.0.1", "rtt": 1.5, "ttl": 64, "size": 28},
                     {"late": 4, "from": "10.0.0.7", "ttl": 3, "size": 28},
                     {"x": "*"}]},
                 {"hop": 2, "result": [
                     {"from": "203.0.113.1", "rtt": 2.5, "ttl": 64, "size": 28,
                      "icmpext": {"version": 2, "rfc4884": 1, "obj": [
                          {"class": 168, "type": 0},
                          {"class": 1, "type": 1, "mpls": [label]}]}},
                     {"from": "203.0.113.2", "rtt": 2.25, "ttl": 64, "err": "H"}]},
                 {"hop": 3, "error": "sendto failed"},
                 {"hop": 255, "result": [
                     {"from": "192.0.2.53", "rtt": 9, "ttl": 50}]}]}
    path = f.write_json(place / "a.json", [trace])
    got = decode(path)[0]
    assert got["total_hops"] == 4 and got["n_mpls"] == 1
    assert len(got["hops"][0]["packets"]) == 2 and len(got["hops"][0]["late"]) == 1
    assert got["hops"][1]["packets"][0]["mpls"] == [label]
    assert got["hops"][2]["error"] == "sendto failed"
    assert got["destination_responded"] is True and got["last_median_rtt"] == 9
    atlas(place, path)
    hops = json.loads(rows(place, "SELECT hops FROM path")[0][0])
    assert [(h["ttl"], h.get("address")) for h in hops] == [
        (1, "10.0.0.1"), (2, "203.0.113.1"), (2, "203.0.113.2")]


def test_a_ping_without_a_reply_is_a_timeout(place):
    ping = {"type": "ping", "fw": 4790, "msm_id": 7, "prb_id": 1, "af": 4,
            "timestamp": 1000, "proto": "ICMP", "dst_addr": "192.0.2.53",
            "sent": 3, "rcvd": 0, "min": -1, "avg": -1, "max": -1, "dup": 0,
            "result": [{"x": "*"}] * 3}
    old = {"type": "ping", "fw": 0, "msm_id": 7, "prb_id": 2, "timestamp": 1001,
           "dst_addr": "192.0.2.53", "sent": "3", "rcvd": "3", "dup": "0",
           "min": "57.876", "avg": "58.042", "max": "58.272"}
    path = f.write_json(place / "a.json", [ping, old])
    first, second = decode(path)
    assert first["rtt_min"] is None and first["packets"][0]["rtt"] is None
    assert (second["af"], second["packets_sent"], second["rtt_min"]) == (4, 3, 57.876)
    atlas(place, path)
    assert rows(place, "SELECT outcome, rtt_us FROM measurement ORDER BY id") == [
        ("timeout", None), ("ok", 58042)]


def history(sites, every=3600, probe=9):
    return [f.dns(probe, 10**9 + i * every, f.hostname(f"ns{i % 3}.{s}.example.net"))
            for i, s in enumerate(sites)]


def changes(place):
    return json.loads(run(place, "landing", "--all", "--changes", "--json").stdout)


def test_a_change_of_site_is_listed_with_both_its_ends(place):
    atlas(place, f.write_json(place / "a.json", history(["ams"] * 5 + ["fra"] * 30)))
    assert changes(place) == [{
        "vantage": "atlas-9/4", "service": "own", "target": "192.0.2.53",
        "from": "ams", "to": "fra", "last_seen": "2001-09-09T05:46:40.000000Z",
        "first_seen": "2001-09-09T06:46:40.000000Z", "flapping": False}]


def test_other_hosts_of_a_site_are_no_change(place):
    atlas(place, f.write_json(place / "a.json", history(["ams"] * 20)))
    assert changes(place) == []
    assert rows(place, "SELECT count(DISTINCT nsid_id), count(DISTINCT chaos_id) "
                "FROM observation") == [(0, 3)]


@pytest.mark.parametrize("away, flaps", [(1, True), (21, True), (22, False)])
def test_who_is_back_within_21_answers_flaps(place, away, flaps):
    sites = ["ams"] * 5 + ["fra"] * away + ["ams"] * 5
    atlas(place, f.write_json(place / "a.json", history(sites)))
    assert [c["flapping"] for c in changes(place)] == [flaps, flaps]


def test_a_foreign_identity_never_is_a_site(place):
    atlas(place, f.write_json(place / "a.json", [
        f.dns(1, 1000, f.hostname("go away")),
        f.dns(2, 1001, f.hostname("ns1.tokyo.example.net"))]))
    assert rows(place, "SELECT site FROM measurement") == [(None,), (None,)]
    assert rows(place, "SELECT DISTINCT state FROM landing") == [("unknown",)]


def test_the_fields_that_the_configuration_names_place_a_vantage(place):
    conf = place / "c.conf"
    conf.write_text(conf.read_text() + 'atlas { asn = "asn_v4" country = "cc" '
                    'latitude = "lat" longitude = "lon" }\n')
    atlas(place, f.write_json(place / "a.json", [
        f.dns(1, 1000, f.hostname("ns1.ams.example.net"), asn_v4=64500, cc="NL",
              lat=52.5, lon=4.75)]))
    assert rows(place, "SELECT asn, country, latitude, longitude FROM vantage") == [
        (64500, "NL", 52.5, 4.75)]


def test_the_same_file_twice_adds_nothing(place):
    results = history(["ams"] * 5 + ["fra"] * 5)
    path = f.write_json(place / "a.json", results)
    packed = f.write_json(place / "b.json.gz", results)
    first = atlas(place, path)
    second = atlas(place, path, packed)
    assert (first["stored"], second["stored"]) == (10, 0)
    assert [x["already_imported"] for x in second["files"]] == [True, True]
    assert second["files"][0]["results"] == 10
    assert rows(place, "SELECT count(*) FROM observation") == [(10,)]


def test_an_import_that_was_killed_goes_on_where_it_was(place):
    results = [f.dns(p, 10**9 + k * 600, f.hostname(
        "ns1.ams.example.net" if k < 20 or p % 2 else "ns1.fra.example.net"))
        for k in range(40) for p in range(1, 801)]
    path = f.write_json(place / "a.json", results)
    command = [PROGRAM, "import", "atlas", "--json", "--config", place / "c.conf", path]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as killed:
        deadline = time.monotonic() + 60
        while killed.poll() is None and time.monotonic() < deadline:
            try:
                if rows(place, "SELECT n_done FROM import")[0][0] > 0:
                    break
            except (sqlite3.OperationalError, IndexError):
                pass
        killed.send_signal(signal.SIGKILL)
    done = rows(place, "SELECT n_done, is_done FROM import")[0]
    assert done[0] > 0
    got = atlas(place, path)
    assert (got["results"], got["decoded"]) == (32000, 32000)
    tables = {}
    for table in ("vantage_id, at_us FROM observation",
                  "vantage_id, site_id, since_us, last_us, n FROM landing"):
        tables[table] = sorted(rows(place, f"SELECT {table}"))
    (place / "c.db").unlink()
    for leftover in place.glob("c.db-*"):
        leftover.unlink()
    atlas(place, path)
    for table, expected in tables.items():
        assert sorted(rows(place, f"SELECT {table}")) == expected, table


def test_a_database_in_use_is_refused(place):
    path = f.write_json(place / "a.json", history(["ams"]))
    with subprocess.Popen([PROGRAM, "serve", "--config", place / "c.conf",
                           "--listen", "127.0.0.1:0"], stderr=subprocess.PIPE,
                          text=True) as server:
        try:
            while "listening" not in server.stderr.readline():
                assert server.poll() is None
            refused = run(place, "import", "atlas", path, status=1)
        finally:
            server.terminate()
    assert "catchwater serve" in refused.stderr and "stop it" in refused.stderr


def test_no_alert_is_sent_about_the_past(place):
    conf = place / "c.conf"
    conf.write_text(conf.read_text() + 'alert "ops" { webhook = "http://127.0.0.1:1/" }\n')
    results = []
    for k in range(4):
        site = "ams" if k < 2 else "fra"
        results += [f.dns(p, 10**9 + k * 3600 + p, f.hostname(f"ns1.{site}.example.net"))
                    for p in range(1, 9)]
    atlas(place, f.write_json(place / "a.json", results))
    assert rows(place, "SELECT kind, n_vantages FROM event") == [("shift", 8)]
    assert rows(place, "SELECT count(*) FROM delivery") == [(0,)]
    assert len(f.told_again(PROGRAM, conf)) == 1


def test_imported_probes_cannot_report_and_take_no_turn(place):
    atlas(place, f.write_json(place / "a.json", history(["ams"])))
    assert rows(place, "SELECT name, source, length(public_key) FROM probe") == [
        ("atlas-9", "atlas", 32)]


def test_a_database_that_is_given_need_not_be_configured(place):
    conf = place / "c.conf"
    conf.write_text("\n".join(line for line in conf.read_text().splitlines()
                              if not line.startswith("database")))
    path = f.write_json(place / "a.json", history(["ams"]))
    run(place, "import", "atlas", path, "--db", place / "c.db")
    assert rows(place, "SELECT count(*) FROM observation") == [(1,)]
    assert "database is missing" in run(place, "import", "atlas", path, status=1).stderr
    for command in ("replay", "reinterpret"):
        run(place, command, "--db", place / "c.db")


def test_files_are_taken_in_the_order_of_their_time(place):
    def shift(path, start, sites):
        return f.write_json(place / path, [
            f.dns(p, start + k * 3600, f.hostname(f"ns1.{s}.example.net"))
            for k, s in enumerate(sites) for p in range(1, 9)])
    later = shift("a.json", 10**9 + 4 * 3600, ["fra", "fra"])
    sooner = shift("b.json.gz", 10**9, ["ams"] * 4)
    got = atlas(place, later, sooner)
    assert got["late"] == 0
    assert [x["file"] for x in got["files"]] == ["b.json.gz", "a.json"]
    assert rows(place, "SELECT kind, n_vantages FROM event") == [("shift", 8)]


def test_a_file_that_ends_early_is_said(place):
    path = place / "a.json"
    path.write_text(json.dumps(history(["ams"] * 3))[:-40])
    got = atlas(place, path)
    assert (got["results"], got["decoded"]) == (3, 2)
    assert got["reasons"] == {"the file is broken from here on": 1}
    packed = f.write_json(place / "b.json.gz", history(["fra"] * 200))
    packed.write_bytes(packed.read_bytes()[:-20])
    assert "is the file whole?" in run(place, "import", "atlas", packed, status=1).stderr


def test_a_replay_of_results_tells_the_same(place):
    """By several runs, with looks that come late, silence, and another pace."""
    def look(probe, at, site):
        more = {} if site else {"result": {"error": {"timeout": 5000}}}
        return f.dns(probe, at, f.hostname(f"ns1.{site}.example.net"), **more)

    def file(name, begin, every, sites):
        return f.write_json(place / name, [
            look(p, begin + k * every + 7 * p, site)
            for k, site in enumerate(sites) for p in range(1, 13)])
    at = 10**9
    first = file("a.json", at, 240, ["ams"] * 20 + ["fra"] * 20 + [None] * 5 + ["fra"] * 9)
    late = file("b.json", at + 600, 240, ["lis"] * 3)
    slow = file("c.json", at + 86400, 3600, ["fra"] * 8 + ["ams"] * 8 + ["lis", "ams"] * 3)
    atlas(place, first)
    assert atlas(place, late)["late"] == 36
    atlas(place, slow)
    kinds = {e["kind"] for e in f.told_again(PROGRAM, place / "c.conf")}
    assert "shift" in kinds


def test_a_replay_of_what_was_read_anew_says_so(place):
    sites = ["ams"] * 4 + ["fra"] * 4
    atlas(place, f.write_json(place / "a.json", history(sites)))
    run(place, "reinterpret")
    f.told_again(PROGRAM, place / "c.conf")
    conf = place / "c.conf"
    conf.write_text(conf.read_text().replace('"fra"', '"other"'))
    assert "'reinterpret' has changed" not in run(place, "replay").stderr
    run(place, "reinterpret")
    assert "'reinterpret' has changed" in run(place, "replay").stderr


def test_what_is_read_anew_goes_by_the_times_of_then(place):
    atlas(place, f.write_json(place / "a.json", history(["ams"] * 5 + ["fra"] * 4)))
    journal = "SELECT state, site_id, since_us, until_us, last_us, n FROM landing"
    before, conf = rows(place, journal), place / "c.conf"
    own = conf.read_text()
    conf.write_text(own.replace('"fra"', '"other"'))
    run(place, "reinterpret")
    assert [row[0] for row in rows(place, journal)] == ["stable", "unknown"]
    conf.write_text(own)
    run(place, "reinterpret")
    assert rows(place, journal) == before
