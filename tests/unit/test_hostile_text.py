"""Whatever bytes a server, a probe, a file or a person gave: a terminal gets
printable ASCII, JSON stays JSON, and no field of CSV is a formula.

The database of tests/data/report.sql with each of its texts made hostile is
read by every command that prints; then `catchwater-probe measure` asks a hostile
server, and a hostile file is imported.
"""

import contextlib
import csv
import io
import json
import os
import pathlib
import shutil
import socket
import sqlite3
import struct
import subprocess
import threading

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("CATCHWATER_BUILD", ROOT / "build"))
MIGRATIONS = sorted((ROOT / "schema/sql").glob("*.sql"))
# Escapes, a bell, C1 and bidi controls, quotes, formulas, formats, no UTF-8.
HOSTILE = [b"\x1b[2J\x1b]0;x\x07", b"=cmd|'/c x'!A1", b"\xc2\x9b31m\xe2\x80\xae\xef\xbb\xbf",
           b"@a\",\"b\r\n-1,\t+1", b"\xff\xfe\xc0\xaf%s%n", b"</script>\\u0000\x7f"]
# What stands in the database as words of ours is a list in its CHECK.
TEXTS = [("service", "name"), ("site", "name"), ("probe", "name"), ("probe", "reason"),
         ("probe", "version"), ("probe", "country"), ("probe", "site"), ("probe", "service"),
         ("vantage", "country"), ("vantage", "source"), ("vantage", "seen"), ("vantage", "own"),
         ("target", "address"), ("token", "site"), ("token", "service"), ("identity", "bytes"),
         ("event", "verdict"), ("event", "resolution"), ("announcement", "source"),
         ("site_state", "verdict"), ("site_report", "announced_why"),
         ("site_report", "healthy_why"), ("delivery", "alert"), ("attempt", "error"),
         ("audit", "action"), ("audit", "subject"), ("audit", "detail"), ("tls", "fault"),
         ("certificate", "subject"), ("certificate", "issuer"), ("certificate", "names"),
         ("vantage_signal", "signal"), ("vantage_signal", "detail"),
         ("vantage_target", "place"), ("vantage_target", "answer_hop"), ("import", "name")]
SINCE = ("--since", "2026-02-01")
COMMANDS = [("catchment", "--at", "2026-03-01T13:00:00Z"),
            ("catchment", "--by", "country", "--at", "2026-03-01T13:00:00Z"),
            ("catchment", "--by", "asn", "--at", "2026-03-01T13:00:00Z"),
            ("shares", "--since", "2026-03-01T11:00:00Z", "--until", "2026-03-01T13:00:00Z"),
            ("landing", "0000000000000001", *SINCE), ("landing", "0000000000000001/6", *SINCE),
            ("diff", "2026-03-01T11:59:00Z", "2026-03-01T12:20:00Z"), ("sites",), ("vantages",),
            ("vantages", "show", "0000000000000001"), ("events", *SINCE), ("events", "--open"),
            ("explain", "1"), ("explain", "2"), ("explain", "3"), ("token", "list")]
NO_CSV = {"explain", "diff"}


def is_printable(text):
    return all(byte == 10 or 32 <= byte < 127 for byte in text)


def run(*words, cwd=None):
    """An own program: what it printed, both ways, and its status."""
    done = subprocess.run([BUILD / words[0], *words[1:]], capture_output=True, check=False,
                          timeout=120, cwd=cwd)
    assert done.returncode >= 0, (words, done.returncode)
    assert is_printable(done.stderr), (words, done.stderr)
    return done.stdout, done.stderr, done.returncode


@pytest.fixture(name="database", scope="module", params=range(len(HOSTILE)))
def _database(request, tmp_path_factory):
    """Every text has the hostile one before and behind it."""
    path = tmp_path_factory.mktemp("hostile") / "c.db"
    bad = HOSTILE[request.param]
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA synchronous = 0")
        for migration in MIGRATIONS:
            db.executescript(migration.read_text(encoding="utf-8"))
        db.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
        db.executescript((ROOT / "tests/data/report.sql").read_text(encoding="utf-8"))
        db.execute("PRAGMA ignore_check_constraints = 1")
        db.execute("PRAGMA foreign_keys = 0")
        for table, column in TEXTS:
            kind = "BLOB" if column == "bytes" or table == "certificate" else "TEXT"
            db.execute(f"UPDATE {table} SET {column} = CAST(CAST(? AS BLOB) || {column} ||"
                       f" CAST(? AS BLOB) AS {kind}) WHERE {column} IS NOT NULL", (bad, bad))
        db.commit()
    return path


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_no_report_prints_a_text_raw(database, words):
    out, err, status = run("catchwater", *words, "--db", database)
    assert is_printable(out), out
    assert status == 0, err
    out, err, status = run("catchwater", *words, "--json", "--db", database)
    assert status == 0, err
    text = json.dumps(json.loads(out), ensure_ascii=False)   # one document, whole
    assert text.isprintable(), text
    if words[0] in NO_CSV:
        return
    out, err, status = run("catchwater", *words, "--csv", "--db", database)
    assert status == 0, err
    assert is_printable(out.replace(b"\r\n", b"\n")), out
    rows = list(csv.reader(io.StringIO(out.decode(), newline=""), strict=True))
    assert {len(row) for row in rows} == {len(rows[0])}
    for cell in (cell for row in rows[1:] for cell in row):
        assert not cell or cell[0] not in "=+-@\t\r" \
            or cell.lstrip("-").replace(".", "", 1).isdigit(), cell


@pytest.mark.parametrize("bad", HOSTILE[:4] + HOSTILE[5:])
def test_what_a_person_types_is_not_told_raw(database, bad):
    bad = bad.replace(b"\0", b"").decode()
    for words in (("landing", bad), ("explain", bad), ("catchment", "--service", bad),
                  ("vantages", "show", bad), ("events", "--kind", bad), ("drain", bad),
                  ("token", "revoke", bad), ("events", "--since", bad), (bad,), ("events", bad)):
        out, err, status = run("catchwater", *words, "--db", database)
        assert status != 0 and err and is_printable(out), (words, out, err)
    out, _, _ = run("catchwater", "identify", "--catalogue", str(ROOT / "schema/services"), bad)
    assert is_printable(out)


# A hostile server

def txt(owner, strings):
    data = b"".join(bytes([len(s)]) + s for s in strings)
    return owner + struct.pack("!HHIH", 16, 3, 0, len(data)) + data


def reply_to(message, bad):
    """An identity for each question, by NSID and TXT, with an EDE text."""
    end = message.index(b"\0", 12) + 5
    question = message[12:end]
    answer = txt(question[:-4], [bad]) if question[-4:-2] == b"\0\x10" else b""
    options = struct.pack("!HH", 3, len(bad)) + bad \
        + struct.pack("!HHH", 15, 2 + len(bad), 22) + bad
    opt = b"\0" + struct.pack("!HHIH", 41, 1232, 0, len(options)) + options
    return message[:2] + struct.pack("!HHHHH", 0x8400, 1, bool(answer), 0, 1) \
        + question + answer + opt


@contextlib.contextmanager
def hostile_server(bad):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))

        def serve():
            with contextlib.suppress(OSError):
                while True:
                    message, where = sock.recvfrom(4096)
                    if len(message) == 4:
                        return
                    sock.sendto(reply_to(message, bad), where)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield sock.getsockname()[1]
        finally:
            sock.sendto(b"stop", sock.getsockname())
            thread.join(60)


@pytest.mark.parametrize("bad", HOSTILE)
def test_measure_prints_no_identity_raw(bad):
    with hostile_server(bad) as port:
        words = ("catchwater-probe", "measure", "--dns", "-c", "2", "--port", str(port),
                 "--identity", "ns{instance}.{site}.*", "127.0.0.1")
        out, err, _ = run(*words)
        assert is_printable(out) and out, (out, err)
        out, err, _ = run(*words, "--json")
        assert is_printable(out), out
        records = [json.loads(line) for line in out.splitlines()]
        assert {bytes.fromhex(record["nsid"]) for record in records} == {bad}, (records, err)


# A hostile file

def test_no_import_prints_a_text_raw(tmp_path):
    shutil.copy(ROOT / "schema/services/k-root.conf", tmp_path / "k.conf")
    config = tmp_path / "c.conf"
    config.write_text('database = "c.db"\ninclude("k.conf")\n', encoding="utf-8")
    for i, bad in enumerate(HOSTILE):
        text = bad.decode("latin-1")
        file = tmp_path / os.fsdecode(bad.replace(b"/", b"") + b".json")
        file.write_text("\n".join(json.dumps({
            "type": "dns", "fw": 4790, "msm_id": 7, "prb_id": 1 + i, "af": 4, "proto": "UDP",
            "timestamp": 1700000000 + i, "dst_addr": "193.0.14.129", **changes})
            for changes in ({"type": text}, {"proto": text}, {"dst_addr": text}, {"from": text},
                            {"prb_id": text}, {"error": {text: text}},
                            {"result": {"abuf": text, "rt": 1.0, "size": 1}})) + f"\n{text}\n",
            encoding="utf-8")
        for words in ((), ("--json",), ("--decode",)):
            out, err, _ = run("catchwater", "import", "atlas", "--config", str(config), *words,
                              "./" + os.fsdecode(file.name), cwd=tmp_path)
            # jansson writes DEL as it is, which no terminal acts on.
            assert is_printable(out.replace(b"\x7f", b"")), out
            assert out or err
            if words == ("--json",) and out:
                json.loads(out)
        out, _, _ = run("catchwater", "import", "catchment", "--config", str(config),
                        "./" + os.fsdecode(file.name), cwd=tmp_path)
        assert is_printable(out), out
