"""Who exists in the lab: nodes, links, addresses, AS numbers, delays. (pure)

Four transit providers in a full mesh, a site of the anycast service behind
each, twelve vantages (three near each site, some with two providers), a
collector, and somebody who may claim the service's prefix for himself.  All
numbers are reserved for documentation or benchmarks: RFC 5737, RFC 2544,
RFC 3849, RFC 5398.
"""

from dataclasses import dataclass, field
from math import asin, cos, radians, sin, sqrt

ANYCAST = {4: "192.0.2.53", 6: "2001:db8:53::53"}
ANYCAST_PREFIX = {4: "192.0.2.0/24", 6: "2001:db8:53::/48"}
ZONE = "anycast.example."
FAMILIES = (4, 6)
SERVICE_AS = 64500

# Light in fibre needs 5 us for a kilometre; cables are not laid straight.
DELAY_US_PER_KM = 7
DELAY_US_FIXED = 200

# name, AS, city, latitude, longitude
TRANSITS = (
    ("eu", 64496, "Frankfurt", 50.11, 8.68),
    ("us", 64497, "Ashburn", 39.04, -77.49),
    ("ap", 64498, "Hong Kong", 22.32, 114.17),
    ("sa", 64499, "Rio de Janeiro", -22.91, -43.17),
)
# name, city, latitude, longitude, provider, DNS server; the last is a local one,
# for the customers of its provider
SITES = (
    ("ams", "Amsterdam", 52.37, 4.90, "eu", "knot"),
    ("nyc", "New York", 40.71, -74.01, "us", "bind"),
    ("sin", "Singapore", 1.35, 103.82, "ap", "nsd"),
    ("gru", "Sao Paulo", -23.55, -46.63, "sa", "unbound"),
)
# name, city, latitude, longitude, providers in order of liking; with IPv6
# the order is another where a second list is given, as often in real life
VANTAGES = (
    ("berlin", "Berlin", 52.52, 13.40, "eu", None),
    ("london", "London", 51.51, -0.13, "eu us", None),
    ("johannesburg", "Johannesburg", -26.20, 28.05, "eu ap", None),
    ("chicago", "Chicago", 41.88, -87.63, "us", None),
    ("losangeles", "Los Angeles", 34.05, -118.24, "us ap", "ap us"),
    ("toronto", "Toronto", 43.65, -79.38, "us", None),
    ("tokyo", "Tokyo", 35.68, 139.69, "ap us", "us ap"),
    ("mumbai", "Mumbai", 19.08, 72.88, "ap", None),
    ("sydney", "Sydney", -33.87, 151.21, "ap", None),
    ("buenosaires", "Buenos Aires", -34.60, -58.38, "sa", None),
    ("santiago", "Santiago", -33.45, -70.67, "sa", None),
    ("bogota", "Bogota", 4.71, -74.07, "sa eu", None),
)
COLLECTOR = ("collector", 64510, "Vienna", 48.21, 16.37, "eu")
# Nearer to its provider than the site there, so its route wins.
ROGUE = ("rogue", 64511, "Washington", 38.91, -77.04, "us", "bind")
ROGUE_IDENTITY = "cache3.rogue.example.net"


@dataclass
class Node:
    """A host or router: one namespace, one AS (sites share theirs)."""
    name: str
    role: str          # transit, site, vantage, collector, rogue
    asn: int
    city: str
    position: tuple    # latitude, longitude
    address: dict      # family -> its own unicast address
    prefix: dict       # family -> the prefix around it
    server: str = None                              # sites: DNS software
    local_to: tuple = ()                            # sites: AS numbers; (): for all
    providers: dict = field(default_factory=dict)   # family -> names, best first

    def has_bird(self):
        """Hosts with one provider need no routing daemon."""
        return self.role in ("transit", "site", "rogue") or len(self.providers[4]) > 1

    def identity(self):
        """What the DNS server of a site, or of the rogue, says it is."""
        if self.role == "rogue":
            return ROGUE_IDENTITY
        return f"ns1.{self.name}.{ZONE.rstrip('.')}"


@dataclass
class Link:
    """A cable.  `a` is always a transit and gives the addresses; an
    interface is named after the node at its other end."""
    a: str
    b: str
    kind: str          # peer, customer
    delay_us: int      # one way
    address: dict      # node name -> {family: address}
    mac: dict          # node name -> hardware address

    def other(self, name):
        return self.b if name == self.a else self.a


class Topology:
    """All nodes by name, and all links."""

    CLOSED = ("london",)   # vantages where only root may ping

    def __init__(self):
        self.nodes = {}
        self.links = []
        self._add_nodes()
        self._add_links()

    def by_role(self, *roles):
        return [n for n in self.nodes.values() if n.role in roles]

    def links_of(self, name):
        return [link for link in self.links if name in (link.a, link.b)]

    def link(self, one, two):
        for link in self.links_of(one):
            if link.other(one) == two:
                return link
        raise KeyError((one, two))

    def _add(self, name, role, asn, city, position, net4, net6, **more):
        base, bits = net4
        first = ".".join(base.split(".")[:3] + [str(int(base.split(".")[3]) + 1)])
        self.nodes[name] = Node(
            name, role, asn, city, position,
            {4: first, 6: f"2001:db8:{net6}::1"},
            {4: f"{base}/{bits}", 6: f"2001:db8:{net6}::/48"}, **more)

    def _add_nodes(self):
        for i, (name, asn, city, lat, lon) in enumerate(TRANSITS):
            self._add(name, "transit", asn, city, (lat, lon),
                      (f"198.51.100.{32 * i}", 27), f"{i + 1}",
                      providers={4: [], 6: []})
        for i, (name, city, lat, lon, provider, server) in enumerate(SITES):
            self._add(name, "site", SERVICE_AS, city, (lat, lon),
                      (f"198.51.100.{128 + 16 * i}", 28), f"{11 + i}",
                      server=server, providers={4: [provider], 6: [provider]})
        for i, (name, city, lat, lon, liked, liked6) in enumerate(VANTAGES):
            # Each in a /24 of its own, as networks are: servers limit by
            # /24, and a quorum counts them.
            self._add(name, "vantage", 65536 + i, city, (lat, lon),
                      (f"198.18.{i + 1}.0", 24), f"{101 + i}",
                      providers={4: liked.split(), 6: (liked6 or liked).split()})
        local = self.nodes[SITES[-1][0]]
        local.local_to = tuple(node.asn for node in self.by_role("vantage")
                               if local.providers[4][0] in node.providers[4])
        name, asn, city, lat, lon, provider = COLLECTOR
        self._add(name, "collector", asn, city, (lat, lon),
                  ("198.51.100.240", 29), "200",
                  providers={4: [provider], 6: [provider]})

        name, asn, city, lat, lon, provider, server = ROGUE
        self._add(name, "rogue", asn, city, (lat, lon),
                  ("198.51.100.248", 29), "201", server=server,
                  providers={4: [provider], 6: [provider]})

    def _add_links(self):
        transits = [n.name for n in self.by_role("transit")]
        for i, a in enumerate(transits):
            for b in transits[i + 1:]:
                self._connect(a, b, "peer")
        for node in self.by_role("site", "vantage", "collector", "rogue"):
            for provider in node.providers[4]:
                self._connect(provider, node.name, "customer")

    def _connect(self, a, b, kind):
        nth = sum(link.a == a for link in self.links) + 1
        net, host = self.nodes[a].prefix[4].split("/")[0].rsplit(".", 1)
        net6 = self.nodes[a].prefix[6].split("::")[0]
        number = len(self.links)
        self.links.append(Link(
            a, b, kind, one_way_us(self.nodes[a], self.nodes[b]),
            {a: {4: f"{net}.{int(host) + 2 * nth}", 6: f"{net6}:{nth}::1"},
             b: {4: f"{net}.{int(host) + 2 * nth + 1}", 6: f"{net6}:{nth}::2"}},
            {a: f"02:00:00:00:{number:02x}:0a", b: f"02:00:00:00:{number:02x}:0b"}))


def distance_km(one, two):
    """Great circle between two nodes."""
    lat1, lon1, lat2, lon2 = map(radians, (*one.position, *two.position))
    h = (sin((lat2 - lat1) / 2) ** 2
         + cos(lat1) * cos(lat2) * sin((lon2 - lon1) / 2) ** 2)
    return 2 * 6371 * asin(sqrt(h))


def one_way_us(one, two):
    """Delay of a cable between two nodes: never faster than light."""
    return DELAY_US_FIXED + round(distance_km(one, two) * DELAY_US_PER_KM)


def link_local(mac):
    """The IPv6 address that the kernel derives from a hardware address."""
    octets = [int(part, 16) for part in mac.split(":")]
    octets[0] ^= 2
    words = octets[:3] + [0xff, 0xfe] + octets[3:]
    return "fe80::" + ":".join(
        f"{words[i] << 8 | words[i + 1]:x}" for i in range(0, 8, 2))
