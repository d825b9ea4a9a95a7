"""What a decoded result looks like to somebody who knows RIPE Atlas' sagan.

Turns one result's lines of `catchwater import atlas --decode` into objects with
the attributes that the conformance vectors name, and evaluates the vectors'
expressions on them: a small part of Python, so that a data file runs no code.
"""

import ast
import datetime
import ipaddress


class View:
    """Attributes by name; a missing one is an error of the test."""

    def __init__(self, **kw):
        self.__dict__.update(kw)


def ms(value):
    return None if value is None else round(value, 3)


def isotime(unix):
    return View(isoformat=lambda: datetime.datetime.fromtimestamp(
        unix, datetime.timezone.utc).isoformat())


class Answer(View):
    """A record; str() as a line of a zone file."""

    def __str__(self):
        data = {"MX": ("preference", "mail_exchanger"),
                "DS": ("tag", "algorithm", "digest_type", "delegation_key"),
                "TXT": ("text",)}.get(self.type, ("address",))
        return "  ".join([self.name.ljust(22), str(self.ttl).ljust(7),
                          self.klass.ljust(5), self.type.ljust(5),
                          " ".join(str(getattr(self, k)) for k in data)])


def escaped(text):
    return "".join(c if " " <= c < "\x7f" else f"\\{ord(c)}" for c in text)


def longhand(address):
    """sagan writes IPv6 without "::"; ours is RFC 5952's."""
    full = ipaddress.ip_address(address)
    return (":".join(f"{int(g, 16):x}" for g in full.exploded.split(":"))
            if full.version == 6 else address)


def answer(record):
    kw = {k: v for k, v in record.items() if k != "class"}
    if kw["type"] == "AAAA":
        kw["address"] = longhand(kw["address"])
    if kw["type"] in ("TXT", "SPF"):
        kw["data"] = [escaped(t) for t in kw["data"]]
        kw["text"] = " ".join(kw["data"])
    return Answer(klass=record["class"], **kw)


class Message(View):
    def __str__(self):
        return self.text


def message(decoded, text, told=None):
    if decoded is None:
        return None
    edns = decoded.get("edns")
    if told is not None:
        answers = [Answer(name=t["name"], type=t["type"], data=t["data"], klass=None,
                          ttl=None, rd_length=None) for t in told]
    else:
        answers = [answer(a) for a in decoded["answers"]]
    return Message(
        text=text, header=View(**decoded["header"]), answers=answers,
        questions=[View(name=q["name"], type=q["type"], klass=q["class"])
                   for q in decoded["questions"]],
        authorities=[answer(a) for a in decoded["authorities"]],
        additionals=[answer(a) for a in decoded["additionals"]],
        edns0=edns and View(**{**edns, "options": [View(**o) for o in edns["options"]]}))


def dns(lines, raw, parse):
    parts = raw.get("resultset", [raw])
    responses = []
    for line, part in zip(lines, parts):
        abuf = message(line["reply"], part.get("result", {}).get("abuf"),
                       None if parse else line["told"])
        responses.append(View(
            af=line["af"], destination_address=line["destination_address"],
            source_address=line["source_address"], protocol=line["protocol"],
            response_time=ms(line["response_time"]), response_size=line["size"],
            abuf=abuf, qbuf=message(line["query"], part.get("qbuf")),
            is_error=line["error"] is not None or (
                line["reply"] is not None
                and line["reply"]["header"]["return_code"] != "NOERROR")))
    return {"responses": responses}


def ping(line):
    return {
        **{k: line[k] for k in ("packets_sent", "packets_received", "duplicates",
                                "packet_size", "step")},
        **{k: ms(line[k]) for k in ("rtt_min", "rtt_average", "rtt_median", "rtt_max")},
        "packets": [View(rtt=ms(p["rtt"]), dup=p["dup"], ttl=p["ttl"],
                         source_address=p["source_address"]) for p in line["packets"]]}


def packet(p):
    header = p.get("icmp_header")
    return View(origin=p["origin"], rtt=ms(p["rtt"]), ttl=p["ttl"], size=p["size"],
                icmp_header=header and View(**header),
                **{k: p.get(k) for k in ("internal_ttl", "mtu",
                                         "destination_option_size",
                                         "hop_by_hop_option_size")})


def trace(line):
    hops = [View(index=h["index"], packets=[packet(p) for p in h["packets"]],
                 is_error="error" in h, error_message=h.get("error"))
            for h in line["hops"]]
    return {
        "hops": hops, "paris_id": line["paris_id"], "total_hops": line["total_hops"],
        "end_time": line["end_time"] and isotime(line["end_time"]),
        "end_time_timestamp": line["end_time"],
        "last_median_rtt": ms(line["last_median_rtt"]),
        "destination_ip_responded": line["destination_responded"],
        "last_hop_responded": line["last_hop_responded"],
        "is_success": line["destination_responded"] or line["last_hop_responded"],
        "ip_path": [[p.origin for p in h.packets] for h in hops]}


def result(lines, raw, parse=True):
    first = lines[0]
    more = (dns(lines, raw, parse) if first["type"] == "dns"
            else ping(first) if first["type"] == "ping" else trace(first))
    return View(
        kind=first["type"], firmware=first["firmware"], origin=first["origin"],
        measurement_id=first["measurement_id"], probe_id=first["probe_id"],
        created=isotime(raw["timestamp"]), af=first["af"],
        seconds_since_sync=first["seconds_since_sync"], protocol=first["protocol"],
        destination_address=first["destination_address"],
        destination_name=first["destination_name"], **more)


def is_a(value, name):
    """The classes of the vectors, by what makes them so."""
    if name == "list":
        return isinstance(value, list)
    if name.endswith("Answer"):
        return value.type == name[:-len("Answer")].upper()
    if name.endswith("Result"):
        return value.kind == name[:-len("Result")].lower()
    wanted = {"Edns0": "udp_size", "Hop": "packets", "Packet": "origin"}
    return hasattr(value, wanted[name])


def evaluate(expression, root):
    """Names, attributes, indexes, and calls of len, str, bool, isinstance and
    isoformat: nothing else is understood."""
    def walk(node):
        if isinstance(node, ast.Name) and node.id == "result":
            return root
        if isinstance(node, ast.Attribute):
            return getattr(walk(node.value), node.attr)
        if isinstance(node, ast.Subscript):
            return walk(node.value)[ast.literal_eval(node.slice)]
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            assert node.func.attr == "isoformat"
            return walk(node.func)()
        name = node.func.id
        if name == "isinstance":
            return is_a(walk(node.args[0]), node.args[1].id)
        return {"len": len, "str": str, "bool": bool}[name](walk(node.args[0]))
    return walk(ast.parse(expression, mode="eval").body)


def expected(value):
    """'expr:DnsResult.PROTOCOL_UDP' is a name of the protocol."""
    if isinstance(value, str) and value.startswith("expr:"):
        return value.rsplit("_", 1)[1]
    return value


