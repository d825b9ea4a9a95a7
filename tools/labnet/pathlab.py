"""The laboratory of paths: load balancers, odd hops, middleboxes.   (wiring)

No routing protocol: every route is written down, so the true path of every
packet is known beforehand (pathmap.truth).
"""

import sys

from . import delay, faults, netns, nftables, oddhop, pathevents, pathmap, process
from .base import Laboratory
from .daemons import DnsServers
from .topology import ANYCAST, FAMILIES

ANY = {4: "0.0.0.0/0", 6: "::/0"}
# Flow hash over addresses, protocol and ports; in IPv6 the flow label too, as
# routers do it (RFC 6438).
HASH_FIELDS = {4: 0x37, 6: 0x3f}
HASH_SOURCE = 1   # the source address among them
# Which way a packet goes: no probe in even steps falls in with it.
SPREAD = (1, 2, 2, 1, 2, 1, 1)


class PathLab(Laboratory):
    """See pathmap for what is where."""

    DEFAULT_PREFIX = "cwp-"
    TOOLS = ("ip", "nsenter", "setpriv", "iptables-nft", "nft", "openssl", "knotd", "nsd",
             "unbound")
    EVENTS = pathevents.EVENTS

    def __init__(self, prefix=None, state=None):
        super().__init__(pathmap.PathMap(), prefix, state)
        self.dns = DnsServers(self.topology, self.names, self.state)

    def truth(self):
        """See pathmap.truth."""
        return pathmap.truth(self.topology, len(faults.load(self.state).moved))

    def is_announced(self, _site, _family):
        return True

    def settle(self, timeout=0):
        """Routes here are never in between."""

    # Inside

    def _build(self, say, wanted_delay):
        netns.build(self.topology, self.names)
        say(f"{len(self.names)} namespaces and {len(self.topology.links)} links")
        for router in self.topology.by_role("transit"):
            self.write_routes(router.name)
            with netns.entered(self.names[router.name]):
                self._set_hash(router.name)
        self._make_odd()
        backend = delay.choose(self.names, wanted_delay)
        delay.apply(self.topology, self.names, backend, self.state)
        say(f"delays: {delay.DESCRIPTION[backend]}")
        sites = [site.name for site in self.topology.by_role("site")]
        for site in sites:
            self.dns.launch(site)
        self.dns.wait(sites)
        say(f"{len(sites)} DNS servers answer")
        return backend

    @staticmethod
    def _set_hash(name):
        for family, fields in HASH_FIELDS.items():
            if name in pathmap.SECOND:
                fields &= ~HASH_SOURCE
            netns.write_sysctl(f"ipv{family}/fib_multipath_hash_fields", str(fields))

    def write_routes(self, name, way=0):
        """All routes of one router, from the map; `way` is the one that a
        router without balance takes, where there are several."""
        lines = [f"route replace {self.topology.nodes[other].address[family]} "
                 f"{self._via(name, step, family)}{self._source(name, step, family)}"
                 for (other, family), step in pathmap.routes(self.topology, name).items()]
        for family in FAMILIES:
            lines += self._onward(name, family, way)
        netns.run(["ip", "-n", self.names[name], "-batch", "-"], "\n".join(lines) + "\n")

    def _onward(self, name, family, way):
        """Routes towards the service."""
        goal = ANYCAST[family] if name.startswith("core") else ANY[family]
        ways = [self._via(name, step, family) for step in self.topology.ways[name]]
        if self.topology.balance.get(name) == "per_flow":
            return [f"route replace {goal} " + " ".join(f"nexthop {via}" for via in ways)]
        tables = []
        if self.topology.balance.get(name) == "per_packet":
            tables = [f"route replace {goal} {via} table {mark}"
                      for mark, via in enumerate(ways, 1)]
        return [*tables, f"route replace {goal} {ways[way]}"]

    def _via(self, name, step, family):
        gateway = self.topology.link(name, step).address[step][family]
        return f"via {gateway} dev {step}"

    def _source(self, name, step, family):
        """IPv6 sends errors from where packets come in, unless the route says."""
        if family == 6 and name in pathmap.THIRD_PARTY:
            return f" src {self.topology.link(name, step).address[name][family]}"
        return ""

    def _spread(self, name):
        """Per packet: each gets a mark, and each mark has a table of routes."""
        for family in FAMILIES:
            netns.run(["ip", "-n", self.names[name], f"-{family}", "-batch", "-"], "".join(
                f"rule add fwmark {mark} lookup {mark}\n" for mark in sorted(set(SPREAD))))
        nftables.replace(self.names[name], "balance",
                         nftables.spread(self._before(name), SPREAD))

    def _make_odd(self):
        for name, kind in self.topology.balance.items():
            if kind == "per_packet":
                self._spread(name)
        for name in pathmap.SILENT:
            nftables.replace(self.names[name], "odd", nftables.silent())
        for name in pathmap.SLOW:
            nftables.replace(self.names[name], "odd", nftables.slow())
        for name in pathmap.INBOUND:
            with netns.entered(self.names[name]):
                netns.write_sysctl("ipv4/icmp_errors_use_inbound_ifaddr", "1")
        for vantage, name in pathmap.NAT.items():
            nftables.replace(self.names[name], "nat", nftables.nat(
                self.topology.ways[name][0], self.topology.nodes[vantage].address[4],
                self.topology.nodes[name].address[4]))
        for name in (*pathmap.TWIN, *pathmap.LABELLED):
            self.start_odd_hop(name)

    def start_odd_hop(self, name, extension=None):
        """A program that answers for the router, or besides it.  One inside
        MPLS has the labels of the map, or sends this extension."""
        before, node = self._before(name), self.topology.nodes[name]
        source, labels = node.address, pathmap.LABELLED.get(name)
        if labels:
            nftables.replace(self.names[name], "odd", nftables.unexpired(before))
            source = self.topology.link(name, before).address[name]
            extension = extension or oddhop.mpls(labels)
        process.stop(self.state, f"hop-{name}")
        process.start_ready(self.state, f"hop-{name}", [
            sys.executable, "-m", "labnet.oddhop", before, source[4], source[6],
            (extension or b"").hex()], self.names[name])

    def _before(self, name):
        """The node on the vantage's side of a router of one case."""
        return self.topology.towards(name, name.split("-", maxsplit=1)[0])
