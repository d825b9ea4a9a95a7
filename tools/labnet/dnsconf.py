"""Writes the configuration of the sites' DNS servers.                 (pure)

Four kinds of software, one zone, and each site with a name of its own in
NSID and CHAOS.  All but Knot DNS, which cannot in Debian 12, answer over TLS too
(RFC 7858, port 853).  Limits that a server has by default stay as they are:
BIND drops CHAOS questions above three a second and client network.
"""

from .topology import ANYCAST, FAMILIES, ZONE

FIRST_SERIAL = 2026010101
ZONE_TEXT = f"""\
$ORIGIN {ZONE}
$TTL 300
@	SOA	ns1 hostmaster {{serial}} 3600 600 604800 60
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
    tls-port: 853
    tls-service-key: "{dir}/tls.key"
    tls-service-pem: "{dir}/tls.pem"
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
	listen-on port 853 tls site {{ {v4} }};
	listen-on-v6 port 853 tls site {{ {v6} }};
}};
tls site {{ cert-file "{dir}/tls.pem"; key-file "{dir}/tls.key"; }};
controls {{ }};
zone "{zone}" {{ type primary; file "{dir}/zone"; }};
"""

# An authoritative server that a resolver also is: it answers for its zone and
# refuses the rest.
UNBOUND = """\
server:
    directory: "{dir}"
    chroot: ""
    username: ""
    pidfile: ""
    do-daemonize: no
    use-syslog: no
    verbosity: 0
    num-threads: 1
    module-config: "iterator"
    access-control: 0.0.0.0/0 refuse_non_local
    access-control: ::0/0 refuse_non_local
    identity: "{identity}"
    nsid: "ascii_{identity}"
    ede: yes
    tls-port: 853
    tls-service-key: "{dir}/tls.key"
    tls-service-pem: "{dir}/tls.pem"
{listen}
remote-control:
    control-enable: no
auth-zone:
    name: "{zone}"
    zonefile: "{dir}/zone"
    for-downstream: yes
    for-upstream: no
    fallback-enabled: no
"""

COMMANDS = {
    "knot": ["knotd", "-c", "{conf}"],
    "nsd": ["nsd", "-d", "-c", "{conf}"],
    "bind": ["named", "-g", "-n", "1", "-c", "{conf}"],
    "unbound": ["unbound", "-d", "-c", "{conf}"],
}


def speaks_tls(node):
    """Whether a site answers on port 853."""
    return node.server != "knot"


def zone_text(serial):
    """The zone's file in one version."""
    return ZONE_TEXT.format(serial=serial)


def render(node, directory, identity):
    """The configuration file of the DNS server of one site."""
    addresses = {f: [ANYCAST[f], node.address[f]] for f in FAMILIES}
    every = addresses[4] + addresses[6]
    values = {"dir": directory, "identity": identity, "zone": ZONE}
    if node.server == "knot":
        listen = "\n".join(f"    listen: {a}@53" for a in every)
        return KNOT.format(listen=listen, **values)
    if node.server == "nsd":
        listen = "\n".join(f"    ip-address: {a}{port}" for a in every
                           for port in ("", "@853"))
        return NSD.format(listen=listen, **values)
    if node.server == "unbound":
        listen = "\n".join(f"    interface: {a}@{port}" for a in every
                           for port in (53, 853))
        return UNBOUND.format(listen=listen, **values)
    listen = {f"v{f}": " ".join(f"{a};" for a in addresses[f]) for f in FAMILIES}
    return BIND.format(**listen, **values)


def command(node, conf):
    """The command that runs the server in the foreground."""
    return [word.format(conf=conf) for word in COMMANDS[node.server]]
