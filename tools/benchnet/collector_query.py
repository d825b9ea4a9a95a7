"""How long the reports take, beside ClickHouse on the same rows.   (wiring)

Goal C6: the catchment of an address now, its shares in a day by the hour, and
who of all moved in that day, from 10 million observations; with --full also
from 50 million.  Our time is that of the API's answer, JSON and all, in one
process; ClickHouse's is what its server says, without the way to it.
"""

import contextlib
import datetime
import os
import sqlite3
import subprocess

from labnet.errors import LabError

from .clickhouse import clickhouse
from .collector_store import MILLION, feed
from .figure import figure, missing

TARGETS = 8
DAY_S = 86_400
NAMES = ("catchment", "shares", "diff")
TABLE = ("CREATE TABLE seen (ts UInt32, vantage UInt32, target UInt8, site UInt8, rtt UInt32,"
         " day Date) ENGINE = MergeTree(day, (target, vantage, ts), 8192)")
ROWS = ("SELECT printf('%d\t%d\t%d\t%d\t%d\t%s\n', at_us / 1000000, vantage_id, target_id,"
        " ifnull(site_id, 0), ifnull(rtt_us, 0), date(at_us / 1000000, 'unixepoch'))"
        " FROM observation")
PART = 500_000
# The newest site of each vantage, in the last three rounds.
PEERS = {
    "catchment": "SELECT place, count() FROM (SELECT vantage, argMax(site, ts) AS place FROM seen"
                 " WHERE target = 1 AND site > 0 AND ts > {now} - 900 GROUP BY vantage)"
                 " GROUP BY place",
    "shares": "SELECT intDiv(ts, 3600) AS hour, site, count() FROM seen WHERE target = 1"
              " AND site > 0 AND ts > {now} - 86400 GROUP BY hour, site",
    "diff": "SELECT a, b, count() FROM (SELECT vantage, target,"
            " argMaxIf(site, ts, ts <= {then}) AS a, argMaxIf(site, ts, ts > {then}) AS b"
            " FROM seen WHERE site > 0 AND (ts > {now} - 900 OR (ts > {then} - 900"
            " AND ts <= {then})) GROUP BY vantage, target) WHERE a != b GROUP BY a, b",
}


def queries(bench):
    yield from _of(bench, 10 * MILLION, "<=5 ms", True)
    if bench.full:
        yield from _of(bench, 50 * MILLION, "<=200 ms", False)


def _of(bench, n, goal, has_peer):
    name = f"collector.c6.{n // MILLION}M"
    with feed(bench, "ingest", TARGETS, n, n) as (_, database):
        with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as db:
            now = db.execute("SELECT max(at_us) FROM observation").fetchone()[0] // MILLION
            ours = _ours(bench, database, now)
            try:
                theirs = _theirs(bench, db, now) if has_peer else {}
            except LabError as error:
                yield missing(f"{name}.clickhouse", str(error))
                theirs = {}
    for what in NAMES:
        peer = theirs.get(what, ())
        yield figure(f"{name}.{what}", "ms", ours[what], goal=goal)
        if peer:
            yield figure(f"{name}.{what}.ratio", "ms", ours[what], "clickhouse", peer, "<=0.33")


def _ours(bench, database, now):
    at = datetime.datetime.fromtimestamp(now, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    done = subprocess.run([f"{bench.build}/tools/bench.d/views", database, "192.0.2.1", at,
                           str(5 * bench.runs)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise LabError(done.stderr.strip())
    times = {name: [] for name in NAMES}
    for line in done.stdout.splitlines():
        name, ms = line.split()
        times[name].append(float(ms))
    return times


def _theirs(bench, db, now):
    folder = os.path.join(bench.folder, "clickhouse")
    os.makedirs(folder)
    with clickhouse(folder) as peer:
        peer.run(TABLE)
        rows = db.execute(ROWS)
        while part := rows.fetchmany(PART):
            peer.run("INSERT INTO seen FORMAT TabSeparated",
                     "".join(row[0] for row in part).encode())
        times = {}
        for name, sql in PEERS.items():
            sql = sql.format(now=now, then=now - DAY_S)
            if not peer.seconds(sql)[1]:
                raise LabError(f"ClickHouse found nothing for {name}")
            times[name] = [1e3 * peer.seconds(sql)[0] for _ in range(5 * bench.runs)]
        return times
