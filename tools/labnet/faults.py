"""What is broken in the lab at the moment.                            (edge)

Kept in one file of the state directory.  Configuration and rules are always
made anew from it, so to undo an event is to forget its fault.
"""

import json
import os
from dataclasses import asdict, dataclass, field


@dataclass
class Faults:
    withdrawn: dict = field(default_factory=dict)      # site -> families
    prepended: dict = field(default_factory=dict)      # site -> times
    udp_dropped: dict = field(default_factory=dict)    # site -> families
    family_failed: dict = field(default_factory=dict)  # site -> families
    stopped: list = field(default_factory=list)        # sites without server
    frozen: list = field(default_factory=list)         # sites, server asleep
    cut: list = field(default_factory=list)            # nodes, links down
    hijacked: list = field(default_factory=list)       # [identity of the rogue]
    leaked: dict = field(default_factory=dict)         # site -> router that prefers it
    stuck: list = field(default_factory=list)          # sites, withdrawn in vain
    scattered: dict = field(default_factory=dict)      # router -> the other way
    stale: list = field(default_factory=list)          # sites, zone out of date
    # in the laboratory of paths
    intercepted: list = field(default_factory=list)    # routers with a resolver
    injected: list = field(default_factory=list)       # routers with a forger
    moved: list = field(default_factory=list)          # routers, second way


def load(state):
    try:
        with open(_path(state), encoding="ascii") as file:
            return Faults(**json.load(file))
    except FileNotFoundError:
        return Faults()


def save(state, faults):
    with open(_path(state) + ".new", "w", encoding="ascii") as file:
        json.dump(asdict(faults), file)
    os.replace(_path(state) + ".new", _path(state))


def _path(state):
    return f"{state}/faults.json"
