"""What a probe wrote down is in the database exactly once, whoever dies."""

import json
import os
import random
import signal
import threading
import time

import pytest

KILLS = 20
SEED = int(os.environ.get("CATCHWATER_SEED", str(random.randrange(1 << 30))))


class Witness:
    """Copies every line that appears in the spools, while it runs."""

    def __init__(self, world):
        self.world = world
        self.seen = {}      # (vantage, seq) -> at_us
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
                self.look(vantage)

    def look(self, vantage):
        folder = f"{self.world.state_of(vantage)}/spool"
        for name in os.listdir(folder):
            if not name.endswith(".jsonl"):
                continue
            try:
                with open(f"{folder}/{name}", "rb") as file:
                    lines = file.read().split(b"\n")[:-1]   # the last is torn
            except FileNotFoundError:
                continue
            for line in lines:
                record = json.loads(line)
                if "seq" in record:
                    self.seen[vantage, record["seq"]] = record["at_us"]


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
    newest = {}
    for vantage, seq in witness.seen:
        newest[vantage] = max(seq, newest.get(vantage, 0))
    assert newest

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
