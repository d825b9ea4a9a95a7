"""Thousands of DNS packets that other projects keep for their own tests, and
captures of odd ICMP: decoded as dnspython decodes them, and harmless.

The packets stand beside the project (CATCHWATER_DATA, by default ../shared/data)
and are no part of it; without them these tests are skipped.
"""

import base64
import csv
import gzip
import json
import os
import pathlib
import struct
import subprocess
import tarfile

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("CATCHWATER_BUILD", ROOT / "build"))
DATA = pathlib.Path(os.environ.get("CATCHWATER_DATA", ROOT.parent / "shared/data"))
RCODES = ["NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED", "YXDOMAIN",
          "YXRRSET", "NXRRSET", "NOTAUTH", "NOTZONE"]
OPCODES = ["QUERY", "IQUERY", "STATUS", None, "NOTIFY", "UPDATE"]
TSIG_OR_SIG0 = {"TSIG", "TYPE250"}


def need(name):
    path = DATA / name
    if not path.exists():
        pytest.skip(f"{path} is not there: set CATCHWATER_DATA")
    return path


def packets(name):
    """(name, bytes) of an archive."""
    with tarfile.open(need(f"packets-dns/{name}.tar.gz")) as tar:
        return {pathlib.PurePath(m.name).name: tar.extractfile(m).read()
                for m in tar.getmembers() if m.isfile()}


def truths(name):
    """What dnspython says of each, as rows."""
    path = need(f"packets-dns/{name}")
    text = gzip.decompress(path.read_bytes()) if name.endswith(".gz") else path.read_bytes()
    return list(csv.DictReader(text.decode().splitlines(), delimiter="\t",
                               quoting=csv.QUOTE_NONE))


def decode(wires, tmp_path):
    """What `import atlas --decode` makes of each message."""
    file = tmp_path / "packets.json"
    with file.open("w", encoding="ascii") as to:
        for i, wire in enumerate(wires):
            to.write(json.dumps({
                "type": "dns", "fw": 4790, "msm_id": 7, "prb_id": i + 1, "af": 4,
                "timestamp": 1700000000, "proto": "UDP", "dst_addr": "192.0.2.53",
                "from": "198.51.100.1", "result": {"abuf": base64.b64encode(wire).decode(),
                                                   "rt": 1.0, "size": len(wire)}}) + "\n")
    done = subprocess.run([BUILD / "catchwater", "import", "atlas", "--decode", file],
                          capture_output=True, check=False, timeout=300)
    assert done.returncode >= 0, done.returncode
    told = [json.loads(line) for line in done.stdout.splitlines()]
    return {row["probe_id"] - 1: row["reply"] for row in told}


def number(word, words):
    """Of a name of a code, or of the number itself."""
    if word in words:
        return words.index(word)
    return int("".join(c for c in str(word) if c.isdigit()) or -1)


def count(head, records):
    """As dnspython counts: a record that stands twice is one."""
    if len(records) != head:
        return head
    return len({json.dumps(meaning(r) or i, sort_keys=True) for i, r in enumerate(records)})


def meaning(r):
    """All of a record but its TTL; nothing where its data was not read."""
    told = {key: value for key, value in r.items() if key != "ttl"}
    told["name"] = told["name"].lower()
    return told if len(told) > 4 or not r["rd_length"] else None


def differences(reply, row):
    """Where the header, the NSID and the TXT are not as the truth has them."""
    head = reply["header"]
    edns = reply.get("edns")
    low = number(head["return_code"], RCODES)
    high = edns["extended_return_code"] if edns else 0
    nsid = [o["data"] for o in edns["options"] if o["code"] == 3] if edns else []
    texts = [r["data"] for r in reply["answers"] if r["type"] == "TXT" and r["class"] == "CH"]
    ours = {"qr": int(head["qr"]), "opcode": number(head["opcode"], OPCODES),
            "rcode": high << 4 | low & 15, "qd": head["qdcount"],
            "an": count(head["ancount"], reply["answers"]),
            "ns": count(head["nscount"], reply["authorities"]), "edns_version": edns["version"] if edns else -1,
            "ar_without_opt_tsig": sum(r["type"] not in TSIG_OR_SIG0
                                       for r in reply["additionals"]),
            "nsid_hex": nsid[0] if nsid else "",
            "chaos_txt_json": json.dumps(texts) if texts else ""}
    wanted = {key: type(ours[key])(row[key]) for key in ours}
    if wanted["chaos_txt_json"]:
        wanted["chaos_txt_json"] = json.dumps(json.loads(wanted["chaos_txt_json"]))
    return {key: (ours[key], wanted[key]) for key in ours if ours[key] != wanted[key]}


@pytest.mark.parametrize("archive, truth", [
    ("cznic-dns-packets", "cznic-dns-packets.truth.tsv.gz"),
    ("cares-fuzzinput", "cares-fuzzinput.truth.tsv")])
def test_messages_are_decoded_as_dnspython_decodes_them(archive, truth, tmp_path):
    wires, rows = packets(archive), truths(truth)
    assert len(rows) >= 30
    replies = decode([wires[row["packet"]] for row in rows], tmp_path)
    wrong = []
    for i, row in enumerate(rows):
        reply = replies.get(i)
        # An update (RFC 2136) is no answer; its records may be without data.
        if row["dnspython"] != "ok" or row["opcode"] == "5":
            continue
        if reply is None or reply["is_malformed"]:
            wrong.append((row["packet"], "malformed"))
        elif differences(reply, row):
            wrong.append((row["packet"], differences(reply, row)))
    assert wrong == []


@pytest.mark.parametrize("archive", ["cznic-dns-packets", "cares-fuzzinput"])
def test_no_packet_harms_the_probe_s_parser(archive, tmp_path):
    """Over the same packets as the fuzz targets, which hold what they promise."""
    targets = [BUILD / f"tests/fuzz/fuzz_{name}" for name in ("dnsmsg", "dns_json", "icmpmsg")]
    for target in targets:
        if not target.exists():
            pytest.skip("the fuzz targets are not built: make tests")
    files = []
    for name, wire in packets(archive).items():
        files.append(tmp_path / name)
        files[-1].write_bytes(wire)
    for target in targets:
        done = subprocess.run([target, *files], capture_output=True, check=False, timeout=600)
        assert done.returncode == 0, (target.name, done.stderr[-500:])


def test_no_capture_of_icmp_harms_the_probe_s_parser(tmp_path):
    """Each packet's ICMP message, alone, with its IPv4 header, and as ICMPv6."""
    target = BUILD / "tests/fuzz/fuzz_icmpmsg"
    files = []
    for capture in sorted(need("packets-icmp/tcpdump").parent.glob("*/*.pcap")):
        for i, packet in enumerate(packets_of(capture.read_bytes())):
            for how in range(4):
                for start in (14, 18, 34, 54):
                    name = f"{capture.parent.name}-{capture.stem}-{i}-{how}-{start}"
                    files.append(tmp_path / name)
                    files[-1].write_bytes(bytes([how]) + packet[start:])
            if len(files) > 20000:
                break
    assert len(files) > 200
    for at in range(0, len(files), 500):
        done = subprocess.run([target, *files[at:at + 500]], capture_output=True, check=False,
                              timeout=600)
        assert done.returncode == 0, done.stderr[-500:]


def packets_of(capture):
    """The packets of a pcap file, whatever its byte order."""
    order = "<" if capture[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    at = 24
    while at + 16 <= len(capture):
        length = struct.unpack_from(order + "I", capture, at + 8)[0]
        yield capture[at + 16:at + 16 + length]
        at += 16 + length
