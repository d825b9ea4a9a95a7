"""The true catchment, followed hop by hop through routing tables.     (edge)

No packet is sent and no DNS server is asked: every namespace is asked for
its next hop (`ip route get`) until one says that the address is its own.
"""

import json
import subprocess

from .topology import ANYCAST, FAMILIES

KEY = {4: "v4", 6: "v6"}


def read(topology, names, has_delay):
    """{vantage: {"v4": landing, "v6": landing}}, where a landing is
    {"site", "path", "rtt_ms"}; site and rtt_ms are None where no route
    leads to a site and back.  rtt_ms is the plan, without what hosts need."""
    next_hops = _read_next_hops(topology, names)
    return {vantage.name: {KEY[f]: _landing(topology, next_hops, vantage, f, has_delay)
                           for f in FAMILIES}
            for vantage in topology.by_role("vantage")}


def _read_next_hops(topology, names):
    """{node: {destination: next node, or the node itself}}"""
    wanted = list(ANYCAST.values())
    for node in topology.by_role("vantage", "collector"):
        wanted += node.address.values()
    script = "".join(f"route get {address}\n" for address in wanted)
    running = {name: _start_lookup(names[name], script) for name in topology.nodes}
    return {name: _next_hops(name, child.communicate()[0])
            for name, child in running.items()}


def _start_lookup(netns, script):
    child = subprocess.Popen(
        ["ip", "-n", netns, "-json", "-force", "-batch", "-"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True)
    child.stdin.write(script)
    child.stdin.close()
    child.stdin = None
    return child


def _next_hops(name, text):
    """A destination without a route is not in the answer."""
    decoder, hops, at = json.JSONDecoder(), {}, 0
    while at < len(text):
        if text[at] != "[":
            at += 1
            continue
        routes, at = decoder.raw_decode(text, at)
        for route in routes:
            kind = route.get("type", "unicast")
            if kind == "local":
                hops[route["dst"]] = name
            elif kind == "unicast" and "dev" in route:
                hops[route["dst"]] = route["dev"]
    return hops


def _walk(next_hops, start, destination):
    """Nodes from start to the owner of destination; None if none is reached."""
    path = [start]
    while True:
        step = next_hops[path[-1]].get(destination)
        if step == path[-1]:
            return path
        if step is None or step in path or step not in next_hops:
            return None
        path.append(step)


def _landing(topology, next_hops, vantage, family, has_delay):
    there = _walk(next_hops, vantage.name, ANYCAST[family])
    if there is None or topology.nodes[there[-1]].role != "site":
        return {"site": None, "path": None, "rtt_ms": None}
    back = _walk(next_hops, there[-1], vantage.address[family])
    rtt_ms = None
    if back is not None:
        one_way_us = [_length_us(topology, path) for path in (there, back)]
        rtt_ms = has_delay * sum(one_way_us) / 1000
    return {"site": there[-1], "path": there, "rtt_ms": rtt_ms}


def _length_us(topology, path):
    return sum(topology.link(a, b).delay_us for a, b in zip(path, path[1:]))
