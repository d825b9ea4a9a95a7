"""Who exists in the laboratory of paths, and what is true of it.      (pure)

Two sites, each behind a core router, and one vantage for every kind of path:
routers that spread packets, flows or nothing, hops that are silent, slow or
answer oddly, an address translator.  Routes never change by themselves, so
the truth follows from this map.

Routers are named after their vantage: wide3-a is the first on its way.
"""

from dataclasses import dataclass
from itertools import count

from .topology import ANYCAST, FAMILIES, Link, Node

SERVICE_AS = 64500
RESOLVER_IDENTITY = "cache7.isp.example"
DECOY = {4: "192.0.2.254", 6: "2001:db8:53:dec0::1"}   # nobody has them

# site, city, latitude, longitude, DNS server, its core router, one way in us
SITES = (
    ("one", "Amsterdam", 52.37, 4.90, "knot", "core1", 4000),
    ("two", "Paris", 48.86, 2.35, "nsd", "core2", 9000),
)
CORES = (("core1", "Frankfurt", 50.11, 8.68), ("core2", "Zurich", 47.38, 8.54))

# vantage: how its traffic is spread, the edges of its way to the cores.  The
# first edge's left end is the router next to it.
CASES = {
    "straight": ("single", "a>b b>core1"),
    "wide2": ("per_flow", "a>b1 a>b2 b1>c b2>c c>core1"),
    "wide3": ("per_flow", "a>b1 a>b2 a>b3 b1>c b2>c b3>c c>core1"),
    "wide4": ("per_flow", "a>b1 a>b2 a>b3 a>b4 b1>c b2>c b3>c b4>c c>core1"),
    "mesh": ("per_flow", "a>b1 a>b2 b1>c1 b1>c2 b2>c1 b2>c2 c1>d c2>d d>core1"),
    "uneven": ("per_flow", "a>b a>c1 c1>c2 b>d c2>d d>core1"),
    "split": ("per_flow", "a>b1 a>b2 b1>core1 b2>core2"),
    "spray": ("per_packet", "a>b1 a>b2 b1>c b2>c c>core1"),
    "shuffle": ("per_packet", "a>b1 a>b2 b1>c1 b2>c2 c1>d c2>d d>core1"),
    "scatter": ("per_packet", "a>core1 a>core2"),
    "moving": ("single", "a>b1 a>b2 b1>core1 b2>core2"),
    "odd": ("single", "a>mute mute>slow slow>third third>twin twin>label label>core1"),
    "natted": ("single", "a>b b>core1"),
}
EXTRA_LINKS = ("odd-slow>odd-side", "odd-side>odd-third", "core1>core2")
# Branches that differ in length, so that answers come out of order.
DELAYS_US = {("wide4-a", f"wide4-b{n}"): 1000 * n for n in range(1, 5)}

# Routers that come second hash other fields: with the same ones, they would
# send all that the first sent them the same way.
SECOND = ("mesh-b1", "mesh-b2")
SILENT = ("odd-mute",)        # sends no errors
SLOW = ("odd-slow",)          # one error a second
THIRD_PARTY = {"odd-third": "odd-side"}   # errors leave by another link
INBOUND = ("mesh-c1", "mesh-c2", "mesh-d")   # IPv4 errors as in IPv6: shown_address
TWIN = ("odd-twin",)          # a second error, from another address
LABELLED = {"odd-label": ((100704, 0, 1), (16, 5, 2))}   # MPLS: label, TC, TTL
NAT = {"natted": "natted-a"}  # translates IPv4
MOVING = "moving-a"


@dataclass
class PathNode(Node):
    """As a Node, with routes that are written down."""

    def has_bird(self):
        return False


class PathMap:
    """The same shape as topology.Topology, and the ways through it."""

    CLOSED = ("wide2",)

    def __init__(self):
        self.nodes, self.links = {}, []
        self.ways = {}       # router -> names of the next ones
        self.balance = {}    # router -> per_flow or per_packet
        self._number = count(1)
        for name, city, *position in CORES:
            self._add(name, "transit", city, position)
        for name, city, lat, lon, server, core, delay_us in SITES:
            self._add(name, "site", city, (lat, lon), server=server, provider=core)
            self._connect(core, name, delay_us)
            self.ways[core] = [name]
        for vantage, (kind, edges) in CASES.items():
            self._add_case(vantage, kind, edges)
        self._add("odd-side", "transit", "Bonn", (50.73, 7.10))
        for edge in EXTRA_LINKS:
            self._connect(*edge.split(">"))
        self.ways["odd-side"] = ["odd-slow"]
        self._add("collector", "collector", "Vienna", (48.21, 16.37), provider="core1")
        self._connect("core1", "collector")

    def by_role(self, *roles):
        return [n for n in self.nodes.values() if n.role in roles]

    def links_of(self, name):
        return [link for link in self.links if name in (link.a, link.b)]

    def link(self, one, two):
        for link in self.links_of(one):
            if link.other(one) == two:
                return link
        raise KeyError((one, two))

    def towards(self, start, goal):
        """The node after start on the shortest way to goal."""
        before, queue = {goal: None}, [goal]
        for name in queue:
            for link in self.links_of(name):
                other = link.other(name)
                if other not in before and other != "odd-side":
                    before[other] = name
                    queue.append(other)
        return before[start]

    def routers_of(self, vantage):
        """The routers of one case, and the cores that it leads to."""
        found = [self.nodes[vantage].providers[4][0]]
        for name in found:
            found += [n for n in self.ways[name] if n not in found and
                      self.nodes[n].role == "transit"]
        return found

    def _add_case(self, vantage, kind, edges):
        pairs = [[self._full_name(vantage, end) for end in edge.split(">")]
                 for edge in edges.split()]
        self._add(vantage, "vantage", "Cologne", (50.94, 6.96), provider=pairs[0][0])
        for name in dict.fromkeys(end for pair in pairs for end in pair):
            if name not in self.nodes:
                self._add(name, "transit", "Cologne", (50.94, 6.96))
        self._connect(pairs[0][0], vantage)
        for one, two in pairs:
            self._connect(one, two, DELAYS_US.get((one, two), 0))
            self.ways.setdefault(one, []).append(two)
        for name in {one for one, _ in pairs if len(self.ways[one]) > 1}:
            self.balance[name] = kind

    @staticmethod
    def _full_name(vantage, end):
        return end if end.startswith("core") else f"{vantage}-{end}"

    def _add(self, name, role, city, position, server=None, provider=None):
        n = next(self._number)
        v4 = "192.168.7.2" if name in NAT else f"203.0.113.{n}"
        v6 = f"2001:db8:2:{n:x}::1"
        providers = [provider] if provider else []
        self.nodes[name] = PathNode(
            name, role, SERVICE_AS if role == "site" else 65536 + n, city, tuple(position),
            {4: v4, 6: v6}, {4: f"{v4}/32", 6: f"{v6}/128"}, server=server,
            providers={4: providers, 6: providers})

    def _connect(self, a, b, delay_us=0):
        n = len(self.links)
        kind = "peer" if self.nodes[b].role == "transit" else "customer"
        self.links.append(Link(
            a, b, kind, delay_us,
            {a: {4: f"198.51.100.{2 * n}", 6: f"2001:db8:1:{n:x}::1"},
             b: {4: f"198.51.100.{2 * n + 1}", 6: f"2001:db8:1:{n:x}::2"}},
            {a: f"02:00:00:00:{n:02x}:0a", b: f"02:00:00:00:{n:02x}:0b"}))


def routes(paths, name):
    """{(destination node, family): next node} of one router: upstream hosts and routers
    by the shortest way; a core knows everybody.  What is not here follows
    `ways`."""
    result = {}
    for other, node in paths.nodes.items():
        if other == name or not (name.startswith("core") or
                                 _leads_to(paths, other, name)):
            continue
        for family in FAMILIES:
            if family == 6 or other not in NAT or name == NAT[other]:
                result[other, family] = THIRD_PARTY.get(name) or paths.towards(name, other)
    return result


def _leads_to(paths, start, name):
    """Is a router on the way from start to the service?"""
    node = paths.nodes[start]
    queue = list(paths.ways.get(start, node.providers[4]))
    for step in queue:
        queue += [n for n in paths.ways.get(step, []) if n not in queue]
    return name in queue


# What is true

def truth(paths, way=0):
    """{vantage: {"v4": {...}, "v6": {...}}} with, for each: "balance" (single,
    per_flow or per_packet), "sites", "hops" ({TTL: addresses that ICMP
    shows}), "links" (pairs of addresses that follow each other on some path;
    the first is the vantage's own), "paths" (tuples of addresses, None where
    a hop is silent).  Where packets are spread one by one, a router may show
    any of its addresses after any router that leads to it, and "paths" are
    examples.  `way`: which of its ways the moving vantage takes."""
    return {vantage.name: {f"v{f}": _truth_of(paths, vantage.name, f, way) for f in FAMILIES}
            for vantage in paths.by_role("vantage")}


def _truth_of(paths, vantage, family, way):
    walks = [(vantage, *walk) for walk in
             _walks(paths, paths.nodes[vantage].providers[family][0])]
    if MOVING == walks[0][1]:
        walks = [walk for walk in walks if walk[2] == paths.ways[MOVING][way]]
    shown = sorted({_shown(paths, walk, family) for walk in walks}, key=str)
    links = {(one, two) for path in shown for one, two in zip(path, path[1:])}
    if CASES[vantage][0] == "per_packet":
        links = _between(walks, [_shown(paths, walk, family) for walk in walks])
    hops = {}
    for path in shown:
        for ttl, address in enumerate(path[1:], 1):
            if address:
                hops.setdefault(ttl, set()).add(address)
    return {
        "balance": CASES[vantage][0], "sites": sorted({walk[-1] for walk in walks}),
        "paths": [path[1:] for path in shown],
        "hops": {ttl: sorted(addresses) for ttl, addresses in hops.items()},
        "links": sorted(link for link in links if None not in link)}


def _between(walks, shown):
    """Links of any address of a router to any of the next one's."""
    addresses = {}
    for walk, path in zip(walks, shown):
        for name, address in zip(walk, path):
            addresses.setdefault(name, set()).add(address)
    steps = {step for walk in walks for step in zip(walk, walk[1:])}
    return {(one, two) for a, b in steps for one in addresses[a] for two in addresses[b]}


def _walks(paths, start):
    """Every way from a router to a site, as tuples of names."""
    if paths.nodes[start].role == "site":
        return [(start,)]
    return [(start, *rest) for step in paths.ways[start] for rest in _walks(paths, step)]


def _shown(paths, walk, family):
    """The addresses that a traceroute sees on a way: the vantage's own, one
    for each router, the service's."""
    result = [paths.nodes[walk[0]].address[family]]
    for before, name in zip(walk, walk[1:-1]):
        result.append(shown_address(paths, walk[0], before, name, family))
    return (*result, ANYCAST[family])


def shown_address(paths, vantage, before, name, family):
    """Whence a router sends its errors, by Linux: the link on which the packet
    came in (IPv6), the one on which the error leaves (IPv4)."""
    if name in SILENT:
        return None
    if name in THIRD_PARTY:
        after = THIRD_PARTY[name]
    elif name in INBOUND or family == 6:
        after = before
    else:
        after = paths.towards(name, vantage)
    return paths.link(name, after).address[name][family]


def places_of(paths, vantage, family, router):
    """{TTL: addresses that ICMP shows} of one router, on every way through it."""
    result = {}
    for walk in _walks(paths, paths.nodes[vantage].providers[family][0]):
        if router in walk:
            ttl = walk.index(router) + 1
            shown = _shown(paths, (vantage, *walk), family)[ttl]
            result.setdefault(ttl, set()).add(shown)
    return result
