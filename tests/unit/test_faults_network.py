"""Connections that go wrong, a fleet that comes back all at once, and programs of
other versions.

schema/README.md, "Faults", names these tests.
"""

import base64
import json
import os
import pathlib
import subprocess
import threading

import pytest

from attacked import WAIT_S, headers, read_answer
from faulty import Faulty, QuickKey, Sender, check_stored
from served import wait_until

S_US = 1_000_000
HOUR_US = 3600 * S_US


@pytest.fixture(scope="module", name="collector")
def _collector(tmp_path_factory):
    with Faulty(tmp_path_factory.mktemp("network")) as collector:
        yield collector


def test_no_client_renegotiates(collector, tmp_path):
    """TLS 1.2 lets a client ask for one handshake after another, for nothing: the
    collector closes the connection at the first."""
    with (tmp_path / "said").open("wb") as said, subprocess.Popen(
            ["openssl", "s_client", "-tls1_2", "-connect", f"127.0.0.1:{collector.port}",
             "-CAfile", collector.folder / "cert.pem"], stdin=subprocess.PIPE,
            stdout=said, stderr=said) as client:
        client.stdin.write(b"R\n")
        client.stdin.flush()
        client.wait(WAIT_S)   # it would stay, for its input does not end
    told = (tmp_path / "said").read_text(encoding="ascii")
    assert "Verify return code: 0 (ok)" in told and "RENEGOTIATING" in told, told
    probe = Sender(collector)
    assert probe.send(*probe.sign())


def test_garbage_within_tls_ends_that_connection_alone(collector):
    """After a good handshake, what is no record of it."""
    probe = Sender(collector)
    assert probe.send(*probe.sign())
    for text in (os.urandom(2000), b"\x17\x03\x03\x00\x20" + os.urandom(32),
                 b"\x17\x03\x03\xff\xff" + bytes(70000), b"\x16\x03\x03\x00\x04\x00\x00\x00\x00"):
        with collector.connect() as tls:
            try:
                while text:
                    text = text[os.write(tls.fileno(), text):]
            except OSError:
                pass
            tls.settimeout(WAIT_S)
            assert read_answer(tls) == b""
    assert probe.send(*probe.sign())   # by the connection that it has
    assert check_stored(collector, probe) == probe.acked == 40


class Returning(Sender):
    """Sends an hour's observations, in batches as they fit, and is done."""

    def __init__(self, collector):
        super().__init__(collector, n=30)
        self.every_us = S_US
        self.wanted = self.n
        assert self.send(*self.sign())
        self.hang_up()
        self.every_us, self.wanted = HOUR_US // (4 * self.n), 5 * self.n

    def at_us(self, i):
        """The last of them now."""
        return self.collector.now_us() - (self.wanted - self.acked - i) * self.every_us

    def run(self):
        while self.acked < self.wanted:
            post = self.sign()
            while not self.send(*post):
                threading.Event().wait(0.1)


def test_a_hundred_probes_come_back_after_an_hour(tmp_path):
    """All at once, each with what it has measured meanwhile.  It is taken, or told
    when to come back, and taken then; and it makes no event."""
    with Faulty(tmp_path) as collector:
        probes = [Returning(collector) for _ in range(100)]
        collector.kill()
        collector.words.offset_us += HOUR_US
        collector.start()
        for probe in probes:
            probe.start()
        for probe in probes:
            probe.join(4 * WAIT_S)
            assert probe.acked == probe.wanted
            assert check_stored(collector, probe) == probe.acked
            assert all(status in (429, 503) and int(after) > 0
                       for status, after in probe.refused), probe.refused
        before_us = collector.now_us()
        collector.words.offset_us += 120 * S_US   # what is held back is told by then
        wait_until(lambda: collector.query(
            "SELECT passed_us FROM heard_until")[0][0] > before_us, "the next ticks")
        assert collector.query("SELECT kind FROM event") == []
        assert collector.query("SELECT DISTINCT state, s.name FROM landing l"
                               " JOIN site s ON s.id = l.site_id") == [("stable", "ams")]
        collector.verify()


# Other versions

OLD_PROBE = json.loads(
    (pathlib.Path(__file__).parent / "old_probe.json").read_text(encoding="utf-8"))


def test_an_old_probe_is_understood(collector):
    """What it has posted, byte by byte: a collector reads what came before it."""
    key = QuickKey(bytes.fromhex(OLD_PROBE["seed"]))
    collector.enrol_key(key)
    n = 0
    for post in OLD_PROBE["posts"]:
        body = base64.b64decode(post["body"])
        status, answer = collector.ask("POST", "/v1/batches", post["headers"], body)
        assert status == 200, answer
        n = json.loads(answer)["acked"]
    rows = collector.query(
        "SELECT m.seq, m.kind, m.outcome, m.site FROM measurement m"
        " WHERE m.probe = ? ORDER BY m.seq", f"p-{key.probe}")
    assert [row[0] for row in rows] == list(range(1, n + 1)) and n == 16
    assert {row[1] for row in rows} == {"dns", "ping", "trace"}
    assert {row[2] for row in rows} == {"ok"}
    assert {row[3] for row in rows if row[1] == "dns"} == {"ams"}


def changed(probe, change, at=1):
    """A batch of it with one line changed, signed."""
    lines = [json.loads(line) for line in probe.sign()[0].splitlines()]
    change(lines[at])
    body = "".join(json.dumps(line) + "\n" for line in lines).encode()
    return body, headers(probe.key, "POST", "/v1/batches", body, probe.acked + 1)


def test_what_a_newer_probe_adds_is_ignored(collector):
    """Keys of a batch, of an observation, and of objects in it."""
    probe = Sender(collector)
    for at in (0, 1, 5):
        assert probe.send(*changed(probe, lambda line: line.update(
            {"version": "9.0", "novel": {"deep": [1, "x", {}]}, "also_us": 7}), at))
    assert check_stored(collector, probe) == 60


def test_what_a_newer_probe_says_in_unknown_words_is_named(collector):
    """The line and the key, so that the probe can leave it out and tell."""
    probe = Sender(collector)
    for key in ("kind", "why", "outcome", "proto", "stamp"):
        body, wanted = changed(probe, lambda line, key=key: line.update({key: "novel"}), 3)
        status, answer = collector.ask("POST", "/v1/batches", wanted, body)
        said = json.loads(answer)["error"]
        assert status == 400 and "line 4" in said and key in said
    assert check_stored(collector, probe) == 0


def test_a_form_or_path_of_later_versions_costs_a_probe_nothing(collector):
    """No 400, after which it would leave out what cannot be read."""
    probe = Sender(collector)
    body = b"CWP2" + os.urandom(100)
    wanted = headers(probe.key, "POST", "/v1/batches", body, 1)
    assert collector.ask("POST", "/v1/batches", wanted, body)[0] == 415
    wanted = headers(probe.key, "POST", "/v2/batches", body, 1)
    assert collector.ask("POST", "/v2/batches", wanted, body)[0] == 404
    assert probe.send(*probe.sign())
