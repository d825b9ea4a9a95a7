"""A collector to attack: the real `catchwater serve`, over TLS, with one probe
whose key is ours.  Used by test_attackers.py, test_hostile_text.py.

Programs of CATCHWATER_BUILD, else build/; certificates by openssl(1).
"""

import contextlib
import json
import os
import pathlib
import socket
import sqlite3
import ssl
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("CATCHWATER_BUILD", ROOT / "build"))
sys.path.insert(0, str(ROOT / "tests/lab"))
from forge import Key, batch, headers, observation  # noqa: E402  pylint: disable=C0413

__all__ = ["Attacked", "Key", "batch", "headers", "observation"]
WAIT_S = 60
TARGET = "192.0.2.53"
CONFIG = """
listen = "127.0.0.1:{port}"
database = "{database}"
tls {{ certificate = "cert.pem" key = "key.pem" }}
service "web" {{
	addresses = {{ "192.0.2.53" }}
	zone = "example."
	identity = {{ "ns*.{{site}}" }}
	site "ams" {{ }}
	site "fra" {{ }}
}}
"""


def request(method, path, wanted=(), body=b"", length=True):
    """The bytes of a request."""
    lines = [f"{method} {path} HTTP/1.1", "Host: c"]
    lines += [f"{name}: {value}" for name, value in dict(wanted).items()]
    if length and (body or method == "POST"):
        lines.append(f"Content-Length: {len(body)}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body


class Attacked:
    """Runs while it is entered; more of a configuration may be given."""

    def __init__(self, folder, more="", database=None):
        self.folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.database = database or folder / "c.db"
        self.config = folder / "c.conf"
        self.config.write_text(CONFIG.format(
            port=self.port, database=self.database) + more, encoding="utf-8")
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ed25519", "-nodes", "-days", "2",
             "-subj", "/CN=c", "-addext", "subjectAltName=IP:127.0.0.1",
             "-keyout", folder / "key.pem", "-out", folder / "cert.pem"],
            check=True, capture_output=True)
        self.context = ssl.create_default_context(cafile=str(folder / "cert.pem"))
        self.process = None
        self.environment = {}

    def __enter__(self):
        self.start()
        return self

    def start(self):
        """Returns when it listens."""
        # pylint: disable-next=consider-using-with
        self.process = subprocess.Popen(
            [BUILD / "catchwater", "serve", "--config", self.config],
            stderr=(self.folder / "log").open("ab"),
            env={**os.environ, **self.environment})
        until = time.monotonic() + WAIT_S
        while True:
            assert self.process.poll() is None, (self.folder / "log").read_text()
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", self.port), 5).close()
                return
            assert time.monotonic() < until, "the collector does not listen"
            time.sleep(0.05)

    def __exit__(self, *_):
        self.process.terminate()
        assert self.process.wait(WAIT_S) == 0, (self.folder / "log").read_text()

    def catchwater(self, *words, check=True):
        """A command on its database: its output, in bytes."""
        done = subprocess.run([BUILD / "catchwater", *words, "--db", self.database],
                              capture_output=True, check=False, timeout=WAIT_S)
        assert not check or done.returncode == 0, done.stderr
        return done.stdout

    def query(self, sql, *values):
        """Rows of its database."""
        with contextlib.closing(sqlite3.connect(
                f"file:{self.database}?mode=ro", uri=True, timeout=WAIT_S)) as db:
            return db.execute(sql, values).fetchall()

    def connect(self, source="127.0.0.1"):
        """A TLS connection to it, from an address of this host's."""
        plain = socket.create_connection(("127.0.0.1", self.port), WAIT_S, (source, 0))
        return self.context.wrap_socket(plain, server_hostname="127.0.0.1")

    def say(self, text):
        """Sends bytes on a connection of its own; all that comes back until the
        collector closes it, or is done with what it was sent."""
        with self.connect() as tls:
            with contextlib.suppress(OSError):
                tls.sendall(text)
            tls.settimeout(WAIT_S)
            return read_answer(tls)

    def ask(self, method, path, wanted=(), body=b""):
        """A request; (status, answer)."""
        return status_of(self.say(request(method, path, wanted, body)))

    def enrol(self, **changes):
        """A new probe: its key, or None, and what the collector answered."""
        key = Key()
        said = {"token": self.token(), "public_key": key.public.hex(),
                "name": f"p-{key.probe}", "version": "0", **changes}
        body = json.dumps(said).encode()
        status, answer = self.ask("POST", "/v1/enroll",
                                  headers(key, "POST", "/v1/enroll", body), body)
        return key if status == 200 else None, status, answer

    def token(self, *words):
        """A new token."""
        return self.catchwater("token", "new", *words).decode().split()[0]

    def post(self, key, body, seq, **changes):
        """A batch; (status, answer)."""
        wanted = {**headers(key, "POST", "/v1/batches", body, seq), **changes}
        return self.ask("POST", "/v1/batches", wanted, body)

    def stored(self, key):
        """How many observations it has of a probe."""
        return self.query("SELECT count(*) FROM observation o JOIN vantage v"
                          " ON v.id = o.vantage_id WHERE v.probe_id = ?", key.probe)[0][0]

    def memory_bytes(self):
        """What it has resident."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        return int(status.split("VmRSS:")[1].split()[0]) << 10

    def descriptors(self):
        """How many it has open."""
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))


def read_answer(tls):
    """One answer, or what came of it before the other end closed."""
    got = b""
    with contextlib.suppress(OSError):
        while True:
            head, end, rest = got.partition(b"\r\n\r\n")
            if end and len(rest) >= length_of(head):
                break
            piece = tls.recv(65536)
            if not piece:
                break
            got += piece
    return got


def length_of(head):
    """What an answer's head says of its body's length."""
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.split(b":")[1])
    return 0


def status_of(answer):
    """(status, body) of an answer; (0, b"") when there was none."""
    if not answer.startswith(b"HTTP/1."):
        return 0, b""
    return int(answer[9:12]), answer.partition(b"\r\n\r\n")[2]
