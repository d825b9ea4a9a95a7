"""The laboratory with the Internet's routing.                       (wiring)"""

import time

from . import asker, birdconf, delay, events, faults, netns, truth
from .base import DEFAULT_STATE, Laboratory
from .daemons import DnsServers, Routers
from .errors import LabError
from .topology import ANYCAST, FAMILIES, Topology

__all__ = ["DEFAULT_STATE", "Lab"]

UP_S = 60
POLL_S = 0.1
QUIET_UP_S = 0.5
QUIET_SETTLE_S = 1.0
ANSWER_S = 5


class Lab(Laboratory):
    """Providers that speak BGP, the sites of an anycast service behind them,
    vantages and a collector."""

    DEFAULT_PREFIX = "cw-"
    TOOLS = ("ip", "nsenter", "setpriv", "iptables-nft", "openssl", "bird",
             "knotd", "nsd", "named", "unbound")
    EVENTS = events.EVENTS

    def __init__(self, prefix=None, state=None):
        super().__init__(Topology(), prefix, state)
        self.routers = Routers(self.topology, self.names, self.state)
        self.dns = DnsServers(self.topology, self.names, self.state)

    # What is

    def truth(self):
        """The catchment by routing: see truth.read."""
        self._require_up()
        return truth.read(self.topology, self.names, self._has_delay())

    def check(self):
        """Asks the service from every vantage; one line for each landing
        that is not the true one."""
        true = self.truth()
        answers = asker.ask(
            {(vantage, family): (self.names[vantage], family, ANYCAST[family])
             for vantage in true for family in FAMILIES}, ANSWER_S)
        wrong = []
        for vantage, landings in true.items():
            for family in FAMILIES:
                told = self._site_of(answers.get((vantage, family)))
                site = landings[truth.KEY[family]]["site"]
                if told != site:
                    wrong.append(f"{vantage} IPv{family}: routing says {site or 'nothing'}, "
                                 f"DNS says {told or 'nothing'}")
        return wrong

    def is_announced(self, site, family):
        """Whether a site announces the service's prefix of a family."""
        return birdconf.is_announced(self.topology.nodes[site], family,
                                     faults.load(self.state))

    # What happens

    def settle(self, timeout=30):
        """Waits until routing is at rest; the truth then."""
        self._require_up()
        return self._wait_at_rest(QUIET_SETTLE_S, timeout)

    # Inside

    def _build(self, say, wanted_delay):
        netns.build(self.topology, self.names)
        say(f"{len(self.names)} namespaces and {len(self.topology.links)} links")
        backend = delay.choose(self.names, wanted_delay)
        delay.apply(self.topology, self.names, backend, self.state)
        say(f"delays: {delay.DESCRIPTION[backend]}")
        self.routers.start()
        say(f"{len(self.routers.nodes)} BIRD routers started")
        sites = [site.name for site in self.topology.by_role("site")]
        for site in sites:
            self.dns.launch(site)
        self.dns.wait(sites)
        servers = {site.server for site in self.topology.by_role("site")}
        say(f"{len(sites)} DNS servers answer ({', '.join(sorted(servers))})")
        self._wait_converged()
        say("routing has converged")
        return backend

    def _has_delay(self):
        return self.delay_backend() != "none"

    def _wait_converged(self):
        """As _wait_at_rest, and every vantage lands somewhere."""
        deadline = time.monotonic() + UP_S
        while True:
            true = self._wait_at_rest(QUIET_UP_S, deadline - time.monotonic())
            if all(landing["rtt_ms"] is not None
                   for landings in true.values() for landing in landings.values()):
                return

    def _wait_at_rest(self, quiet_s, timeout_s):
        cut = faults.load(self.state).cut
        deadline = time.monotonic() + timeout_s
        before, since = None, 0
        while True:
            missing = self.routers.missing(cut)
            true = truth.read(self.topology, self.names, True)
            now = time.monotonic()
            if missing or true != before:
                before, since = true, now
            elif now - since >= quiet_s:
                return true
            if now > deadline:
                raise LabError("routing is not at rest: " + (
                    f"no session {', '.join(missing)}" if missing else "it keeps changing"))
            time.sleep(POLL_S)

    def _site_of(self, identity):
        for site in self.topology.by_role("site"):
            if site.identity() == identity:
                return site.name
        return identity
