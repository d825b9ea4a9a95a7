"""The dashboard in Debian's Chromium, on a collector that runs.

Skipped, saying so, where there is no npm to fetch playwright-core and axe-core,
no Chromium, or no dashboard in the program.
"""

import pathlib
import shutil
import subprocess
import sys

import pytest

import dashboard_world
from served import ROOT, Served

WEB = ROOT / "tests/web"
sys.path.insert(0, str(WEB))
from browser import Browser  # noqa: E402  pylint: disable=wrong-import-position

BUNDLE_MAX = 300_000
GRAVE = {"serious", "critical"}


@pytest.fixture(name="served", scope="module")
def _served(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dashboard")
    with Served(folder, services=dashboard_world.services()) as served:
        if "text/html" not in served.ask("/").headers["Content-Type"]:
            pytest.skip("the dashboard is not in this program: it was built without npm")
        served.world = dashboard_world.World(folder / "c.db")
        served.world.build()
        yield served
        served.world.close()


@pytest.fixture(name="browser", scope="module")
def _browser(served):
    browser = Browser(f"http://127.0.0.1:{served.port}/")
    yield browser
    browser.close()


def grave(browser):
    return [found for found in browser.audit() if found["impact"] in GRAVE]


@pytest.mark.parametrize("width, scheme", [(1280, "light"), (1280, "dark"), (360, "light"),
                                           (360, "dark")])
def test_it_is_for_everybody(browser, width, scheme):
    browser.open(width=width, scheme=scheme)
    browser.waitFor(selector=".area")
    browser.waitMap(site="ams", n=16)
    assert browser.overflow() <= 0
    assert grave(browser) == []


def test_it_is_small_and_soon_there(browser, record_property, capsys):
    browser.open()
    figures = browser.figures()
    assert 10_000 < figures["bytes"] < BUNDLE_MAX
    assert figures["paint_ms"] > 0
    for name, value in figures.items():
        record_property(name, value)
    with capsys.disabled():
        print(f"\ndashboard: {figures['bytes']} bytes packed, "
              f"first paint {figures['paint_ms']:.0f} ms")


def test_the_sites_have_their_verdicts(browser):
    browser.open()
    browser.waitFor(selector=".verdict.bad", text="sick attracting")
    assert browser.text(selector=".summary .headline") == "gru/v6 sick attracting"


def test_by_keyboard_to_before_the_shift_and_to_its_evidence(browser):
    browser.open()
    browser.waitFor(selector=".area")
    browser.tabTo(selector=".timeline [role=slider]")
    browser.press(keys=["p", "ArrowRight", "ArrowRight"])
    browser.waitMap(site="nyc", n=16)  # the four that were away are there
    browser.press(keys=["ArrowLeft", "ArrowLeft"])
    browser.waitMap(site="nyc", n=12)
    browser.waitFor(selector="h2", text="Catchment at")
    assert "ams 30.8 %" in browser.attribute(selector="[role=slider]", name="aria-valuetext")
    browser.press(keys=["End"])
    browser.waitFor(selector="h2", text="Catchment now")
    browser.tabTo(selector=".events a")
    browser.press(keys=["Enter"])
    browser.waitFor(selector="h1", text="major shift at anycast ams")
    browser.tabTo(selector=".vote summary")
    browser.press(keys=["Enter"])
    browser.waitFor(selector=".vote[open] .paths .differs", text="203.0.113.7")
    assert grave(browser) == []


def test_a_vantage_has_its_journal_round_trips_and_paths(browser):
    browser.open(at="#/vantage/berlin%2F4")
    browser.waitFor(selector="td", text="30m 0s")
    browser.waitFor(selector=".rtt .median")
    browser.waitFor(selector=".paths .differs", text="203.0.113.7")
    assert grave(browser) == []


def test_the_other_family_is_another_catchment(browser):
    browser.open(at="#/?family=6")
    browser.waitMap(site="ams", n=8)
    browser.open(at="#/?family=6&range=1h&service=anycast")
    browser.waitMap(site="nyc", n=6)


def test_hostile_names_are_text(browser, served):
    browser.open(at="#/event/1000")
    browser.waitFor(selector=".vote summary")
    browser.evaluate(code="document.querySelector('.vote').open = true")
    shown = browser.text(selector=".vote[open] td.bytes")
    assert shown == '<img src=x onerror="window.hacked=1">\\x1b[2J\\x00\\xff</script>'
    browser.open()
    browser.waitFor(selector=".map .vantage title", text=dashboard_world.HOSTILE)
    assert browser.evaluate(code="window.hacked === undefined && "
                            "document.querySelector('main img') === null") is True
    # What would run it if it were markup is not allowed to.
    policy = served.ask("/").headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy


def test_a_shift_comes_to_the_map_by_itself(browser, served, capsys):
    browser.open(at="#/?family=4&range=15m")
    browser.waitMap(site="ams", n=8)
    browser.waitFor(selector=".live.on")
    moved = served.world.shift()
    assert moved == 8
    took = browser.waitMap(site="sin", n=12)["ms"]
    with capsys.disabled():
        print(f"\ndashboard: a shift is on the map {took:.0f} ms after it is written")
    browser.waitFor(selector="[role=status]", text="New: major shift")
    browser.waitFor(selector=".events .open a", text="ams lost 8 vantages")
    browser.waitFor(selector=".flow", text="8")
    browser.tabTo(selector=".timeline [role=slider]")
    browser.press(keys=["p"])
    browser.waitMap(site="ams", n=8)


def test_nothing_else_was_asked_and_nothing_failed(browser):
    assert browser.faults() == {"console": [], "page": [], "elsewhere": []}


def test_without_npm_the_rest_is_built(tmp_path):
    for name in ("sh", "dirname", "cat"):
        (tmp_path / name).symlink_to(shutil.which(name))
    out = tmp_path / "web_files.c"
    done = subprocess.run([tmp_path / "sh", ROOT / "tools/build-web", out], text=True,
                          capture_output=True, check=False, env={"PATH": str(tmp_path)})
    assert done.returncode == 0 and "no npm here" in done.stderr
    assert "n_web_files = 0;" in out.read_text(encoding="utf-8")


def test_what_is_fetched_names_no_place_to_fetch_from():
    for folder in (ROOT / "collector/web", WEB):
        lock = (pathlib.Path(folder) / "package-lock.json").read_text(encoding="utf-8")
        assert '"resolved"' not in lock
