"""catchwater-probe measure: by root and by an ordinary user, in both families."""

import json

import pytest

from labnet.topology import ANYCAST, ZONE


def measure(lab, probe, node, user, *words):
    return lab.exec(node, probe, "measure", "--zone", ZONE, *words, user=user)


def observations(done):
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("family", [4, 6])
@pytest.mark.parametrize("node", ["berlin", "tokyo"])
def test_it_tells_who_how_far_and_by_which_path(lab, probe, node, family, user):
    true = lab.truth()[node][f"v{family}"]
    identity = lab.nodes()[true["site"]]["identity"]
    done = measure(lab, probe, node, user, "--json", ANYCAST[family])
    assert done.returncode == 0, done.stderr
    records = observations(done)
    dns = [r for r in records if r["kind"] == "dns"]
    assert {bytes.fromhex(r["nsid"]).decode() for r in dns} == {identity}
    assert bytes.fromhex(dns[0]["chaos"]["txt"]).decode() == identity
    assert all(r["outcome"] == "ok" and r["aa"] and r["serial"] for r in dns)
    for record in dns:
        assert true["rtt_ms"] * 0.9 < record["rtt_us"] / 1000 < true["rtt_ms"] + 60
    trace = next(r for r in records if r["kind"] == "trace")
    assert trace["reached"] and len(trace["hops"]) == len(true["path"]) - 1
    assert bytes.fromhex(trace["nsid"]).decode() == identity
    assert any(r["kind"] == "ping" and r["received"] for r in records)

    text = measure(lab, probe, node, user, ANYCAST[family]).stdout
    for words in (f"site      {true['site']}, instance 1", f"NSID      {identity}",
                  f"CHAOS     {identity}", "path", "the target"):
        assert words in text


@pytest.mark.parametrize("proto", ["udp", "tcp"])
@pytest.mark.parametrize("site", ["ams", "nyc", "sin"])
def test_each_kind_of_server_is_read(lab, probe, site, proto):
    node = lab.nodes()[site]
    done = measure(lab, probe, "berlin", "nobody", "--dns", "--json", "--proto", proto,
                   "--count", "1", node["v4"], node["v6"])
    assert done.returncode == 0, done.stderr
    for record in observations(done):
        assert record["proto"] == proto
        assert bytes.fromhex(record["nsid"]).decode() == node["identity"]


def test_a_dead_server_is_refused_and_named(lab, probe):
    lab.event("stop-dns", "nyc")
    done = measure(lab, probe, "chicago", "nobody", "--dns", "--count", "1", "--json",
                   ANYCAST[4])
    assert done.returncode == 1
    assert [r["outcome"] for r in observations(done)] == ["refused"]
    text = measure(lab, probe, "chicago", "nobody", "--count", "1", ANYCAST[4]).stdout
    assert "refused" in text
    lab.event("start-dns", "nyc")


def test_what_cannot_be_measured_is_said_and_the_rest_goes_on(lab, probe):
    done = measure(lab, probe, "berlin", "nobody", "--dns", "--count", "1",
                   "no-such-name.invalid", "203.0.113.254", ANYCAST[4])
    assert done.returncode == 1
    assert "no-such-name.invalid" in done.stdout + done.stderr
    assert "site      ams" in done.stdout
    assert measure(lab, probe, "berlin", "nobody", "--nonsense", ANYCAST[4]).returncode == 2
