"""catchwater import catchment, on rounds made by hand (import_files.py)."""

import json
import os
import pathlib
import sqlite3
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("CATCHWATER_BUILD", ROOT / "build"))
PROGRAM = BUILD / "catchwater"
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "tests/unit"))

# pylint: disable=wrong-import-position
import import_files as f  # noqa: E402

AT = 1_600_000_000
EVERY = 600
MANY = 4000


@pytest.fixture
def place(tmp_path):
    (tmp_path / "c.conf").write_text(
        f.CONFIG.format(database=tmp_path / "c.db")
        .replace('"{instance}.{site}.example.net"', '"{site}-mapper"'))
    return tmp_path


def run(place, *words, status=0):
    done = subprocess.run([PROGRAM, *words, "--config", place / "c.conf"],
                          capture_output=True, text=True, check=False)
    assert done.returncode == status, done.stderr
    return done


def take(place, *paths):
    out = run(place, "import", "catchment", "--json", *paths).stdout
    return [json.loads(line) for line in out.splitlines()]


def rows(place, query):
    with sqlite3.connect(place / "c.db") as db:
        return db.execute(query).fetchall()


def write(place, number, site_of, who=range(MANY), announced=(), at=None):
    """One round: site_of(vantage) is where it lands; None: it is silent."""
    began = AT + number * EVERY if at is None else at
    replies = [f.reply(f"{site_of(v)}-mapper", v, began) for v in who
               if site_of(v) is not None]
    return f.write_round(place / f"R{number:02d}.csv.gz", replies, announced)


def test_a_round_says_who_moved_who_is_new_and_who_is_silent(place):
    first = write(place, 0, lambda v: "ams", range(0, 100))
    second = write(place, 1, lambda v: "fra" if v < 30 else "lis" if v < 40 else "ams",
                   range(5, 103))
    got = take(place, first, second)
    line = {k: got[1][k] for k in ("round", "at", "vantages", "moved", "new", "silent",
                                   "moves")}
    assert line == {
        "round": "R01", "at": "2020-09-13T12:36:40.000005Z", "vantages": 98,
        "moved": 35, "new": 3, "silent": 5,
        "moves": [{"from": "ams", "to": "fra", "vantages": 25},
                  {"from": "ams", "to": "lis", "vantages": 10}]}
    assert (got[0]["moved"], got[0]["new"], got[0]["silent"]) == (0, 100, 0)


def test_the_lines_for_people(place):
    paths = [write(place, 0, lambda v: "ams", range(10)),
             write(place, 1, lambda v: "fra", range(10))]
    assert run(place, "import", "catchment", *paths).stdout.splitlines() == [
        "round at vantages moved new silent moves",
        "R00 2020-09-13T12:26:40.000000Z 10 0 10 0 -",
        "R01 2020-09-13T12:36:40.000000Z 10 10 0 0 ams>fra=10"]


def test_the_earliest_reply_gives_the_site(place):
    path = f.write_round(place / "R.csv.gz", [
        f.reply("fra-mapper", 1, AT, late_ns=5000), f.reply("ams-mapper", 1, AT),
        f.reply("lis-mapper", 1, AT, late_ns=9000)])
    assert take(place, path)[0]["replies"] == 3
    assert rows(place, "SELECT site FROM measurement") == [("ams",)]


def test_columns_in_any_order_and_sites_by_name(place):
    (place / "R.csv").write_text(
        'client_id,destination_address,note,source_address,transmit_time\n'
        f'"ams",192.0.2.53,"a, ""b""",203.0.113.1,{AT}000000000\n')
    assert take(place, place / "R.csv")[0]["vantages"] == 1


def test_lines_that_are_no_replies_are_counted_by_reason(place):
    good = f.reply("ams-mapper", 1, AT)
    path = f.write_round(place / "R.csv.gz", [
        good, good.replace("192.0.2.53,", "192.0.2.99,", 1), "nonsense", "",
        good.replace("ams-mapper", "oslo-mapper"), good.replace("203.0.1.1", "here", 1),
        good.replace(str(AT), "x").replace(str(AT - 1), "x"), good + "," + "y" * 5000])
    got = take(place, path)[0]
    assert (got["replies"], got["rejected"], got["vantages"]) == (7, 6, 1)
    assert got["reasons"]["client_id: no site of the service"] == 1
    assert got["reasons"]["a line of over 4 KiB"] == 1


def test_a_file_for_nobody_and_a_file_without_a_header_are_refused(place):
    path = f.write_round(place / "R.csv.gz", [f.reply("oslo", 1, AT)])
    text = run(place, "import", "catchment", path, status=1).stderr
    assert "client_id: no site of the service" in text
    (place / "S.csv").write_text("a,b\n1,2\n")
    text = run(place, "import", "catchment", place / "S.csv", status=1).stderr
    assert "no column client_id" in text


def shifts(place):
    return rows(place, "SELECT n_vantages, resolution FROM event "
                "WHERE kind = 'shift' ORDER BY since_us")


@pytest.mark.parametrize("moved, is_event", [(4, False), (8, True), (40, True)])
def test_a_shift_is_more_than_noise(place, moved, is_event):
    paths = [write(place, 0, lambda v: "ams"),
             write(place, 1, lambda v: "fra" if v < moved else "ams"),
             write(place, 2, lambda v: "fra" if v < moved else "ams")]
    take(place, *paths)
    assert shifts(place) == ([(moved, "settled")] if is_event else [])


def test_every_transition_that_moves_many_is_a_shift_of_its_own(place):
    """Also the way back, and again, which live would be one event's end."""
    sites = ["ams", "fra", "ams", "fra", "fra", "lis"]
    paths = [write(place, i, lambda v, s=s: s if v % 4 else "ams")
             for i, s in enumerate(sites)]
    take(place, *paths)
    assert [n for n, _ in shifts(place)] == [3000] * 4


def test_one_network_alone_is_no_shift(place):
    def reply(site, v, at):
        return f.reply(site, v, at, asn=64999 if v < 400 else None)
    paths = []
    for i, site in enumerate(["ams", "fra"]):
        paths.append(f.write_round(place / f"R{i}.csv.gz", [
            reply(f"{site if v < 400 else 'ams'}-mapper", v, AT + i * EVERY)
            for v in range(MANY)]))
    assert take(place, *paths)[1]["moved"] == 400
    assert shifts(place) == []


def test_silence_is_no_shift(place):
    paths = [write(place, 0, lambda v: "ams"),
             write(place, 1, lambda v: None if v % 9 < 4 else "ams"),
             write(place, 2, lambda v: "fra" if v % 9 < 4 else "ams")]
    got = take(place, *paths)
    assert (got[1]["silent"], got[1]["moved"], got[2]["moved"]) == (1780, 0, 0)
    # Who was silent in between was not seen moving.
    assert shifts(place) == []
    assert rows(place, "SELECT verdict, n_vantages, resolution, "
                "since_us / 1000000 - 1600000600, resolved_us / 1000000 - 1600001200 "
                "FROM event WHERE kind = 'silent'") == [("fleet", 1780, "heard", 0, 0)]


@pytest.mark.parametrize("lost, is_event", [(190, False), (210, True)])
def test_a_fifth_of_the_fleet_is_loss(place, lost, is_event):
    paths = [write(place, 0, lambda v: "ams", range(1000)),
             write(place, 1, lambda v: "ams", range(lost, 1000))]
    take(place, *paths)
    assert rows(place, "SELECT n_vantages FROM event WHERE kind = 'silent'") == (
        [(lost,)] if is_event else [])


def test_after_a_long_gap_a_difference_is_no_shift(place):
    paths = [write(place, i, lambda v: "ams") for i in range(4)]
    paths.append(write(place, 9, lambda v: "fra", at=AT + 20 * 3600))
    assert take(place, *paths)[4]["moved"] == MANY
    assert shifts(place) == []


def test_a_replay_of_rounds_tells_the_same(place):
    """Shifts, loss, dark sites and a long pause, taken in by several runs."""
    def site_of(v, i):
        if i == 3 and v % 9 < 4:
            return None
        return ["ams", "fra", "ams", "ams", "fra", "lis", "ams"][i] if v % 4 else "ams"
    at = [AT + i * EVERY for i in range(6)] + [AT + 20 * 3600]
    paths = [write(place, i, lambda v, i=i: site_of(v, i), range(1200),
                   ("ams", "fra", "lis"), at[i]) for i in range(7)]
    take(place, *paths[:3])
    for path in paths[3:]:
        take(place, path)
    kinds = {e["kind"] for e in f.told_again(PROGRAM, place / "c.conf")}
    assert kinds == {"shift", "mismatch", "silent"}


def shadowed(place):
    return rows(place, "SELECT s.name, (e.since_us / 1000000 - 1600000000) / 600, "
                "(e.resolved_us / 1000000 - 1600000000) / 600 FROM event e "
                "JOIN site s ON s.id = e.site_id WHERE e.kind = 'mismatch' "
                "AND e.verdict = 'shadowed' ORDER BY e.since_us")


def test_who_announces_and_draws_nobody_is_shadowed_in_that_round(place):
    def site_of(v, fra):
        return "fra" if v % 3 == 0 and fra else "lis" if v % 3 == 1 else "ams"
    told = ("ams", "fra", "lis")
    paths = [write(place, i, lambda v, fra=fra: site_of(v, fra), announced=told)
             for i, fra in enumerate([True, False, True, True, False, False, True, True])]
    take(place, *paths)
    assert shadowed(place) == [("fra", 1, 2), ("fra", 4, 6)]


@pytest.mark.parametrize("stray, is_dark", [(3, True), (40, False)])
def test_a_handful_of_strays_is_nobody(place, stray, is_dark):
    paths = [write(place, i, lambda v: "fra" if v < stray else "ams",
                   announced=("ams", "fra")) for i in range(3)]
    take(place, *paths)
    assert [s for s, _, _ in shadowed(place)] == (["fra"] if is_dark else [])


def test_a_site_that_is_not_announced_is_not_shadowed(place):
    paths = [write(place, i, lambda v: "ams", announced=("ams",)) for i in range(3)]
    take(place, *paths)
    assert shadowed(place) == []


def test_a_prefix_that_does_not_hold_the_address_says_nothing(place):
    path = write(place, 0, lambda v: "ams", announced=("ams", "fra"))
    beside = place / "R00.routing"
    beside.write_text(beside.read_text().replace("192.0.2.0/24", "198.51.100.0/24"))
    take(place, path)
    assert rows(place, "SELECT DISTINCT is_up FROM announcement") == [(0,)]


def test_rounds_one_by_one_are_as_all_at_once(place):
    told = ("ams", "fra", "lis")
    paths = [write(place, i, lambda v, s=s: s if v % 2 else "lis", announced=told)
             for i, s in enumerate(["ams", "fra", "ams", "fra", "fra"])]
    together = take(place, *paths)
    seen = [rows(place, q) for q in (
        "SELECT vantage_id, site_id, since_us, last_us, n FROM landing ORDER BY 1, 3",
        "SELECT kind, verdict, site_id, since_us, n_vantages FROM event ORDER BY id")]
    for leftover in place.glob("c.db*"):
        leftover.unlink()
    # The first two tell the pace, as an operator's first import would.
    apart = take(place, *paths[:2]) + [take(place, p)[0] for p in paths[2:]]
    assert apart == together
    assert seen == [rows(place, q) for q in (
        "SELECT vantage_id, site_id, since_us, last_us, n FROM landing ORDER BY 1, 3",
        "SELECT kind, verdict, site_id, since_us, n_vantages FROM event ORDER BY id")]


def test_a_round_counts_once_and_in_its_place(place):
    paths = [write(place, i, lambda v, s=s: s, range(50))
             for i, s in enumerate(["ams", "fra", "ams"])]
    once = take(place, *paths[:2])
    again = take(place, *paths)
    assert [g.get("already_imported") for g in again] == [True, True, None]
    assert again[1] == {**once[1], "already_imported": True, "pace_us": {"own": 600000000}}
    assert again[2]["moved"] == 50
    assert rows(place, "SELECT count(*) FROM observation") == [(150,)]
    late = write(place, 7, lambda v: "lis", range(50), at=AT + 30)
    assert "in order of time" in run(place, "import", "catchment", late, status=1).stderr
