"""The dashboard of a collector at work, while a site is withdrawn."""

import os
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "web"))
from browser import Browser  # noqa: E402  pylint: disable=wrong-import-position

SITE = "ams"


@pytest.fixture(name="browser")
def _browser(world):
    """Beside the collector: who sits there needs no password."""
    url = f"https://127.0.0.1:{world.port}/"
    body = world.lab.exec("collector", "curl", "-sk", url).stdout
    if "<!doctype html>" not in body:
        pytest.skip("the dashboard is not in this program: it was built without npm")
    browser = Browser(url, world.lab.command("collector"))
    yield browser
    browser.close()


def test_a_withdrawal_is_seen_on_the_map_and_the_cursor_goes_back_before_it(
        world, browser, capsys):
    world.wait_for_truth(90)
    browser.open(at="#/?range=15m")
    before = sum(both[family] == SITE for both in world.truth().values() for family in both)
    assert before > 0
    browser.waitMap(site=SITE, n=before)
    begun = world.lab.event("withdraw", SITE)
    first = browser.waitFewer(site=SITE, n=before)["at_ms"] - begun["begun_at_us"] / 1000
    browser.waitFor(selector=".events .open a", text="shift")
    browser.waitFewer(site=SITE, n=1)
    event = next(e for e in world.events("--open") if e["kind"] == "shift")
    browser.open(at=f"#/event/{event['id']}")
    browser.waitFor(selector="h1", text="shift")
    browser.tabTo(selector=".buttons a")
    browser.press(keys=["Enter"])  # the catchment just before
    browser.waitMap(site=SITE, n=before)
    assert browser.faults() == {"console": [], "page": [], "elsewhere": []}
    with capsys.disabled():
        print(f"\ndashboard: the first vantage moves on the map {first / 1000:.1f} s after the "
              "withdrawal")
