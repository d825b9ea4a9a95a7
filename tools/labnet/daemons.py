"""The BIRDs and the DNS servers of one lab.                         (wiring)"""

import os
import re
import signal
import time

from . import asker, birdconf, birdctl, certificates, dnsconf, process
from .errors import LabError
from .faults import Faults
from .topology import ANYCAST, FAMILIES, ZONE

START_S = 15
TRY_S = 0.1


class Routers:
    """Every BIRD: files and control sockets in the state directory."""

    def __init__(self, topology, names, state):
        self.topology, self.names, self.state = topology, names, state
        self.nodes = [n for n in topology.nodes.values() if n.has_bird()]

    def start(self):
        for node in self.nodes:
            self.write(node.name)
            process.start(self.state, f"bird-{node.name}",
                          ["bird", "-f", "-c", self._conf(node.name),
                           "-s", self._socket(node.name)], self.names[node.name])

    def write(self, name, faults=Faults()):
        text = birdconf.render(self.topology, self.topology.nodes[name], faults)
        with open(self._conf(name), "w", encoding="ascii") as file:
            file.write(text)

    def reload(self, name):
        birdctl.configure(self._socket(name))

    def missing(self, cut=()):
        """Sessions that should be up and are not; nodes that are cut have none."""
        result = []
        for node in self.nodes:
            if node.name in cut:
                continue
            wanted = {session for session, other
                      in birdconf.sessions_of(self.topology, node).items()
                      if other not in cut}
            up = birdctl.established(self._socket(node.name))
            result += [f"{node.name}-{session}" for session in sorted(wanted - up)]
        return result

    def _conf(self, name):
        return f"{self.state}/bird-{name}.conf"

    def _socket(self, name):
        return f"{self.state}/bird-{name}.ctl"


class DnsServers:
    """The DNS server of every site, each in a directory of its own."""

    def __init__(self, topology, names, state):
        self.topology, self.names, self.state = topology, names, state

    def launch(self, site, identity=None):
        """Starts a server, by its own identity or another, and does not wait."""
        node = self.topology.nodes[site]
        directory = f"{self.state}/{site}"
        conf = f"{directory}/{node.server}.conf"
        os.makedirs(directory, exist_ok=True)
        if not os.path.exists(f"{directory}/zone"):
            _write(f"{directory}/zone", dnsconf.zone_text(dnsconf.FIRST_SERIAL))
        _write(conf, dnsconf.render(node, directory, identity or node.identity()))
        if dnsconf.speaks_tls(node):
            self._certify(node, directory)
        for stale in ("knot.pid", "nsd.pid"):
            if os.path.exists(f"{directory}/{stale}"):
                os.unlink(f"{directory}/{stale}")
        process.start(self.state, f"dns-{site}", dnsconf.command(node, conf),
                      self.names[site])

    def start(self, site):
        """Starts a server, or wakes it, and waits until it answers."""
        if process.find(self.state, f"dns-{site}") is None:
            self.launch(site)
        self.thaw(site)
        self.wait([site])

    def stop(self, site):
        process.stop(self.state, f"dns-{site}")

    def serial(self, site):
        """Of the zone that a server has."""
        with open(f"{self.state}/{site}/zone", encoding="ascii") as file:
            return int(re.search(r"hostmaster (\d+)", file.read()).group(1))

    def publish(self, site, serial):
        """The server gets another version of the zone."""
        _write(f"{self.state}/{site}/zone.new", dnsconf.zone_text(serial))
        os.replace(f"{self.state}/{site}/zone.new", f"{self.state}/{site}/zone")
        self._signal(site, signal.SIGHUP)

    def freeze(self, site):
        self._signal(site, signal.SIGSTOP)

    def thaw(self, site):
        self._signal(site, signal.SIGCONT)

    def wait(self, sites):
        """Waits until servers answer at all their addresses."""
        questions = {(site, address): (self.names[site], family, address)
                     for site in sites for family in FAMILIES for address in
                     (ANYCAST[family], self.topology.nodes[site].address[family])}
        deadline = time.monotonic() + START_S
        while True:
            for key in asker.ask(questions, TRY_S):
                del questions[key]
            if not questions:
                return
            if time.monotonic() > deadline:
                site, address = next(iter(questions))
                raise LabError(f"the DNS server of {site} does not answer at "
                               f"{address}: {self._last_words(site)}")

    def _certify(self, node, directory):
        """A certificate for the service's name and addresses and the site's."""
        if not os.path.exists(f"{self.state}/ca.pem"):
            certificates.make_ca(self.state)
        if not os.path.exists(f"{directory}/tls.pem"):
            names = [f"DNS:{ZONE.rstrip('.')}", f"DNS:{node.identity()}"]
            names += [f"IP:{address}" for family in FAMILIES
                      for address in (ANYCAST[family], node.address[family])]
            certificates.make_server(directory, "tls", node.identity(), names, self.state)

    def _signal(self, site, number):
        if not process.send_signal(self.state, f"dns-{site}", number):
            raise LabError(f"the DNS server of {site} does not run: "
                           f"event start-dns {site}")

    def _last_words(self, site):
        with open(f"{self.state}/dns-{site}.log", encoding="utf-8",
                  errors="replace") as file:
            return (file.read().strip().split("\n")[-1]) or "no message"


def _write(path, text):
    with open(path, "w", encoding="ascii") as file:
        file.write(text)
