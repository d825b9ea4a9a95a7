"""What tells sites apart: another method than NSID, and other names later."""

import re
import time

ANSWERED = """SELECT count(*), count(o.chaos_outcome) FROM observation o
    JOIN target t ON t.id = o.target_id AND t.role = 'service'
    WHERE o.kind = 0 AND o.why = 0 AND o.proto = 0 AND o.outcome = 0 AND o.id > ?"""


def test_where_chaos_tells_the_site_it_is_asked_every_round(chaos_world):
    chaos_world.wait_for_truth(180)
    (last,), = chaos_world.query("SELECT max(id) FROM observation")
    chaos_world.wait(
        "some rounds", lambda: chaos_world.query(ANSWERED, last)[0][0] >= 60, 180)
    n_rounds, n_asked = chaos_world.query(ANSWERED, last)[0]
    assert n_asked == n_rounds
    assert chaos_world.landings() == chaos_world.truth()


def test_nothing_is_doubted_where_all_is_as_it_should_be(chaos_world):
    chaos_world.wait_for_truth(180)
    assert chaos_world.query("SELECT * FROM doubt") == []
    rows = chaos_world.json("landing", "berlin", "--since", "-1h")
    assert {row["confidence"] for row in rows if "until" not in row} == {"ok"}


def rename(world, old, new):
    """The site has another name; its servers call it as before."""
    with open(world.config, encoding="ascii") as file:
        text = file.read()
    text = re.sub(rf'site "{old}" {{', f'site "{new}" {{ alias = {{ "{old}" }}', text)
    with open(world.config, "w", encoding="ascii") as file:
        file.write(text)


def renamed(landings, old, new):
    return {v: {f: new if site == old else site for f, site in both.items()}
            for v, both in landings.items()}


def test_history_follows_a_new_name_and_nothing_has_happened(chaos_world):
    world = chaos_world
    world.wait_for_truth(180)
    before = {e["id"] for e in world.events()}
    (n_landings,), = world.query("SELECT count(*) FROM landing")
    rename(world, "ams", "mokum")
    told = world.json("reinterpret", "--dry-run")   # while the collector runs
    assert {(row["from"], row["to"]) for row in told} == {("ams", "mokum")}
    assert "another 'catchwater serve'" in world.catchwater_fails("reinterpret")

    world.stop_collector()
    world.catchwater("reinterpret")
    assert world.json("reinterpret", "--dry-run") == []
    truth = renamed(world.truth(), "ams", "mokum")
    assert "mokum" in {site for both in truth.values() for site in both.values()}
    world.start_collector()
    world.wait("landings by the new name", lambda: world.landings() == truth, 120)
    time.sleep(10)   # a few rounds
    assert world.landings() == truth
    assert world.query("SELECT count(*) FROM landing")[0][0] == n_landings
    assert {e["id"] for e in world.events()} == before
    assert world.query("SELECT count(*) FROM landing l JOIN site s ON s.id = l.site_id"
                       " WHERE s.name = 'ams'") == [(0,)]
