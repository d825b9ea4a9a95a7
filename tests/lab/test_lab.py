"""The laboratory itself: does it do what it says?"""

import glob
import json
import os
import pwd
import re
import signal
import subprocess
import sys
import time

import pytest

import labnet
from labnet import netns, users
from labnet.lab import Lab
from labnet.topology import ANYCAST, FAMILIES, Topology, distance_km

LAB = [sys.executable, os.path.join(os.path.dirname(labnet.__path__[0]), "lab")]
SITES = ("ams", "nyc", "sin", "gru")
VANTAGES = tuple(node.name for node in Topology().by_role("vantage"))
PATIENCE_S = 15


# Helpers

def dig(family):
    return ("dig", f"-{family}", "+nsid", "+tries=1", "+time=3",
            f"@{ANYCAST[family]}", "anycast.example", "SOA")


def site_in(text):
    found = re.search(r'NSID: .*\("ns1\.(\w+)\.anycast\.example"\)', text)
    return found.group(1) if found else None


def asked(lab):
    """The site that each vantage's own dig names, or None."""
    running = {(vantage, family): lab.popen(
        vantage, *dig(family), stdout=subprocess.PIPE, text=True)
        for vantage in VANTAGES for family in FAMILIES}
    return {key: site_in(child.communicate()[0]) for key, child in running.items()}


def routed(lab):
    return {(vantage, family): landings[f"v{family}"]["site"]
            for vantage, landings in lab.truth().items() for family in FAMILIES}


def eventually(is_true):
    deadline = time.monotonic() + PATIENCE_S
    while not is_true():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def cli(*words, prefix=None, state=None):
    env = dict(os.environ)
    env.pop("CATCHWATER_LAB_STATE", None)
    if prefix:
        env["CATCHWATER_LAB_PREFIX"] = prefix
    if state:
        env["CATCHWATER_LAB_STATE"] = state
    return subprocess.run(LAB + list(words), capture_output=True, text=True,
                          env=env, check=False, timeout=60)


def remains(lab):
    """What is there of a lab: namespaces, files, processes."""
    processes = []
    for path in glob.glob("/proc/[0-9]*/cmdline"):
        try:
            with open(path, "rb") as file:
                if os.fsencode(lab.state + "/") in file.read():
                    processes.append(path)
        except OSError:
            pass
    return netns.existing(lab.prefix) + glob.glob(lab.state + "*") + processes


# As it is built

def test_every_vantage_gets_the_answer_of_the_site_that_routing_says(lab):
    assert asked(lab) == routed(lab)
    assert lab.check() == []


def test_every_site_has_two_vantages_in_each_family(lab):
    landed = routed(lab)
    for site in SITES:
        for family in FAMILIES:
            assert sum(landed[v, family] == site for v in VANTAGES) >= 2


def test_the_two_families_of_some_vantage_land_apart(lab):
    landed = routed(lab)
    assert any(landed[v, 4] != landed[v, 6] for v in VANTAGES)


def test_dns_answers_at_unicast_addresses_from_everywhere(lab):
    nodes = lab.nodes()
    for vantage in ("berlin", "bogota", "collector"):
        for site in SITES:
            for key in ("v4", "v6"):
                text = lab.exec(vantage, "dig", "+nsid", f"@{nodes[site][key]}",
                                "anycast.example", "SOA").stdout
                assert site_in(text) == site


@pytest.mark.parametrize("site", SITES)
def test_chaos_names_and_tcp_agree_with_the_site(lab, site):
    node = lab.nodes()[site]
    for name in ("hostname.bind", "id.server"):
        for way in ("+notcp", "+tcp"):
            told = lab.exec(site, "dig", way, "+short", f"@{node['v4']}", name,
                            "CH", "TXT").stdout
            assert told.strip() == f'"{node["identity"]}"'


def test_four_kinds_of_dns_server_are_at_work(lab):
    assert [lab.nodes()[site]["server"] for site in SITES] == ["knot", "bind", "nsd", "unbound"]


def test_packets_take_at_least_as_long_as_planned(lab):
    if lab.delay_backend() == "none":
        pytest.skip("this lab has no delays")
    true = lab.truth()
    for vantage in ("berlin", "tokyo", "bogota"):
        for family in FAMILIES:
            text = lab.exec(vantage, "ping", f"-{family}", "-c3", "-i0.2",
                            ANYCAST[family]).stdout
            least_ms = float(re.search(r"rtt .* = ([\d.]+)/", text).group(1))
            assert least_ms > true[vantage][f"v{family}"]["rtt_ms"] - 1


def test_no_link_is_faster_than_light_in_fibre():
    topology = Topology()
    for link in topology.links:
        km = distance_km(topology.nodes[link.a], topology.nodes[link.b])
        assert link.delay_us > km * 5


def test_an_ordinary_user_can_run_commands_and_ping(lab):
    whoami = "import os; print(os.getuid(), open('/proc/self/status').read())"
    told = lab.exec("berlin", sys.executable, "-c", whoami, user="nobody").stdout
    assert re.search(r"^CapEff:\s*0+$", told, re.M)
    if users.is_there(pwd.getpwnam("nobody").pw_uid):
        assert told.startswith(f"{pwd.getpwnam('nobody').pw_uid} ")
    if not users.may_ping("berlin", ()):
        return
    opened = lab.exec("berlin", sys.executable, "-c",
                      "import socket as s; s.socket(s.AF_INET, s.SOCK_DGRAM, s.IPPROTO_ICMP); "
                      "s.socket(s.AF_INET6, s.SOCK_DGRAM, s.IPPROTO_ICMPV6)", user="nobody")
    assert (opened.returncode, opened.stderr) == (0, "")


def test_every_node_reaches_the_collector_and_is_reached(lab):
    nodes = lab.nodes()
    for vantage in VANTAGES:
        for key in ("v4", "v6"):
            assert lab.exec("collector", "ping", "-c1", "-W3",
                            nodes[vantage][key]).returncode == 0


# Events on routing

@pytest.mark.parametrize("site", SITES)
def test_withdraw_moves_a_site_s_vantages_to_several_others_and_announce_back(lab, site):
    before = routed(lab)
    lab.event("withdraw", site)
    lab.settle()
    during = routed(lab)
    moved = {key for key in before if before[key] == site}
    assert all(during[key] == before[key] for key in before if key not in moved)
    assert None not in during.values() and site not in during.values()
    assert len({during[key] for key in moved}) > 1
    assert asked(lab) == during
    lab.event("announce", site)
    lab.settle()
    assert routed(lab) == before


def test_withdraw_of_one_family_leaves_the_other(lab):
    before = routed(lab)
    lab.event("withdraw", "sin", "6")
    lab.settle()
    during = routed(lab)
    assert all(during[v, 4] == before[v, 4] for v in VANTAGES)
    assert "sin" not in [during[v, 6] for v in VANTAGES]


@pytest.mark.parametrize("site", ("ams", "gru"))
def test_prepend_moves_only_vantages_with_two_providers(lab, site):
    before = routed(lab)
    lab.event("prepend", site, 3)
    lab.settle()
    during = routed(lab)
    moved = {v for v, family in before if during[v, family] != before[v, family]}
    assert moved
    assert all(len(lab.nodes()[v]["neighbours"]) > 1 for v in moved)
    lab.event("prepend", site, 0)
    lab.settle()
    assert routed(lab) == before


def test_cut_takes_one_vantage_off_the_net(lab):
    before = routed(lab)
    for vantage in ("berlin", "tokyo"):
        lab.event("cut", vantage)
    lab.settle()
    during = routed(lab)
    for key in before:
        assert during[key] == (None if key[0] in ("berlin", "tokyo") else before[key])
    for vantage in ("berlin", "tokyo"):
        lab.event("uncut", vantage)
    lab.settle()
    assert routed(lab) == before
    assert lab.check() == []


# Events that routing does not see

def assert_only(lab, is_silent):
    """Exactly these landings, by (site, family), get no answer."""
    told = asked(lab)
    for key, site in routed(lab).items():
        assert told[key] == (None if is_silent(site, key[1]) else site), key


def test_stop_dns_refuses_under_a_live_route(lab):
    before = routed(lab)
    lab.event("stop-dns", "ams")
    assert routed(lab) == before
    assert_only(lab, lambda site, family: site == "ams")
    assert "connection refused" in lab.exec("berlin", *dig(4)).stdout
    lab.event("start-dns", "ams")
    assert lab.check() == []


@pytest.mark.parametrize("site", ("ams", "nyc", "sin"))
def test_freeze_dns_falls_silent_and_thaw_answers_again(lab, site):
    lab.event("freeze-dns", site)
    assert_only(lab, lambda landed, family: landed == site)
    lab.event("thaw-dns", site)
    eventually(lambda: lab.check() == [])


@pytest.mark.parametrize("site", SITES)
def test_restart_dns_returns_when_the_server_answers(lab, site):
    lab.event("restart-dns", site)
    assert lab.check() == []


def test_drop_udp_leaves_tcp_ping_and_the_other_family(lab):
    lab.event("drop-udp", "nyc", "4")
    assert_only(lab, lambda site, family: (site, family) == ("nyc", 4))
    over_tcp = lab.exec("chicago", "dig", "+tcp", "+nsid", f"@{ANYCAST[4]}",
                        "anycast.example", "SOA").stdout
    assert site_in(over_tcp) == "nyc"
    assert lab.exec("chicago", "ping", "-c1", "-W3", ANYCAST[4]).returncode == 0
    lab.event("pass-udp", "nyc")
    assert lab.check() == []


def test_family_fail_loses_packets_before_the_site(lab):
    before = routed(lab)
    lab.event("family-fail", "gru", "6")
    assert routed(lab) == before
    assert_only(lab, lambda site, family: (site, family) == ("gru", 6))
    assert lab.exec("santiago", "ping", "-6", "-c1", "-W1", ANYCAST[6]).returncode != 0
    assert lab.exec("santiago", "ping", "-6", "-c1", "-W3",
                    lab.nodes()["gru"]["v6"]).returncode == 0
    lab.event("family-ok", "gru", "6")
    assert lab.check() == []


def test_restore_undoes_everything_at_once(lab):
    before = routed(lab)
    for event in ("withdraw ams", "prepend nyc 2", "stop-dns sin", "freeze-dns gru",
                  "drop-udp nyc", "family-fail nyc 6", "cut sydney"):
        lab.event(*event.split())
    assert lab.is_broken()
    lab.event("restore")
    lab.settle()
    assert not lab.is_broken()
    assert routed(lab) == before
    assert lab.check() == []


def test_events_tell_when_they_began_on_both_clocks(lab):
    earliest_mono, earliest_us = time.monotonic(), time.time_ns() // 1000
    told = lab.event("withdraw", "ams", "4")
    assert earliest_mono <= told["begun_mono"] <= time.monotonic()
    assert earliest_us <= told["begun_at_us"] <= time.time_ns() // 1000
    assert (told["event"], told["args"]) == ("withdraw", ["ams", "4"])


# Command line

@pytest.mark.parametrize("words, exists", (
    (["explode", "ams"], "withdraw"),
    (["withdraw", "lhr"], "nyc"),
    (["cut", "ams"], "berlin"),
    (["withdraw"], "SITE"),
    (["withdraw", "ams", "5"], "4 or 6"),
    (["prepend", "ams", "many"], "0 to"),
))
def test_unknown_words_exit_2_and_say_in_one_line_what_exists(lab, words, exists):
    done = cli("event", *words, prefix=lab.prefix)
    assert done.returncode == 2
    assert exists in done.stderr and done.stderr.count("\n") == 1
    assert not lab.is_broken()


def test_commands_print_what_the_library_says(lab):
    assert json.loads(cli("truth", "--json", prefix=lab.prefix).stdout) == lab.truth()
    assert json.loads(cli("nodes", "--json", prefix=lab.prefix).stdout) == lab.nodes()
    assert cli("settle", prefix=lab.prefix).returncode == 0
    assert cli("check", prefix=lab.prefix).returncode == 0
    done = cli("exec", "tokyo", "--user", "nobody", "ip", "-4", "address", prefix=lab.prefix)
    assert lab.nodes()["tokyo"]["v4"] in done.stdout
    told = json.loads(cli("event", "withdraw", "gru", prefix=lab.prefix).stdout)
    assert told["event"] == "withdraw" and lab.is_broken()


def test_a_second_up_is_refused_and_harms_nothing(lab):
    done = cli("up", prefix=lab.prefix)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert lab.check() == []


def test_config_names_every_site_with_its_addresses():
    text = cli("config").stdout
    for name, node in Lab().nodes().items():
        if node["role"] == "site":
            assert f'site "{name}"' in text
            assert node["v4"] in text and node["v6"] in text
    assert 'identity = { "ns{instance}.{site}.anycast.example" }' in text


def test_without_a_lab_commands_say_what_to_do():
    done = cli("truth", prefix=f"cwt{os.getpid()}n-")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1


def test_a_killed_up_can_be_repeated_and_down_leaves_nothing(lab):
    """`lab` is here for its requirements, and to see that it is not touched."""
    other = Lab(prefix=f"cwt{os.getpid()}b-")
    env = {**os.environ, "CATCHWATER_LAB_PREFIX": other.prefix}
    with subprocess.Popen(LAB + ["up"], stdout=subprocess.PIPE, text=True, env=env) as half:
        for line in half.stdout:
            if "BIRD" in line:
                half.send_signal(signal.SIGKILL)
                break
    try:
        assert len(remains(other)) > 20 and not other.is_up()
        assert cli("up", "--quick", prefix=other.prefix).returncode == 0
        assert other.check() == []
        assert cli("down", prefix=other.prefix).returncode == 0
        assert remains(other) == []
        assert cli("down", prefix=other.prefix).returncode == 0
    finally:
        other.down()
    assert lab.check() == []


def test_down_finds_a_lab_whose_state_is_lost(lab):
    """`lab` is here for its requirements."""
    other = Lab(prefix=f"cwt{os.getpid()}c-")
    other.up(wanted_delay="none")
    subprocess.run(["rm", "-r", other.state], check=True)
    assert other.down()
    eventually(lambda: remains(other) == [])
