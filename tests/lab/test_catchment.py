"""Landings and events against what routing really does.

Each test leaves the lab as it found it: repaired, landings equal to the truth.
"""

import datetime
import json
import os
import shutil
import signal
import subprocess
import time

import pytest
from replaying import replay_is_identical

FAMILIES = ("v4", "v6")
QUIET_S = int(os.environ.get("CATCHWATER_QUIET_S", "30"))


def landed_at(truth, site):
    """{"berlin/4", ...}: the vantages that land at a site."""
    return {f"{vantage}/{family[1]}" for vantage, both in truth.items()
            for family in FAMILIES if both[family] == site}


def moment(text):
    """Seconds since 1970 of a time in a report."""
    return datetime.datetime.fromisoformat(text).timestamp()


def since(world, begun, **wanted):
    """Events that began after a moment, and match."""
    return [e for e in world.events()
            if moment(e["detected"]) >= begun["begun_at_us"] / 1e6 and
            all(e.get(key) == value for key, value in wanted.items())]


@pytest.fixture(autouse=True)
def _repaired(world):
    world.wait_for_truth(90)
    world.wait("open events to resolve",
               lambda: not world.events("--open"), 120,
               lambda: world.catchwater("events", "--open"))
    yield
    world.lab.event("restore")
    world.lab.settle()


@pytest.mark.privileged
def test_every_landing_equals_the_truth(world):
    truth = world.truth()
    assert world.landings() == truth
    assert {site for both in truth.values() for site in both.values()} == set(world.sites)


def test_quiet_time_brings_no_event(world):
    before = len(world.events())
    time.sleep(QUIET_S)
    assert len(world.events()) == before
    assert world.landings() == world.truth()


@pytest.mark.privileged
@pytest.mark.parametrize("site", ["ams", "gru"])
def test_a_withdrawn_site_is_one_shift(world, site):
    before = world.truth()
    begun = world.lab.event("withdraw", site)
    world.lab.settle()
    after = world.truth()
    movers = landed_at(before, site)
    assert movers and not landed_at(after, site)
    world.wait_for_truth()

    event = world.wait("the shift to list every mover", lambda: next(
        (e for e in since(world, begun, kind="shift") if e["n_vantages"] == len(movers)), None))
    assert event["site"] == site
    told = world.json("explain", str(event["id"]))
    assert {(v["vantage"], v["from"], v["to"]) for v in told["votes"]} == {
        (name, site, after[name[:-2]][f"v{name[-1]}"]) for name in movers}

    world.lab.event("announce", site)
    world.lab.settle()
    world.wait_for_truth()
    world.wait("the shift to resolve", lambda: not world.events("--open"))
    assert [e["kind"] for e in since(world, begun)] == ["shift"]
    assert world.json("explain", str(event["id"]))["resolution"] == "returned"


def test_a_stopped_server_is_one_black_hole(world):
    site = "nyc"
    victims = landed_at(world.truth(), site)
    world.wait("the site to be ok", lambda: verdicts(world, site) == {"ok"})
    begun = world.lab.event("stop-dns", site)
    event = world.wait("the black hole", lambda: next(
        (e for e in since(world, begun, kind="blackhole")
         if e["n_vantages"] == len(victims)), None))
    assert event["site"] == site
    assert event["severity"] == "critical"
    world.wait("the verdict", lambda: verdicts(world, site) == {"sick_attracting"})
    told = world.json("explain", str(event["id"]))
    assert {v["vantage"] for v in told["votes"]} == victims

    world.lab.event("start-dns", site)
    world.wait_for_truth()
    world.wait("the black hole to resolve", lambda: not world.events("--open"))
    assert [e["kind"] for e in since(world, begun)] == ["blackhole"]


def verdicts(world, site):
    return {row["verdict"] for row in world.json("sites") if row["site"] == site}


def test_dropped_udp_is_a_black_hole_too(world):
    begun = world.lab.event("drop-udp", "sin")
    event = world.wait("the black hole", lambda: next(
        iter(since(world, begun, kind="blackhole")), None))
    assert event["site"] == "sin"
    world.lab.event("pass-udp", "sin")
    world.wait("it to resolve", lambda: not world.events("--open"))
    assert not since(world, begun, kind="shift")


def test_an_ipv6_failure_is_told_as_one(world):
    begun = world.lab.event("family-fail", "sin", "6")
    event = world.wait("the black hole", lambda: next(
        iter(since(world, begun, kind="blackhole")), None))
    assert (event["site"], event.get("family")) == ("sin", 6)
    world.lab.event("family-ok", "sin", "6")
    world.wait("it to resolve", lambda: not world.events("--open"))
    assert not since(world, begun, kind="shift")


def test_a_vantage_cut_off_is_no_event(world):
    begun = world.lab.event("cut", "berlin")
    time.sleep(20)
    world.lab.event("uncut", "berlin")
    world.lab.settle()
    world.wait("its spool to arrive", lambda: observations_since(
        world, "berlin", begun["begun_at_us"] + 5_000_000))
    world.wait_for_truth()
    assert since(world, begun) == []


def observations_since(world, vantage, at_us):
    return world.query(
        "SELECT count(*) FROM observation o JOIN vantage v ON v.id = o.vantage_id"
        " JOIN probe p ON p.id = v.probe_id WHERE p.name = ? AND o.at_us > ?",
        vantage, at_us)[0][0]


def test_prepending_moves_who_it_moves(world):
    before = world.truth()
    begun = world.lab.event("prepend", "ams", "3")
    world.lab.settle()
    after = world.truth()
    moved = {name for name in landed_at(before, "ams")
             if after[name[:-2]][f"v{name[-1]}"] != "ams"}
    world.wait_for_truth()
    world.lab.event("prepend", "ams", "0")
    world.lab.settle()
    world.wait_for_truth()
    voted = {v["vantage"] for e in since(world, begun, kind="shift")
             for v in world.json("explain", str(e["id"]))["votes"]}
    assert voted <= moved


@pytest.fixture(name="manager")
def _manager(world, tmp_path):
    """What an Alertmanager beside the collector, which is told of it by a reload,
    has active: {group: its alerts' labels}.  None where Debian's is not installed."""
    path = shutil.which("prometheus-alertmanager", path="/usr/bin")
    if path is None:
        yield None
        return
    (tmp_path / "am.yml").write_text(
        "route: { receiver: none, group_by: [service], group_wait: 1s }\n"
        "receivers: [{ name: none }]\n", encoding="ascii")
    with open(world.config, encoding="ascii") as file:
        before = file.read()
    with subprocess.Popen(world.lab.command(
            "collector", path, f"--config.file={tmp_path}/am.yml", f"--storage.path={tmp_path}/am",
            "--web.listen-address=127.0.0.1:9093", "--cluster.listen-address="),
            stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as child:
        reload_with(world, before + 'alert "am" { alertmanager = "http://127.0.0.1:9093"'
                    " repeat_every = 2s kinds = { shift } }\n")
        yield lambda: active(world)
        child.terminate()
    reload_with(world, before)


def reload_with(world, config):
    with open(world.config, "w", encoding="ascii") as file:
        file.write(config)
    world.collector.send_signal(signal.SIGHUP)


def active(world):
    done = world.lab.exec("collector", "curl", "-s", "http://127.0.0.1:9093/api/v2/alerts/groups")
    return {group["labels"]["service"]: [alert["labels"] for alert in group["alerts"]]
            for group in json.loads(done.stdout or "[]")}


def test_alerts_come_once_and_resolve(world, manager):
    world.webhook.status = 503
    world.lab.event("withdraw", "gru")
    event = world.wait("the event", lambda: world.events("--open"))[0]["id"]
    time.sleep(3)       # the receiver is unwell for some tries

    def notices():
        return [a["notice"] for a in world.webhook.alerts if a["event"]["id"] == event]
    assert not notices()
    world.webhook.status = 200
    world.wait("the alert", lambda: notices() == ["open"])
    if manager:
        (labels,), = world.wait("it in Alertmanager", manager).values()
        assert (labels["alertname"], labels["site"], labels["event"]) == (
            "CatchwaterShift", "gru", str(event))
    world.lab.event("announce", "gru")
    world.wait("the resolve notice", lambda: notices() == ["open", "resolve"])
    assert len(world.webhook.keys) == len(set(world.webhook.keys))
    if manager:
        world.wait("Alertmanager to have nothing active", lambda: not manager())


@pytest.mark.privileged
def test_a_replay_tells_the_same(world):
    """Of all that the tests before have done; alone, of one shift."""
    if not world.events():
        begun = world.lab.event("withdraw", "ams")
        world.wait("the shift", lambda: since(world, begun, kind="shift"), 120,
                   lambda: world.catchwater("events"))
    assert '"shift"' in replay_is_identical(world)
