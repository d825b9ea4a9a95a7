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


@pytest.mark.parametrize("family", [4, 6])
def test_a_trace_of_rounds_is_a_table(lab, probe, family, user):
    true = lab.truth()["tokyo"][f"v{family}"]
    done = measure(lab, probe, "tokyo", user, "--trace", "--count", "3", ANYCAST[family])
    assert done.returncode == 0, done.stderr
    assert "reached in 3 of 3 rounds" in done.stdout
    rows = [line.split() for line in done.stdout.splitlines() if "%" in line]
    assert len(rows) == len(true["path"]) - 1
    assert [int(row[0]) for row in rows] == list(range(1, len(rows) + 1))
    assert all(row[2:4] == ["0.0%", "3"] for row in rows)
    for last, average, best, worst in ([float(v) for v in row[4:8]] for row in rows):
        assert best <= last <= worst and best <= average <= worst
    assert "the target" in done.stdout and "changed" not in done.stdout
    records = observations(measure(lab, probe, "tokyo", user, "--trace", "--count", "3",
                                   "--json", ANYCAST[family]))
    assert [record["kind"] for record in records] == ["trace"] * 3
    assert len({record["source_port"] for record in records}) == 1


@pytest.mark.parametrize("family", [4, 6])
def test_where_nothing_balances_every_flow_is_the_same(lab, probe, family, user):
    true = lab.truth()["berlin"][f"v{family}"]
    done = measure(lab, probe, "berlin", user, "--flows", "8", "--json", ANYCAST[family])
    assert done.returncode == 0, done.stderr
    (audit,) = observations(done)
    assert (audit["kind"], audit["class"], audit["places"]) == ("flows", "single", 1)
    assert {row["site"] for row in audit["rows"]} == {true["site"]}
    fixed = {row["source_port"] for row in audit["rows"] if row.get("fixed")}
    varied = {row["source_port"] for row in audit["rows"] if not row.get("fixed")}
    assert len(fixed) == 1 and len(varied) == 8 and not fixed & varied
    text = measure(lab, probe, "berlin", user, "--flows", "8", ANYCAST[family]).stdout
    assert "single: every flow lands at one place" in text


@pytest.mark.parametrize("family", [4, 6])
def test_where_nothing_balances_there_is_one_path(lab, probe, family, user):
    path = lab.truth()["tokyo"][f"v{family}"]["path"]
    done = measure(lab, probe, "tokyo", user, "--mda", "--json", ANYCAST[family])
    assert done.returncode == 0, done.stderr
    (found,) = observations(done)
    assert (found["kind"], found["end"]) == ("multipath", "complete")
    assert [len(ttl["nodes"]) for ttl in found["ttls"]] == [1] * (len(path) - 1)
    assert found["ttls"][-1]["nodes"][0]["target"]
    nodes = [ttl["nodes"][0]["address"] for ttl in found["ttls"]]
    links = [(link["from"], link["to"]) for ttl in found["ttls"] for link in ttl["links"]]
    assert links == list(zip(nodes, nodes[1:]))


def test_where_nothing_intercepts_nothing_is_suspected(lab, probe, user):
    done = measure(lab, probe, "berlin", user, "--middlebox", "--json", "--decoy",
                   "203.0.113.254", "--identity", "ns{instance}.{site}.anycast.example",
                   ANYCAST[4], ANYCAST[6])
    assert done.returncode == 0, done.stderr
    for found in observations(done):
        assert found["kind"] == "middlebox" and not found["intercepted"], found
        assert found["score"] < 4 and found["decoy"]["answered"] == 0
        kinds = {(step["kind"], step["proto"]) for step in found["measured"]}
        assert {("dns", "udp"), ("dns", "tcp"), ("trace", "udp")} <= kinds
    text = measure(lab, probe, "berlin", user, "--middlebox", "--decoy", "203.0.113.254",
                   ANYCAST[4]).stdout
    assert "203.0.113.254: silent, as it must be" in text
    assert "INTERCEPTED" not in text and "verdict" in text


def test_a_list_is_streamed(lab, probe, tmp_path):
    nodes = [lab.nodes()[site] for site in ("ams", "nyc", "sin")]
    listed = tmp_path / "list"
    listed.write_text("\n".join([node[v] for node in nodes for v in ("v4", "v6")] * 20
                                + ["999.1.1.1"]))
    done = measure(lab, probe, "berlin", None, "--targets", str(listed), "--json",
                   "--rate", "200")
    assert done.returncode == 1
    assert f"{listed}:121: 999.1.1.1" in done.stderr
    records = observations(done)
    assert len(records) == 120
    identity = {node[v]: node["identity"] for node in nodes for v in ("v4", "v6")}
    for record in records:
        assert bytes.fromhex(record["nsid"]).decode() == identity[record["target"]]


def test_what_cannot_be_measured_is_said_and_the_rest_goes_on(lab, probe):
    done = measure(lab, probe, "berlin", "nobody", "--dns", "--count", "1",
                   "no-such-name.invalid", "203.0.113.254", ANYCAST[4])
    assert done.returncode == 1
    assert "no-such-name.invalid" in done.stdout + done.stderr
    assert "site      ams" in done.stdout
    assert measure(lab, probe, "berlin", "nobody", "--nonsense", ANYCAST[4]).returncode == 2
