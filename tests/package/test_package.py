"""Debian's packages in a fresh Debian tree, with systemd as process 1.

`tools/check package`, as root: some five minutes, most of it building and
fetching the tree.  The tests are steps of one life: each goes on from the last.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "tests/package"))

from debian import Machine, make_tree, missing, run  # noqa: E402  pylint: disable=wrong-import-position

pytestmark = pytest.mark.skipif(bool(missing()), reason=str(missing()))
PACKAGES = ("catchwater", "catchwater-probe")
URL = "http://127.0.0.1:8420"
STATE = "/var/lib/catchwater-probe"
SERVICE = """service "test" {
  addresses = { "127.0.0.1" }
  zone = "test."
  identity = { "ns1.{site}.test" }
  dns_every = 1s
  site "ams" { }
}
"""
SITE = """site ams
prefix 127.0.0.0/24
command true
address 127.0.0.1
zone test
every 1s
"""
KNOT = """server:
    rundir: {dir}
    identity: "ns1.ams.test"
    nsid: "ns1.ams.test"
    listen: 127.0.0.1@53
log:
  - target: stderr
    any: warning
database:
    storage: {dir}
zone:
  - domain: test
    file: {dir}/zone
    journal-content: none
    zonefile-sync: -1
"""
ZONE = "@ 300 SOA ns1 root 1 3600 600 604800 60\n@ 300 NS ns1\nns1 300 A 127.0.0.1\n"


@pytest.fixture(scope="module", name="folder")
def _folder():
    """Not below pytest's own: the tree's files are many, and other users' too."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="catchwater-package-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture(scope="module", name="packages")
def _packages():
    """CATCHWATER_PACKAGES: a folder of packages that are there already."""
    folder = os.environ.get("CATCHWATER_PACKAGES")
    if not folder:
        run("make", "-s", "-C", ROOT, "deb")
    return sorted(pathlib.Path(folder or ROOT / "build/deb").glob("*.deb"))


@pytest.fixture(scope="module", name="newer")
def _newer(folder, packages):
    """The same packages with a higher version."""
    for path in packages:
        inside = folder / path.stem
        run("dpkg-deb", "-R", path, inside)
        control = inside / "DEBIAN/control"
        control.write_text(re.sub(r"(?m)^(Version: .*)$", r"\1+next", control.read_text()))
        run("dpkg-deb", "-b", inside, folder / f"{path.stem}-next.deb")
    return sorted(folder.glob("*-next.deb"))


@pytest.fixture(scope="module", name="machine")
def _machine(folder, packages):
    make_tree(folder / "tree", packages)
    with Machine(folder / "tree") as machine:
        machine.before = machine.files(), _users(machine)
        yield machine


@pytest.fixture(scope="module", name="server")
def _server(folder, machine):
    """A DNS server on the machine's loopback: site ams."""
    (folder / "zone").write_text(ZONE, encoding="ascii")
    (folder / "knot.conf").write_text(KNOT.format(dir=folder), encoding="ascii")
    child = machine.beside("knotd", "-c", str(folder / "knot.conf"), stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL)
    yield child
    child.terminate()
    child.wait()


def _users(machine):
    return {name: (machine.tree / "etc" / name).read_text() for name in ("passwd", "group")}


def _install(machine, paths):
    for path in paths:
        shutil.copy(path, machine.tree / "root")
    machine.run("dpkg", "-i", *(f"/root/{path.name}" for path in paths))


def _json(machine, *words):
    return json.loads(machine.run_as("catchwater", "catchwater", *words, "--json"))


def _token(machine, *words):
    return machine.run_as("catchwater", "catchwater", "token", "new", *words).split()[0]


def _enroll(machine, state, name, *words):
    machine.run_as("catchwater-probe", "catchwater-probe", "enroll", "--state", state,
                   "--name", name, "--collector", URL, "--token", _token(machine, *words))


def _vantage(machine):
    """The probe, as the collector knows it: not the site."""
    return next(row for row in _json(machine, "vantages") if row["vantage"] == "here/4")


def test_lintian_finds_no_error(packages):
    done = run("lintian", "--allow-root", "--fail-on", "error", *packages, check=False)
    assert done.returncode == 0, done.stdout


def test_they_install_offline_and_the_collector_runs(machine, packages):
    _install(machine, packages)
    assert machine.active("catchwater") == "active"
    assert machine.active("catchwater-probe") == "inactive"   # it has not enrolled
    assert run("nsenter", "-t", machine.leader, "-n", "curl", "-sf", f"{URL}/healthz")
    assert machine.run("stat", "-c", "%a %U", "/var/lib/catchwater", STATE).stdout.split() == [
        "700", "catchwater", "700", "catchwater-probe"]
    assert "Landlock" not in machine.journal("catchwater")


def test_a_command_measures(machine, server):
    assert server.poll() is None
    machine.wait("an answer", lambda: "ams" in machine.run(
        "catchwater-probe", "measure", "--dns", "--zone", "test", "127.0.0.1", check=False).stdout)


def test_a_probe_enrols_and_its_batches_arrive(machine, server):
    assert server.poll() is None
    (machine.tree / "etc/catchwater/conf.d/test.conf").write_text(SERVICE, encoding="ascii")
    machine.run("systemctl", "reload", "catchwater")
    _enroll(machine, STATE, "here")
    machine.run("systemctl", "start", "catchwater-probe")
    machine.wait("a landing", lambda: [
        row for row in _json(machine, "catchment")["landings"] if row["site"] == "ams"])
    pid = machine.show("catchwater-probe", "MainPID")
    status = machine.run("cat", f"/proc/{pid}/status").stdout
    assert re.findall(r"^Cap(?:Prm|Eff|Amb):\s*(\w+)$", status, re.M) == 3 * [16 * "0"]
    assert re.search(r"^Uid:\s+(?!0\b)\d+", status, re.M)
    assert "icmp v4=raw v6=raw" in machine.journal("catchwater-probe")


def test_a_site_speaks_for_itself(machine, server):
    assert server.poll() is None
    _enroll(machine, "/var/lib/catchwater-site", "here-ams", "--site", "ams")
    (machine.tree / "etc/catchwater/site.conf").write_text(SITE, encoding="ascii")
    machine.run("systemctl", "start", "catchwater-probe-site")
    machine.wait("its word", lambda: [
        row for row in _json(machine, "sites")
        if row["announced"] == "yes" and row["healthy"] == "yes"])


def test_the_data_sheet_tells_what_is_here(machine):
    sheet = machine.run_as("catchwater-probe", "catchwater-probe", "doctor", "--privacy",
                           "--state", STATE)
    assert URL in sheet and STATE in sheet and "127.0.0.1" in sheet


def test_an_upgrade_keeps_the_data_and_restarts(machine, server, newer):
    assert server.poll() is None
    units = ("catchwater", "catchwater-probe", "catchwater-probe-site")
    before, pids = _vantage(machine), [machine.show(unit, "MainPID") for unit in units]
    _install(machine, newer)
    for unit, pid in zip(units, pids):
        machine.wait(unit, lambda unit=unit: machine.active(unit) == "active")
        assert machine.show(unit, "MainPID") not in (pid, "0")
    assert machine.run("dpkg-query", "-W", "-f", "${Version}", PACKAGES[0]).stdout.endswith("+next")
    machine.wait("the next batch", lambda: _vantage(machine)["received"] > before["received"])
    assert _vantage(machine)["enrolled"] == before["enrolled"]
    assert _vantage(machine)["n_lost"] == 0
    assert not machine.run("systemctl", "--failed", "--no-legend").stdout


def test_a_removal_keeps_the_data_and_a_purge_leaves_nothing(machine):
    machine.run("dpkg", "--remove", *PACKAGES)
    assert (machine.tree / "var/lib/catchwater/catchwater.db").exists()
    assert (machine.tree / "etc/catchwater/catchwater.conf").exists()
    machine.run("dpkg", "--purge", *PACKAGES)
    files, users = machine.before
    assert machine.files() - files == set()
    assert files - machine.files() == set()
    assert _users(machine) == users
    assert machine.run("find", "/dev/shm", "-name", "catchwater-*").stdout == ""
    assert not machine.run("systemctl", "--failed", "--no-legend").stdout
