"""SIGHUP: what a running collector reads again, and what it will not take.

Over real TLS, with the built programs.
"""

import contextlib
import json
import shutil
import sqlite3
import subprocess
import time

import pytest

from served import (SERVICES, SIMULATE, Served, make_authority, make_certificate,
                    simulate_services, subject, take_certificate)

LONDON = SERVICES.replace('site "fra" { }', 'site "fra" { }\n  site "lon" { }')


@pytest.fixture(name="folder")
def _folder(tmp_path):
    make_authority(tmp_path)
    for name in ("first", "second"):
        make_certificate(tmp_path, name, name)
    take_certificate(tmp_path, "first")
    return tmp_path


def test_new_connections_see_the_new_certificate_and_old_ones_go_on(folder):
    with Served(folder, is_tls=True) as served:
        old = served.connect()
        assert served.ask("/healthz", connection=old).status == 200
        take_certificate(folder, "second")
        served.reload()
        with_new = served.connect()
        assert subject(with_new) == "second"
        assert served.ask("/healthz", connection=with_new).status == 200
        for _ in range(3):   # the same connection, not a new one in its place
            assert served.ask("/healthz", connection=old).status == 200
            assert subject(old) == "first"
        assert served.stop() == 0


@pytest.mark.parametrize("spoil, says", [
    (lambda f: shutil.copyfile(f / "second.key", f / "server.key"), "belong together"),
    (lambda f: (f / "server.pem").write_text("no certificate"), "are they PEM files"),
    (lambda f: (f / "server.key").unlink(), "server.key"),
])
def test_a_certificate_that_is_no_use_is_refused(folder, spoil, says):
    with Served(folder, is_tls=True) as served:
        spoil(folder)
        assert says in served.reload("reload refused")
        assert subject(served.connect()) == "first"
        assert served.ask("/healthz").status == 200


def test_a_bad_file_is_refused_with_its_line_and_the_old_one_stays(tmp_path):
    with Served(tmp_path) as served:
        served.write(LONDON.replace('zone = "example."', "zoone = 3"))
        line = 1 + served.config.read_text().splitlines().index("  zoone = 3")
        assert f"c.conf:{line}: " in served.reload("reload refused, what was in force stays")
        assert "lon" not in served.catchwater("sites", "--db", tmp_path / "c.db",
                                              check=False).stdout
        assert served.ask("/healthz").status == 200
        served.write(LONDON)
        assert "sites=3" in served.reload()


def test_what_needs_a_restart_says_so(tmp_path):
    with Served(tmp_path) as served:
        served.write(LONDON, port=served.port + 1, database="other.db")
        told = served.reload()
        assert 'listen = "127.0.0.1:' in told and "takes effect at the next start" in told
        assert "database = " in told and "other.db" in told
        assert "sites=3" in told, "all the rest is in force"
        assert served.ask("/healthz").status == 200
        assert not (tmp_path / "other.db").exists()


def test_tls_that_comes_or_goes_needs_a_restart(folder):
    with Served(folder, is_tls=True) as served:
        served.is_tls = False
        served.write()
        assert "tls is no longer in the configuration" in served.reload()
        served.is_tls = True
        assert subject(served.connect()) == "first"


def test_reloads_under_load_refuse_and_lose_nothing(folder):
    """Certificates and services change all the time while probes upload."""
    services = simulate_services()
    more = services + SERVICES
    with Served(folder, services, is_tls=True) as served:
        with subprocess.Popen(
                [SIMULATE, "--collector", f"https://127.0.0.1:{served.port}", "--ca",
                 folder / "ca.pem", "--token", served.token(20), "--vantages", "20",
                 "--targets", "4", "--period", "2s", "--upload", "1s", "--for", "8s",
                 "--connections", "4", "--json"], stdout=subprocess.PIPE) as load:
            n = 0
            while load.poll() is None:
                take_certificate(folder, ("second", "first")[n % 2])
                served.write((more, services)[n % 2])
                served.reload()
                n += 1
                time.sleep(0.2)
            told = json.loads(load.stdout.read())
        assert n > 3
        assert told["refused"] == 0 and told["batches"] == 160
        with contextlib.closing(sqlite3.connect(f"file:{folder}/c.db?mode=ro", uri=True)) as db:
            rows = db.execute("SELECT count(*), count(DISTINCT vantage_id || '/' || seq) "
                              "FROM observation").fetchone()
        assert rows == (told["observations"], told["observations"])
        assert served.stop() == 0
