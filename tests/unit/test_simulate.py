"""tools/simulate: scenarios from the command line, and load for a collector.

Asks the built programs: CATCHWATER_BUILD, else build/.
"""

import json
import os
import pathlib
import socket
import subprocess
import time
import urllib.request

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("CATCHWATER_BUILD", ROOT / "build"))
SIMULATE = BUILD / "tools/simulate.d/simulate"


def simulate(*words, check=True):
    return subprocess.run([SIMULATE, *words], capture_output=True, text=True, check=check,
                          timeout=120)


def catchwater(*words):
    return subprocess.run([BUILD / "catchwater", *words], capture_output=True, text=True,
                          check=True, timeout=30).stdout


def test_it_lists_its_scenarios():
    names = [line.split()[0] for line in simulate("--list").stdout.splitlines()]
    assert len(names) == len(set(names)) >= 30
    assert {"quiet", "withdraw_10", "blackhole", "stuck", "liar", "late"} <= set(names)


def test_a_scenario_says_what_it_found():
    words = ("--scenario", "blackhole", "--vantages", "40", "-n", "1", "--seed", "3", "--json")
    told = json.loads(simulate(*words).stdout)
    kind = told["detector"]["blackhole"]
    assert (kind["must"], kind["found"], kind["false"]) == (1, 1, 0)
    assert 0 < kind["minimum_s"] < kind["delay_p95_s"] * 2


def test_the_same_seed_prints_the_same():
    words = ("--scenario", "withdraw_30", "--vantages", "40", "-n", "2", "--seed", "9", "-v")
    assert simulate(*words).stdout == simulate(*words).stdout


@pytest.mark.parametrize("words, hint", [
    (("--scenario", "nothing"), "--list shows them"),
    (("--collector", "https://127.0.0.1:1"), "--token"),
    (("--vantages", "5000"), "--collector"),
])
def test_bad_words_are_told(words, hint):
    done = simulate(*words, check=False)
    assert done.returncode == 2 and hint in done.stderr


@pytest.fixture(name="collector")
def _collector(tmp_path):
    """A collector without TLS, on loopback: its URL and configuration."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = tmp_path / "c.conf"
    config.write_text(f'listen = "127.0.0.1:{port}"\ndatabase = "{tmp_path}/c.db"\n' +
                      simulate("--print-config", "--targets", "4", "--period", "2s").stdout)
    url = f"http://127.0.0.1:{port}"
    with subprocess.Popen([BUILD / "catchwater", "serve", "--config", config],
                          stderr=subprocess.DEVNULL) as child:
        try:
            _wait_for(url, child)
            yield url, config
        finally:
            child.terminate()


def _wait_for(url, child):
    for _ in range(300):
        assert child.poll() is None, "the collector ended"
        try:
            with urllib.request.urlopen(f"{url}/healthz", timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    pytest.fail("the collector does not listen")


def test_load_arrives_and_lands(collector):
    url, config = collector
    token = catchwater("token", "new", "--config", config, "--uses", "10").split()[0]
    told = json.loads(simulate(
        "--collector", url, "--token", token, "--vantages", "10", "--targets", "4",
        "--period", "2s", "--upload", "1s", "--for", "8s", "--connections", "2",
        "--json").stdout)
    assert told["refused"] == 0 and told["batches"] == 80
    assert told["observations"] == 160
    landings = json.loads(catchwater("catchment", "--config", config, "--json"))["landings"]
    sites = [row["site"] for row in landings if row["site"]]   # a loss may leave some out
    assert len(sites) >= 20
    assert set(sites) <= {f"s{i}" for i in range(1, 7)}
