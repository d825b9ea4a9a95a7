"""The probe without any privilege: as in a container that has none.

By an ordinary user who cannot gain anything, and by "root" of a user namespace
that owns no network; where users may ping, and at a vantage where they may not.
"""

import json
import shutil
import subprocess
import time

import pytest

from conftest import ROOT, is_alone
from labnet import users
from labnet.topology import ANYCAST, ZONE

NODES = {"open": "toronto", "closed": "london"}
NODE = NODES["closed"]
USER = "nobody"
SHELLS = {
    "no-new-privileges": ["setpriv", "--no-new-privs", "--"],
    "user-namespace": ["unshare", "--user", "--map-root-user", "--"],
}


@pytest.fixture(name="probe", scope="module")
def _probe(world):
    return f"{world.programs}/catchwater-probe"


@pytest.fixture(name="small", scope="module")
def _small(world):
    """The program of `make probe-static`, beside the ordinary helper."""
    subprocess.run(["make", "-s", "-j2", "-C", ROOT, "probe-static"], check=True,
                   stdout=subprocess.DEVNULL)
    return shutil.copy(f"{ROOT}/build-static/catchwater-probe-static", world.programs)


@pytest.fixture(name="groups", params=NODES)
def _groups(request):
    """Who may ping: everybody, or nobody."""
    if request.param == "open" and not users.may_ping("toronto", ()):
        pytest.skip("this lab lets nobody ping")
    return request.param


def words_of(shell):
    if shell == "user-namespace" and is_alone():
        pytest.skip("in a user namespace with root alone, only CAP_SETFCAP gives another")
    return SHELLS[shell]


def run(lab, groups, shell, *words):
    return lab.exec(NODES[groups], *words_of(shell), *words, user=USER)


def measure(lab, groups, shell, probe, *words):
    return run(lab, groups, shell, probe, "measure", "--zone", ZONE, "--count", "1", *words)


def observations(done):
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("family", [4, 6])
@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("program", ["probe", "small"])
def test_dns_ping_and_trace_work(lab, request, groups, program, shell, family):
    probe = request.getfixturevalue(program)
    true = lab.truth()[NODES[groups]][f"v{family}"]
    identity = lab.nodes()[true["site"]]["identity"]
    records = observations(measure(lab, groups, shell, probe, "--json", ANYCAST[family]))
    of_kind = {kind: [r for r in records if r["kind"] == kind]
               for kind in ("dns", "ping", "trace")}
    assert {bytes.fromhex(r["nsid"]).decode() for r in of_kind["dns"]} == {identity}
    by = {"open": "icmp", "closed": "tcp"}[groups]
    assert {(r["outcome"], r["proto"]) for r in of_kind["ping"]} == {("ok", by)}
    (trace,) = of_kind["trace"]
    assert trace["reached"] and len(trace["hops"]) == len(true["path"]) - 1


@pytest.mark.parametrize("family", [4, 6])
@pytest.mark.parametrize("asked", ["udp", "tcp", "icmp"])
def test_every_hop_is_found_by_every_protocol(lab, probe, groups, asked, family):
    (trace,) = observations(measure(
        lab, groups, "no-new-privileges", probe, "--json", "--trace", "--proto", asked,
        ANYCAST[family]))
    path = lab.truth()[NODES[groups]][f"v{family}"]["path"]
    used = "udp" if asked == "icmp" and groups == "closed" else asked
    assert trace["proto"] == used
    assert [(hop["ttl"], "address" in hop) for hop in trace["hops"]] == [
        (ttl, True) for ttl in range(1, len(path))]
    assert [hop["ttl"] for hop in trace["hops"] if hop.get("target")] == [len(path) - 1]


@pytest.mark.parametrize("shell", SHELLS)
def test_measure_and_doctor_say_what_they_do_without(lab, probe, groups, shell):
    text = measure(lab, groups, shell, probe, ANYCAST[4], ANYCAST[6]).stdout
    lines = run(lab, groups, shell, probe, "doctor", "--state", "/nonexistent").stdout.splitlines()
    assert [line for line in lines if line.startswith("ok    privilege")]
    assert [line for line in lines if line[6:].startswith("sandbox")]
    assert [line for line in lines if line.startswith("ok    stamps")]
    lost = [line.strip() for line in lines if "lost: " in line]
    if groups == "open":
        assert "datagram socket; no CAP_NET_RAW, but net.ipv4.ping_group_range" in text
        assert [line for line in lines if line.startswith("warn  icmp v6      datagram")]
        assert len(lost) == 2 * 3
    else:
        assert "none, so ping goes by TCP; no CAP_NET_RAW, and net.ipv4" in text
        assert [line for line in lines if line.startswith("warn  icmp v6      none")]
        assert len(lost) == 2 * 5


@pytest.mark.parametrize("shell", SHELLS)
def test_a_capture_is_refused_with_a_way_out(lab, probe, shell):
    done = measure(lab, "open", shell, probe, "--pcap", "/tmp/never", ANYCAST[4])
    assert done.returncode == 2
    assert "cap_net_raw" in done.stderr and "tcpdump" in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("program", ["probe", "small"])
def test_a_resident_probe_measures_and_uploads(world, request, program, shell):
    probe = request.getfixturevalue(program)
    words = words_of(shell)
    world.stop_probe(NODE)
    begun_us = int(time.time() * 1e6)
    child = world.lab.popen(NODE, *words, probe, "run", "--state",
                            world.state_of(NODE), user=USER, stdin=subprocess.DEVNULL)
    try:
        for family in (4, 6):
            for kind in ("dns", "ping", "trace"):
                world.wait(f"{kind} over IPv{family}", lambda f=family, k=kind: answered(
                    world, f, k, begun_us), 150)
    finally:
        child.terminate()
        child.wait(timeout=30)
        world.start_probe(NODE)


def answered(world, family, kind, since_us):
    """Observations with an answer that the collector has of the vantage."""
    return world.query(
        "SELECT count(*) FROM observation o JOIN vantage v ON v.id = o.vantage_id"
        " JOIN probe p ON p.id = v.probe_id WHERE p.name = ? AND v.family = ?"
        " AND o.kind = ? AND o.outcome = 0 AND o.received_us > ?",
        NODE, family, ("dns", "ping", "trace").index(kind), since_us)[0][0]
