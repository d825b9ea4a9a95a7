"""The units, and what the programs tell a supervisor; systemd itself is not needed."""

import contextlib
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile

import pytest

from served import BUILD, PATIENCE_S, ROOT, Served, run

UNITS = sorted((ROOT / "tools/systemd").glob("*.service"))
# systemd's own scale, 0 to 10: under this it is called OK.
EXPOSURE_MAX = 2.0
needs_analyze = pytest.mark.skipif(not shutil.which("systemd-analyze"),
                                   reason="systemd-analyze is not installed")


def analyze(*words):
    return subprocess.run(["systemd-analyze", *words], capture_output=True, text=True,
                          check=False, timeout=60)


@pytest.fixture(name="unit", params=UNITS, ids=lambda path: path.name)
def _unit(request, tmp_path):
    """A unit as it is installed, for programs that are here."""
    path = tmp_path / request.param.name
    path.write_text(request.param.read_text().replace("/usr/local/bin", str(BUILD)))
    return path


def test_there_are_units_for_all_that_stays():
    assert {path.name for path in UNITS} == {
        "catchwater.service", "catchwater-probe.service", "catchwater-probe-site.service"}


@needs_analyze
def test_systemd_understands_every_line(unit):
    done = analyze("verify", "--man=no", unit)
    # What it has to say of other units of this machine is not ours.
    said = [line for line in done.stderr.splitlines() if unit.name in line]
    assert not said


@needs_analyze
def test_units_are_hardened(unit):
    done = analyze("security", "--offline=true", "--no-pager", unit)
    if "Unknown" in done.stderr or "unrecognized" in done.stderr:
        pytest.skip("this systemd-analyze knows no --offline")
    score = float(re.search(r"exposure level for .*: ([0-9.]+)", done.stdout)[1])
    print(f"exposure {unit.name} {score}")
    assert score <= EXPOSURE_MAX


class Supervisor:
    """The socket that NOTIFY_SOCKET names, and what was said there."""

    def __init__(self, name):
        self.name = name
        self.said = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind("\0" + name[1:] if name[0] == "@" else name)
        self._socket.settimeout(PATIENCE_S)

    def wait_for(self, line):
        """The whole message in which the line stands."""
        while True:
            message = self._socket.recv(4096).decode()
            self.said += message.splitlines()
            if line in message.splitlines():
                return message

    def env(self):
        return {"NOTIFY_SOCKET": self.name, "WATCHDOG_USEC": "3000000"}

    def close(self):
        self._socket.close()


@pytest.fixture(name="supervisor", params=["path", "abstract"])
def _supervisor(request):
    with tempfile.TemporaryDirectory() as folder:   # a short path: the kernel's limit is 107
        name = f"{folder}/n" if request.param == "path" else f"@catchwater-test-{os.getpid()}"
        with contextlib.closing(Supervisor(name)) as supervisor:
            yield supervisor


def test_the_collector_says_when_it_is_ready_well_reloading_and_stopping(tmp_path, supervisor):
    with Served(tmp_path, env=supervisor.env()) as served:
        supervisor.wait_for("READY=1")
        supervisor.wait_for(f"STATUS=127.0.0.1:{served.port}: well")
        supervisor.wait_for("WATCHDOG=1")
        served.child.send_signal(signal.SIGHUP)
        assert re.fullmatch(r"RELOADING=1\nMONOTONIC_USEC=\d+",
                            supervisor.wait_for("RELOADING=1"))
        supervisor.wait_for("READY=1")
        served.config.write_text("nonsense")   # refused, and it goes on
        served.child.send_signal(signal.SIGHUP)
        supervisor.wait_for("RELOADING=1")
        supervisor.wait_for("READY=1")
        supervisor.wait_for("WATCHDOG=1")
        served.child.terminate()
        supervisor.wait_for("STOPPING=1")
        assert served.stop() == 0


def test_a_probe_says_when_it_is_ready_and_stopping(tmp_path):
    probe = BUILD / "catchwater-probe"
    name = f"@catchwater-test-probe-{os.getpid()}"
    with Served(tmp_path) as served, contextlib.closing(Supervisor(name)) as supervisor:
        run(probe, "enroll", "--state", tmp_path / "p", "--name", "one", "--token",
            served.token(), "--collector", f"http://127.0.0.1:{served.port}")
        with subprocess.Popen([probe, "run", "--state", tmp_path / "p"],
                              env={**os.environ, **supervisor.env()}) as child:
            try:
                supervisor.wait_for("READY=1")
                supervisor.wait_for("WATCHDOG=1")   # from inside its sandbox
                child.send_signal(signal.SIGHUP)
                supervisor.wait_for("RELOADING=1")
                supervisor.wait_for("READY=1")
                child.terminate()
                supervisor.wait_for("STOPPING=1")
                assert child.wait(PATIENCE_S) == 0
            finally:
                child.kill()


def test_no_supervisor_is_no_fault(tmp_path):
    for name in ("", "relative", "/nowhere/at/all", "@nobody-listens", "/" + 200 * "x"):
        with Served(tmp_path, env={"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "12x"}) as served:
            assert served.ask("/healthz").status == 200
        pathlib.Path(tmp_path / "log").unlink()
