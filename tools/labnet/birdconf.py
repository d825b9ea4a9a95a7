"""Writes the configuration of every BIRD in the lab.                  (pure)

Business as usual between providers: routes of customers are liked best and
told to all; routes of peers are told to customers only.  Among equals the
shorter AS path wins, then the nearer neighbour (its delay serves as MED).
"""

from .faults import Faults
from .topology import ANYCAST_PREFIX, FAMILIES, SERVICE_AS

LIKE_CUSTOMER = 200
LIKE_OTHERS = 100
LIKE_LEAKED = 250   # by mistake, and told to customers only

HEAD = """\
log stderr {{ warning, error, auth, fatal, bug }};
router id {router_id};
protocol device {{ }}
"""

KERNEL = """\
protocol kernel kernel{family} {{
	ipv{family} {{ import none; export filter {{ {filter} }}; }};
}}
"""

STATIC = """\
protocol static {name}{family} {{
	disabled {disabled};
	ipv{family};
{routes}}}
"""

# Times are short so that a test need not wait for minutes; two ends that
# call each other at once would collide, so one of them only listens.
BGP = """\
protocol bgp {name}{family} {{
	local {local} as {local_as};
	neighbor {remote} as {remote_as};
	hold time 9;
	keepalive time 3;
	connect delay time 1;
	connect retry time 1;
	error wait time 1, 2;
	passive {passive};
	allow local as 1;
	med metric yes;
	ipv{family} {{
		import filter {{ {accept} }};
		export filter {{ {tell} }};
	}};
}}
"""

TELL_ALL = "accept;"
# As long as if the site still told it.
TELL_STUCK = ("if net = {net} && source = RTS_STATIC then "
              "{{ bgp_path.prepend(%d); accept; }} " % SERVICE_AS)
TELL_OWN = "if source = RTS_STATIC then accept; reject;"
TELL_PEER = ("if source = RTS_STATIC then accept; "
             f"if bgp_local_pref = {LIKE_CUSTOMER} then accept; reject;")


def render(topology, node, faults=Faults()):
    """The whole configuration of one node, as text."""
    parts = [HEAD.format(router_id=node.address[4])]
    for family in FAMILIES:
        parts.append(_kernel(node, family))
        parts.append(_static("own", family, [f"{node.prefix[family]} unreachable"]))
        if node.role in ("site", "rogue"):
            parts.append(_static("anycast", family,
                                 [f"{ANYCAST_PREFIX[family]} unreachable"],
                                 not is_announced(node, family, faults)))
        if node.role == "transit":
            parts.append(_static("hosts", family, _hosts(topology, node, family)))
            parts.append(_static("stuck", family, _stuck(topology, node, family, faults)))
        parts += _sessions(topology, node, family, faults)
    return "\n".join(parts)


def is_announced(node, family, faults):
    """Whether a site, or the rogue, announces the service's prefix."""
    if node.role == "rogue":
        return bool(faults.hijacked)
    return family not in faults.withdrawn.get(node.name, []) and node.name not in faults.stuck


def session_name(neighbour, family):
    return f"{neighbour}{family}"


def sessions_of(topology, node):
    """Names of the BGP sessions of one node, with the neighbour of each."""
    return {session_name(link.other(node.name), family): link.other(node.name)
            for link in topology.links_of(node.name) for family in FAMILIES
            if topology.nodes[link.other(node.name)].has_bird()}


def _kernel(node, family):
    # Sites and vantages speak from their own address; routers from the
    # interface, which is what traceroutes see.
    source = ("" if node.role == "transit" else
              f"if source = RTS_BGP then krt_prefsrc = {node.address[family]}; ")
    return KERNEL.format(family=family, filter=source + "accept;")


def _static(name, family, routes, is_disabled=False):
    return STATIC.format(name=name, family=family,
                         disabled="yes" if is_disabled else "no",
                         routes="".join(f"\troute {r};\n" for r in routes))


def _hosts(topology, transit, family):
    """Customers without a routing daemon."""
    return [f"{topology.nodes[link.b].prefix[family]} via {link.address[link.b][family]}"
            for link in topology.links_of(transit.name)
            if not topology.nodes[link.b].has_bird()]


def _stuck(topology, transit, family, faults):
    """Routes to sites that have withdrawn them."""
    return [f"{ANYCAST_PREFIX[family]} via {link.address[link.b][family]}"
            for link in topology.links_of(transit.name) if link.b in faults.stuck]


def _sessions(topology, node, family, faults):
    result = []
    for link in topology.links_of(node.name):
        other = topology.nodes[link.other(node.name)]
        if not other.has_bird():
            continue
        result.append(BGP.format(
            name=other.name, family=family,
            local=link.address[node.name][family], local_as=node.asn,
            remote=link.address[other.name][family], remote_as=other.asn,
            passive="yes" if node.name == link.a else "no",
            accept=_accept(topology, node, other, link, family, faults),
            tell=_tell(node, other, family, faults.prepended.get(node.name, 0))))
    return result


def _accept(topology, node, other, link, family, faults):
    is_customer = node.role == "transit" and other.role != "transit"
    like = LIKE_CUSTOMER if is_customer else LIKE_OTHERS
    if other.name in node.providers[family]:
        distance = node.providers[family].index(other.name)
    else:
        distance = link.delay_us
    leak = "".join(
        f"if net = {ANYCAST_PREFIX[family]} then {{ bgp_local_pref = {LIKE_LEAKED}; accept; }} "
        for site, router in faults.leaked.items()
        if router == node.name and site in (
            beyond.other(other.name) for beyond in topology.links_of(other.name)))
    return f"{leak}bgp_local_pref = {like}; bgp_med = {distance}; accept;"


def _tell(node, other, family, prepend):
    if node.role == "transit":
        return TELL_STUCK.format(net=ANYCAST_PREFIX[family]) + (
            TELL_PEER if other.role == "transit" else TELL_ALL)
    longer = f"bgp_path.prepend({node.asn}); " * prepend
    if longer:
        longer = f"if net = {ANYCAST_PREFIX[family]} then {{ {longer}}} "
    return longer + TELL_OWN
