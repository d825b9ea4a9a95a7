"""What can be made to happen in the laboratory of paths.            (wiring)"""

import socket
import sys
import time

from . import netns, nftables, pathmap, process
from .errors import LabError
from .events import Event, now
from .faults import Faults

START_S = 15

# A resolver as providers run it for their customers: asks on for everybody,
# whatever the question's flags say.
RESOLVER = """\
server:
  username: ""
  chroot: ""
  directory: "{dir}"
  pidfile: ""
  use-syslog: no
  do-daemonize: no
  num-threads: 1
  interface: {v4}
  interface: {v6}
  outgoing-interface: {v4}
  outgoing-interface: {v6}
  access-control: 0.0.0.0/0 allow_setrd
  access-control: ::/0 allow_setrd
  module-config: "iterator"
  identity: "{identity}"
remote-control:
  control-enable: no
forward-zone:
  name: "."
  forward-addr: {upstream}
"""


def _intercept(lab, faults, router):
    node = lab.topology.nodes[router]
    conf = f"{lab.state}/resolver-{router}.conf"
    with open(conf, "w", encoding="ascii") as file:
        file.write(RESOLVER.format(
            dir=lab.state, v4=node.address[4], v6=node.address[6],
            identity=pathmap.RESOLVER_IDENTITY,
            upstream=lab.topology.by_role("site")[0].address[4]))
    faults.intercepted = [*faults.intercepted, router]
    process.start(lab.state, f"resolver-{router}", ["unbound", "-d", "-p", "-c", conf],
                  lab.names[router])
    _wait_listening(lab, router)
    moment = now()
    nftables.replace(lab.names[router], "intercept",
                     nftables.intercept(_upstream(lab, router), node.address))
    return moment


def _pass(lab, faults, router):
    faults.intercepted = [name for name in faults.intercepted if name != router]
    moment = now()
    nftables.remove(lab.names[router], "intercept")
    process.stop(lab.state, f"resolver-{router}")
    return moment


def _inject(lab, faults, router):
    faults.injected = [*faults.injected, router]
    process.start_ready(lab.state, f"injector-{router}", [
        sys.executable, "-m", "labnet.injector", *_upstream(lab, router)], lab.names[router])
    return now()


def _uninject(lab, faults, router):
    faults.injected = [name for name in faults.injected if name != router]
    moment = now()
    process.stop(lab.state, f"injector-{router}")
    return moment


def _move(lab, faults):
    faults.moved = [pathmap.MOVING]
    return _turn(lab, 1)


def _move_back(lab, faults):
    faults.moved = []
    return _turn(lab, 0)


def _turn(lab, way):
    moment = now()
    lab.write_routes(pathmap.MOVING, way)
    return moment


def _restore(lab, faults):
    moment = now()
    for router in list(faults.intercepted):
        _pass(lab, faults, router)
    for router in list(faults.injected):
        _uninject(lab, faults, router)
    if faults.moved:
        _move_back(lab, faults)
    vars(faults).update(vars(Faults()))
    return moment


EVENTS = {
    "intercept": Event("ROUTER", "a resolver there answers all DNS over UDP that passes",
                       _intercept),
    "pass": Event("ROUTER", "undoes intercept", _pass),
    "inject": Event("ROUTER", "forged answers from there race the true ones", _inject),
    "uninject": Event("ROUTER", "undoes inject", _uninject),
    "move": Event("", "the route of `moving` changes, to site two", _move),
    "move-back": Event("", "undoes move", _move_back),
    "restore": Event("", "undoes everything", _restore),
}


def _upstream(lab, router):
    """Interfaces of a router on which vantages' packets come in."""
    return [link.other(router) for link in lab.topology.links_of(router)
            if link.other(router) not in lab.topology.ways[router]
            and lab.topology.nodes[link.other(router)].role in ("transit", "vantage")]


def _wait_listening(lab, router):
    address = lab.topology.nodes[router].address[4]
    deadline = time.monotonic() + START_S
    while True:
        with netns.entered(lab.names[router]):
            sock = socket.socket()
        with sock:
            if sock.connect_ex((address, 53)) == 0:
                return
        if time.monotonic() > deadline:
            raise LabError(f"the resolver does not start: see {lab.state}/resolver-{router}.log")
        time.sleep(0.02)
