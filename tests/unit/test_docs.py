"""The man pages and schema/README.md tell what the programs do.

Asks the built programs themselves: CATCHWATER_BUILD, else build/.
Run by /usr/bin/python3 -m pytest; mandoc is Debian's package of that name.
"""

import os
import pathlib
import re
import sqlite3
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("CATCHWATER_BUILD", ROOT / "build"))
PAGES = {
    "catchwater": ROOT / "collector/catchwater.1",
    "catchwater-probe": ROOT / "probe/catchwater-probe.1",
}
CONF_PAGE = ROOT / "collector/catchwater.conf.5"
README = (ROOT / "schema/README.md").read_text(encoding="utf-8")
DATABASE = README.split("\n## Database\n")[1].split("\n## ")[0]
QUERIES = re.findall(r"^```sql\n(.*?)^```", DATABASE, re.M | re.S)
MIGRATIONS = sorted((ROOT / "schema/sql").glob("*.sql"))
LEAST = """database = "x.db"
service "a" {
	addresses = { "198.51.100.53" }
	zone = "."
	identity = { "{site}.a" }
	site "ams" { }
}
alert "b" { webhook = "http://127.0.0.1/" }
tls { certificate = "certificate.pem" key = "key.pem" }
"""


def run(program, *words):
    return subprocess.run(
        [BUILD / program, *words], capture_output=True, text=True, check=False, timeout=30
    )


def commands_of(program):
    """What `PROGRAM --help` lists."""
    return re.findall(r"^  ([a-z]+)  +\S", run(program, "--help").stdout, re.M)


def all_commands():
    return [(program, command) for program in PAGES for command in commands_of(program)]


def section(program, title):
    """The part of a page, in mdoc, below the first heading that begins so."""
    page = PAGES[program].read_text(encoding="utf-8")
    found = re.search(
        rf"^\.S[sh] {re.escape(title)}(?:\s.*?)?(?=^\.S[sh] |\Z)", page, re.M | re.S
    )
    return found.group(0) if found else ""


def common_options(program):
    return section(program, "COMMON OPTIONS")


def is_option_in(option, text):
    return re.search(rf"(?:Fl|,) -{re.escape(option)}(?![\w-])", text) is not None


def entry_of(key, text):
    """The entries of a configuration key, in mdoc: it may stand in two sections."""
    return re.findall(
        rf"^\.It Ic {key}(?![\w]).*?(?=^\.It |^\.El|^\.S[sh] |\Z)", text, re.M | re.S
    )


def check(tmp_path, text):
    """What `catchwater check` prints of a configuration."""
    path = tmp_path / "catchwater.conf"
    path.write_text(text, encoding="utf-8")
    done = run("catchwater", "check", "--config", path)
    assert done.returncode == 0, done.stderr
    return done.stdout


def sections_of(printed):
    """(section, key, value) of a printed configuration; section is a word or ""."""
    inside = []
    for line in printed.splitlines():
        opened = re.match(r'\s*(\w+)(?: "[^"]*")? \{$', line)
        value = re.match(r"\s*(\w+) = (.*)$", line)
        if opened:
            yield inside[-1] if inside else "", opened[1], None
            inside.append(opened[1])
        elif line.strip() == "}":
            inside.pop()
        elif value:
            yield inside[-1] if inside else "", value[1], value[2]


def example():
    page = CONF_PAGE.read_text(encoding="utf-8").split("\n.Sh EXAMPLES\n")[1]
    return re.search(r"^\.Bd -literal.*?\n(.*?)^\.Ed", page, re.M | re.S)[1]


def part_of(name):
    """Where the page tells of a section's keys."""
    page = CONF_PAGE.read_text(encoding="utf-8")
    title = {"service": ".Ss service", "site": ".Ss service", "alert": ".Ss alert"}.get(
        name, ".Sh KEYS"
    )
    return re.split(r"^\.S[sh] ", page.split(f"\n{title}", 1)[1], maxsplit=1, flags=re.M)[0]


def fresh_database():
    database = sqlite3.connect(":memory:")
    for path in MIGRATIONS:
        database.executescript(path.read_text(encoding="utf-8"))
    return database


def test_both_programs_have_commands():
    assert {program for program, _ in all_commands()} == set(PAGES)


@pytest.mark.parametrize(("program", "command"), all_commands())
def test_command_and_its_options_stand_in_the_man_page(program, command):
    done = run(program, command, "--help")
    assert done.returncode == 0
    text = section(program, command)
    assert text, f"no section {command}"
    options = re.findall(r"^  (?:-\w,|   ) --([\w-]+)", done.stdout, re.M)
    known = text + common_options(program)
    assert [o for o in options if not is_option_in(o, known)] == []


@pytest.mark.parametrize(("program", "command"), all_commands())
def test_man_page_names_no_option_that_is_not_there(program, command):
    shown = run(program, command, "--help").stdout
    body = re.findall(r"^\.It (Fl .*)$", section(program, command), re.M)
    named = [o for line in body for o in re.findall(r"(?:Fl|,) -([\w-]+)", line)]
    assert [o for o in named if not re.search(rf"--{o}(?![\w-])", shown)] == []


@pytest.mark.parametrize(
    "page", [*PAGES.values(), CONF_PAGE], ids=lambda path: path.name
)
def test_mandoc_has_nothing_to_say(page):
    done = subprocess.run(
        ["mandoc", "-T", "lint", "-W", "warning", page],
        capture_output=True, text=True, check=False, timeout=30,
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_example_loads_and_every_key_that_it_prints_is_told(tmp_path):
    printed = list(sections_of(check(tmp_path, example())))
    keys = {(name, key) for name, key, _ in printed}
    # The example is worth as much as it shows.
    assert {("", "url"), ("tls", "key"), ("geo", "city"), ("site", "capacity"),
            ("service", "control"), ("alert", "webhook")} <= keys
    assert [k for k in sorted(keys) if not entry_of(k[1], part_of(k[0]))
            and f".Ss {k[1]} Ar name" not in CONF_PAGE.read_text(encoding="utf-8")] == []


def test_defaults_are_those_of_the_program(tmp_path):
    given = {"database", "addresses", "zone", "identity", "webhook", "certificate", "key"}
    wrong = []
    for name, key, value in sections_of(check(tmp_path, LEAST)):
        if value is None or key in given:
            continue
        entries = entry_of(key, part_of(name))
        if not any(f"Default: {value}.\n" in e.replace("\\(dq", '"') for e in entries):
            wrong.append(f"{name} {key} = {value}")
    assert wrong == []


def test_faults_in_the_page_are_what_the_program_says(tmp_path):
    path = tmp_path / "catchwater.conf"
    for line, text in (("dns_evry = 60s", "unknown key 'dns_evry', did you mean 'dns_every'?"),
                       ("dns_every = 2d", "dns_every is 2d, expected 1s to 1d")):
        path.write_text(LEAST.replace('zone = "."', f'zone = "."\n{line}'), encoding="utf-8")
        done = run("catchwater", "check", "--config", path)
        assert done.returncode == 1
        assert f":5: {text}" in done.stderr
        assert text in CONF_PAGE.read_text(encoding="utf-8")


def test_every_table_and_view_is_named():
    names = [row[0] for row in fresh_database().execute(
        "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') "
        "AND name NOT LIKE 'sqlite_%'")]
    assert "landing" in names
    assert [n for n in names if not re.search(rf"^\| `{n}`", DATABASE, re.M)] == []


def test_columns_that_are_named_are_there():
    """Each word is a column of its table or of one that the row names, or one
    of the words that the SQL itself lists."""
    database = fresh_database()
    words = set(re.findall(r"'(\w+)'", "".join(p.read_text() for p in MIGRATIONS)))
    wrong = []
    for table, row in re.findall(r"^\| `(\w+)`(.*)\|$", DATABASE, re.M):
        named = {table, *re.findall(r"`(\w+)`", row)}
        real = {column[1] for t in named for column in database.execute(f"PRAGMA table_info({t})")}
        tables = {t for t in named if database.execute(f"PRAGMA table_info({t})").fetchall()}
        wrong += [f"{table}: {w}" for w in sorted(named - real - tables - words)]
    assert wrong == []


def test_there_are_queries():
    assert len(QUERIES) >= 3


@pytest.mark.parametrize("query", QUERIES)
def test_query_runs_on_a_fresh_database(query):
    assert fresh_database().execute(query).fetchall() == []
