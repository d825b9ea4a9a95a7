"""catchwater-upload dot, spoken to as the probe does, against TLS servers that
behave and that do not; then the whole way through `measure --proto tls`.

Run by /usr/bin/python3 -m pytest; certificates are openssl's (Debian: openssl,
faketime), the servers Python's ssl.
"""

import contextlib
import json
import os
import pathlib
import queue
import re
import shutil
import socket
import ssl
import struct
import subprocess
import threading
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("CATCHWATER_BUILD", ROOT / "build"))
NAME = "dns.example"
QUICK_US = 300_000        # where silence is the point
PATIENT_US = 20_000_000
WAIT_S = 60
SOA = bytes.fromhex("0000 0000 0001 0000 0000 0000 00 0006 0001".replace(" ", ""))


def query(ident):
    return struct.pack("!H", ident) + SOA[2:]


def answer_to(message):
    """The query, as a reply."""
    return message[:2] + bytes([message[2] | 0x84]) + message[3:]


def framed(message):
    return struct.pack("!H", len(message)) + message


# Certificates

@pytest.fixture(scope="module", name="certs")
def _certs(tmp_path_factory):
    return Certificates(tmp_path_factory.mktemp("certs"))


class Certificates:
    """An authority, and servers' certificates by what is wrong with them."""

    def __init__(self, folder):
        self.folder = folder
        for ca in ("ca", "stranger"):
            self._make(ca, "-subj", f"/CN={ca} of the test")
        named = ("-subj", "/O=Test, Inc./CN=server", "-addext",
                 f"subjectAltName=DNS:{NAME},IP:127.0.0.1",
                 "-addext", "basicConstraints=critical,CA:FALSE")
        self._make("good", *named, ca="ca")
        self._make("expired", *named, ca="ca", when="-60d")
        self._make("future", *named, ca="ca", when="+60d")
        self._make("unknown", *named, ca="stranger")
        self._make("selfsigned", *named)
        self._make("rude", "-subj", "/CN=bell\x07 \\u\x7f" + "x" * 40, "-addext",
                   "subjectAltName=" + ",".join(
                       f"DNS:name-{i}.{'y' * 40}.example" for i in range(9)))

    def path(self, name):
        return str(self.folder / f"{name}.pem")

    def context(self, name, version=None):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.path(name), str(self.folder / f"{name}.key"))
        context.set_alpn_protocols(["dot"])
        if version:
            context.maximum_version = version
        return context

    def told_by_openssl(self, name):
        """What openssl prints of a certificate, in the terms of the record."""
        text = subprocess.run(
            ["openssl", "x509", "-in", self.path(name), "-noout", "-fingerprint", "-sha256",
             "-subject", "-issuer", "-enddate", "-dateopt", "iso_8601", "-nameopt", "RFC2253"],
            capture_output=True, text=True, check=True).stdout
        fields = dict(line.split("=", 1) for line in text.splitlines())
        end = time.strptime(fields["notAfter"], "%Y-%m-%d %H:%M:%SZ")
        return {
            "fingerprint": fields["sha256 Fingerprint"].replace(":", "").lower(),
            "subject": fields["subject"], "issuer": fields["issuer"],
            "not_after_us": int(time.mktime(end) - time.timezone) * 1_000_000,
        }

    def _make(self, name, *words, ca=None, when=None):
        signer = (["-CA", self.path(ca), "-CAkey", str(self.folder / f"{ca}.key")]
                  if ca else [])
        shift = ["faketime", "-f", when] if when else []
        subprocess.run(
            [*shift, "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
             "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30", *words, *signer,
             "-keyout", str(self.folder / f"{name}.key"), "-out", self.path(name)],
            check=True, capture_output=True)


# Servers

class Server:
    """Listens on a free port; serve(socket) has each connection to itself."""

    def __init__(self, serve):
        self.serve = serve
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=200)
        self.port = self.listener.getsockname()[1]
        self.closing = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.closing.set()
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=self._one, args=(self.listener.accept()[0],),
                                 daemon=True).start()

    def _one(self, connection):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with connection, contextlib.suppress(OSError):
            self.serve(self, connection)


def over_tls(context, serve):
    """A server whose serve gets the connection once hands are shaken."""
    def shake(server, connection):
        with context.wrap_socket(connection, server_side=True) as tls:
            serve(server, tls)
    return Server(shake)


def read_message(tls):
    header = tls.recv(2)
    return tls.recv(struct.unpack("!H", header)[0]) if len(header) == 2 else None


def echo(_server, tls):
    while (message := read_message(tls)) is not None:
        tls.sendall(framed(answer_to(message)))


def stall(server, _tls):
    server.closing.wait(WAIT_S)


# The child

class Child:
    """The child, with its lines read beside."""

    def __init__(self, ca):
        self.process = subprocess.Popen(
            ["dot", *(["--ca", ca] if ca else [])], executable=BUILD / "catchwater-upload",
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.lines = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def say(self, text):
        self.process.stdin.write(text.encode())
        self.process.stdin.flush()

    def ask(self, port, ident=1, timeout_us=PATIENT_US, name=NAME, queries=(0x1234, 0x4321)):
        self.say(json.dumps({
            "id": ident, "address": "127.0.0.1", "port": port, "source_port": 0,
            "name": name, "timeout_us": timeout_us,
            "queries": [{"hex": query(q).hex()} for q in queries]}) + "\n")

    def told(self):
        return json.loads(self.lines.get(timeout=WAIT_S))

    def end(self):
        """Closes its input; its status."""
        self.process.stdin.close()
        return self.process.wait(WAIT_S)

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(line)


@pytest.fixture(name="child")
def _child(certs):
    result = Child(certs.path("ca"))
    yield result
    if result.process.poll() is None:
        result.process.kill()
    result.process.wait()


# What it tells

def test_queries_are_answered_and_times_are_in_order(child, certs):
    with over_tls(certs.context("good"), echo) as server:
        child.ask(server.port)
        told = child.told()
    assert told["outcome"] == "ok" and told["id"] == 1
    assert told["source"] == "127.0.0.1" and told["source_port"] > 0
    assert [reply["hex"] for reply in told["replies"]] == [
        answer_to(query(q)).hex() for q in (0x1234, 0x4321)]
    for reply in told["replies"]:
        assert told["begun"]["mono_us"] < reply["sent"]["mono_us"] < reply["read"]["mono_us"]
        assert (reply["sent"]["at_us"] * 1000 <= reply["sent_kernel_ns"]
                < reply["read_kernel_ns"] <= (reply["read"]["at_us"] + 1) * 1000)
    assert child.end() == 0


@pytest.mark.parametrize("cert, name, fault", [
    ("good", NAME, ""),
    ("good", "127.0.0.1", ""),
    ("good", "", ""),
    ("good", "other.example", "name differs"),
    ("expired", NAME, "expired"),
    ("future", NAME, "not valid yet"),
    ("unknown", NAME, "issuer unknown"),
    ("selfsigned", NAME, "self-signed"),
    ("selfsigned", "other.example", "self-signed, name differs"),
])
def test_the_certificate_is_told_as_openssl_tells_it(child, certs, cert, name, fault):
    with over_tls(certs.context(cert), echo) as server:
        child.ask(server.port, name=name)
        told = child.told()
    assert told["outcome"] == "ok"
    tls = told["tls"]
    assert set(tls["fault"].split(", ")) == set(fault.split(", "))
    assert tls["verified"] == (fault == "")
    assert tls["names"] == f"{NAME} 127.0.0.1"
    assert tls.items() >= certs.told_by_openssl(cert).items()


@pytest.mark.parametrize("version, minor", [
    (ssl.TLSVersion.TLSv1_2, 2), (ssl.TLSVersion.TLSv1_3, 3)])
def test_both_versions_of_tls_are_spoken_with_alpn_dot(child, certs, version, minor):
    spoken = []

    def serve(server, tls):
        spoken.append((tls.version(), tls.selected_alpn_protocol()))
        echo(server, tls)
    with over_tls(certs.context("good", version), serve) as server:
        child.ask(server.port)
        told = child.told()
    assert told["tls"]["version"] == minor
    assert spoken == [(f"TLSv1.{minor}", "dot")]


def test_the_name_is_sent_to_the_server_and_an_address_is_not(child, certs):
    asked = []
    context = certs.context("good")
    context.sni_callback = lambda tls, name, ctx: asked.append(name)
    with over_tls(context, echo) as server:
        for name in (NAME, "127.0.0.1", ""):
            child.ask(server.port, name=name)
            assert child.told()["outcome"] == "ok"
    assert asked == [NAME, None, None]


def test_a_stranger_s_texts_are_cut_and_made_printable(child, certs):
    with over_tls(certs.context("rude"), echo) as server:
        child.ask(server.port)
        tls = child.told()["tls"]
    assert tls["subject"].startswith("CN=bell?") and "\x7f" not in tls["subject"]
    assert len(tls["names"]) == 127
    assert tls["names"].startswith("name-0." + "y" * 40 + ".example name-1.")


# Servers that misbehave

def close_at_once(_server, _connection):
    pass


def garbage(server, connection):
    connection.recv(100)
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n" * 10)
    stall(server, connection)


def never_shake(server, connection):
    stall(server, connection)


@pytest.mark.parametrize("serve, outcomes", [
    (close_at_once, {"reset"}), (garbage, {"malformed"}), (never_shake, {"timeout"})])
def test_without_a_handshake_there_is_no_certificate(child, serve, outcomes):
    with Server(serve) as server:
        child.ask(server.port, timeout_us=QUICK_US if serve == never_shake else PATIENT_US)
        told = child.told()
    assert told["outcome"] in outcomes
    assert "tls" not in told and told["replies"] == [{}, {}]
    assert told["connect_us"] > 0


def close_after(_server, tls):
    read_message(tls)


def oversized(server, tls):
    tls.sendall(b"\xff\xff" + b"x" * 70000)
    stall(server, tls)


def undersized(server, tls):
    tls.sendall(b"\x00\x0b" + b"x" * 11)
    stall(server, tls)


def drip(server, tls):
    tls.sendall(b"\x10\x00")
    while not server.closing.wait(0.02):
        tls.sendall(b"x")


def never_answer(server, tls):
    stall(server, tls)


def strangers(server, tls):
    """Answers, endlessly, to what nobody asked."""
    while not server.closing.is_set():
        tls.sendall(framed(answer_to(query(0x7777))) * 100)


def broken_record(server, tls):
    os.write(tls.fileno(), b"\x17\x03\x03\x00\x20" + b"x" * 32)
    stall(server, tls)


@pytest.mark.parametrize("serve, outcome", [
    (close_after, "reset"), (oversized, "malformed"), (undersized, "malformed"),
    (drip, "timeout"), (never_answer, "timeout"), (strangers, "timeout"),
    (broken_record, "malformed")])
def test_after_the_handshake_the_certificate_is_known(child, certs, serve, outcome):
    with over_tls(certs.context("good"), serve) as server:
        child.ask(server.port, timeout_us=QUICK_US if outcome == "timeout" else PATIENT_US)
        told = child.told()
    assert told["outcome"] == outcome
    assert told["tls"]["verified"]
    assert all("sent" in r and "hex" not in r for r in told["replies"])


def test_one_answer_of_two_is_kept(child, certs):
    def serve(server, tls):
        tls.sendall(framed(answer_to(read_message(tls))))
        stall(server, tls)
    with over_tls(certs.context("good"), serve) as server:
        child.ask(server.port, timeout_us=QUICK_US)
        told = child.told()
    assert told["outcome"] == "timeout"
    assert ["hex" in reply for reply in told["replies"]] == [True, False]


def test_replies_are_told_apart_by_id_however_they_come(child, certs):
    def serve(server, tls):
        first, second = read_message(tls), read_message(tls)
        stream = b"".join(framed(m) for m in (
            answer_to(query(0x7777)), answer_to(second), answer_to(second)[:-1] + b"\xff",
            answer_to(first)))
        for byte in stream:
            tls.sendall(bytes([byte]))
        stall(server, tls)
    with over_tls(certs.context("good"), serve) as server:
        child.ask(server.port)
        told = child.told()
    assert told["outcome"] == "ok"
    assert [reply["hex"] for reply in told["replies"]] == [
        answer_to(query(q)).hex() for q in (0x1234, 0x4321)]


def test_a_closed_port_refuses(child):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    child.ask(port)
    told = child.told()
    assert told["outcome"] == "refused" and "tls" not in told


# Its life

def test_more_than_fit_wait_and_are_all_answered(child, certs):
    with over_tls(certs.context("good"), echo) as server, Server(never_shake) as silent:
        for ident in range(1, 151):
            quiet = ident % 3 == 0
            child.ask(silent.port if quiet else server.port, ident,
                      QUICK_US if quiet else PATIENT_US)
        told = {line["id"]: line["outcome"] for line in (child.told() for _ in range(150))}
    assert told == {i: "ok" if i % 3 else "timeout" for i in range(1, 151)}
    assert child.end() == 0


def test_the_end_of_input_ends_it_whatever_is_under_way(child):
    with Server(never_shake) as server:
        child.ask(server.port)
        assert child.end() == 0


@pytest.mark.parametrize("line", [
    "what?\n", "{}\n", '{"id": 1}\n', "x" * 5000 + "\n",
    '{"id":1,"address":"127.0.0.1","port":0,"source_port":0,"name":"","timeout_us":1,'
    '"queries":[{"hex":"' + "00" * 12 + '"}]}\n',
    '{"id":1,"address":"127.0.0.1","port":1,"source_port":0,"name":"","timeout_us":1,'
    '"queries":[{"hex":"00"}]}\n',
], ids=["words", "empty", "half", "endless", "port", "query"])
def test_a_line_that_is_no_question_ends_it_with_a_reason(child, line):
    child.say(line)
    assert child.process.wait(WAIT_S) == 1
    assert child.process.stderr.read().startswith(b"catchwater-upload dot: ")


def test_it_has_given_up_what_it_does_not_need(child):
    child.ask(1)
    child.told()
    status = pathlib.Path(f"/proc/{child.process.pid}/status").read_text(encoding="ascii")
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert int(fields["CapPrm"], 16) == int(fields["CapEff"], 16) == 0
    assert fields["NoNewPrivs"] == "1"
    assert fields["Seccomp"] == "2"
    assert fields["Threads"] == "1"


def test_a_file_of_authorities_that_is_none_is_named(tmp_path):
    child = Child(str(tmp_path / "none.pem"))
    assert child.process.wait(WAIT_S) == 1
    assert b"none.pem" in child.process.stderr.read()


def test_the_system_s_authorities_do_not_know_ours(certs):
    child = Child(None)
    with over_tls(certs.context("good"), echo) as server:
        child.ask(server.port)
        assert child.told()["tls"]["fault"] == "issuer unknown"
    assert child.end() == 0


# The whole way

def measure(*words):
    return subprocess.run(
        [BUILD / "catchwater-probe", "measure", "--dns", "--proto", "tls", *words],
        capture_output=True, text=True, check=False, timeout=WAIT_S)


def test_measure_asks_over_tls(certs):
    with over_tls(certs.context("good"), echo) as server:
        done = measure("--ca", certs.path("ca"), "--port", str(server.port), "--count", "3",
                       "--json", "127.0.0.1")
    assert done.returncode == 0, done.stderr
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(records) == 3
    for record in records:
        assert (record["proto"], record["outcome"]) == ("tls", "ok")
        assert record["source"] == "127.0.0.1" and record["source_port"]


HOSTNAME_BIND, ID_SERVER = b"\x08hostname\x04bind\x00", b"\x02id\x06server\x00"
SOA_RECORD = bytes.fromhex("000006000100000009001600000000004d" + "00000001" * 4)
TXT_RECORD = bytes.fromhex("c00c001000030000000000050461") + b"ms1"
NSID = bytes.fromhex("00002904d00000000000080003000461") + b"ms1"


def answer_as(message, rcode=0, answer=b"", flags=0x8400):
    """A reply with an answer record and an NSID, but for our OPT the question."""
    end = message.index(b"\x00", 12) + 5
    return (message[:2] + struct.pack("!HHHHH", flags | rcode, 1, bool(answer), 0, 1)
            + message[12:end] + answer + NSID)


def only_id_server(_server, tls):
    """hostname.bind is refused, id.server says who it is."""
    while (message := read_message(tls)) is not None:
        if HOSTNAME_BIND in message:
            reply = answer_as(message, rcode=5)
        elif ID_SERVER in message:
            reply = answer_as(message, answer=TXT_RECORD)
        else:
            reply = answer_as(message, answer=SOA_RECORD)
        tls.sendall(framed(reply))


def only_the_zone(_server, tls):
    """Reads all, or its end would be a RST, which takes the answer along."""
    zone = [read_message(tls) for _ in range(3)][0]
    tls.sendall(framed(answer_as(zone, answer=SOA_RECORD)))


def truncated(_server, tls):
    while (message := read_message(tls)) is not None:
        tls.sendall(framed(answer_as(message, flags=0x8600)))


def other_question(_server, tls):
    while (message := read_message(tls)) is not None:
        reply = bytearray(answer_as(message, answer=SOA_RECORD))
        reply[reply.index(SOA_RECORD) - 3] ^= 1
        tls.sendall(framed(bytes(reply)))


def not_dns(_server, tls):
    while (message := read_message(tls)) is not None:
        tls.sendall(framed(message[:2] + b"x" * 30))


@pytest.mark.parametrize("serve, wanted, chaos", [
    (only_id_server, {"outcome": "ok", "rcode": 0, "serial": 77, "nsid": b"ams1".hex(),
                      "aa": True},
     {"name": "id.server", "outcome": "ok", "txt": b"ams1".hex(), "nsid": b"ams1".hex()}),
    (only_the_zone, {"outcome": "ok", "serial": 77}, {"outcome": "reset"}),
    (truncated, {"outcome": "ok", "tc": True}, {"outcome": "ok"}),
    (other_question, {"outcome": "mismatch"}, {"outcome": "mismatch"}),
    (not_dns, {"outcome": "malformed"}, {"outcome": "malformed"}),
    (close_after, {"outcome": "reset"}, {"outcome": "reset"}),
])
def test_measure_records_what_came(certs, serve, wanted, chaos):
    with over_tls(certs.context("good"), serve) as server:
        done = measure("--ca", certs.path("ca"), "--port", str(server.port), "--count", "1",
                       "--json", "127.0.0.1")
    record = json.loads(done.stdout)
    assert record.items() >= wanted.items()
    assert record["chaos"].items() >= chaos.items()


def test_measure_says_that_nothing_listens():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    done = measure("--port", str(port), "--count", "1", "--json", "127.0.0.1")
    assert done.returncode == 1
    assert json.loads(done.stdout)["outcome"] == "refused"


def test_the_probe_itself_has_no_tls_library():
    if not shutil.which("ldd"):
        pytest.skip("no ldd")
    text = subprocess.run(["ldd", BUILD / "catchwater-probe"], capture_output=True, text=True,
                          check=False).stdout
    assert not re.search("gnutls|libssl|curl", text)
