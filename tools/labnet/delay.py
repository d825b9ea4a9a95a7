"""Gives links their delay.                                            (edge)

netem does it where the kernel has it.  Elsewhere the routers put packets in
netfilter queues and one process (delayd) lets them go when their time has
come; packets towards a queue without a process pass at once.
"""

import json
import os
import subprocess
import sys

from . import firewall, netns, process
from .errors import LabError
from .topology import FAMILIES

DESCRIPTION = {
    "netem": "netem",
    "queue": "packets held in netfilter queues (this kernel has no netem)",
    "none": "none",
}
DAEMON = os.path.join(os.path.dirname(os.path.abspath(__file__)), "delayd.py")


def choose(names, wanted):
    """The backend to use: the one wanted, or the best that works here."""
    if wanted:
        if wanted not in DESCRIPTION:
            raise LabError(f"delay {wanted}: expected one of {', '.join(DESCRIPTION)}")
        return wanted
    namespace = next(iter(names.values()))
    if _works(["tc", "-n", namespace, "qdisc", "replace", "dev", "lo", "root",
               "netem", "delay", "1ms"]):
        netns.run(["tc", "-n", namespace, "qdisc", "del", "dev", "lo", "root"])
        return "netem"
    if _works(netns.prefix_command(namespace) + [
            "iptables-nft", "-t", "mangle", "-A", "PREROUTING", "-i", "nothing",
            "-j", "NFQUEUE", "--queue-num", "0", "--queue-bypass"]):
        return "queue"
    return "none"


def apply(topology, names, backend, state):
    """Sets the delay of every link, both ways."""
    if backend == "netem":
        _apply_netem(topology, names)
    elif backend == "queue":
        _apply_queues(topology, names, state)


def delayed_links(topology, node):
    """Those of a node that are long."""
    return [link for link in topology.links_of(node.name) if link.delay_us]


def _works(argv):
    return subprocess.run(argv, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL, check=False).returncode == 0


def _apply_netem(topology, names):
    for node in topology.nodes.values():
        netns.run(["tc", "-n", names[node.name], "-batch", "-"], "".join(
            f"qdisc replace dev {link.other(node.name)} root netem "
            f"delay {link.delay_us}us limit 100000\n"
            for link in delayed_links(topology, node)))


def _apply_queues(topology, names, state):
    plan = []
    for transit in topology.by_role("transit"):
        rules, delays = _queues(topology, transit)
        if not rules:
            continue
        for family in FAMILIES:
            firewall.replace(names[transit.name], family, "mangle", rules)
        plan.append({"netns": netns.path(names[transit.name]), "delays_us": delays})
    with open(f"{state}/delay.json", "w", encoding="ascii") as file:
        json.dump(plan, file)
    process.start_ready(state, "delayd", [sys.executable, DAEMON, f"{state}/delay.json"],
                        next(iter(names.values())))


def _queues(topology, transit):
    """Rules of one router, and the delay of each of its queues.  Hosts have
    no rules: their router holds what comes from them too."""
    rules, delays = [], []
    for link in delayed_links(topology, transit):
        ways = ["POSTROUTING -o"]
        if link.kind == "customer":
            ways.append("PREROUTING -i")
        for way in ways:
            rules.append(f"-A {way} {link.other(transit.name)} -j NFQUEUE "
                         f"--queue-num {len(delays)} --queue-bypass")
            delays.append(link.delay_us)
    return rules, delays
