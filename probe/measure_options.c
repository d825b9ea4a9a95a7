/* measure_options.c - see measure_options.h. */
#include "probe/measure_options.h"

#include <stddef.h>
#include <string.h>

#include "probe/dnsmsg.h"
#include "probe/idname.h"
#include "probe/trace.h"
#include "schema/base/clock.h"
#include "schema/base/options.h"

#define COUNT_DEFAULT 5
#define INTERVAL_DEFAULT_US (200 * US_PER_MS)
#define WATCH_INTERVAL_US US_PER_S
#define FLOWS_INTERVAL_US (50 * US_PER_MS)
#define TIMEOUT_DEFAULT_US (4 * US_PER_S)
#define QUICK_TIMEOUT_US US_PER_S
#define PORT_DNS 53
#define PORT_TLS 853
#define PORT_TRACE 33434 /* of the first traceroute(8) */

#define AT(field) offsetof(struct measure_options, field)
#define FLAG(letter, name, field, help) \
	{ \
		letter, name, OPTION_FLAG, AT(field), 0, 0, NULL, help \
	}
#define TEXT(letter, name, field, argument, help) \
	{ \
		letter, name, OPTION_TEXT, AT(field), 0, 0, argument, help \
	}
#define COUNT(letter, name, field, min, max, help) \
	{ \
		letter, name, OPTION_COUNT, AT(field), min, max, "N", help \
	}
#define SECONDS(letter, name, field, help) \
	{ \
		letter, name, OPTION_DURATION, AT(field), 0, 0, "S", help \
	}

static const struct option_spec specs[] = {
	FLAG(0, "dns", dns, "who answers: the zone's SOA with NSID, and CHAOS"),
	FLAG(0, "ping", ping,
	    "round trips by ICMP echo, or by TCP without permission"),
	FLAG(0, "trace", trace, "the path, on the flow of the DNS question"),
	FLAG(0, "all", all, "all three (the default)"),
	FLAG('4', "ipv4", only4, "IPv4 only"),
	FLAG('6', "ipv6", only6, "IPv6 only"),
	COUNT(
	    'c', "count", count, 1, 1000000, "rounds (default 5, of traces 1)"),
	SECONDS('i', "interval", interval_us,
	    "time between rounds (default 0.2 s, --watch 1 s)"),
	TEXT('z', "zone", zone, "NAME", "zone whose SOA is asked (default .)"),
	TEXT('p', "proto", proto, "udp|tcp|icmp|tls|plain",
	    "what carries the questions (default udp, ping icmp)"),
	COUNT(0, "port", port, 1, 65535,
	    "port of the service (default 53, tls 853, plain 33434)"),
	SECONDS(
	    't', "timeout", timeout_us, "wait for one answer (default 4 s)"),
	TEXT(0, "identity", identity, "TEMPLATE",
	    "how identities name the site: ns{instance}.{site}.*"),
	TEXT(0, "name", name, "'NAME [CLASS]'",
	    "ask for the identity by this name, class CH or IN"),
	FLAG(0, "zoneversion", zoneversion,
	    "ask for the zone's version (RFC 9660)"),
	FLAG(0, "cookie", cookie, "send a DNS cookie (RFC 7873)"),
	FLAG(0, "mixed-case", mixed_case,
	    "random case in names: guesses are turned away"),
	SECONDS(0, "listen", listen_us,
	    "stay for further answers to the same question"),
	TEXT(0, "tls-name", tls_name, "NAME",
	    "name that the certificate must have"),
	TEXT(
	    0, "ca", ca, "FILE", "authorities for TLS (default: the system's)"),
	FLAG('w', "watch", watch, "go on, and refresh the screen"),
	TEXT(0, "asn", asn, "FILE", "AS of each hop, from an mmdb file"),
	TEXT(0, "pcap", pcap, "FILE",
	    "keep our packets, both ways, for tcpdump (needs root)"),
	COUNT('q', "queries", queries, 1, TRACE_QUERIES_MAX,
	    "packets of a trace to each hop: links that exist (default 8; "
	    "1 with --targets and after the first round)"),
	COUNT(0, "flows", n_flows, 2, 256,
	    "N source ports and N times one: who balances?"),
	FLAG(0, "mda", mda, "all paths of all flows (multipath detection)"),
	FLAG(
	    0, "middlebox", middlebox, "does something else answer, and where"),
	TEXT(0, "decoy", decoy, "ADDRESS",
	    "for --middlebox: nobody answers there (default 192.0.2.53 "
	    "and 2001:db8::53)"),
	TEXT(0, "targets", targets, "FILE",
	    "read the targets, any number, from FILE; - is standard input"),
	COUNT(0, "rate", rate, 0, 1000000,
	    "packets a second, at most (default 500; 0: no cap)"),
	FLAG(0, "json", json, "JSON, one object a line"),
	{ 0, NULL, OPTION_FLAG, 0, 0, 0, NULL, NULL },
};

static const struct command_spec spec = {
	.program = "catchwater-probe",
	.name = "measure",
	.operands = "TARGET...",
	.min_operands = 0,
	.max_operands = -1,
	.summary = "who answers at an anycast address, how far, by which path",
	.options = specs,
};

static const struct measure_options defaults = {
	.rate = 500,
	.interval_us = -1,
	.timeout_us = -1,
};

/* Which protocol carries which kind. */
static const bool carries[PROTO_PLAIN + 1][MEASURE_KINDS] = {
	[PROTO_UDP] = { [KIND_DNS] = true, [KIND_TRACE] = true },
	[PROTO_TCP] = { true, true, true },
	[PROTO_ICMP] = { [KIND_PING] = true, [KIND_TRACE] = true },
	[PROTO_TLS] = { [KIND_DNS] = true },
	[PROTO_PLAIN] = { [KIND_TRACE] = true },
};

static enum rc
refuse(struct err *err, const char *a, const char *b)
{
	return err_set(err, RC_MALFORMED,
	    "%s and %s do not go together; leave one out", a, b);
}

static enum rc
missing(struct err *err, const char *a, const char *needed)
{
	return err_set(err, RC_MALFORMED, "%s needs %s", a, needed);
}

/* Forms that exclude each other, and what excludes several of them. */
static enum rc
check_forms(const struct measure_options *o, struct err *err)
{
	const struct {
		const char *name;
		bool is_given;
	} forms[] = {
		{ "--targets", o->targets != NULL },
		{ "--flows", o->n_flows > 0 },
		{ "--mda", o->mda },
		{ "--middlebox", o->middlebox },
		{ "--watch", o->watch },
	};
	const char *first = NULL;

	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
		if (!forms[i].is_given)
			continue;
		if (first != NULL)
			return refuse(err, first, forms[i].name);
		first = forms[i].name;
	}
	if (o->watch && o->json)
		return refuse(err, "--watch", "--json");
	if ((o->n_flows > 0 || o->mda || o->middlebox) &&
	    (o->dns || o->ping || o->trace || o->all || o->count > 0))
		return refuse(
		    err, first, "--dns, --ping, --trace, --all or --count");
	if (o->only4 && o->only6)
		return err_set(err, RC_MALFORMED,
		    "-4 and -6 leave nothing; give one of them");
	return RC_OK;
}

static void
set_kinds(struct measure_options *o)
{
	if (o->n_flows > 0 ||
	    (o->targets != NULL && !o->all && !o->dns && !o->ping && !o->trace))
		o->dns = true;
	else if (o->mda)
		o->trace = true;
	else if (o->all || !(o->dns || o->ping || o->trace))
		o->dns = o->ping = o->trace = true;
}

static void
set_counts(struct measure_options *o)
{
	o->is_every_round_traced =
	    o->count > 0 || o->watch || o->targets != NULL;
	o->is_every_round_looked = o->queries > 0;
	if (o->queries == 0)
		o->queries = o->targets != NULL || o->mda || o->middlebox
				 ? 1
				 : TRACE_QUERIES;
	if (o->count == 0 && !o->watch)
		o->count = o->targets != NULL || !(o->dns || o->ping)
			       ? 1
			       : COUNT_DEFAULT;
}

/* Silence of one hop or of a decoy is not worth waiting long for. */
static void
set_times(struct measure_options *o)
{
	if (o->timeout_us < 0)
		o->timeout_us = o->mda || o->middlebox ? QUICK_TIMEOUT_US
						       : TIMEOUT_DEFAULT_US;
	if (o->interval_us < 0)
		o->interval_us = o->watch         ? WATCH_INTERVAL_US
				 : o->n_flows > 0 ? FLOWS_INTERVAL_US
						  : INTERVAL_DEFAULT_US;
}

static enum rc
set_protos(struct measure_options *o, struct err *err)
{
	const bool wanted[MEASURE_KINDS] = { [KIND_DNS] = o->dns,
		[KIND_PING] = o->ping,
		[KIND_TRACE] = o->trace };
	enum proto proto;
	bool is_of_use = false;

	o->protos[KIND_DNS] = o->protos[KIND_TRACE] = PROTO_UDP;
	o->protos[KIND_PING] = PROTO_ICMP;
	if (o->proto == NULL)
		return RC_OK;
	if (proto_from_name(&proto, o->proto) != RC_OK)
		return err_set(err, RC_MALFORMED,
		    "--proto %s: expected udp, tcp, icmp, tls or plain",
		    o->proto);
	for (unsigned k = 0; k < MEASURE_KINDS; k++) {
		if (!carries[proto][k])
			continue;
		o->protos[k] = proto;
		is_of_use |= wanted[k];
	}
	if (!is_of_use)
		return err_set(err, RC_MALFORMED,
		    "--proto %s carries nothing of this: dns goes by udp, tcp "
		    "or tls, ping by icmp or tcp, a trace by udp, plain, icmp "
		    "or tcp",
		    o->proto);
	return RC_OK;
}

static void
set_ports(struct measure_options *o)
{
	for (unsigned k = 0; k < MEASURE_KINDS; k++) {
		enum proto proto = o->protos[k];

		o->ports[k] = o->port > 0            ? (uint16_t)o->port
			      : proto == PROTO_TLS   ? PORT_TLS
			      : proto == PROTO_PLAIN ? PORT_TRACE
						     : PORT_DNS;
		if (proto == PROTO_ICMP)
			o->ports[k] = 0;
	}
}

/* What only some kind or protocol has a use for. */
static enum rc
check_uses(const struct measure_options *o, struct err *err)
{
	const struct {
		const char *name;
		bool is_given, is_of_use;
		const char *needed;
	} rules[] = {
		{ "--name", o->name != NULL, o->dns, "--dns" },
		{ "--zoneversion", o->zoneversion, o->dns, "--dns" },
		{ "--cookie", o->cookie, o->dns, "--dns" },
		{ "--mixed-case", o->mixed_case, o->dns, "--dns" },
		{ "--listen", o->listen_us > 0, o->dns, "--dns" },
		{ "--tls-name", o->tls_name != NULL,
		    o->dns && o->protos[KIND_DNS] == PROTO_TLS, "--proto tls" },
		{ "--ca", o->ca != NULL,
		    o->dns && o->protos[KIND_DNS] == PROTO_TLS, "--proto tls" },
		{ "--queries", o->is_every_round_looked,
		    o->trace && !o->mda && !o->middlebox, "--trace" },
		{ "--asn", o->asn != NULL, o->trace && !o->middlebox,
		    "--trace or --mda" },
		{ "--asn", o->asn != NULL, o->targets == NULL,
		    "targets on the command line" },
		{ "--flows", o->n_flows > 0, o->protos[KIND_DNS] == PROTO_UDP,
		    "--proto udp" },
		{ "--mda", o->mda,
		    o->protos[KIND_TRACE] == PROTO_UDP ||
			o->protos[KIND_TRACE] == PROTO_PLAIN,
		    "--proto udp or plain" },
		{ "--middlebox", o->middlebox, o->proto == NULL,
		    "several protocols: leave out --proto" },
		{ "--decoy", o->decoy != NULL, o->middlebox, "--middlebox" },
	};

	for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
		if (rules[i].is_given && !rules[i].is_of_use)
			return missing(err, rules[i].name, rules[i].needed);
	return RC_OK;
}

static bool
is_domain_name(const char *text)
{
	struct dnsmsg_question unused;

	return strlen(text) <= ZONE_TEXT_MAX &&
	       dnsmsg_question_set(&unused, text, DNSMSG_SOA, DNSMSG_IN) ==
		   RC_OK;
}

static enum rc
check_texts(struct measure_options *o, struct err *err)
{
	o->is_zone_given = o->zone != NULL;
	if (!o->is_zone_given)
		o->zone = ".";
	if (o->timeout_us == 0)
		return err_set(err, RC_RANGE, "--timeout: must be over 0");
	if (!is_domain_name(o->zone))
		return err_set(
		    err, RC_MALFORMED, "--zone %s: not a domain name", o->zone);
	if (o->tls_name != NULL && !is_domain_name(o->tls_name))
		return err_set(err, RC_MALFORMED,
		    "--tls-name %s: not a domain name", o->tls_name);
	if (o->name != NULL && idname_parse(o->identity_name,
				   &o->identity_class, o->name) != RC_OK)
		return err_set(err, RC_MALFORMED,
		    "--name '%s': expected a name and its class, as in "
		    "'id.server CH'",
		    o->name);
	return RC_OK;
}

/* Documentation addresses (RFC 5737, RFC 3849): routed nowhere. */
static enum rc
set_decoys(struct measure_options *o, struct err *err)
{
	struct addr given;

	if (addr_parse(&o->decoys[0], "192.0.2.53") != RC_OK ||
	    addr_parse(&o->decoys[1], "2001:db8::53") != RC_OK)
		return RC_MALFORMED;
	if (o->decoy == NULL)
		return RC_OK;
	if (addr_parse(&given, o->decoy) != RC_OK)
		return err_set(
		    err, RC_MALFORMED, "--decoy %s: not an address", o->decoy);
	o->decoys[given.family == 6] = given;
	return RC_OK;
}

static enum rc
check_targets(const struct measure_options *o, int n, struct err *err)
{
	if (o->targets != NULL && n > 0)
		return refuse(err, "--targets", "targets on the command line");
	if (o->targets == NULL && n == 0)
		return err_set(err, RC_MALFORMED,
		    "no target; usage: catchwater-probe measure [OPTION...] "
		    "TARGET...");
	return RC_OK;
}

static enum rc
check(struct measure_options *o, int n_targets, struct err *err)
{
	enum rc rc = check_targets(o, n_targets, err);

	if (rc == RC_OK)
		rc = check_forms(o, err);
	if (rc != RC_OK)
		return rc;
	set_kinds(o);
	set_counts(o);
	set_times(o);
	rc = set_protos(o, err);
	set_ports(o);
	if (rc == RC_OK)
		rc = check_uses(o, err);
	if (rc == RC_OK)
		rc = check_texts(o, err);
	if (rc == RC_OK)
		rc = set_decoys(o, err);
	return rc;
}

enum rc
measure_options_parse(struct measure_options *out, int argc, char **argv,
    char ***targets, int *n_targets, struct err *err)
{
	struct measure_options o = defaults;
	enum rc rc =
	    options_parse(&spec, &o, argc, argv, targets, n_targets, err);

	if (rc == RC_OK)
		rc = check(&o, *n_targets, err);
	if (rc == RC_OK)
		*out = o;
	return rc;
}
