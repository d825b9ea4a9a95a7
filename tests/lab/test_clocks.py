"""Clocks that are wrong, or jump, on either side: no event, no wrong time."""

import contextlib
import glob

import pytest

FAKETIME = "/usr/lib/*/faketime/libfaketimeMT.so.1"
HOUR_US = 3_600_000_000
VANTAGE = "berlin"      # a root probe, 12 ms from its site
RTT_US = (5_000, 2_000_000)   # not an hour, also on a busy machine


@pytest.fixture(name="faked")
def _faked(tmp_path):
    """Environment of a process whose wall clock a file moves."""
    library = glob.glob(FAKETIME)
    if not library:
        pytest.skip("not installed: faketime; `make deps`")
    file = tmp_path / "clock"
    file.write_text("+0\n")
    return file, {"LD_PRELOAD": library[0], "FAKETIME_TIMESTAMP_FILE": str(file),
                  "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1",
                  "DONT_FAKE_MONOTONIC": "1"}


def last_id(world):
    return world.query("SELECT coalesce(max(id), 0) FROM observation")[0][0]


def rows_after(world, first, vantage=VANTAGE):
    return world.query(
        "SELECT o.received_us - o.at_us, o.outcome, o.rtt_us FROM observation o"
        " JOIN vantage v ON v.id = o.vantage_id JOIN probe p ON p.id = v.probe_id"
        " JOIN target t ON t.id = o.target_id WHERE o.id > ? AND p.name = ?"
        " AND o.kind = 0 AND o.proto = 0 AND t.role = 'service'", first, vantage)


def wait_for_rows(world, first, n=6):
    world.wait("observations", lambda: len(rows_after(world, first)) >= n, 90)


@contextlib.contextmanager
def no_event(world):
    before = len(world.events())
    yield
    world.wait_for_truth(90)
    assert len(world.events()) == before


@contextlib.contextmanager
def running_probe(world, environment):
    """The vantage's probe with other variables, for a while.  What it had
    measured before has arrived."""
    world.stop_probe(VANTAGE)
    world.start_probe(VANTAGE, environment)
    wait_for_rows(world, last_id(world))
    yield
    world.stop_probe(VANTAGE)
    world.start_probe(VANTAGE)


@contextlib.contextmanager
def running_collector(world, environment):
    world.stop_collector()
    world.start_collector(environment)
    yield
    world.stop_collector()
    world.start_collector()


def check_rows(world, first):
    """Times near those of receipt, round trips as they are."""
    for age_us, outcome, rtt_us in rows_after(world, first):
        assert -1_000_000 <= age_us < 60_000_000
        if outcome == 0:
            assert RTT_US[0] < rtt_us < RTT_US[1]


def test_a_probe_whose_clock_jumps(world, faked):
    file, environment = faked
    with running_probe(world, environment), no_event(world):
        for step in ("+1h", "-1h", "+0"):
            first = last_id(world)
            file.write_text(step + "\n")
            wait_for_rows(world, first)
            check_rows(world, first)


def test_a_probe_whose_clock_is_an_hour_slow(world, faked):
    file, environment = faked
    file.write_text("-1h\n")
    with running_probe(world, environment), no_event(world):
        first = last_id(world)
        wait_for_rows(world, first)
        check_rows(world, first)
        offset = world.query("SELECT clock_offset_us FROM probe WHERE name = ?", VANTAGE)[0][0]
        assert abs(offset - HOUR_US) < 60_000_000


def test_a_collector_whose_clock_jumps(world, faked):
    file, environment = faked
    with running_collector(world, environment), no_event(world):
        for step in ("+1h", "-1h", "+0"):
            first = last_id(world)
            file.write_text(step + "\n")
            wait_for_rows(world, first)
            check_rows(world, first)
