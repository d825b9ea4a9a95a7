"""Files to import, made by hand: results of Atlas and rounds of replies.

The DNS messages are written byte by byte here, so that what the program reads
out of them is checked against another writer.
"""

import base64
import gzip
import json
import struct
import subprocess


def name(text):
    out = b""
    for label in text.rstrip(".").split("."):
        if label:
            out += bytes([len(label)]) + label.encode()
    return out + b"\0"


def record(owner, rtype, rclass, ttl, rdata):
    return owner + struct.pack("!HHIH", rtype, rclass, ttl, len(rdata)) + rdata


def opt(options=b"", size=4096):
    return b"\0" + struct.pack("!HHIH", 41, size, 0, len(options)) + options


def option(code, data):
    return struct.pack("!HH", code, len(data)) + data


def txt(*strings):
    return b"".join(bytes([len(s)]) + s for s in strings)


def message(qname, qtype=16, qclass=3, answers=(), additionals=(), flags=0x8400,
            trailing=b""):
    head = struct.pack("!HHHHHH", 0x1234, flags, 1, len(answers), 0, len(additionals))
    question = name(qname) + struct.pack("!HH", qtype, qclass)
    return head + question + b"".join(answers) + b"".join(additionals) + trailing


def hostname(site, **kw):
    """The answer of a server that calls itself by this name."""
    answer = record(b"\xc0\x0c", 16, 3, 0, txt(site.encode()))
    return message("hostname.bind.", answers=[answer], **kw)


def dns(probe, at, wire, dst="192.0.2.53", fw=4790, **more):
    result = {"type": "dns", "fw": fw, "msm_id": 7, "prb_id": probe, "af": 4,
              "timestamp": at, "proto": "UDP", "dst_addr": dst,
              "src_addr": "10.0.0.9", "from": f"198.51.{probe % 250}.1",
              "result": {"abuf": base64.b64encode(wire).decode(), "rt": 12.5,
                         "size": len(wire)}}
    result.update(more)
    return result


def write_json(path, results, lines=False):
    text = "\n".join(map(json.dumps, results)) if lines else json.dumps(results)
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "wt") as to:
        to.write(text)
    return path


HEADER = ("task_id,client_id,transmit_time,receive_time,send_receive_time_diff,"
          "source_address,destination_address,meta_source_address,"
          "meta_destination_address,ttl,source_address_country,source_address_asn")


def reply(site, number, at, asn=None, late_ns=0):
    source = f"203.{number // 250}.{number % 250}.1"
    ns = int(at * 10**9) + number * 1000 + late_ns
    return (f"0,{site},{ns - 10**7},{ns},10.5,{source},192.0.2.53,192.0.2.53,"
            f"{source},50,NL,{asn if asn is not None else 64500 + number % 40}")


def write_round(path, replies, announced=()):
    with gzip.open(path, "wt") as to:
        to.write("\n".join([HEADER, *replies]) + "\n")
    if announced:
        beside = path.with_name(path.name.replace(".csv.gz", ".routing"))
        beside.write_text("#policy,baseline\nsite,prefix,peer_as,neighbor,attributes\n"
                          + "".join(f"{s},192.0.2.0/24,64511,198.51.100.1,\n"
                                    for s in announced))
    return path


def told_again(program, conf):
    """The events, which a replay must tell byte for byte as the import did."""
    def say(*words):
        done = subprocess.run([program, *words, "--config", conf, "--json"],
                              capture_output=True, check=True, text=True)
        assert done.stderr == ""
        return done.stdout
    told = say("events", "--since", "1970-01-01T00:00:00Z")
    assert say("replay") == told
    return json.loads(told)


CONFIG = '''
database = "{database}"
listen = "127.0.0.1:8420"
service "own" {{
	addresses = {{ "192.0.2.53" }}
	zone = "example.net"
	identity = {{ "{{instance}}.{{site}}.example.net" }}
	site "ams" {{ }}
	site "fra" {{ }}
	site "lis" {{ }}
}}
'''
