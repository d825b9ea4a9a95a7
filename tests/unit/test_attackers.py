"""What an attacker sends to a real collector over TLS, and what becomes of it.

schema/README.md, "Threat model", names these tests.
"""

import contextlib
import json
import os
import pathlib
import socket
import sqlite3
import ssl
import time

import pytest

from attacked import (WAIT_S, Attacked, Key, batch, headers, observation, read_answer, request,
                      status_of)

PATH = "/v1/batches"
LIMIT_BYTES = 200 << 20   # what many slow clients may cost the collector
PER_ADDRESS = 128         # connections, of collector/httpd.c


@pytest.fixture(scope="module", name="collector")
def _collector(tmp_path_factory):
    with Attacked(tmp_path_factory.mktemp("attacked")) as collector:
        yield collector


@pytest.fixture(name="probe")
def _probe(collector):
    key, status, answer = collector.enrol()
    assert status == 200, answer
    return key


def lives(collector):
    """Does it answer still?  (Not that all is well: it has heard nothing.)"""
    return collector.ask("GET", "/healthz")[0] in (200, 503)


def good(probe, first=1, last=3):
    """The body of a batch, and the request that posts it."""
    body = batch(probe.probe, [observation(seq) for seq in range(first, last + 1)])
    return body, headers(probe, "POST", PATH, body, first)


# Batches

def test_a_batch_is_stored_once_however_often_it_comes(collector, probe):
    body, wanted = good(probe)
    for _ in range(3):
        assert collector.ask("POST", PATH, wanted, body) == (200, b'{"acked":3}')
    assert collector.stored(probe) == 3


def test_batches_out_of_order_double_nothing(collector, probe):
    """Later first: what comes late is a replay, told as acked, and changes
    nothing; the sender keeps its order, so who reorders is no probe."""
    first, second = good(probe, 1, 3), good(probe, 4, 6)
    assert collector.ask("POST", PATH, second[1], second[0])[0] == 200
    assert collector.ask("POST", PATH, first[1], first[0]) == (200, b'{"acked":6}')
    assert collector.stored(probe) == 3


def test_a_batch_cut_anywhere_is_refused(collector, probe):
    """Also where a cut leaves whole lines, and where the digest is made to fit."""
    body, wanted = good(probe)
    ends = {len(body) - 2, len(body) // 2, body.index(b"\n") + 1,
            body.rindex(b"\n", 0, -1) + 1, 1}
    for end in ends:
        assert collector.ask("POST", PATH, wanted, body[:end])[0] == 400
        assert collector.post(probe, body[:end], 1)[0] == 400, end
    with collector.connect() as tls:
        tls.sendall(request("POST", PATH, wanted, body)[:-10])
    assert collector.stored(probe) == 0


def test_a_batch_signed_anew_by_another_is_refused(collector, probe):
    """With the other's name and without, and by a probe that has enrolled."""
    body, _ = good(probe)
    other = collector.enrol()[0]
    for signer in (Key(), other):
        assert collector.post(signer, body, 1)[0] in (400, 401)
        wanted = headers(signer, "POST", PATH, body, 1, probe=probe.probe)
        assert collector.ask("POST", PATH, wanted, body)[0] == 401
    assert collector.stored(probe) == collector.stored(other) == 0


def test_everything_that_counts_is_signed(collector, probe):
    body, wanted = good(probe)
    for changes in ({"Catchwater-Seq": "2"}, {"Catchwater-Seq": "01"}, {"Catchwater-Seq": ""},
                    {"Content-Digest": "sha-512=:AAAA:"}, {"Content-Digest": ""},
                    {"Signature": "sig1=::"}, {"Signature": "sig2=:AAAA:"},
                    {"Signature-Input": "sig1=()"}):
        assert collector.ask("POST", PATH, {**wanted, **changes}, body)[0] in (400, 401), changes
    assert collector.stored(probe) == 0


def test_a_signature_is_good_for_one_method_and_path(collector, probe):
    for method, path in (("POST", "/v1/leave"), ("GET", "/v1/assignment"), ("POST", "/v1/site")):
        wanted = headers(probe, method, path, b"")
        for other in ("/v1/leave", "/v1/assignment", "/v1/site", PATH):
            if other != path:
                how = "GET" if other == "/v1/assignment" else "POST"
                assert collector.ask(how, other, wanted)[0] == 401
    assert collector.ask("GET", "/v1/assignment",
                         headers(probe, "GET", "/v1/assignment", b""))[0] == 200


# Heads

def smuggled(probe):
    """Heads that two readers may take differently, each with a whole request
    behind it that would be stored if it were read as one."""
    body, wanted = good(probe)
    inner = request("POST", PATH, wanted, body)
    other, _ = good(probe, 50, 52)
    lines = "".join(f"{name}: {value}\r\n" for name, value in wanted.items())
    cases = {
        "both lengths": f"Content-Length: {len(inner)}\r\nTransfer-Encoding: chunked\r\n",
        "chunked": "Transfer-Encoding: chunked\r\n",
        "chunked, hidden": "Transfer-Encoding : chunked\r\n",
        "chunked, of another kind": "Transfer-Encoding: xchunked\r\nContent-Length: 0\r\n",
        "two lengths": f"Content-Length: 0\r\nContent-Length: {len(inner)}\r\n",
        "a list of lengths": f"Content-Length: 0, {len(inner)}\r\n",
        "a length with a sign": "Content-Length: +0\r\n",
        "a negative length": "Content-Length: -1\r\n",
        "a hexadecimal length": "Content-Length: 0x0\r\n",
        "a huge length": "Content-Length: 99999999999999999999999\r\n",
        "two hosts": "Host: d\r\nContent-Length: 0\r\n",
        "a folded header": "X: a\r\n b\r\nContent-Length: 0\r\n",
        "chunked, folded": "Transfer-Encoding:\r\n chunked\r\n",
        "chunked, half of its name folded": "Transfer-Enco: chunked\r\n ding\r\n",
        "a length, half of its name folded": f"Content-Len: {len(inner)}\r\n gth\r\n",
        "a bare line feed": "X: a\nContent-Length: 0\r\n",
        "a bare carriage return": "X: a\rContent-Length: 0\r\n",
        "a NUL": "X: a\x00b\r\nContent-Length: 0\r\n",
        "no blank": "X:a\r\nContent-Length: 0\r\n",
    }
    for name, extra in cases.items():
        chunk = b"0\r\n\r\n" if "chunked" in name or name == "both lengths" else b""
        head = f"POST {PATH} HTTP/1.1\r\nHost: c\r\n{extra}\r\n".encode()
        yield name, head + chunk + inner
    for name, value in wanted.items():
        yield f"{name} twice", (
            f"POST {PATH} HTTP/1.1\r\nHost: c\r\n{lines}{name}: {value}x\r\n"
            f"Content-Length: {len(other)}\r\n\r\n").encode() + other
        yield f"{name} twice, the same", (
            f"POST {PATH} HTTP/1.1\r\nHost: c\r\n{lines}{name.upper()}: {value}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n").encode() + body


def read_all(tls):
    """All that comes until the other end closes."""
    got = b""
    try:
        while piece := tls.recv(65536):
            got += piece
    except OSError:
        pass
    return got


def test_nothing_is_smuggled_behind_a_head(collector, probe):
    """Each is refused, and the connection ends before what stands behind."""
    for name, text in smuggled(probe):
        with collector.connect() as tls:
            tls.settimeout(2)   # one may wait for more, as long as it likes
            try:
                tls.sendall(text)
            except OSError:
                pass
            answer = read_all(tls)
        assert status_of(answer)[0] in (0, 400, 401, 411, 413), (name, answer)
        assert b"acked" not in answer, (name, answer)
        assert collector.stored(probe) == 0, name
    assert lives(collector)


PATHS = [
    "/v1/../v1/batches", "/v1/./batches", "//v1/batches", "/v1//batches", "/v1/batches/",
    "/v1/%62atches", "/v1%2fbatches", "/v1/%2e%2e/v1/batches", "/v1/batches%00", "/V1/BATCHES",
    "/v1/batches;x", "/v1/batches%20", "http://c/v1/batches", "https://evil.example/v1/batches",
    "/v1/batches#x", "*", "v1/batches", "/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd",
    "/v1/batches\x00", "/v1/batches\x00/../leave", "/v1/\xff", "/" + "a" * 8000,
]


def test_a_path_is_taken_as_it_stands(collector, probe):
    body, wanted = good(probe)
    for path in PATHS:
        status, answer = collector.ask("POST", path, wanted, body)
        assert status in (0, 400, 404, 414, 431), (path, status, answer)
        assert b"root:" not in answer
    assert collector.stored(probe) == 0
    # A query is no part of what is signed, and nothing reads it.
    assert collector.ask("POST", PATH + "?a=b&c", wanted, body)[0] == 200


def test_odd_requests_harm_nobody(collector):
    for text in (
            b"GET / HTTP/9.9\r\n\r\n", b"\r\n" * 1000, b"\x00" * 5000, b"A" * 100000,
            b"GET /healthz HTTP/1.1\r\nX: " + b"a" * 100000 + b"\r\n\r\n",
            b"GET /healthz HTTP/1.1\r\n" + b"X: a\r\n" * 20000 + b"\r\n",
            b"GET /healthz HTTP/1.1\r\nX\x00: a\r\n\r\n", b"GET\t/healthz\tHTTP/1.1\r\n\r\n",
            b"GET /healthz HTTP/1.1\nHost: c\n\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            b"POST /v1/batches HTTP/1.1\r\nHost: c\r\n"
            b"Content-Length: 18446744073709551616\r\n\r\n"):
        with collector.connect() as tls:
            tls.settimeout(WAIT_S)
            try:
                tls.sendall(text)
            except OSError:
                pass
        assert lives(collector), text


# Texts

HOSTILE = ["'; DROP TABLE probe; --", "\" OR 1=1 --", "a\x00b", "\x1b[2J", "\u202egnp",
           "\",\"state\":\"active", "{{7*7}}", "=1+1", "../../x", "%s%n", "\ud800", "a" * 4000]


def hostile(i):
    """Some of them, others for each i."""
    return [HOSTILE[(3 * i + k) % len(HOSTILE)] for k in range(3)]


def test_no_text_of_an_enrolment_is_more_than_text(collector):
    before = collector.query("SELECT count(*) FROM probe")
    token = collector.token()
    keys = ("name", "version", "country", "token", "public_key", "asn", "lat")
    for i, key in enumerate(keys):
        for text in hostile(i):
            _, status, answer = collector.enrol(**{"token": token, key: text})
            assert status in (400, 403, 413), (key, text, status, answer)
            assert set(json.loads(answer)) == {"error"}
    assert collector.query("SELECT count(*) FROM probe") == before
    assert collector.enrol(token=token)[1] == 200   # none of them used it up


def test_no_text_of_a_batch_is_more_than_text(collector, probe):
    """Refused with a reason that is one line of JSON; the tables stand."""
    keys = ("probe", "clock", "assignment", "v4", "kind", "why", "proto", "outcome",
            "target", "source", "nsid", "version")
    for i, key in enumerate(keys):
        for text in hostile(i):
            lines = [json.loads(line) for line in good(probe)[0].splitlines()]
            lines[0 if key in ("probe", "version", "clock", "assignment", "v4") else 1][key] = text
            body = "".join(json.dumps(line) + "\n" for line in lines).encode()
            printable = key == "version" and len(text) <= 23 and text.isascii() \
                and text.isprintable() and " " not in text
            status, answer = collector.post(probe, body, 1)
            assert status == (200 if printable else 400), (key, text, status, answer)
            assert len(json.loads(answer)) == 1
    assert collector.query("PRAGMA quick_check") == [("ok",)]


def test_deep_and_wide_json_is_refused(collector, probe):
    for body in (b"[" * 500000, b'{"a":' * 200000, b'"' + b"\\u0000" * 100000,
                 b'{"probe":' + b"9" * 20000 + b"}\n", b'{"a":1,"a":2}\n', b"\xff\xfe" * 1000):
        assert collector.post(probe, body, 1)[0] == 400
        wanted = headers(probe, "POST", "/v1/enroll", body)
        assert collector.ask("POST", "/v1/enroll", wanted, body)[0] in (400, 413)
    assert lives(collector)


# Tokens

def test_tokens_end(collector):
    """Used up, expired, revoked, invented; and none is in the database."""
    token = collector.token()
    assert collector.enrol(token=token)[1] == 200
    assert collector.enrol(token=token)[1] == 403
    brief = collector.token("--expires", "1s")
    until = time.monotonic() + WAIT_S
    while b"expired" not in collector.catchwater("token", "list"):
        assert time.monotonic() < until
        time.sleep(0.1)
    assert collector.enrol(token=brief)[1] == 403
    revoked = collector.token()
    number = collector.query("SELECT max(id) FROM token")[0][0]
    collector.catchwater("token", "revoke", str(number))
    assert collector.enrol(token=revoked)[1] == 403
    assert collector.enrol(token=os.urandom(16).hex())[1] == 403
    for file in collector.folder.glob("c.db*"):
        kept = file.read_bytes()
        assert token.encode() not in kept and bytes.fromhex(token) not in kept


def test_a_revoked_probe_is_refused_at_once(collector, probe):
    """On a connection that it has open, too."""
    body, wanted = good(probe)
    with collector.connect() as tls:
        tls.sendall(request("POST", PATH, wanted, body))
        assert status_of(read_answer(tls))[0] == 200
        collector.catchwater("vantages", "revoke", probe.probe)
        tls.sendall(request("POST", PATH, wanted, body))
        assert status_of(read_answer(tls))[0] == 403


def test_every_thread_has_given_up_what_it_does_not_need(collector):
    """The whole collector at work in this file is confined."""
    if "AddressSanitizer" in (collector.folder / "log").read_text(encoding="utf-8"):
        pytest.skip("a build with AddressSanitizer is not confined")
    tasks = pathlib.Path(f"/proc/{collector.process.pid}/task")
    said = [task.joinpath("status").read_text(encoding="ascii") for task in tasks.iterdir()]
    assert len(said) > 3
    for status in said:
        assert "\nNoNewPrivs:\t1\n" in status
        assert "\nSeccomp:\t2\n" in status


# Connections

def garbage(collector):
    """Not TLS at all, and TLS that goes wrong: each on a connection of its own."""
    hello = bytes.fromhex("16030100fd010000f90303") + os.urandom(300)
    for text in (b"GET / HTTP/1.1\r\n\r\n", os.urandom(2000), hello, hello[:5],
                 b"\x16\x03\x01\xff\xff" + b"\x00" * 20000, b"\x15\x03\x03\x00\x02\x02\x28" * 50,
                 b"\x80\x2e\x01\x00\x02"):
        with socket.create_connection(("127.0.0.1", collector.port), WAIT_S) as plain:
            try:
                plain.sendall(text)
            except OSError:
                pass


def test_garbage_for_tls_harms_nobody(collector, probe):
    for _ in range(20):
        garbage(collector)
    body, wanted = good(probe)
    assert collector.ask("POST", PATH, wanted, body)[0] == 200


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_old_versions_of_tls_are_refused(collector):
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    old.set_ciphers("ALL:@SECLEVEL=0")
    old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    with socket.create_connection(("127.0.0.1", collector.port), WAIT_S) as plain:
        with pytest.raises((ssl.SSLError, OSError)):
            old.wrap_socket(plain)


def hold(collector, source, how):
    """A connection from source that takes its time."""
    if how == "half":   # a handshake that stops
        plain = socket.create_connection(("127.0.0.1", collector.port), WAIT_S, (source, 0))
        plain.sendall(bytes.fromhex("1603010200010001fc0303"))
        return plain
    tls = collector.connect(source)
    if how == "head":
        tls.sendall(b"POST /v1/enroll HTTP/1.1\r\nX: " + b"a" * 20000)
    else:
        tls.sendall(b"POST /v1/batches HTTP/1.1\r\nHost: c\r\nContent-Length: 1000000\r\n"
                    b"Signature-Input: a\r\nSignature: b\r\nContent-Digest: c\r\n"
                    b"Catchwater-Seq: 1\r\n\r\n" + b"x" * 500000)
    return tls


@pytest.mark.parametrize("how", ["half", "head", "body"])
def test_who_holds_connections_keeps_nobody_out(collector, probe, how):
    """As many as one address may have, from another address than ours."""
    held = [hold(collector, "127.0.0.2", how) for _ in range(PER_ADDRESS // 2)]
    try:
        for _ in range(PER_ADDRESS):   # over its limit: let go at once
            held.append(socket.create_connection(
                ("127.0.0.1", collector.port), WAIT_S, ("127.0.0.2", 0)))
        body, wanted = good(probe)
        assert collector.ask("POST", PATH, wanted, body)[0] == 200
        assert collector.descriptors() < PER_ADDRESS + 60
        assert collector.memory_bytes() < LIMIT_BYTES
    finally:
        for each in held:
            each.close()
    until = time.monotonic() + WAIT_S
    while collector.descriptors() > 60:
        assert time.monotonic() < until, "connections are left open"
        time.sleep(0.1)


def test_alerts_leave_a_confined_collector(tmp_path):
    """A notice that is due is told to a webhook: libcurl at work."""
    with socket.create_server(("127.0.0.1", 0)) as hook:
        more = f'alert "ops" {{ webhook = "http://127.0.0.1:{hook.getsockname()[1]}/x" }}\n'
        with Attacked(tmp_path, more) as collector:
            with contextlib.closing(sqlite3.connect(tmp_path / "c.db", timeout=WAIT_S)) as db:
                now = time.time_ns() // 1000
                db.execute(
                    "INSERT INTO event (kind, severity, service_id, since_us, detected_us,"
                    " updated_us, n_vantages, n_asns, needed, gates)"
                    " SELECT 'shift', 'critical', id, ?1, ?1, ?1, 3, 3, 3, '{}' FROM service",
                    (now,))
                db.execute("INSERT INTO delivery (event_id, alert, notice, key, created_us,"
                           " next_try_us) VALUES (1, 'ops', 'open', '1-open-ops', ?1, ?1)", (now,))
                db.commit()
            hook.settimeout(WAIT_S)
            caller, _ = hook.accept()
            with caller:
                caller.settimeout(WAIT_S)
                assert caller.recv(65536).startswith(b"POST /x HTTP/1.1\r\n")
                caller.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            assert lives(collector)
