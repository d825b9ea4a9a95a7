"""Writes the configuration of the sites' DNS servers.                 (pure)

Three kinds of software, one zone, and each site with a name of its own in
NSID and CHAOS.  Limits that a server has by default stay as they are: BIND
drops CHAOS questions above three a second and client network.
"""

from .topology import ANYCAST, FAMILIES, ZONE

ZONE_TEXT = f"""\
$ORIGIN {ZONE}
$TTL 300
@	SOA	ns1 hostmaster 2026010101 3600 600 604800 60
@	NS	ns1
@	TXT	"Catchwater laboratory"
ns1	A	{ANYCAST[4]}
ns1	AAAA	{ANYCAST[6]}
www	A	{ANYCAST[4]}
www	AAAA	{ANYCAST[6]}
"""

KNOT = """\
server:
    rundir: {dir}
    identity: "{identity}"
    nsid: "{identity}"
    version: "catchwater lab"
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
{listen}
log:
  - target: stderr
    any: warning
database:
    storage: {dir}
zone:
  - domain: {zone}
    file: {dir}/zone
    journal-content: none
    zonefile-load: whole
    zonefile-sync: -1
"""

NSD = """\
server:
    server-count: 1
    username: ""
    zonesdir: "{dir}"
    database: ""
    pidfile: "{dir}/nsd.pid"
    xfrdfile: "{dir}/xfrd.state"
    zonelistfile: "{dir}/zone.list"
    xfrdir: "{dir}"
    identity: "{identity}"
    nsid: "ascii_{identity}"
    rrl-ratelimit: 0
    verbosity: 0
{listen}
remote-control:
    control-enable: no
zone:
    name: "{zone}"
    zonefile: "{dir}/zone"
"""

BIND = """\
options {{
	directory "{dir}";
	pid-file none;
	session-keyfile none;
	hostname "{identity}";
	server-id "{identity}";
	recursion no;
	dnssec-validation no;
	notify no;
	listen-on {{ {v4} }};
	listen-on-v6 {{ {v6} }};
}};
controls {{ }};
zone "{zone}" {{ type primary; file "{dir}/zone"; }};
"""

COMMANDS = {
    "knot": ["knotd", "-c", "{conf}"],
    "nsd": ["nsd", "-d", "-c", "{conf}"],
    "bind": ["named", "-g", "-n", "1", "-c", "{conf}"],
}


def render(node, directory):
    """The configuration file of the DNS server of one site."""
    addresses = {f: [ANYCAST[f], node.address[f]] for f in FAMILIES}
    every = addresses[4] + addresses[6]
    values = {"dir": directory, "identity": node.identity(), "zone": ZONE}
    if node.server == "knot":
        listen = "\n".join(f"    listen: {a}@53" for a in every)
        return KNOT.format(listen=listen, **values)
    if node.server == "nsd":
        listen = "\n".join(f"    ip-address: {a}" for a in every)
        return NSD.format(listen=listen, **values)
    listen = {f"v{f}": " ".join(f"{a};" for a in addresses[f]) for f in FAMILIES}
    return BIND.format(**listen, **values)


def command(node, conf):
    """The command that runs the server in the foreground."""
    return [word.format(conf=conf) for word in COMMANDS[node.server]]
