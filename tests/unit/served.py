"""A collector of its own for a test: started, asked, told to reload.       (edge)

Used by tests/unit/test_reload.py and what else asks the built program, which is
CATCHWATER_BUILD's, else build/'s.
"""

import http.client
import os
import pathlib
import shutil
import signal
import socket
import ssl
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("CATCHWATER_BUILD", ROOT / "build"))
SIMULATE = BUILD / "tools/simulate.d/simulate"
PATIENCE_S = 60


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def run(*words, check=True):
    return subprocess.run(words, capture_output=True, text=True, check=check, timeout=120)


def wait_until(holds, what):
    """What `holds` gives, once that is something; fails after a long while."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        got = holds()
        if got:
            return got
        time.sleep(0.05)
    raise AssertionError(f"not within {PATIENCE_S} s: {what}")


def make_authority(folder):
    """ca.pem, to be trusted by the tests only."""
    _openssl(folder, "ca", "-subj", "/CN=A test's own authority")


def make_certificate(folder, name, subject):
    """`folder`/NAME.pem and .key for 127.0.0.1, signed by the authority."""
    _openssl(folder, name, "-subj", f"/CN={subject}",
             "-addext", "subjectAltName=IP:127.0.0.1",
             "-addext", "basicConstraints=critical,CA:FALSE",
             "-CA", f"{folder}/ca.pem", "-CAkey", f"{folder}/ca.key")


def _openssl(folder, name, *words):
    run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
        "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30", *words,
        "-keyout", f"{folder}/{name}.key", "-out", f"{folder}/{name}.pem")


def take_certificate(folder, name):
    """Makes it the one that the collector reads: server.pem and server.key."""
    for end in ("pem", "key"):
        shutil.copyfile(f"{folder}/{name}.{end}", f"{folder}/server.{end}")


def simulate_services():
    return run(SIMULATE, "--print-config", "--targets", "4", "--period", "2s").stdout


SERVICES = """
service "web" {
  addresses = { "192.0.2.53" }
  zone = "example."
  identity = { "ns*.{site}" }
  site "ams" { position = "52.37,4.90" }
  site "fra" { }
}
"""


class Served:
    """`catchwater serve` over a configuration that tests rewrite."""

    def __init__(self, folder, services=SERVICES, more="", is_tls=False, env=None,
                 program=BUILD / "catchwater"):
        self.folder = pathlib.Path(folder)
        self.port = free_port()
        self.config = self.folder / "c.conf"
        self.is_tls = is_tls
        self.write(services, more)
        self._log = self.folder / "log"
        with self._log.open("w") as log:
            self.child = subprocess.Popen(  # pylint: disable=consider-using-with
                [program, "serve", "--config", self.config], stderr=log,
                env={**os.environ, **(env or {})})

    def __enter__(self):
        try:
            self.wait_for_log("serve: listening")
        except AssertionError:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        """The exit status."""
        if self.child.poll() is None:
            self.child.terminate()
        try:
            return self.child.wait(PATIENCE_S)
        finally:
            self.child.kill()

    def write(self, services=SERVICES, more="", port=None, database="c.db"):
        tls = 'tls { certificate = "server.pem" key = "server.key" }\n'
        new = self.config.with_suffix(".new")   # whole for who reads it meanwhile
        new.write_text(
            f'listen = "127.0.0.1:{port or self.port}"\ndatabase = "{database}"\n' +
            (tls if self.is_tls else "") + services + more)
        new.replace(self.config)

    def log(self):
        return self._log.read_text()

    def wait_for_log(self, text, after=""):
        """Everything logged, once `text` stands in it after what was logged before."""
        def told():
            assert self.child.poll() is None or text in self.log(), self.log()
            return self.log()[len(after):].find(text) >= 0 and self.log()
        return wait_until(told, f"{text!r} in the log:\n{self.log()}")

    def reload(self, expect="serve: reloaded"):
        """What the reload logged."""
        before = self.log()
        self.child.send_signal(signal.SIGHUP)
        return self.wait_for_log(expect, before)[len(before):]

    def connect(self):
        """A new connection, with the subject of the certificate it was shown."""
        if not self.is_tls:
            return http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        context = ssl.create_default_context(cafile=self.folder / "ca.pem")
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, context=context,
                                                 timeout=PATIENCE_S)
        connection.connect()
        return connection

    def ask(self, path, headers=None, connection=None):
        """The answer, with its body read as .text."""
        own = connection or self.connect()
        own.request("GET", path, headers=headers or {})
        answer = own.getresponse()
        answer.text = answer.read().decode()
        if connection is None:
            own.close()
        return answer

    def catchwater(self, *words, check=True):
        return run(BUILD / "catchwater", *words, "--config", self.config, check=check)

    def token(self, uses=1):
        return self.catchwater("token", "new", "--uses", str(uses)).stdout.split()[0]


def subject(connection):
    """The common name in the certificate that the connection was shown."""
    return dict(pair[0] for pair in connection.sock.getpeercert()["subject"])["commonName"]
