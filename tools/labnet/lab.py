"""The laboratory as a whole.                                        (wiring)"""

import contextlib
import fcntl
import json
import os
import pwd
import re
import shutil
import subprocess
import time

from . import asker, delay, dnsconf, events, faults, netns, process, truth
from .daemons import DnsServers, Routers
from .errors import LabError, UsageError
from .topology import ANYCAST, FAMILIES, ZONE, Topology

DEFAULT_PREFIX = "cw-"
DEFAULT_STATE = "/run/catchwater-lab"
TOOLS = ("ip", "nsenter", "setpriv", "iptables-nft", "openssl", "bird", "knotd", "nsd",
         "named", "unbound")
LONGEST_STATE = 80     # a unix socket's path ends at 107 bytes
UP_S = 60
POLL_S = 0.1
QUIET_UP_S = 0.5
QUIET_SETTLE_S = 1.0
ANSWER_S = 5


class Lab:
    """One laboratory.  Several can run at the same time, each with a prefix
    and a state directory of its own."""

    def __init__(self, prefix=None, state=None):
        prefix = prefix or DEFAULT_PREFIX
        if not re.fullmatch("[a-z][a-z0-9]*-", prefix):
            raise UsageError(f"prefix {prefix!r}: expected letters and digits, then a dash")
        _find_system_tools()
        self.prefix = prefix
        self.state = os.path.abspath(state or _default_state(prefix))
        if len(self.state) > LONGEST_STATE:
            raise UsageError(f"state directory {self.state}: longer than "
                             f"{LONGEST_STATE} characters")
        self.topology = Topology()
        self.names = {name: prefix + name for name in self.topology.nodes}
        self.routers = Routers(self.topology, self.names, self.state)
        self.dns = DnsServers(self.topology, self.names, self.state)

    # Life

    def up(self, say=lambda line: None, wanted_delay=None):
        """Builds everything and waits until routing has converged."""
        _require_tools()
        if self.is_up():
            raise LabError("the lab is up already: `tools/lab down` first")
        if self._has_leftovers():
            say("removing what an earlier lab has left")
            self.down()
        os.makedirs(self.state, mode=0o755)
        try:
            with self._lock():
                self._build(say, wanted_delay)
        except BaseException:
            self.down()
            raise

    def down(self):
        """Removes everything, also what only half exists; True if there
        was anything."""
        _require_root()
        had_leftovers = self._has_leftovers()
        if os.path.isdir(self.state):
            with self._lock():
                process.stop_all(self.state)
                self._remove()
        else:
            self._remove()
        return had_leftovers

    def is_up(self):
        return (os.path.exists(f"{self.state}/lab.json") and
                set(netns.existing(self.prefix)) >= set(self.names.values()))

    # What is

    def truth(self):
        """The catchment by routing: see truth.read."""
        self._require_up()
        return truth.read(self.topology, self.names, self._has_delay())

    def nodes(self):
        """Everything about every node, by name; needs no running lab."""
        return {node.name: self._describe(node) for node in self.topology.nodes.values()}

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

    def delay_backend(self):
        """What delays packets: netem, queue or none."""
        with open(f"{self.state}/lab.json", encoding="ascii") as file:
            return json.load(file)["delay"]

    def is_broken(self):
        """Whether some event has not been undone."""
        return any(vars(faults.load(self.state)).values())

    def is_announced(self, site, family):
        """Whether a site announces the service's prefix of a family."""
        return family not in faults.load(self.state).withdrawn.get(site, [])

    def service_config(self):
        """The service block of a collector's configuration for this lab."""
        addresses = ", ".join(f'"{address}"' for address in ANYCAST.values())
        sites = "".join(
            f'  site "{site.name}" {{ position = "{site.position[0]:.2f},'
            f'{site.position[1]:.2f}" unicast = {{ "{site.address[4]}", '
            f'"{site.address[6]}" }} }}\n' for site in self.topology.by_role("site"))
        return (f'service "{ZONE.rstrip(".").replace(".", "-")}" {{\n'
                f"  addresses = {{ {addresses} }}\n"
                f'  zone = "{ZONE}"\n'
                f'  identity = {{ "ns{{instance}}.{{site}}.{ZONE.rstrip(".")}" }}\n'
                f"{sites}}}\n")

    # What happens

    def event(self, name, *words):
        """Makes an event happen: see events.happen."""
        self._require_up()
        with self._lock():
            return events.happen(self, name, *words)

    def settle(self, timeout=30):
        """Waits until routing is at rest; the truth then."""
        self._require_up()
        return self._wait_at_rest(QUIET_SETTLE_S, timeout)

    def command(self, node, *words, user=None):
        """The command line that runs `words` inside a node."""
        if node not in self.names:
            raise UsageError(f"no node {node!r}: there are {', '.join(self.names)}")
        self._require_up()
        return netns.prefix_command(self.names[node]) + _as_user(user) + list(words)

    def exec(self, node, *words, user=None, timeout=60, **more):
        """Runs a command inside a node; subprocess.CompletedProcess, text."""
        more = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True,
                "check": False, **more}
        return subprocess.run(self.command(node, *words, user=user),
                              timeout=timeout, **more)

    def popen(self, node, *words, user=None, **more):
        """Starts a command inside a node; subprocess.Popen."""
        return subprocess.Popen(self.command(node, *words, user=user), **more)

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
        with open(f"{self.state}/lab.json", "w", encoding="ascii") as file:
            json.dump({"delay": backend}, file)

    def _remove(self):
        namespaces = netns.existing(self.prefix)
        process.stop_inside(namespaces)
        netns.remove(self.prefix)
        shutil.rmtree(self.state, ignore_errors=True)

    def _has_leftovers(self):
        return os.path.isdir(self.state) or bool(netns.existing(self.prefix))

    def _has_delay(self):
        return self.delay_backend() != "none"

    @contextlib.contextmanager
    def _lock(self):
        """One change at a time; the kernel frees it if its holder dies."""
        fd = os.open(self.state, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            yield
        finally:
            os.close(fd)

    def _require_up(self):
        _require_root()
        if not self.is_up():
            raise LabError("the lab is not up: `tools/lab up` first")

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

    def _describe(self, node):
        result = {
            "role": node.role, "as": node.asn, "city": node.city,
            "position": list(node.position), "netns": self.names[node.name],
            "v4": node.address[4], "v6": node.address[6],
            "prefix_v4": node.prefix[4], "prefix_v6": node.prefix[6],
            "neighbours": [link.other(node.name)
                           for link in self.topology.links_of(node.name)],
        }
        if node.role == "site":
            result.update(server=node.server, identity=node.identity(),
                          tls=dnsconf.speaks_tls(node),
                          service_v4=ANYCAST[4], service_v6=ANYCAST[6])
        return result


def _default_state(prefix):
    if prefix == DEFAULT_PREFIX:
        return DEFAULT_STATE
    return f"{DEFAULT_STATE}.{prefix.rstrip('-')}"


def _find_system_tools():
    """`su` leaves root without the directories of the daemons."""
    path = os.environ.get("PATH", os.defpath).split(":")
    os.environ["PATH"] = ":".join(
        path + [d for d in ("/usr/sbin", "/sbin") if d not in path])


def _require_root():
    if os.geteuid() != 0:
        raise LabError("the lab needs root, for network namespaces: try sudo")


def _require_tools():
    _require_root()
    missing = [tool for tool in TOOLS if not shutil.which(tool)]
    if missing:
        raise LabError(f"not installed: {', '.join(missing)}; try `make deps`")


def _as_user(user):
    if user is None:
        return []
    try:
        entry = pwd.getpwnam(user)
    except KeyError:
        raise UsageError(f"no user {user!r} on this host") from None
    return ["setpriv", f"--reuid={entry.pw_uid}", f"--regid={entry.pw_gid}",
            "--init-groups", "--"]
