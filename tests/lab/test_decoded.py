"""What measure records of a DNS answer is what dig and kdig print of it: every
DNS server of the lab, both families, UDP, TCP and TLS.

Knot DNS of Debian 12 does not listen for TLS: there measure must say so.
"""

import json
import os
import re
import subprocess
import time

import pytest

from labnet.topology import ZONE

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("CATCHWATER_BUILD", f"{ROOT}/build")
SERVERS = {"ams": "knot", "nyc": "bind", "sin": "nsd", "gru": "unbound"}
PROTOS = ("udp", "tcp", "tls")
OTHER_ZONE = "not-served.example."
RCODES = {0: "NOERROR", 1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 5: "REFUSED", 9: "NOTAUTH"}
# Unbound's refusal, to others than its own host, is a bare header.
EDE_OF_REFUSAL = {"knot": [20], "nsd": [20], "bind": [], "unbound": []}
VANTAGE = "berlin"
# What both tools must send to ask as we do.
DIG = ("dig", "+norec", "+nsid", "+nocookie", "+bufsize=1232")
KDIG = ("kdig", "+norec", "+nsid", "+nocookie", "+bufsize=1232", "+nopadding")
PATTERNS = {
    "dig": {"rcode": r"status: (\w+)", "flags": r";; flags: ([a-z ]*);",
            "nsid": r"NSID: ([0-9a-f ]+?) ?\(", "ede": r"EDE: (\d+)",
            "size": r"MSG SIZE  rcvd: (\d+)"},
    "kdig": {"rcode": r"status: (\w+)", "flags": r";; Flags: ([a-z ]*);",
             "nsid": r"NSID: ([0-9A-F]+)", "ede": r"EDE: (\d+)",
             "size": r";; Received (\d+) B"},
}
SERIAL = r"\tSOA\t\S+ \S+ (\d+) "


def printed(lab, words, proto, address, *question):
    """What dig or kdig prints of one answer."""
    how = {"udp": ["+notcp", "+ignore"], "tcp": ["+tcp"], "tls": ["+tls"]}[proto]
    done = lab.exec(VANTAGE, *words, *how, f"@{address}", *question)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def read_printed(tool, text):
    """The fields of the record that a tool's text has."""
    found = {key: re.findall(pattern, text) for key, pattern in PATTERNS[tool].items()}
    flags = found["flags"][0].split()
    serial = re.search(SERIAL, text)
    return {
        "rcode": found["rcode"][0],
        "aa": "aa" in flags, "tc": "tc" in flags, "ra": "ra" in flags,
        "serial": int(serial.group(1)) if serial else None,
        "nsid": found["nsid"][0].replace(" ", "").lower() if found["nsid"] else None,
        "ede": sorted(int(code) for code in found["ede"]),
        "size": int(found["size"][0]),
    }


def read_record(record):
    return {
        "rcode": RCODES[record["rcode"]],
        "aa": record.get("aa", False), "tc": record.get("tc", False),
        "ra": record.get("ra", False),
        "serial": record.get("serial"), "nsid": record.get("nsid"),
        "ede": sorted(record.get("ede", [])),
        "size": record["size_bytes"],
    }


def measure(lab, proto, address, zone):
    tls = (["--tls-name", ZONE.rstrip("."), "--ca", f"{lab.state}/ca.pem"]
           if proto == "tls" else [])
    done = lab.exec(VANTAGE, f"{BUILD}/catchwater-probe", "measure", "--dns", "--json",
                    "--count", "1", "--proto", proto, "--zone", zone, *tls, address)
    assert done.stdout, done.stderr
    return json.loads(done.stdout)


def pause(site, proto):
    """BIND drops CHAOS questions over UDP above three a second."""
    if (SERVERS[site], proto) == ("bind", "udp"):
        time.sleep(1.5)


CASES = [pytest.param(site, family, proto, id=f"{server}-v{family}-{proto}")
         for site, server in SERVERS.items() for family in (4, 6) for proto in PROTOS
         if (server, proto) != ("knot", "tls")]


def test_the_servers_are_as_this_file_says(lab):
    nodes = lab.nodes()
    assert {site: nodes[site]["server"] for site in SERVERS} == SERVERS
    assert {site: nodes[site]["tls"] for site in SERVERS} == {
        site: server != "knot" for site, server in SERVERS.items()}


@pytest.mark.parametrize("zone", [ZONE, OTHER_ZONE], ids=["served", "refused"])
@pytest.mark.parametrize("site, family, proto", CASES)
def test_the_zone_s_answer_is_read_as_dig_and_kdig_read_it(lab, site, family, proto, zone):
    address = lab.nodes()[site][f"v{family}"]
    pause(site, proto)
    record = measure(lab, proto, address, zone)
    assert record["outcome"] == ("ok" if zone == ZONE else "rcode")
    ours = read_record(record)
    for tool, words in (("dig", DIG), ("kdig", KDIG)):
        theirs = read_printed(tool, printed(lab, words, proto, address, zone, "SOA"))
        assert ours == theirs, tool
    if zone != ZONE:
        assert ours["ede"] == EDE_OF_REFUSAL[SERVERS[site]]
        return
    assert bytes.fromhex(ours["nsid"]).decode() == lab.nodes()[site]["identity"]


@pytest.mark.parametrize("site, family, proto", CASES)
def test_the_identity_is_read_as_dig_and_kdig_read_it(lab, site, family, proto):
    address = lab.nodes()[site][f"v{family}"]
    pause(site, proto)
    chaos = measure(lab, proto, address, ZONE)["chaos"]
    assert (chaos["outcome"], chaos["rcode"]) == ("ok", 0)
    ours = bytes.fromhex(chaos["txt"]).decode()
    for tool, words in (("dig", DIG), ("kdig", KDIG)):
        text = printed(lab, words, proto, address, chaos["name"], "CH", "TXT")
        told = re.findall(r'\tTXT\t"(.*)"', text)
        theirs = read_printed(tool, text)
        assert [ours] == told, tool
        assert (theirs["rcode"], theirs["nsid"]) == ("NOERROR", chaos.get("nsid")), tool


def certificate_of(lab, address):
    """What openssl prints of the certificate that a server shows."""
    shown = lab.exec(VANTAGE, "openssl", "s_client", "-connect",
                     f"[{address}]:853" if ":" in address else f"{address}:853",
                     stdin=subprocess.DEVNULL).stdout
    return subprocess.run(
        ["openssl", "x509", "-noout", "-fingerprint", "-sha256", "-subject", "-issuer",
         "-nameopt", "RFC2253"], input=shown, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("site, family", [
    (site, family) for site, server in SERVERS.items() if server != "knot"
    for family in (4, 6)])
def test_the_certificate_of_the_landing_site_is_recorded(lab, site, family):
    address = lab.nodes()[site][f"v{family}"]
    tls = measure(lab, "tls", address, ZONE)["tls"]
    printed_of_it = certificate_of(lab, address)
    assert tls["verified"] and tls["version"] == "1.3"
    assert tls["fingerprint"] in printed_of_it.replace(":", "").lower()
    for key in ("subject", "issuer"):
        assert f"{key}={bytes.fromhex(tls[key]).decode()}\n" in printed_of_it
    assert address in bytes.fromhex(tls["names"]).decode().split()
    assert tls["connect_us"] > 0 and tls["handshake_us"] > 0


@pytest.mark.parametrize("family", [4, 6])
def test_a_server_without_tls_refuses(lab, family):
    record = measure(lab, "tls", lab.nodes()["ams"][f"v{family}"], ZONE)
    assert record["outcome"] == "refused"
    assert "rcode" not in record
