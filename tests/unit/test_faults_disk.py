"""A disk that is full, slow, broken or cannot be written: probes are told to come
back, what was acknowledged stays, and the collector says what is wrong.

schema/README.md, "Faults", names these tests.
"""

import contextlib
import errno
import itertools
import json
import os
import pathlib
import shutil
import sqlite3
import subprocess
import sys
import threading

import pytest

from attacked import BUILD, WAIT_S
from faulty import Faulty, Sender, check_stored
from served import wait_until
from test_operations import webhook

PAGE = 4096
SMALL_DISK = "CATCHWATER_SMALL_DISK"
S_US = 1_000_000
DAY_US = 86_400 * S_US
MEMORY_BYTES = 300 << 20   # the queue's bound three times


def health(collector):
    """Status and body of /healthz."""
    status, body = collector.ask("GET", "/healthz")
    return status, json.loads(body)


def wait_well(collector):
    """Until it says so."""
    wait_until(lambda: health(collector)[0] == 200, "health")


def refused(sender, post):
    """The answer to a batch that is not taken."""
    before = len(sender.refused)
    assert not sender.send(*post)
    assert len(sender.refused) == before + 1, "no answer"
    return sender.refused[-1]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EIO])
def test_what_cannot_be_written_is_told_and_not_acknowledged(tmp_path, number):
    """And taken once it can be, without a restart."""
    with Faulty(tmp_path) as collector:
        probe = Sender(collector)
        assert probe.send(*probe.sign())
        collector.words.write_errno = number
        post = probe.sign()
        status, after_s = refused(probe, post)
        assert status == 503 and int(after_s) > 0
        status, said = health(collector)
        assert status == 503 and said["checks"]["store"].startswith("the last transaction failed")
        assert ("full" if number == errno.ENOSPC else "read-only, or broken") in said["error"]
        assert check_stored(collector, probe) == probe.acked
        collector.words.write_errno = 0
        assert probe.send(*post)
        wait_well(collector)
        assert check_stored(collector, probe) == probe.acked == 40
        collector.verify()
        assert collector.log().count("not stored, probes are told to send again") == 1


def on_a_small_disk(tmp_path, test):
    """Runs the test once more, where it has a disk of its own."""
    words = ["unshare", "-rm", "sh", "-c",
             f'mount -t tmpfs -o size=24m none {tmp_path} && exec "$@"', "sh"]
    if subprocess.run([*words, "true"], check=False, capture_output=True).returncode:
        pytest.skip("this user may not mount, not even in a namespace of his own")
    done = subprocess.run(
        [*words, sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider",
         f"{__file__}::{test.__name__}"], env={**os.environ, SMALL_DISK: str(tmp_path)},
        check=False, capture_output=True, text=True, timeout=5 * WAIT_S)
    assert done.returncode == 0, done.stdout


def fill(path):
    """Until not a byte more fits."""
    with path.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(PAGE))


def test_a_full_disk(tmp_path):
    """A real one; an alert tells of it."""
    if SMALL_DISK not in os.environ:
        on_a_small_disk(tmp_path, test_a_full_disk)
        return
    disk = pathlib.Path(os.environ[SMALL_DISK])
    with webhook() as (url, came):
        more = f'alert "ops" {{ webhook = "{url}" }}\nitself {{ disk_low = 0 }}\n'
        with Faulty(tmp_path, more, disk / "c.db") as collector:
            probe = Sender(collector, n=500)
            for _ in range(3):
                assert probe.send(*probe.sign())
            fill(disk / "other")
            while probe.send(*probe.sign()):
                pass   # where something was before, there is room yet
            assert probe.refused[-1][0] == 503 and int(probe.refused[-1][1]) > 0
            assert health(collector)[0] == 503
            assert check_stored(collector, probe) == probe.acked
            wait_until(lambda: came, "the alert")
            assert came[0]["event"]["kind"] == "collector"
            assert came[0]["event"]["verdict"] == "store"
            (disk / "other").unlink()
            wait_until(lambda: probe.send(*probe.sign()), "room")
            wait_well(collector)
            check_stored(collector, probe)
            collector.verify()


def test_a_disk_that_is_read_only_at_the_start_is_named(tmp_path):
    """And nothing is served."""
    collector = Faulty(tmp_path)
    collector.words.write_errno = errno.EROFS
    done = subprocess.run([BUILD / "catchwater", "serve", "--config", collector.config],
                          env={**os.environ, **collector.environment}, capture_output=True,
                          text=True, check=False, timeout=WAIT_S)
    assert done.returncode == 1
    assert "is the disk read-only" in done.stderr


def test_a_slow_disk_costs_no_memory_and_no_observation(tmp_path):
    """Syncs that take longer than probes wait: what is too much is refused."""
    with Faulty(tmp_path) as collector:
        probes = [Sender(collector, n=1000) for _ in range(30)]
        assert all(probe.send(*probe.sign()) for probe in probes[:2])
        posts = [probe.sign() for probe in probes]
        collector.words.delay_us = 12_000_000
        threads = [threading.Thread(target=probe.send, args=post)
                   for probe, post in zip(probes, posts)]
        for thread in threads:
            thread.start()
        wait_until(lambda: any(probe.refused for probe in probes), "a refusal")
        wait_until(lambda: health(collector)[1]["checks"]["queue"] != "ok", "that it is told")
        assert collector.memory_bytes() < MEMORY_BYTES
        collector.words.delay_us = 0
        for thread in threads:
            thread.join()
        for probe, post in zip(probes, posts):
            assert all(status == 503 and int(after) > 0 for status, after in probe.refused)
            assert not probe.refused or probe.send(*post)
            assert check_stored(collector, probe) == probe.acked
        wait_well(collector)
        collector.verify()


@pytest.fixture(name="stored")
def _stored(tmp_path):
    """A collector that has stopped, and its probe; a few days ago."""
    collector = Faulty(tmp_path, "keep_observations = 1d\n")
    with collector:
        probe = Sender(collector, n=300)
        for _ in range(8):
            assert probe.send(*probe.sign())
    probe.hang_up()
    return collector, probe


def damage(path, page):
    """Overwrites a page, counted from 0."""
    with path.open("r+b") as file:
        file.seek(page * PAGE)
        file.write(os.urandom(PAGE))


def test_a_damaged_page_is_found_wherever_it_is(stored):
    """By `catchwater verify` and `catchwater backup`."""
    path = stored[0].folder / "c.db"
    shutil.copyfile(path, path.with_name("good.db"))
    for page in range(0, path.stat().st_size // PAGE, 4):
        shutil.copyfile(path.with_name("good.db"), path)
        damage(path, page)
        for words in (["verify"], ["backup", path.with_name("copy.db")]):
            done = subprocess.run([BUILD / "catchwater", *words, "--db", path], check=False,
                                  capture_output=True, text=True, timeout=WAIT_S)
            assert done.returncode == 1, (page, words)
            assert "damaged" in done.stderr or "catchwater backup" in done.stderr, page
        assert not path.with_name("copy.db").exists()


def start_or_say(collector):
    """Does it run?  Else it has ended, without a crash, and said why."""
    try:
        collector.start()
        return True
    except AssertionError:
        assert collector.process.wait(WAIT_S) == 1, collector.log()
        assert "the file is damaged" in collector.log()
        return False


def test_a_damaged_page_crashes_nothing(stored):
    """Whichever it is: the collector does not start, or refuses, or goes on."""
    collector, probe = stored
    path, acked = collector.folder / "c.db", probe.acked
    shutil.copyfile(path, path.with_name("good.db"))
    for page in range(0, path.stat().st_size // PAGE, 7):
        shutil.copyfile(path.with_name("good.db"), path)
        damage(path, page)
        (collector.folder / "log").write_text("")
        if start_or_say(collector):
            probe.acked = acked
            if not probe.send(*probe.sign()):
                assert probe.refused[-1][0] == 503
                assert "'catchwater backup'" in health(collector)[1]["error"]
            collector.process.terminate()
            assert collector.process.wait(WAIT_S) in (0, 1), collector.log()
            probe.hang_up()


def test_damage_that_no_batch_meets_is_told_and_stays_told(stored):
    """A page of old observations: batches are stored, and what is to be done stands
    in /healthz until somebody does it."""
    collector, probe = stored
    path = collector.folder / "c.db"
    with contextlib.closing(sqlite3.connect(path)) as db:
        pages = [row[0] for row in db.execute(
            "SELECT pageno FROM dbstat WHERE name = 'observation' AND pagetype = 'leaf'")]
    damage(path, sorted(pages)[len(pages) // 2] - 1)
    collector.words.offset_us += 3 * DAY_US
    with collector:
        wait_until(lambda: health(collector)[0] == 503, "that it is told")
        ticks = 0
        while ticks < 4:
            assert probe.send(*probe.sign())
            error = health(collector)[1].get("error", "")
            assert "the file is damaged" in error and "'catchwater backup'" in error
            ticks += 1
            threading.Event().wait(1)
        assert collector.log().count("the file is damaged") <= 2   # writer, serve


def leaf_of(path, bytes_):
    """The page in which an identity is found."""
    with contextlib.closing(sqlite3.connect(path)) as db:
        pages = [row[0] - 1 for row in db.execute(
            "SELECT pageno FROM dbstat WHERE name = 'sqlite_autoindex_identity_1'"
            " AND pagetype = 'leaf'")]
    good = path.read_bytes()
    for page in pages:
        damage(path, page)
        try:
            with contextlib.closing(sqlite3.connect(path)) as db:
                db.execute("SELECT id FROM identity WHERE bytes = ?", (bytes_,)).fetchall()
        except sqlite3.DatabaseError:
            return page
        finally:
            path.write_bytes(good)
    raise AssertionError("no page of the index matters")


def test_damage_that_one_probe_meets_is_not_hidden_by_others(tmp_path):
    """Its batches are not stored, theirs are; it is told all the time."""
    names = [f"ns{i:0200}.ams" for i in range(60)]
    with Faulty(tmp_path) as collector:
        turns = itertools.cycle(names)
        probe, other = Sender(collector, lambda: next(turns), n=60), Sender(collector)
        assert probe.send(*probe.sign()) and other.send(*other.sign())
    probe.hang_up()
    other.hang_up()
    path = tmp_path / "c.db"
    page = leaf_of(path, names[2].encode())
    assert page != leaf_of(path, names[57].encode())
    damage(path, page)
    probe.identity, other.identity = lambda: names[2], lambda: names[57]
    with collector:
        assert refused(probe, probe.sign())[0] == 503
        for _ in range(3):
            assert other.send(*other.sign())
            error = health(collector)[1].get("error", "")
            assert "the file is damaged" in error and "'catchwater backup'" in error
