"""Paths as catchwater-probe sees them, held to the routes that were written
down: nothing that does not exist, and nothing missing.

`paths` has one vantage for every kind of path; all are asked at once.
"""

import ipaddress
import json
import os
import re
import shutil
import subprocess
import time

import pytest

from conftest import ROOT, is_alone, read_capture
from labnet import netns, pathmap, sniff
from labnet.topology import ANYCAST, FAMILIES, ZONE

VANTAGES = tuple(pathmap.CASES)
PER_PACKET = tuple(v for v, (kind, _) in pathmap.CASES.items() if kind == "per_packet")
# Chance to miss a next hop is 0.05 for each node with several: see it again.
MDA_TRIES = 4
PATIENCE_S = 300
PLACE_S = 60   # from the verdict to the place: the looks began before it
DECOY = ("--decoy", pathmap.DECOY[4])   # the usual one is the service here


# Helpers

def start(lab, probe, vantage, user, *words, targets=tuple(ANYCAST.values())):
    return lab.popen(vantage, probe, "measure", "--json", "--zone", ZONE, "--rate", "0",
                     *words, *targets, user=user, text=True,
                     stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def finish(child):
    """What a measurement printed, as objects."""
    out, complaint = child.communicate(timeout=PATIENCE_S)
    assert child.returncode in (0, 1) and out, complaint
    return [json.loads(line) for line in out.splitlines()]


def measure_all(lab, probe, user, *words, vantages=VANTAGES):
    """{(vantage, "v4" or "v6"): objects}"""
    children = {v: start(lab, probe, v, user, *words) for v in vantages}
    result = {}
    for vantage, child in children.items():
        for told in finish(child):
            result.setdefault((vantage, family_of(told["target"])), []).append(told)
    assert set(result) == {(v, f"v{f}") for v in vantages for f in FAMILIES}
    return result


def family_of(address):
    return f"v{ipaddress.ip_address(address).version}"


def path_of(trace):
    """[address or None] of a trace, by TTL; replies besides the first are no
    part of it."""
    hops = {}
    for hop in trace["hops"]:
        if not hop.get("extra"):
            hops.setdefault(hop["ttl"], hop.get("address"))
    return [hops.get(ttl) for ttl in range(1, max(hops) + 1)]


def first_replies(trace):
    return [hop for hop in trace["hops"] if "address" in hop and not hop.get("extra")]


def told_links(trace):
    return {(link["from"], link["to"]) for link in trace.get("links", [])}


def balanced_ttls(trace):
    """Those that are marked, which are those with several hops."""
    ttls = [hop["ttl"] for hop in first_replies(trace)]
    marked = {hop["ttl"] for hop in first_replies(trace) if hop.get("balanced")}
    assert marked == {ttl for ttl in ttls if ttls.count(ttl) > 1}, trace
    return marked


def balanced_in(truth):
    return {ttl for ttl, addresses in truth["hops"].items() if len(addresses) > 1}


def proven_links(truth):
    """Of a vantage whose packets all take one way: on every way."""
    return set.intersection(*({(one, two) for one, two in zip(path, path[1:]) if one and two}
                              for path in truth["paths"]))


def is_like(path, true_path):
    """A way that exists; some hop may have stayed silent."""
    return len(path) == len(true_path) and all(
        told in (None, true) for told, true in zip(path, true_path))


def without_lost_syns(path, target):
    """Servers and translators that remember a SYN of the same 5-tuple pass
    over the next: the target's answer is then to a later one, or none."""
    way = path[:-1] if path[-1] == target else list(path)
    while way and way[-1] is None:
        way.pop()
    return [*way, target]


# The laboratory itself

@pytest.mark.privileged
@pytest.mark.parametrize("family", FAMILIES)
def test_another_program_sees_the_paths_that_are_true(paths, family):
    """The truth is computed: here it is held to the packets."""
    if not shutil.which("scamper"):
        pytest.skip("not installed: scamper; `make deps`")
    if is_alone():
        pytest.skip("scamper wants another user than root, and here is none")
    true = paths.truth()
    children = {v: paths.popen(
        v, "scamper", "-O", "json", "-c", "trace -P icmp-paris -q 2 -w 1", "-i",
        ANYCAST[family], stdout=subprocess.PIPE, text=True) for v in VANTAGES}
    for vantage, child in children.items():
        told = [json.loads(line) for line in child.communicate()[0].splitlines()]
        trace = next(it for it in told if it["type"] == "trace")
        extra = paths.topology.nodes["odd-twin"].address[family]
        hops = {hop["probe_ttl"]: hop["addr"] for hop in trace["hops"] if hop["addr"] != extra}
        path = [hops.get(ttl) for ttl in range(1, max(hops) + 1)]
        if vantage in PER_PACKET:
            assert path[0] == true[vantage][f"v{family}"]["paths"][0][0]
        else:
            assert any(is_like(path, way) for way in true[vantage][f"v{family}"]["paths"]), vantage


def test_flows_and_packets_are_spread_as_said(paths):
    """By route lookups and by who answers, in both families."""
    names = {}
    for vantage in ("split", "scatter", "wide4"):
        names[vantage] = {
            (family, paths.exec(vantage, "dig", "+short", f"@{ANYCAST[family]}",
                                "id.server", "CH", "TXT").stdout)
            for family in FAMILIES for _ in range(12)}
    assert len(names["split"]) == len(names["scatter"]) == 4
    assert len(names["wide4"]) == 2


# Traces

@pytest.mark.parametrize("proto", ["udp", "plain", "icmp", "tcp"])
def test_no_trace_has_a_hop_or_link_that_is_not_there(paths, probe, user, proto):
    """A false link of the default's 8 packets a hop is missed in one of some
    thousand traces over two parallel chains (tests/unit/test_trace.c): here they
    are two, by udp as an ordinary user.  With 16 packets it is one in 10^8."""
    true = paths.truth()
    is_default = proto == "udp" and user is not None
    told = measure_all(paths, probe, user, "--trace", "--proto", proto, "--count", "2",
                       *(() if is_default else ("--queries", "16")))
    for (vantage, family), traces in told.items():
        truth = true[vantage][family]
        assert len(traces) == 2
        for number, trace in enumerate(traces):
            path = path_of(trace)
            if proto == "tcp":
                path = without_lost_syns(path, trace["target"])
            else:
                assert trace.get("reached"), (vantage, trace)
            for hop in first_replies(trace):
                assert hop["address"] in (*truth["hops"].get(hop["ttl"], ()), trace["target"]), \
                    (vantage, trace)
            assert told_links(trace) <= set(truth["links"]), (vantage, trace)
            assert ("links" in trace) == (number == 0 or not is_default)
            if vantage not in PER_PACKET:
                assert any(is_like(path, way) for way in truth["paths"]), (vantage, path)
                assert not balanced_ttls(trace), (vantage, trace)
        assert any(trace.get("reached") for trace in traces) or vantage in (
            *PER_PACKET, *pathmap.NAT), (vantage, traces)
        if vantage not in PER_PACKET:
            wanted = {(one, two) for one, two in proven_links(truth)
                      if proto != "tcp" or two != traces[0]["target"]}
            assert vantage == "odd" or wanted <= set.union(*map(told_links, traces)), \
                (vantage, traces)
        elif not is_default:
            # To miss one in both has a chance of 2^-30.
            assert balanced_in(truth) <= set.union(*map(balanced_ttls, traces)), (vantage, traces)
    assert is_default <= any(balanced_ttls(traces[0]) for (vantage, _), traces in told.items()
                             if vantage in PER_PACKET)


def test_looks_do_not_lose_a_hop_that_answers_once(paths, probe, user):
    """Each try comes when nobody has asked it for more than a second."""
    found = set()
    for _ in range(8):
        time.sleep(1.5)
        for trace in finish(start(paths, probe, "odd", user, "--trace")):
            (hop,) = [hop for hop in trace["hops"] if hop["ttl"] == 3]
            found |= {trace["target"]} if "address" in hop else set()
            assert not {link["ttl"] for link in trace["links"]} & {3, 4}, trace
        if found == set(ANYCAST.values()):
            return
    assert False, found


def test_links_of_one_packet_a_hop_are_not_told(paths, probe, user):
    for trace in finish(start(paths, probe, "shuffle", user, "--trace", "--queries", "1")):
        assert "links" not in trace and "queries" not in trace
        assert not balanced_ttls(trace)


@pytest.mark.parametrize("proto", ["udp", "plain", "icmp", "tcp"])
def test_odd_hops_are_told_apart(paths, probe, user, proto):
    """A silent hop, one with a rate limit, one that answers from another
    link, one that answers twice from two addresses, one inside MPLS."""
    true = paths.truth()["odd"]
    children = start(paths, probe, "odd", user, "--trace", "--proto", proto)
    for trace in finish(children):
        family = family_of(trace["target"])
        by_ttl = {}
        for hop in trace["hops"]:
            by_ttl.setdefault(hop["ttl"], []).append(hop)
        ttls = {name: number for number, name in enumerate(
            ("a", "mute", "slow", "third", "twin", "label", "core1"), 1)}
        assert all("address" not in hop for hop in by_ttl[ttls["mute"]])
        assert [hop["address"] for hop in by_ttl[ttls["third"]] if not hop.get("extra")] == \
            true[family]["hops"][ttls["third"]]
        # Who asked it a moment ago finds it silent.
        assert [hop.get("address") for hop in by_ttl[ttls["slow"]]] in (
            [None], true[family]["hops"][ttls["slow"]])
        assert not balanced_ttls(trace)
        way = true[family]["paths"][0]
        assert told_links(trace) <= set(zip(way, way[1:]))
        assert not {link["ttl"] for link in trace["links"]} & {1, 2, 3, 4}, trace
        twin = paths.topology.nodes["odd-twin"].address[int(family[1])]
        first = {true[family]["hops"][ttls["twin"]][0]: False}
        told = {hop["address"]: bool(hop.get("extra")) for hop in by_ttl[ttls["twin"]]}
        # A connection that has failed hears no more.
        assert told in ([first, {**first, twin: True}] if proto == "tcp" else
                        [{**first, twin: True}])
        for hop in by_ttl[ttls["label"]]:
            assert [(label["label"], label["tc"], label["ttl"]) for label in hop["labels"]] == \
                list(pathmap.LABELLED["odd-label"])


CAPTURES = os.path.join(os.environ.get("CATCHWATER_DATA") or f"{ROOT}/../shared/data",
                        "packets-icmp/tcpdump")


def extensions_in(capture):
    """{bytes: labels as tcpdump reads them} of the errors in a capture."""
    text = read_capture(capture, "-vx")
    result = {}
    for packet in re.split(r"^(?=\d\d:)", text, flags=re.M):
        if "time exceeded" not in packet:
            continue
        data = bytes.fromhex("".join(re.findall(r"^\s+0x\w+:  (.*)", packet, re.M)))
        result[data[20 + 8 + 128:]] = [tuple(map(int, found)) for found in re.findall(
            r"label (\d+), tc (\d+)(?:, \[S\])?, ttl (\d+)", packet)]
    return result


def test_labels_that_real_routers_sent_are_read(paths, probe):
    """This kernel may know no MPLS; a hop here sends what was captured."""
    capture = f"{CAPTURES}/mpls-traceroute.pcap"
    if not os.path.exists(capture):
        pytest.skip(f"no captures beside the project: {capture}")
    found = extensions_in(capture)
    assert len(found) >= 2
    try:
        for extension, labels in found.items():
            paths.start_odd_hop("odd-label", extension)
            for trace in finish(start(paths, probe, "odd", "nobody", "--trace")):
                hop = next(hop for hop in trace["hops"] if "labels" in hop)
                assert [(label["label"], label["tc"], label["ttl"])
                        for label in hop["labels"]] == labels
    finally:
        paths.start_odd_hop("odd-label")


@pytest.mark.parametrize("proto", ["udp", "plain", "icmp", "tcp"])
def test_a_trace_has_one_flow_label(paths, probe, user, proto):
    """In IPv6 balancers hash the label too.  (What the kernel says by itself
    to answers that come late is no part of the trace.)"""
    with netns.entered(paths.names["straight-a"]):
        listening = sniff.listen(["straight"])
    (trace,) = finish(start(paths, probe, "straight", user, "--trace", "--proto", proto,
                            targets=[ANYCAST[6]]))
    sent = [packet for packet in sniff.packets(listening, 0.2)
            if packet.target == ANYCAST[6] and packet.ttl <= max(
                hop["ttl"] for hop in trace["hops"])]
    assert len(sent) >= len(trace["hops"])
    assert len({packet.bytes[:4] for packet in sent}) == 1


def test_without_permission_to_ping_paths_are_as_true(paths, probe):
    """As a new namespace has it: ICMP's place is taken by UDP, and told so."""
    (vantage,) = paths.topology.CLOSED
    for trace in finish(start(paths, probe, vantage, "nobody", "--trace", "--proto", "icmp")):
        path = path_of(trace)
        assert trace["proto"] == "udp"
        assert any(is_like(path, way) for way in
                   paths.truth()[vantage][family_of(trace["target"])]["paths"]), path


# Multipath detection

def test_every_link_of_every_path_is_found_and_no_other(paths, probe, user):
    true = paths.truth()
    wanted = {(v, f"v{f}") for v in VANTAGES if v not in PER_PACKET for f in FAMILIES}
    for _ in range(MDA_TRIES):
        vantages = tuple({v for v, _ in wanted})
        for key, objects in measure_all(paths, probe, user, "--mda",
                                        vantages=vantages).items():
            vantage, family = key
            (found,) = objects
            assert found["kind"] == "multipath"
            links = mda_links(found)
            inner = {link for link in true[vantage][family]["links"]
                     if link[0] != paths.topology.nodes[vantage].address[int(family[1])]}
            assert links <= inner, (key, links - inner)
            assert not any(ttl.get("per_packet") for ttl in found["ttls"]), key
            if found["end"] == "complete" and links == inner:
                wanted.discard(key)
        if not wanted:
            break
    assert not wanted


def mda_links(found):
    return {(link["from"], link["to"]) for ttl in found["ttls"] for link in ttl["links"]}


def test_packets_that_are_spread_one_by_one_make_no_links(paths, probe, user):
    true = paths.truth()
    for (vantage, family), objects in measure_all(
            paths, probe, user, "--mda", vantages=PER_PACKET).items():
        (found,) = objects
        truth = true[vantage][family]
        assert mda_links(found) <= set(truth["links"]), vantage
        assert any(ttl.get("per_packet") for ttl in found["ttls"]), vantage
        for ttl in found["ttls"]:
            for node in ttl["nodes"]:
                assert node.get("address") in (None, *truth["hops"][ttl["ttl"]])


# Flows

def class_of(truth):
    """By who answers: paths that differ and meet again are one landing."""
    return truth["balance"] if len(truth["sites"]) > 1 else "single"


def test_every_vantage_is_classed_rightly(paths, probe, user):
    true = paths.truth()
    told = measure_all(paths, probe, user, "--flows", "16")
    for (vantage, family), objects in told.items():
        (found,) = objects
        assert found["kind"] == "flows"
        assert found["class"] == class_of(true[vantage][family]), (vantage, family)


def test_a_route_that_changes_is_moving_and_no_balance(paths, probe, user):
    child = start(paths, probe, "moving", user, "--flows", "16", "--interval", "0.3")
    time.sleep(2)
    assert child.poll() is None
    paths.event("move")
    for found in finish(child):
        assert found["class"] == "moving", found


# Middleboxes

def test_nobody_is_called_an_interceptor_without_one(paths, probe, user):
    """Not by balancers, odd hops and translators either."""
    for key, objects in measure_all(paths, probe, user, "--middlebox", *DECOY).items():
        (found,) = objects
        assert found["kind"] == "middlebox" and not found["intercepted"], (key, found)
        assert "answer_ttl" not in found and "place" not in found, (key, found)


@pytest.mark.parametrize("router", ["straight-a", "straight-b"])
def test_an_interceptor_is_found_at_its_hop(paths, probe, user, router):
    """A resolver answers all DNS over UDP, at the first router, in transit."""
    paths.event("intercept", router)
    for found in finish(start(paths, probe, "straight", user, "--middlebox", *DECOY)):
        assert found["intercepted"], found
        check_place(paths, "straight", router, found, is_exact=True)
        signs = {signal["signal"] for signal in found["signals"]}
        assert {"flags", "decoy"} <= signs, found


def test_an_interceptor_in_a_provider_is_found_from_all_behind_it(paths, probe, user):
    """One hop before the target, where distance is no sign of its own.  Where
    flows or packets may pass it, or ways differ in length, its place is told
    rightly or not at all."""
    paths.event("intercept", "core1")
    for (vantage, _), (found,) in measure_all(
            paths, probe, user, "--middlebox", *DECOY).items():
        is_all_caught = vantage not in (*PER_PACKET, "split")
        assert found["intercepted"] or not is_all_caught, (vantage, found)
        check_place(paths, vantage, "core1", found,
                    is_exact=is_all_caught and vantage != "uneven")


@pytest.mark.parametrize("vantage, router", [
    ("split", "split-b1"), ("wide2", "wide2-b2"), ("mesh", "mesh-c1"), ("uneven", "uneven-d"),
    ("shuffle", "shuffle-c1"), ("scatter", "scatter-a"), ("odd", "odd-mute"),
    ("odd", "odd-slow"), ("odd", "odd-third"), ("natted", "natted-a")])
def test_an_interceptor_is_placed_rightly_or_not_at_all(paths, probe, user, vantage, router):
    """On one branch of several, where they meet, behind and at odd hops."""
    paths.event("intercept", router)
    for found in finish(start(paths, probe, vantage, user, "--middlebox", *DECOY)):
        check_place(paths, vantage, router, found)


def check_place(lab, vantage, router, found, is_exact=False):
    """Never a wrong place; none only with the reason for it."""
    family = ipaddress.ip_address(found["target"]).version
    places = pathmap.places_of(lab.topology, vantage, family, router)
    ttl, hop = found.get("answer_ttl"), found.get("answer_hop")
    said = (vantage, router, found)
    assert ("place" in found) == found["intercepted"], said
    if not found["intercepted"]:
        assert ttl is None and hop is None, said
    elif ttl is None:
        assert hop is None and found["place"].startswith("unknown: "), said
    else:
        assert ttl in places, said
        if hop is None:
            assert found["place"].startswith("hop unknown: "), said
        else:
            assert found["place"] == "known" and hop in places[ttl], said
    if is_exact:
        assert ttl and (hop or places[ttl] == {None}), said


def test_a_second_answer_is_recorded(paths, probe, user):
    """Forged answers win the race; the true ones come after them."""
    paths.event("inject", "core1")
    for told in finish(start(paths, probe, "straight", user, "--dns", "--count", "3",
                             "--listen", "1")):
        second = told["second"]
        assert second["different"] and second["rtt_us"] > told["rtt_us"]
        assert bytes.fromhex(second["nsid"]).decode() == "ns1.one.anycast.example"
        assert "nsid" not in told and told["ra"]


# A collector's view

def row_of(world, vantage, family):
    """{} before the collector has heard of it."""
    return next((row for row in world.json("vantages", "show", vantage)
                 if row["vantage"] == f"{vantage}/{family}"), {})


def stored_paths(world):
    """{(vantage, family): [hops of a path as the collector has it]}"""
    result = {}
    for name, family, hops in world.query(
            "SELECT DISTINCT p.name, v.family, h.hops FROM path h"
            " JOIN observation o ON o.path_id = h.id JOIN vantage v ON v.id = o.vantage_id"
            " JOIN probe p ON p.id = v.probe_id"):
        result.setdefault((name, family), []).append(json.loads(hops))
    return result


def test_a_collector_keeps_balanced_hops_as_such(paths, path_world):
    """The first traces of a probe look; what it sends later does not."""
    true = paths.truth()

    def found():
        return {vantage for (vantage, family), all_hops in stored_paths(path_world).items()
                for hops in all_hops if {hop["ttl"] for hop in hops if hop.get("balanced")} &
                balanced_in(true[vantage][f"v{family}"])}

    path_world.wait("balanced hops", lambda: set(PER_PACKET) <= found(), 180, found)
    assert found() == set(PER_PACKET)
    for (vantage, family), all_hops in stored_paths(path_world).items():
        for hop in (hop for hops in all_hops for hop in hops if hop.get("balanced")):
            assert vantage in PER_PACKET, hop
            assert hop["address"] in true[vantage][f"v{family}"]["hops"][hop["ttl"]]


def place_of(world, vantage, family):
    """What the collector says of its way to the service, with measure's words."""
    row = next((target for target in row_of(world, vantage, family).get("targets", [])
                if target["target"] == ANYCAST[family]), {})
    return {"intercepted": row.get("intercepted") == "yes",
            **{key: row[key] for key in ("place", "answer_ttl", "answer_hop")
               if row.get(key) is not None}}


def test_a_translated_vantage_is_told_as_such(path_world):
    for vantage, nat in (("natted", "yes"), ("straight", "no")):
        path_world.wait(f"NAT of {vantage}", lambda v=vantage, n=nat: row_of(
            path_world, v, 4).get("nat") == n)
        assert row_of(path_world, vantage, 6).get("nat") != "yes"


def test_an_intercepted_vantage_is_told_as_such(paths, path_world):
    paths.event("intercept", "straight-b")
    for family in FAMILIES:
        path_world.wait("the verdict", lambda f=family: row_of(
            path_world, "straight", f).get("between") == "intercepted", 120)
        path_world.wait("the place", lambda f=family: place_of(
            path_world, "straight", f).get("place") == "known", PLACE_S)
        check_place(paths, "straight", "straight-b", {
            "target": ANYCAST[family], **place_of(path_world, "straight", family)}, is_exact=True)
    others = {row["vantage"] for row in path_world.json("vantages")
              if row.get("between") == "intercepted"}
    assert others == {"straight/4", "straight/6"}


def test_an_intercepted_provider_is_placed_from_all_behind_it(paths, path_world):
    """Rightly or not at all, also where ways differ by flow or by packet.
    (`straight` has just had another interceptor.)"""
    paths.event("intercept", "core1")
    vantages = [v for v in VANTAGES if v != "straight"]
    sure = [v for v in vantages if v not in (*PER_PACKET, "split", "uneven")]
    for vantage in sure:
        for family in FAMILIES:
            path_world.wait(f"the place, {vantage}", lambda v=vantage, f=family: place_of(
                path_world, v, f).get("answer_ttl"), 180)
    for vantage in vantages:
        for family in FAMILIES:
            found = place_of(path_world, vantage, family)
            check_place(paths, vantage, "core1", {"target": ANYCAST[family], **found})
