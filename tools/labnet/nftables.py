"""Packet filter tables in the language of nft.                        (edge)

One table for each purpose, replaced as a whole.  (The rules of firewall.py
are iptables', whose compatibility layer alone can queue packets here.)
"""

from . import netns

EXPIRED = ("icmp type time-exceeded", "icmpv6 type time-exceeded")


def replace(namespace, table, chains):
    """Puts exactly these chains in a table of the lab's own: {"type filter
    hook ... priority ...": [rule, ...]}."""
    lines = _empty(table) + [f"table inet lab-{table} {{"]
    for number, (hook, rules) in enumerate(chains.items()):
        lines += [f"chain chain{number} {{", f"{hook};", *rules, "}"]
    _run(namespace, [*lines, "}"])


def remove(namespace, table):
    _run(namespace, _empty(table))


def silent():
    """No hop here that anybody sees."""
    return {"type filter hook output priority filter": [f"{what} drop" for what in EXPIRED]}


def slow():
    """One error a second."""
    return {"type filter hook output priority filter": [
        f"{what} limit rate over 1/second burst 1 packets drop" for what in EXPIRED]}


def spread(interface, marks):
    """Marks what comes in on an interface, one mark after the other."""
    turns = ", ".join(f"{n} : {mark}" for n, mark in enumerate(marks))
    return {"type filter hook prerouting priority mangle": [
        f'iifname "{interface}" meta mark set numgen inc mod {len(marks)} map {{ {turns} }}']}


def alternate(interfaces, addresses, mark):
    """Marks every other packet to these addresses that comes in there."""
    names = ", ".join(f'"{name}"' for name in interfaces)
    return {"type filter hook prerouting priority mangle": [
        f"iifname {{ {names} }} {what} daddr {addresses[family]} "
        f"meta mark set numgen inc mod 2 map {{ 0 : {mark}, 1 : 0 }}"
        for family, what in ((4, "ip"), (6, "ip6"))]}


def unexpired(interface):
    """What would expire here is gone before the kernel can say so."""
    return {"type filter hook prerouting priority raw": [
        f'iifname "{interface}" ip ttl 1 drop', f'iifname "{interface}" ip6 hoplimit 1 drop']}


def nat(interface, inside, outside):
    """Source translation of an IPv4 host behind a router."""
    return {"type nat hook postrouting priority srcnat": [
        f'oifname "{interface}" ip saddr {inside} snat ip to {outside}']}


def intercept(interfaces, resolver):
    """DNS over UDP that comes in on these interfaces goes to a resolver of
    ours, whomever it was for.  Nothing else is tracked: packets that wait in
    a queue and connection tracking do not mix."""
    names = ", ".join(f'"{name}"' for name in interfaces)
    come = f"iifname {{ {names} }}"
    return {
        "type filter hook prerouting priority raw": [f"{come} udp dport 53 accept", "notrack"],
        "type filter hook output priority raw": ["udp sport 53 accept", "notrack"],
        "type nat hook prerouting priority dstnat": [
            f"{come} meta nfproto ipv4 udp dport 53 dnat ip to {resolver[4]}",
            f"{come} meta nfproto ipv6 udp dport 53 dnat ip6 to {resolver[6]}"]}


def _empty(table):
    return [f"table inet lab-{table} {{", "}", f"delete table inet lab-{table}"]


def _run(namespace, lines):
    netns.run(netns.prefix_command(namespace) + ["nft", "-f", "-"], "\n".join(lines) + "\n")
