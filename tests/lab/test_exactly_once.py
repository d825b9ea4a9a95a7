"""What a probe measured is in the database exactly once, whoever dies; what a
power cut took along is told.
"""

import glob
import json
import os
import random
import shutil
import signal
import threading
import time

import pytest

KILLS = 20
SEED = int(os.environ.get("CATCHWATER_SEED", str(random.randrange(1 << 30))))


class Witness:
    """Copies every line that appears in the spools, in memory and on disk,
    while it runs."""

    def __init__(self, world):
        self.world = world
        self.seen = {}      # (vantage, seq) -> at_us
        self.faults = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()

    def _run(self):
        while not self._stop.wait(0.1):
            for vantage in self.world.vantages:
                try:
                    self.look(vantage)
                except AssertionError as error:
                    self.faults.append(error)   # one seq, two observations

    def look(self, vantage):
        folders = [f"{self.world.state_of(vantage)}/spool", self.world.memory_of(vantage)]
        for folder in filter(None, folders):
            for path in glob.glob(f"{folder}/*.jsonl"):
                try:
                    with open(path, "rb") as file:
                        self.note(vantage, file.read())
                except FileNotFoundError:
                    continue

    def note(self, vantage, segment):
        for line in segment.split(b"\n")[:-1]:   # the last is torn
            record = json.loads(line)
            if "seq" in record:
                key = vantage, record["seq"]
                assert self.seen.setdefault(key, record["at_us"]) == record["at_us"], key

    def newest(self, vantage):
        return max((seq for name, seq in self.seen if name == vantage), default=0)


def stored(world):
    """{vantage: [seq, ...]} as the database has them."""
    result = {}
    for name, seq in world.query(
            "SELECT p.name, o.seq FROM observation o JOIN vantage v ON v.id = o.vantage_id"
            " JOIN probe p ON p.id = v.probe_id ORDER BY p.name, o.seq"):
        result.setdefault(name, []).append(seq)
    return result


def check(world, witness):
    """Every line that was seen has arrived, no seq is there twice or missing."""
    newest = {vantage: witness.newest(vantage) for vantage in world.vantages}
    assert any(newest.values())
    assert not witness.faults

    def has_arrived():
        there = stored(world)
        return all(there.get(vantage, [0])[-1] >= seq for vantage, seq in newest.items())
    world.wait("all that was seen to arrive", has_arrived, 120)
    for vantage, seqs in stored(world).items():
        assert seqs == list(range(1, len(seqs) + 1)), f"{vantage}: a gap or a double"
    assert world.query("SELECT sum(n_lost) FROM probe")[0][0] == 0


@pytest.fixture(name="dice")
def _dice():
    print(f"CATCHWATER_SEED={SEED}")
    return random.Random(SEED)


def test_collector_killed_at_random_moments(world, dice):
    with Witness(world) as witness:
        for _ in range(KILLS):
            time.sleep(dice.uniform(0.05, 1.2))
            world.stop_collector(signal.SIGKILL)
            world.start_collector()
        time.sleep(3)
    check(world, witness)


def test_probe_killed_at_random_moments(world, dice):
    with Witness(world) as witness:
        for _ in range(KILLS):
            vantage = dice.choice(world.vantages[:3])
            world.stop_probe(vantage, signal.SIGKILL)
            world.start_probe(vantage)
            time.sleep(dice.uniform(0.05, 1.2))
        time.sleep(3)
    check(world, witness)


def test_collector_away_for_a_minute(world):
    events = len(world.events())
    with Witness(world) as witness:
        world.stop_collector()
        time.sleep(60)
        world.start_collector()
        time.sleep(3)
    check(world, witness)
    world.wait_for_truth(90)
    assert len(world.events()) == events


def lost(world, vantage):
    return world.query("SELECT n_lost FROM probe WHERE name = ?", vantage)[0][0]


def test_power_cut_is_told(world):
    """The end of the power takes what is in memory.  What the collector has
    and what the probe tells as lost are all that was made, and no seq comes
    again; last here, for it leaves a gap."""
    vantage = world.vantages[0]
    if not world.memory_of(vantage):
        pytest.skip("/dev/shm is no memory here: what waits is on disk")
    told = lost(world, vantage)
    with Witness(world) as witness:
        world.wait("something that waits in memory", lambda: (
            witness.newest(vantage) > stored(world).get(vantage, [0])[-1]))
        world.stop_probe(vantage, signal.SIGKILL)
        witness.look(vantage)
        made = witness.newest(vantage)
        with open(f"{world.state_of(vantage)}/spool/reserved", encoding="ascii") as file:
            reserved, waiting = map(int, file.read().split())
        shutil.rmtree(world.memory_of(vantage))
        world.start_probe(vantage)
        world.wait("the next run's observations", lambda: (
            stored(world)[vantage][-1] > reserved))
    seqs = stored(world)[vantage]
    before, after = [s for s in seqs if s <= made], [s for s in seqs if s > made]
    assert before == list(range(1, len(before) + 1))
    assert after == list(range(reserved + 1, reserved + 1 + len(after)))
    told = lost(world, vantage) - told
    assert made - len(before) <= told <= waiting
    assert not witness.faults
