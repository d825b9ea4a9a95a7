"""What happens to a vantage's own host is never the target's fault."""

import contextlib
import os
import time

VANTAGE = "berlin"
TIMEOUT, NO_FAMILY, SEND_FAILED = 2, 8, 9


def families(world):
    """What the vantage's host can measure, as its batches say: ("ok", "none")."""
    row = next(r for r in world.json("vantages") if r["vantage"] == f"{VANTAGE}/4")
    return row.get("v4"), row.get("v6")


def newest(world, family):
    """The newest observation of a family that the collector has, by its id."""
    return world.query(
        "SELECT coalesce(max(o.id), 0) FROM observation o JOIN vantage v ON v.id = o.vantage_id"
        " JOIN probe p ON p.id = v.probe_id WHERE p.name = ? AND v.family = ?",
        VANTAGE, family)[0][0]


def outcomes(world, first, family=None):
    """Outcomes of what came in after an id; {outcome: how many}."""
    return dict(world.query(
        "SELECT o.outcome, count(*) FROM observation o JOIN vantage v ON v.id = o.vantage_id"
        " JOIN probe p ON p.id = v.probe_id WHERE p.name = ? AND o.id > ?"
        " AND (?3 IS NULL OR v.family = ?3) GROUP BY 1",
        VANTAGE, first, family))


def in_vain(world, since_us, until_us):
    """Measurements that began then and were held against their target."""
    return world.query(
        "SELECT o.at_us, o.kind, o.why, o.proto, o.outcome FROM observation o"
        " JOIN vantage v ON v.id = o.vantage_id JOIN probe p ON p.id = v.probe_id"
        " WHERE p.name = ? AND o.at_us BETWEEN ? AND ? AND o.outcome = ?",
        VANTAGE, since_us, until_us, TIMEOUT)


@contextlib.contextmanager
def no_event(world):
    world.wait_for_truth(90)
    before = len(world.events())
    yield
    world.wait_for_truth(90)
    assert len(world.events()) == before


def wait_for_answers(world, first, family, n=4):
    world.wait(f"answers by IPv{family}",
               lambda: outcomes(world, first, family).get(0, 0) >= n, 90)


def test_a_family_that_goes_is_left_out_until_it_is_back(world):
    with no_event(world):
        world.wait("both families", lambda: families(world) == ("ok", "ok"))
        first = newest(world, 6)
        world.lab.exec(VANTAGE, "ip", "-6", "address", "flush", "scope", "global")
        world.wait("IPv6 to be none", lambda: families(world) == ("ok", "none"))
        world.wait("the observation that says so",
                   lambda: outcomes(world, first, 6).get(NO_FAMILY))
        wait_for_answers(world, newest(world, 4), 4, 20)   # what was under way has ended
        seen = newest(world, 6)
        wait_for_answers(world, newest(world, 4), 4, 20)   # some rounds of the other family
        assert outcomes(world, seen, 6) == {}
        assert TIMEOUT not in outcomes(world, first, 6)
        world.lab.event("uncut", VANTAGE)
        wait_for_answers(world, seen, 6)
        world.wait("both families", lambda: families(world) == ("ok", "ok"))


def test_a_link_that_goes_and_comes_is_nobodys_fault(world):
    log = Log(f"{world.folder}/{VANTAGE}.log")
    with no_event(world):
        first = newest(world, 4)
        begun = world.lab.event("cut", VANTAGE)
        world.wait("the probe to notice", lambda: log.has("no IPv4", "no IPv6"))
        time.sleep(10)      # rounds that are left out
        ended = world.lab.event("uncut", VANTAGE)
        world.wait("the probe to notice", lambda: log.has(
            "IPv4 can be measured again", "IPv6 can be measured again"))
        world.lab.settle()
        for family in (4, 6):
            wait_for_answers(world, max(first, newest(world, family)), family)
        assert in_vain(world, begun["begun_at_us"], ended["begun_at_us"]) == []
        assert {NO_FAMILY, SEND_FAILED} & set(outcomes(world, first))
        world.wait("both families", lambda: families(world) == ("ok", "ok"))


class Log:
    """What a probe says from now on."""

    def __init__(self, path):
        self.path = path
        self.begin = os.path.getsize(path)

    def has(self, *words):
        with open(self.path, encoding="utf-8") as file:
            file.seek(self.begin)
            text = file.read()
        return all(word in text for word in words)
