"""What the reports look like on a terminal, and that a pipe sees none of it.

The program runs on a pseudo-terminal of a known width.  CATCHWATER_BUILD, else
build/, has it; the database is that of tests/data/report.sql.
"""

import fcntl
import os
import pathlib
import pty
import sqlite3
import struct
import subprocess
import termios

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("CATCHWATER_BUILD", ROOT / "build"))
SINCE = ("--since", "2026-02-01")


@pytest.fixture(scope="module", name="database")
def _database(tmp_path_factory):
    path = tmp_path_factory.mktemp("terminal") / "report.db"
    with sqlite3.connect(path) as db:
        for migration in sorted((ROOT / "schema/sql").glob("*.sql")):
            db.executescript(migration.read_text(encoding="utf-8"))
        db.executescript((ROOT / "tests/data/report.sql").read_text(encoding="utf-8"))
        n = len(list((ROOT / "schema/sql").glob("*.sql")))
        db.execute(f"PRAGMA user_version = {n}")
    db.close()
    return path


def on_terminal(words, columns=200, **environment):
    """All that the program writes to a terminal, its output and its errors."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    env = {"PATH": os.environ["PATH"], "TERM": "xterm", "LANG": "C.UTF-8", **environment}
    text = b""
    with subprocess.Popen([BUILD / "catchwater", *words], stdin=theirs, stdout=theirs,
                          stderr=theirs, env=env) as child:
        os.close(theirs)
        while True:
            try:
                more = os.read(ours, 65536)
            except OSError:   # Linux: the other end is closed
                break
            if not more:
                break
            text += more
        os.close(ours)
        assert child.wait(60) == 0
    return text.decode("utf-8").replace("\r\n", "\n")


def in_pipe(words):
    env = {"PATH": os.environ["PATH"], "TERM": "xterm", "LANG": "C.UTF-8"}
    return subprocess.run([BUILD / "catchwater", *words], env=env, capture_output=True, text=True,
                          check=True, timeout=60).stdout


def test_bad_news_is_red_on_a_terminal_only(database):
    words = ("events", "--db", database, *SINCE)
    assert "\x1b[1;31mcritical\x1b[0m" in on_terminal(words)
    assert "\x1b" not in in_pipe(words)


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}, {"TERM": ""}])
def test_no_colour_where_none_is_wanted(database, environment):
    words = ("events", "--db", database, *SINCE)
    assert on_terminal(words, **environment) == in_pipe(words)


def test_an_empty_no_color_does_not_count(database):
    assert "\x1b[" in on_terminal(("events", "--db", database, *SINCE), NO_COLOR="")


@pytest.mark.parametrize("columns", [60, 80, 100, 140])
def test_no_line_is_wider_than_the_terminal(database, columns):
    words = ("events", "--db", database, *SINCE)
    told = on_terminal(words, columns, NO_COLOR="1").splitlines()
    assert max(len(line) for line in told if not line.startswith("summary")) <= columns
    assert any("blackhole" in line for line in told)


def test_a_pipe_has_any_width(database):
    words = ("events", "--db", database, *SINCE)
    assert ".." not in in_pipe(words)


def test_json_is_the_same_everywhere(database):
    words = ("events", "--db", database, "--json", *SINCE)
    assert on_terminal(words) == in_pipe(words)


def test_a_backup_shows_its_progress_and_wipes_it(database, tmp_path):
    told = on_terminal(("backup", "--db", database, tmp_path / "copy.db"))
    assert "pages copied: " in told and " of " in told
    assert told.split("\x1b[K")[-1].strip().endswith("checked and on disk")
    quiet = in_pipe(("backup", "--db", database, tmp_path / "copy2.db"))
    assert "pages" not in quiet
