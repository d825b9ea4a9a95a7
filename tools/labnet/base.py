"""What laboratories of every shape have in common.                  (wiring)

A name of their own, a state directory, nodes in which commands run; and that
nothing is left of them afterwards.
"""

import contextlib
import fcntl
import json
import os
import re
import shutil
import subprocess

from . import dnsconf, events, faults, netns, process, users
from .errors import LabError, UsageError
from .topology import ANYCAST, ZONE

DEFAULT_STATE = "/run/catchwater-lab"
LONGEST_STATE = 80     # a unix socket's path ends at 107 bytes


class Laboratory:
    """One laboratory.  Several can run at the same time, each with a prefix
    and a state directory of its own.  A kind of laboratory says what it is
    made of: DEFAULT_PREFIX, TOOLS, EVENTS and _build."""

    DEFAULT_PREFIX = None
    TOOLS = ()     # programs that must be installed
    EVENTS = {}    # name -> events.Event

    def __init__(self, topology, prefix=None, state=None):
        prefix = prefix or self.DEFAULT_PREFIX
        if not re.fullmatch("[a-z][a-z0-9]*-", prefix):
            raise UsageError(f"prefix {prefix!r}: expected letters and digits, then a dash")
        _find_system_tools()
        self.prefix = prefix
        self.state = os.path.abspath(state or self._default_state())
        if len(self.state) > LONGEST_STATE:
            raise UsageError(f"state directory {self.state}: longer than "
                             f"{LONGEST_STATE} characters")
        self.topology = topology
        self.names = {name: prefix + name for name in topology.nodes}

    # Life

    def up(self, say=lambda line: None, wanted_delay=None):
        """Builds everything and waits until it works."""
        self._require_tools()
        if self.is_up():
            raise LabError("the lab is up already: `tools/lab down` first")
        if self._has_leftovers():
            say("removing what an earlier lab has left")
            self.down()
        os.makedirs(self.state, mode=0o755)
        try:
            with self._lock():
                backend = self._build(say, wanted_delay)
                with open(f"{self.state}/lab.json", "w", encoding="ascii") as file:
                    json.dump({"delay": backend}, file)
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

    def nodes(self):
        """Everything about every node, by name; needs no running lab."""
        return {node.name: self._describe(node) for node in self.topology.nodes.values()}

    def delay_backend(self):
        """What delays packets: netem, queue or none."""
        with open(f"{self.state}/lab.json", encoding="ascii") as file:
            return json.load(file)["delay"]

    def is_broken(self):
        """Whether some event has not been undone."""
        return any(vars(faults.load(self.state)).values())

    def _position(self, site):
        """A site's position; where links have no delay, answers would come
        sooner than light, and the position would make impostors of them."""
        if os.path.exists(f"{self.state}/lab.json") and self.delay_backend() == "none":
            return ""
        return f'position = "{site.position[0]:.2f},{site.position[1]:.2f}" '

    def service_config(self):
        """The service block of a collector's configuration for this lab."""
        addresses = ", ".join(f'"{address}"' for address in ANYCAST.values())
        sites = "".join(
            f'  site "{site.name}" {{ {self._position(site)}{_scope(site)}unicast = {{ '
            f'"{site.address[4]}", "{site.address[6]}" }} }}\n'
            for site in self.topology.by_role("site"))
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

    def command(self, node, *words, user=None):
        """The command line that runs `words` inside a node."""
        if node not in self.names:
            raise UsageError(f"no node {node!r}: there are {', '.join(self.names)}")
        self._require_up()
        return netns.prefix_command(self.names[node]) + users.command_as(user) + list(words)

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
        """Makes it all; what delays packets in it."""
        raise NotImplementedError

    def _remove(self):
        namespaces = netns.existing(self.prefix)
        process.stop_inside(namespaces)
        netns.remove(self.prefix)
        shutil.rmtree(self.state, ignore_errors=True)

    def _has_leftovers(self):
        return os.path.isdir(self.state) or bool(netns.existing(self.prefix))

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

    def _require_tools(self):
        _require_root()
        missing = self.missing_tools()
        if missing:
            raise LabError(f"not installed: {', '.join(missing)}; try `make deps`")

    @classmethod
    def missing_tools(cls):
        _find_system_tools()
        return [tool for tool in cls.TOOLS if not shutil.which(tool)]

    def _default_state(self):
        if self.prefix == "cw-":
            return DEFAULT_STATE
        return f"{DEFAULT_STATE}.{self.prefix.rstrip('-')}"

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


def _scope(site):
    """What the configuration says of a site that is not for all."""
    if not site.local_to:
        return ""
    return f'scope = "local" local_to = {{ {", ".join(map(str, site.local_to))} }} '


def _find_system_tools():
    """`su` leaves root without the directories of the daemons."""
    path = os.environ.get("PATH", os.defpath).split(":")
    os.environ["PATH"] = ":".join(
        path + [d for d in ("/usr/sbin", "/sbin") if d not in path])


def _require_root():
    if os.geteuid() != 0:
        raise LabError("the lab needs root, for network namespaces: try sudo, "
                       "or tools/lab-as-user")
