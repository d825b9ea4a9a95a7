"""What can be made to happen in the lab.                            (wiring)

An event changes the faults and then makes the lab agree with them.  Each
`_apply_...` returns the moment just before the change took effect.
"""

import time
from dataclasses import dataclass

from . import faults as faults_file
from . import firewall, netns, nftables
from .errors import UsageError
from .topology import ANYCAST, FAMILIES

MAX_PREPEND = 20
OTHER_WAY = 77     # mark, and table of routes


@dataclass
class Event:
    usage: str      # its arguments: SITE, NODE, N, 4|6, [4|6]
    effect: str     # for people
    run: object     # function(lab, faults, *arguments) -> moment


@dataclass
class Moment:
    """One moment on both clocks; all namespaces share them."""
    mono_s: float
    at_us: int


def now():
    return Moment(time.clock_gettime(time.CLOCK_MONOTONIC), time.time_ns() // 1000)


def happen(lab, name, *words):
    """Makes an event happen; {"event", "args", "begun_mono", "begun_at_us"}."""
    if name not in lab.EVENTS:
        raise UsageError(f"no event {name!r}: there are {', '.join(lab.EVENTS)}")
    event = lab.EVENTS[name]
    arguments = _parse(lab.topology, name, event.usage, words)
    faults = faults_file.load(lab.state)
    try:
        moment = event.run(lab, faults, *arguments)
    finally:
        faults_file.save(lab.state, faults)
    return {"event": name, "args": [str(w) for w in words],
            "begun_mono": moment.mono_s, "begun_at_us": moment.at_us}


# Arguments

def _parse(topology, name, usage, words):
    kinds = usage.split()
    least = sum(not kind.startswith("[") for kind in kinds)
    if not least <= len(words) <= len(kinds):
        raise UsageError(f"usage: event {name} {usage}".rstrip())
    words = [str(word) for word in words] + [None] * (len(kinds) - len(words))
    return [_PARSERS[kind](topology, word) for kind, word in zip(kinds, words)]


def _parse_site(topology, word):
    return _parse_name(word, "site", topology.by_role("site"))


def _parse_maybe_site(topology, word):
    return None if word is None else _parse_site(topology, word)


def _parse_node(topology, word):
    return _parse_name(word, "vantage",
                       topology.by_role("vantage", "collector"))


def _parse_router(topology, word):
    return _parse_name(word, "router", topology.by_role("transit"))


def _parse_name(word, what, nodes):
    names = [node.name for node in nodes]
    if word not in names:
        raise UsageError(f"no {what} {word!r}: there are {', '.join(names)}")
    return word


def _parse_families(_topology, word):
    if word is None:
        return list(FAMILIES)
    if word not in ("4", "6"):
        raise UsageError(f"family {word!r}: expected 4 or 6")
    return [int(word)]


def _parse_count(_topology, word):
    if not word.isdigit() or int(word) > MAX_PREPEND:
        raise UsageError(f"number {word!r}: expected 0 to {MAX_PREPEND}")
    return int(word)


_PARSERS = {"SITE": _parse_site, "[SITE]": _parse_maybe_site, "VANTAGE": _parse_node, "ROUTER": _parse_router,
            "N": _parse_count,
            "4|6": _parse_families, "[4|6]": _parse_families}


# Events

def _withdraw(lab, faults, site, families):
    _add(faults.withdrawn, site, families)
    return _apply_routes(lab, faults, site)


def _announce(lab, faults, site, families):
    _remove(faults.withdrawn, site, families)
    return _apply_routes(lab, faults, site)


def _prepend(lab, faults, site, times):
    faults.prepended.pop(site, None)
    if times:
        faults.prepended[site] = times
    return _apply_routes(lab, faults, site)


def _stop_dns(lab, faults, site):
    _list(faults.stopped, site, True)
    _list(faults.frozen, site, False)
    moment = now()
    lab.dns.stop(site)
    return moment


def _start_dns(lab, faults, site):
    _list(faults.stopped, site, False)
    moment = now()
    lab.dns.start(site)
    return moment


def _restart_dns(lab, faults, site):
    moment = _stop_dns(lab, faults, site)
    _start_dns(lab, faults, site)
    return moment


def _freeze_dns(lab, faults, site):
    _list(faults.frozen, site, True)
    moment = now()
    lab.dns.freeze(site)
    return moment


def _thaw_dns(lab, faults, site):
    _list(faults.frozen, site, False)
    moment = now()
    lab.dns.thaw(site)
    return moment


def _drop_udp(lab, faults, site, families):
    _add(faults.udp_dropped, site, families)
    return _apply_udp(lab, faults, site)


def _pass_udp(lab, faults, site, families):
    _remove(faults.udp_dropped, site, families)
    return _apply_udp(lab, faults, site)


def _family_fail(lab, faults, site, families):
    _add(faults.family_failed, site, families)
    return _apply_family(lab, faults, site)


def _family_ok(lab, faults, site, families):
    _remove(faults.family_failed, site, families)
    return _apply_family(lab, faults, site)


def _hijack(lab, faults, site):
    """The rogue answers before it announces."""
    (rogue,) = lab.topology.by_role("rogue")
    faults.hijacked = [lab.topology.nodes[site or rogue.name].identity()]
    lab.dns.stop(rogue.name)
    lab.dns.launch(rogue.name, faults.hijacked[0])
    lab.dns.wait([rogue.name])
    return _apply_routes(lab, faults, rogue.name)


def _unhijack(lab, faults):
    (rogue,) = lab.topology.by_role("rogue")
    faults.hijacked = []
    moment = _apply_routes(lab, faults, rogue.name)
    lab.dns.stop(rogue.name)
    return moment


def _leak(lab, faults, site, router):
    faults.leaked[site] = router
    return _apply_routes(lab, faults, router)


def _unleak(lab, faults, site):
    router = faults.leaked.pop(site, None)
    return _apply_routes(lab, faults, router) if router else now()


def _stick(lab, faults, site):
    """The provider first: nobody loses the way."""
    _list(faults.stuck, site, True)
    _apply_routes(lab, faults, lab.topology.nodes[site].providers[4][0])
    return _apply_routes(lab, faults, site)


def _unstick(lab, faults, site):
    _list(faults.stuck, site, False)
    moment = _apply_routes(lab, faults, lab.topology.nodes[site].providers[4][0])
    _apply_routes(lab, faults, site)
    return moment


def _scatter(lab, faults, router, other):
    """Packet by packet: balancing by flow would keep each question's way."""
    if router == other:
        raise UsageError(f"the other way of {router} is to another router")
    faults.scattered[router] = other
    link = lab.topology.link(router, other)
    for family in FAMILIES:
        netns.run(["ip", "-n", lab.names[router], f"-{family}", "-batch", "-"],
                  f"route replace {ANYCAST[family]} via {link.address[other][family]} "
                  f"dev {other} table {OTHER_WAY}\nrule add fwmark {OTHER_WAY} "
                  f"lookup {OTHER_WAY}\n")
    moment = now()
    customers = [near.b for near in lab.topology.links_of(router)
                 if near.kind == "customer"]
    nftables.replace(lab.names[router], "scatter",
                     nftables.alternate(customers, ANYCAST, OTHER_WAY))
    return moment


def _gather(lab, faults, router):
    faults.scattered.pop(router, None)
    moment = now()
    nftables.remove(lab.names[router], "scatter")
    for family in FAMILIES:
        netns.run(["ip", "-n", lab.names[router], f"-{family}", "rule", "flush",
                   "table", str(OTHER_WAY)])
    return moment


def _publish(lab, faults, but):
    """Who is left out keeps the zone that it has."""
    serial = 1 + max(lab.dns.serial(site.name) for site in lab.topology.by_role("site"))
    faults.stale = [but] if but else []
    moment = now()
    for site in lab.topology.by_role("site"):
        if site.name != but:
            lab.dns.publish(site.name, serial)
    return moment


def _cut(lab, faults, name):
    _list(faults.cut, name, True)
    moment = now()
    netns.cut(lab.topology, lab.topology.nodes[name], lab.names[name])
    return moment


def _uncut(lab, faults, name):
    _list(faults.cut, name, False)
    moment = now()
    netns.configure(lab.topology, lab.topology.nodes[name], lab.names[name])
    return moment


def _restore(lab, faults):
    """Undoes what is broken; DNS servers also if they died by themselves."""
    moment = now()
    for site in {**faults.withdrawn, **faults.prepended}:
        _remove(faults.withdrawn, site, FAMILIES)
        _prepend(lab, faults, site, 0)
    for site in list(faults.udp_dropped):
        _pass_udp(lab, faults, site, FAMILIES)
    for site in list(faults.family_failed):
        _family_ok(lab, faults, site, FAMILIES)
    for name in list(faults.cut):
        _uncut(lab, faults, name)
    if faults.hijacked:
        _unhijack(lab, faults)
    for site in list(faults.leaked):
        _unleak(lab, faults, site)
    for router in list(faults.scattered):
        _gather(lab, faults, router)
    for site in list(faults.stuck):
        _unstick(lab, faults, site)
    for site in lab.topology.by_role("site"):
        lab.dns.start(site.name)
    if faults.stale:
        _publish(lab, faults, None)
    vars(faults).update(vars(faults_file.Faults()))
    return moment


EVENTS = {
    "withdraw": Event("SITE [4|6]", "the site no longer announces the prefix", _withdraw),
    "announce": Event("SITE [4|6]", "undoes withdraw", _announce),
    "prepend": Event("SITE N", "the site's AS path gets N longer; 0 undoes it", _prepend),
    "stop-dns": Event("SITE", "the DNS server is killed, the route stays", _stop_dns),
    "start-dns": Event("SITE", "undoes stop-dns; returns when it answers", _start_dns),
    "restart-dns": Event("SITE", "stop-dns and start-dns", _restart_dns),
    "freeze-dns": Event("SITE", "the DNS server falls silent (SIGSTOP)", _freeze_dns),
    "thaw-dns": Event("SITE", "undoes freeze-dns; old questions get late answers", _thaw_dns),
    "drop-udp": Event("SITE [4|6]", "UDP to port 53 arrives at the site and is dropped",
                      _drop_udp),
    "pass-udp": Event("SITE [4|6]", "undoes drop-udp", _pass_udp),
    "family-fail": Event("SITE 4|6", "packets to the service address are lost before "
                         "the site, routes stay", _family_fail),
    "family-ok": Event("SITE 4|6", "undoes family-fail", _family_ok),
    "hijack": Event("[SITE]", "somebody else announces the prefix too and answers, by a "
                    "name of his own or by SITE's", _hijack),
    "unhijack": Event("", "undoes hijack", _unhijack),
    "leak": Event("SITE ROUTER", "the router prefers the site's route to all others, and "
                  "its customers go there", _leak),
    "unleak": Event("SITE", "undoes leak", _unleak),
    "stick": Event("SITE", "the site withdraws; its provider keeps the route", _stick),
    "unstick": Event("SITE", "undoes stick: the site announces", _unstick),
    "scatter": Event("ROUTER ROUTER", "every other packet for the service goes on to the "
                     "second router", _scatter),
    "gather": Event("ROUTER", "undoes scatter", _gather),
    "publish": Event("[SITE]", "the zone's next version reaches all sites, but not SITE",
                     _publish),
    "cut": Event("VANTAGE", "all links of a vantage, or of the collector, go down", _cut),
    "uncut": Event("VANTAGE", "undoes cut", _uncut),
    "restore": Event("", "undoes everything", _restore),
}


# Faults

def _add(table, site, families):
    table[site] = sorted({*table.get(site, []), *families})


def _remove(table, site, families):
    left = [f for f in table.pop(site, []) if f not in families]
    if left:
        table[site] = left


def _list(names, name, is_in):
    names[:] = [n for n in names if n != name] + [name] * is_in


# Making the lab agree with the faults

def _apply_routes(lab, faults, site):
    lab.routers.write(site, faults)
    moment = now()
    lab.routers.reload(site)
    return moment


def _apply_udp(lab, faults, site):
    moment = now()
    for family in FAMILIES:
        is_dropped = family in faults.udp_dropped.get(site, [])
        rules = ["-A PREROUTING ! -i lo -p udp --dport 53 -j DROP"] * is_dropped
        firewall.replace(lab.names[site], family, "raw", rules)
    return moment


def _apply_family(lab, faults, site):
    """At the router before the site; it sends to the site only."""
    provider = lab.topology.nodes[site].providers[4][0]
    moment = now()
    for family in FAMILIES:
        failed = [s for s in faults.family_failed if family in faults.family_failed[s]]
        rules = [f"-A FORWARD -d {ANYCAST[family]} -o {s} -j DROP" for s in failed
                 if provider in lab.topology.nodes[s].providers[family]]
        firewall.replace(lab.names[provider], family, "filter", rules)
    return moment
