"""What happens to anycast services, each told as exactly what it is.

Every test lets one thing happen in the laboratory, waits for its event, undoes
it, waits until all is resolved, and finds that event alone: no second one for
the same cause.
"""

import datetime
import time

import pytest
from replaying import replay_is_identical

PATIENCE_S = 150
CALM_S = 300   # until who flapped is counted again
KNOWN_S = 60   # more than ten periods: what is usual is known then


def moment(text):
    """Seconds since 1970 of a time in a report."""
    return datetime.datetime.fromisoformat(text).timestamp()


def told_since(world, begun):
    return [e for e in world.events()
            if moment(e["detected"]) >= begun["begun_at_us"] / 1e6]


def the_event(world, kind, begun):
    """The first of its kind since then."""
    return world.wait(f"the {kind}", lambda: next(
        (e for e in told_since(world, begun) if e["kind"] == kind), None),
        PATIENCE_S, lambda: world.catchwater("events"))


def all_resolved(world):
    world.wait("all events to resolve", lambda: not world.events("--open"), PATIENCE_S,
               lambda: world.catchwater("events", "--open"))


def alone(world, event, begun):
    """That event and no other, resolved."""
    told = told_since(world, begun)
    assert [e["id"] for e in told] == [event["id"]], world.catchwater("events")
    assert told[0]["state"] == "resolved"


@pytest.fixture(name="quiet_world")
def _quiet_world(world):
    world.wait_for_truth(90)
    world.wait("every site to be ok", lambda: {
        row["verdict"] for row in world.json("sites")} == {"ok"}, CALM_S,
        lambda: world.catchwater("sites"))
    all_resolved(world)
    world.wait("what is usual to be known", lambda: time.time() - world.query(
        "SELECT max(first_us) FROM vantage")[0][0] / 1e6 > KNOWN_S, 2 * KNOWN_S)
    return world


# cause, its undoing, kind of event, what else it says.  Between those that move
# the same vantages are some that do not: who moves to and fro flaps.
SCENARIOS = {
    "a hijack by a stranger": (
        ("hijack",), ("unhijack",), "impostor", {"verdict": "foreign"}),
    "a stale zone at one site": (
        ("publish", "nyc"), ("publish",), "stale", {"site": "nyc"}),
    "a hijack in the name of a far site": (
        ("hijack", "sin"), ("unhijack",), "impostor", {"verdict": "copied", "site": "sin"}),
    "a failure of IPv6 alone": (
        ("family-fail", "sin", "6"), ("family-ok", "sin", "6"), "blackhole",
        {"site": "sin", "family": 6}),
    "a withdrawal that routing does not follow": (
        ("stick", "nyc"), ("unstick", "nyc"), "mismatch",
        {"site": "nyc", "verdict": "ghost"}),
    "a leak of a local site": (
        ("leak", "gru", "us"), ("unleak", "gru"), "leak", {"site": "gru"}),
    "balancing by packet": (
        ("scatter", "us", "eu"), ("gather", "us"), "flapping", {}),
}


@pytest.mark.parametrize("name", SCENARIOS)
def test_each_is_told_as_itself_alone(quiet_world, name):
    cause, undoing, kind, wanted = SCENARIOS[name]
    world = quiet_world
    begun = world.lab.event(*cause)
    event = the_event(world, kind, begun)
    assert {key: event.get(key) for key in wanted} == wanted
    explained = world.catchwater("explain", str(event["id"]))
    assert "gates" in explained
    world.lab.event(*undoing)
    world.wait_for_truth(PATIENCE_S)
    all_resolved(world)
    alone(world, event, begun)


def test_a_replay_tells_the_same(world):
    """All that happened above."""
    replay_is_identical(world)


def test_an_interceptor_near_one_vantage_is_told_of_its_network_alone(paths, path_world):
    begun = paths.event("intercept", "straight-a")
    event = the_event(path_world, "intercepted", begun)
    votes = path_world.json("explain", str(event["id"]))["votes"]
    assert {vote["vantage"] for vote in votes} <= {"straight/4", "straight/6"}
    path_world.wait("both families", lambda: {
        vote["vantage"] for vote in path_world.json("explain", str(event["id"]))["votes"]
    } == {"straight/4", "straight/6"}, PATIENCE_S)
    told = {e["id"] for e in told_since(path_world, begun)}
    assert told == {event["id"]}, path_world.catchwater("events")
    paths.event("pass", "straight-a")
