"""`catchwater serve` with ThreadSanitizer, while all that can happen at once does.

tools/check tsan builds it, in build-tsan/.  A fleet uploads signed batches over TLS;
meanwhile another enrols, probes ask for their assignment, report of their site, leave
and are revoked, clients are slow or vanish, /metrics and /healthz are read, the
configuration and the certificate change, the database is copied, looked into and told
of drains; and the end comes with requests under way.  No library needs a suppression.
"""

import contextlib
import http.client
import json
import pathlib
import socket
import ssl
import subprocess
import sys
import threading
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/unit"), str(ROOT / "tests/lab")]
from forge import Key, headers  # noqa: E402  pylint: disable=C0413
from served import (  # noqa: E402  pylint: disable=C0413
    SERVICES, SIMULATE, Served, make_authority, make_certificate, simulate_services,
    take_certificate, wait_until)

PROGRAM = ROOT / "build-tsan/catchwater"
FLEET_S, FLEET = 10, 200
OTHERS = 50
STOPS = 4
ALERT = 'alert "ops" { webhook = "http://127.0.0.1:9/" }\n'

pytestmark = pytest.mark.skipif(not PROGRAM.exists(), reason="tools/check tsan builds it")


class Worker(threading.Thread):
    """Does something again and again, until it is told to stop; keeps what went wrong."""

    def __init__(self, served, work):
        super().__init__(daemon=True)
        self.served, self.work = served, work
        self.n, self.error, self.is_over = 0, None, threading.Event()

    def run(self):
        while not self.is_over.is_set():
            try:
                self.work(self.served, self.n)
                self.n += 1
            except Exception as error:  # pylint: disable=broad-exception-caught
                self.error = error
                return

    def end(self):
        self.is_over.set()
        self.join(120)
        assert self.error is None, f"{self.work.__name__}: {self.error!r}"
        assert self.n > 0, f"{self.work.__name__} never came round"


def fleet(served, n, seconds, *more):
    return subprocess.Popen(
        [SIMULATE, "--collector", f"https://127.0.0.1:{served.port}",
         "--ca", served.folder / "ca.pem", "--token", served.token(n), "--vantages", str(n),
         "--targets", "4", "--period", "2s", "--upload", "2s", "--for", f"{seconds}s",
         "--connections", "8", "--json", *more], stdout=subprocess.PIPE)


def signed(served, key, method, path, body=b"", seq=0):
    """The status of a request as a probe would make it."""
    connection = served.connect()
    connection.request(method, path, body, headers(key, method, path, body, seq))
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status


def enrol(served, token):
    key = Key()
    body = json.dumps({"token": token, "public_key": key.public.hex(), "version": "0",
                       "name": f"p-{key.probe}"}).encode()
    assert signed(served, key, "POST", "/v1/enroll", body) == 200
    return key


def speak(served, _):
    """A site's probe: enrols, asks, reports, and leaves or is revoked."""
    key = enrol(served, served.catchwater("token", "new", "--site", "s1",
                                        "--service", "sim-1").stdout.split()[0])
    report = {"version": "0", "site": "s1", "service": "sim-1", "lease_us": 2_000_000, "families": [
        {"family": 4, "announced": {"is": "yes", "for_us": 1}, "healthy": {
            "is": "yes", "for_us": 1}}]}
    assert signed(served, key, "GET", "/v1/assignment") == 200
    assert signed(served, key, "POST", "/v1/site", json.dumps(report).encode(),
                  time.time_ns() // 1000) == 200
    if int(key.probe, 16) % 2:
        assert signed(served, key, "POST", "/v1/leave") == 200
    else:
        served.catchwater("vantages", "revoke", f"p-{key.probe}")
        assert signed(served, key, "GET", "/v1/assignment") == 403


def read(served, n):
    assert served.ask("/metrics", {"Accept": "text/plain"} if n % 2 else {}).status == 200
    assert served.ask("/healthz").status in (200, 503)


def reload(served, n):
    """The certificate, the services and the alerts change."""
    take_certificate(served.folder, ("second", "first")[n % 2])
    served.write(simulate_services() + (SERVICES if n % 3 else ""), ALERT if n % 2 else "")
    served.reload()
    time.sleep(0.3)


def look(served, n):
    """What operators do beside it."""
    copy = served.folder / f"copy-{n}.db"
    served.catchwater("backup", copy)
    copy.unlink()
    served.catchwater("status")
    served.catchwater("drain", "sim-1", "s2")
    served.catchwater("drain", "sim-1", "s2", "--undo")
    if n == 0:
        return   # not everybody has enrolled yet
    name = next(v["vantage"] for v in json.loads(
        served.catchwater("vantages", "--json").stdout) if not v["vantage"].startswith("p-"))
    served.catchwater("vantages", "quarantine", name)
    served.catchwater("vantages", "release", name)


def until_the_end(work):
    """The same, which does not mind that the collector is gone."""
    def done(served, n):
        with contextlib.suppress(OSError, http.client.HTTPException, AssertionError):
            if served.child.poll() is None:
                work(served, n)
    done.__name__ = work.__name__
    return done


def batches(served):
    """How many it took."""
    lines = served.ask("/metrics").text.splitlines()
    return next(int(line.split()[1]) for line in lines
                if line.startswith("catchwater_batches_total "))


def dawdle(served, n):
    """Clients that say half of it, slowly; half of a handshake; none of it."""
    context = ssl.create_default_context(cafile=served.folder / "ca.pem")
    with contextlib.suppress(OSError), \
            socket.create_connection(("127.0.0.1", served.port), 30) as plain:
        if n % 4 == 0:
            plain.sendall(b"\x16\x03\x01\x02\x00\x01")
        if n % 2 == 0:
            time.sleep(0.2)
            return
        with context.wrap_socket(plain, server_hostname="127.0.0.1") as tls:
            for piece in (b"POST /v1/ba", b"tches HTTP/1.1\r\nHost: c\r\n",
                          b"Content-Length: 5000\r\n\r\n", b"{" * n):
                tls.sendall(piece)
                time.sleep(0.05)


@contextlib.contextmanager
def collector(folder):
    with Served(folder, simulate_services(), is_tls=True, program=PROGRAM) as served:
        yield served
        status = served.stop()
    log = served.log()
    assert "WARNING: ThreadSanitizer" not in log, log
    assert status == 0, log


@pytest.fixture(name="folder")
def _folder(tmp_path):
    make_authority(tmp_path)
    for name in ("first", "second"):
        make_certificate(tmp_path, name, name)
    take_certificate(tmp_path, "first")
    return tmp_path


def test_no_two_threads_meet_unawares(folder):
    with collector(folder) as served:
        workers = [Worker(served, work) for work in (speak, read, reload, look, dawdle)]
        with fleet(served, FLEET, FLEET_S) as first, \
                fleet(served, OTHERS, 5, "--fresh") as second:
            for worker in workers:
                worker.start()
            told = json.loads(first.communicate()[0]), json.loads(second.communicate()[0])
        for worker in workers:
            worker.end()
        assert told[0]["batches"] > FLEET and told[1]["batches"] > OTHERS
        assert told[0]["refused"] == 0 and told[1]["refused"] == 0


def test_the_end_may_come_at_any_time(folder):
    """With batches, answers and handshakes under way."""
    for n in range(STOPS):
        with collector(folder) as served:
            workers = [Worker(served, until_the_end(work)) for work in (read, dawdle, reload)]
            with fleet(served, OTHERS, 60) as load:
                for worker in workers:
                    worker.start()
                wait_until(lambda: batches(served) > 10 * n, "batches")
                assert served.stop() == 0
                load.kill()
            for worker in workers:
                worker.end()
