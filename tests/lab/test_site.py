"""What a site says of itself, with its real router and its real DNS server, and
a drain that is planned, followed and rolled back.
"""

import datetime
import json
import os
import signal
import subprocess

import pytest

from labnet import process
from labnet.topology import ANYCAST_PREFIX, ZONE

SITE = "ams"
LEASE_S = 6


def moment(text):
    """Seconds since 1970 of a time in a report."""
    return datetime.datetime.fromisoformat(text).timestamp()


def since(world, begun):
    """Kinds of the events that began after a moment, oldest first."""
    return [e for e in reversed(world.events())
            if moment(e["detected"]) >= begun["begun_at_us"] / 1e6]


def options_of(lab, site):
    """What an operator would write into the site's file."""
    node = lab.nodes()[site]
    return {"site": site, "bird": f"{lab.state}/bird-{site}.ctl",
            "prefix": f"{ANYCAST_PREFIX[4]} {ANYCAST_PREFIX[6]}",
            "address": f"{node['service_v4']}, {node['service_v6']}",
            "unicast": f"{node['v4']} {node['v6']}",
            "zone": ZONE, "identity": f"ns*.{site}.*",
            "every": "1s", "timeout": "800ms", "lease": f"{LEASE_S}s"}


def words_of(options):
    return [word for key, value in options.items() for word in (f"--{key}", value)]


def said(world, site):
    """{family: (announced, healthy)} as the collector has it."""
    return {row["family"]: (row["announced"], row["healthy"])
            for row in world.json("sites") if row["site"] == site}


def reasons(world, site):
    return [(row.get("announced_why"), row.get("healthy_why"), row.get("serial"))
            for row in world.json("sites") if row["site"] == site]


def wait_for(world, site, announced, healthy):
    wanted = {"v4": (announced, healthy), "v6": (announced, healthy)}
    world.wait(f"{site} to be announced {announced}, healthy {healthy}",
               lambda: said(world, site) == wanted, 60,
               lambda: f"{said(world, site)} {reasons(world, site)}")


@pytest.fixture(name="speaker", scope="module")
def fixture_speaker(world):
    """SITE speaks for itself: nobody announces in its name."""
    world.spoken.add(SITE)
    world.enroll(SITE, token=world.token("--site", SITE))
    path = f"{world.folder}/site.conf"
    with open(path, "w", encoding="ascii") as file:
        file.writelines(f"{key} {value}\n" for key, value in options_of(world.lab, SITE).items())
    child = start(world, path)
    yield child
    child.send_signal(signal.SIGTERM)
    assert child.wait(30) == 0
    world.spoken.discard(SITE)


def start(world, path):
    with open(f"{world.folder}/site.log", "ab") as log:
        return world.lab.popen(
            SITE, f"{world.programs}/catchwater-probe", "site", "--config", path,
            "--state", world.state_of(SITE), stdin=subprocess.DEVNULL, stdout=log, stderr=log)


def at_rest(world):
    world.lab.settle()
    world.wait_for_truth(90)
    world.wait("open events to resolve", lambda: not world.events("--open"), 180,
               lambda: world.catchwater("events", "--open"))


def once(lab, program, site, **changes):
    options = {**options_of(lab, site), **changes}
    done = lab.exec(site, f"{program}", "site", "--once", "--json", *words_of(options))
    assert done.returncode in (0, 1), done.stderr
    return done.returncode, {f["family"]: f for f in json.loads(done.stdout)["families"]}


@pytest.mark.parametrize("site", ["ams", "nyc", "sin", "gru"])
def test_each_router_and_server_is_understood(lab, probe, site):
    status, families = once(lab, probe, site)
    neighbour = lab.nodes()[site]["neighbours"][0]
    for number, family in families.items():
        assert family["announced"] == {
            "is": "yes", "for_us": family["announced"]["for_us"],
            "why": f"BIRD exports it to {neighbour}{number}"}
        assert family["healthy"]["is"] == "yes", family
        assert family["serial"] == 2026010101
    assert status == 0 and set(families) == {4, 6}


def test_what_is_wrong_at_a_site_is_told(lab, probe):
    status, families = once(lab, probe, SITE, identity="ns*.nyc.*",
                            prefix="203.0.113.0/24", bird="/nowhere/bird.ctl")
    assert status == 1
    assert "another identity" in families[4]["healthy"]["why"]
    assert families[4]["announced"]["is"] == "unknown"
    assert "announced" not in families[6]
    _, families = once(lab, probe, SITE, zone="example.org.", prefix="203.0.113.0/24")
    assert families[4]["announced"]["is"] == "no"
    assert "REFUSED" in families[4]["healthy"]["why"]
    _, families = once(lab, probe, SITE, address="192.0.2.99", unicast="192.0.2.99")
    assert "not an address of this host" in families[4]["healthy"]["why"]


def test_router_and_service_are_told_as_they_change(world, speaker):
    assert speaker.poll() is None
    wait_for(world, SITE, "yes", "yes")
    rows = world.query("SELECT count(*) FROM site_report")[0][0]
    assert rows < 20
    assert {serial for _, _, serial in reasons(world, SITE)} == {2026010101}

    world.lab.event("stop-dns", SITE)
    wait_for(world, SITE, "yes", "no")
    world.lab.event("start-dns", SITE)
    wait_for(world, SITE, "yes", "yes")
    world.lab.event("withdraw", SITE)
    wait_for(world, SITE, "no", "yes")
    world.lab.event("announce", SITE)
    wait_for(world, SITE, "yes", "yes")
    at_rest(world)


def test_a_router_that_hangs_or_is_gone_is_unknown(world, speaker):
    assert speaker.poll() is None
    wait_for(world, SITE, "yes", "yes")
    process.send_signal(world.lab.state, f"bird-{SITE}", signal.SIGSTOP)
    try:
        wait_for(world, SITE, "unknown", "yes")
    finally:
        process.send_signal(world.lab.state, f"bird-{SITE}", signal.SIGCONT)
    wait_for(world, SITE, "yes", "yes")
    at_rest(world)


def test_a_site_that_falls_silent_is_unknown_after_its_lease(world, speaker):
    wait_for(world, SITE, "yes", "yes")
    os.kill(speaker.pid, signal.SIGSTOP)
    try:
        # Its health as the vantages see it is left.
        world.wait("the lease to end", lambda: {
            announced for announced, _ in said(world, SITE).values()} == {"unknown"})
    finally:
        os.kill(speaker.pid, signal.SIGCONT)
    wait_for(world, SITE, "yes", "yes")
    at_rest(world)


def test_another_site_is_not_spoken_for(world, speaker):
    assert speaker.poll() is None
    before = world.query("SELECT count(*) FROM site_report")[0][0]
    options = {**options_of(world.lab, SITE), "site": "nyc", "state": world.state_of(SITE)}
    done = world.lab.exec(SITE, f"{world.programs}/catchwater-probe", "site", *words_of(options))
    assert done.returncode == 1
    assert f"enrolled to speak for site {SITE}, not for nyc" in done.stderr
    assert world.query("SELECT count(*) FROM site_report r JOIN site s ON s.id = r.site_id"
                       " WHERE s.name = 'nyc'")[0][0] == 0
    assert world.query("SELECT count(*) FROM site_report")[0][0] >= before


def drain(world, *words):
    return json.loads(world.catchwater("drain", "anycast-example", SITE, "--json", *words))


def test_a_drain_with_rollback_is_one_planned_event(world, speaker):
    assert speaker.poll() is None
    at_rest(world)
    wait_for(world, SITE, "yes", "yes")
    before = world.truth()
    movers = {f"{vantage}/{family[1]}" for vantage, both in before.items()
              for family in ("v4", "v6") if both[family] == SITE}
    told = len(world.webhook.alerts)
    started = drain(world)
    assert started["state"] == "draining"
    assert {v["vantage"] for v in started["vantages"]} == movers
    assert sum(d["expected_share"] for d in started["destinations"]) == pytest.approx(1, abs=.01)
    assert {row.get("drain") for row in world.json("sites")
            if row["site"] == SITE} == {"draining"}

    begun = world.lab.event("withdraw", SITE)
    done = json.loads(world.catchwater(
        "drain", "anycast-example", SITE, "--watch", "--json"))
    assert done["n_left"] == len(movers) and done["n_stayed"] == 0
    assert 0 <= done["left_median_us"] <= done["left_last_us"]
    world.lab.settle()
    after = world.truth()
    world.wait_for_truth()
    done = drain(world, "--show")
    assert {v["vantage"]: v["site"] for v in done["vantages"]} == {
        name: after[name[:-2]][f"v{name[-1]}"] for name in movers}
    event = world.wait("the planned shift", lambda: next(iter(world.events("--open")), None))
    assert (event["kind"], event["site"], event["severity"]) == ("shift", SITE, "info")
    assert event["planned"] == "yes"

    drain(world, "--undo")
    world.lab.event("announce", SITE)
    done = json.loads(world.catchwater(
        "drain", "anycast-example", SITE, "--show", "--watch", "--json"))
    assert done["state"] == "over" and done["n_returned"] == len(movers)
    world.lab.settle()
    world.wait_for_truth()
    assert drain(world, "--show")["similarity"] == 1
    at_rest(world)
    assert [(e["kind"], e.get("planned"), e["resolution"]) for e in since(world, begun)] == [
        ("shift", "yes", "returned")]
    assert len(world.webhook.alerts) == told


def test_a_drain_that_does_not_happen_is_a_ghost(world, speaker):
    assert speaker.poll() is None
    at_rest(world)
    wait_for(world, SITE, "yes", "yes")
    drain(world, "--for", "10m")
    try:
        event = world.wait("the ghost", lambda: next(iter(world.events("--open")), None), 120)
        assert event["kind"] == "mismatch" and event["site"] == SITE
        assert world.json("explain", str(event["id"]))["verdict"] == "ghost"
    finally:
        drain(world, "--undo")
    at_rest(world)
