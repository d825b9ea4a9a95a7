"""A collector that is killed: nothing that was acknowledged is lost or doubled.

schema/README.md, "Faults", names these tests.
"""

import os
import random
import sqlite3
import subprocess

import pytest

from attacked import ROOT
from faulty import Faulty, Sender, check_stored
from served import wait_until

SEED = int(os.environ.get("CATCHWATER_SEED", str(random.randrange(1 << 30))))
DAY_US = 86_400_000_000
SQL = sorted((ROOT / "schema/sql").glob("*.sql"))


@pytest.fixture(scope="module", name="collector")
def _collector(tmp_path_factory):
    with Faulty(tmp_path_factory.mktemp("faults")) as collector:
        yield collector


@pytest.fixture(scope="module", name="probe")
def _probe(collector):
    return Sender(collector, n=60)


def test_killed_at_random_moments_under_load():
    """Some of what `tools/torture` does a thousand times."""
    done = subprocess.run([ROOT / "tools/torture", "--kills", "14", "--probes", "4"],
                          capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "\n14 kills, " in done.stdout


# Where it is killed, at which pass there: each batch passes some more than once.
STAGES = [("verify", 1), ("verified", 1), ("step", 1), ("step", 4), ("step", 20), ("step", 50),
          ("write", 1), ("write", 2), ("write", 5), ("sync", 1), ("synced", 1), ("answer", 1),
          ("answered", 1)]


@pytest.mark.parametrize("is_power", [False, True], ids=["kill", "power"])
@pytest.mark.parametrize("point, n", STAGES)
def test_killed_at_every_stage_of_a_batch(collector, probe, point, n, is_power):
    """By a power cut, too: of the log only what was synced is left."""
    collector.words.is_power = is_power
    collector.words.die(point, n)
    body, wanted = probe.sign()
    was_answered = probe.send(body, wanted)
    assert not was_answered or point == "answered", probe.refused
    collector.wait_dead()
    probe.hang_up()
    check_stored(collector, probe)
    collector.verify()
    collector.start()
    assert was_answered or probe.send(body, wanted)
    assert check_stored(collector, probe) == probe.acked
    collector.verify()


DONE = (1, 0)   # the last observation stays: ids go on from it


def progress(collector):
    """How many rows and chunks there still are, of those that all go but one."""
    return collector.query("SELECT (SELECT count(*) FROM observation),"
                           " (SELECT count(*) FROM chunk)")[0]


@pytest.mark.parametrize("is_power", [False, True], ids=["kill", "power"])
def test_killed_while_it_adds_up_and_deletes(tmp_path, is_power):
    """Days later: hours are closed and packed, what is old is deleted, step by step.
    Killed again and again until all of it is done."""
    dice = random.Random(SEED)
    print(f"seed {SEED}")
    collector = Faulty(tmp_path, "keep_observations = 1d\nkeep_details = 1d\n")
    with collector:
        probe = Sender(collector, n=1000)
        for _ in range(6):
            assert probe.send(*probe.sign())
        collector.kill()
        probe.hang_up()
        collector.words.offset_us += 3 * DAY_US
        collector.words.is_power = is_power
        seen = [progress(collector)]
        while seen[-1] != DONE and len(seen) < 60:
            collector.words.die(*dice.choice([("sync", 9), ("synced", 10), ("write", 200)]))
            collector.try_start()
            wait_until(lambda: collector.process.poll() is not None
                       or progress(collector) == DONE, "that it is killed, or done")
            collector.kill()
            check_stored(collector, probe, DAY_US)
            seen.append(progress(collector))
            collector.verify()
        assert seen[-1] == DONE and len(set(seen)) > 2, "it was never on its way"
        collector.words.die_at = 0
        collector.start()
        assert probe.send(*probe.sign())
        check_stored(collector, probe, DAY_US)
        assert collector.query("SELECT count(*) FROM rollup_day") == [(1,)]


def dump(path):
    """The schema that a database has, and its version.  What was under way when it
    was left is taken back, as at the next start."""
    db = sqlite3.connect(path)
    try:
        rows = db.execute("SELECT type, name, sql FROM sqlite_schema"
                          " WHERE name NOT LIKE 'sqlite_stat%' ORDER BY 1, 2").fetchall()
        return db.execute("PRAGMA user_version").fetchone()[0], rows
    finally:
        db.close()


def make_version(path, version):
    """An empty database as a program of that version has left it."""
    db = sqlite3.connect(path, isolation_level=None)
    for file in SQL[:version]:
        db.executescript("BEGIN;" + file.read_text(encoding="utf-8") + ";COMMIT")
    db.execute(f"PRAGMA user_version = {version}")
    db.close()
    return dump(path)


def test_a_migration_is_whole_or_was_not(tmp_path):
    """Killed again and again on its way from the first version to this one."""
    dice = random.Random(SEED)
    print(f"seed {SEED}")
    known = [make_version(tmp_path / f"{i}.db", i) for i in range(len(SQL) + 1)]
    make_version(tmp_path / "c.db", 1)
    collector = Faulty(tmp_path)
    seen = set()
    for _ in range(400):
        point = dice.choice(["step", "write", "sync", "synced"])
        collector.words.is_power = dice.random() < 0.5
        collector.words.die(point, dice.randrange(1, 80 if point in ("step", "write") else 6))
        if collector.try_start():
            break
        version, schema = dump(tmp_path / "c.db")
        assert schema == known[version][1], f"version {version} is not whole"
        seen.add(version)
    collector.words.die_at = 0
    if collector.process.poll() is not None:
        collector.start()
    assert len(seen) > 3, "it was never on its way"
    assert dump(tmp_path / "c.db") == known[-1]
    probe = Sender(collector)
    assert probe.send(*probe.sign())
    collector.verify()
    collector.__exit__()
