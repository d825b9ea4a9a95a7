/* measure_options.c - see measure_options.h. */
#include "probe/measure_options.h"

#include <stddef.h>

#include "probe/dnsmsg.h"
#include "probe/measure_text.h"
#include "schema/base/clock.h"
#include "schema/base/options.h"

static const struct option_spec specs[] = {
	{ 0, "dns", OPTION_FLAG, offsetof(struct measure_options, dns), 0, 0,
	    NULL, "who answers: the zone's SOA with NSID, and CHAOS" },
	{ 0, "ping", OPTION_FLAG, offsetof(struct measure_options, ping), 0, 0,
	    NULL, "round trips by ICMP echo, or by TCP without permission" },
	{ 0, "trace", OPTION_FLAG, offsetof(struct measure_options, trace), 0,
	    0, NULL, "the path, on the flow of the DNS question" },
	{ 0, "all", OPTION_FLAG, offsetof(struct measure_options, all), 0, 0,
	    NULL, "all three (the default)" },
	{ '4', "ipv4", OPTION_FLAG, offsetof(struct measure_options, only4), 0,
	    0, NULL, "IPv4 only" },
	{ '6', "ipv6", OPTION_FLAG, offsetof(struct measure_options, only6), 0,
	    0, NULL, "IPv6 only" },
	{ 'c', "count", OPTION_COUNT, offsetof(struct measure_options, count),
	    1, SUMMARY_COUNT_MAX, "N", "rounds of dns and ping (default 5)" },
	{ 'i', "interval", OPTION_DURATION,
	    offsetof(struct measure_options, interval_us), 0, 0, "S",
	    "time between rounds (default 0.2 s)" },
	{ 'z', "zone", OPTION_TEXT, offsetof(struct measure_options, zone), 0,
	    0, "NAME", "zone whose SOA is asked (default .)" },
	{ 'p', "proto", OPTION_TEXT, offsetof(struct measure_options, proto), 0,
	    0, "udp|tcp|tls|icmp",
	    "what carries the questions (default udp, ping "
	    "icmp)" },
	{ 0, "port", OPTION_COUNT, offsetof(struct measure_options, port), 1,
	    65535, "N", "port of the service (default 53, tls 853)" },
	{ 't', "timeout", OPTION_DURATION,
	    offsetof(struct measure_options, timeout_us), 0, 0, "S",
	    "wait for one answer (default 4 s)" },
	{ 0, "ca", OPTION_TEXT, offsetof(struct measure_options, ca), 0, 0,
	    "FILE", "authorities for TLS (default: the system's)" },
	{ 0, "tls-name", OPTION_TEXT,
	    offsetof(struct measure_options, tls_name), 0, 0, "NAME",
	    "that the certificate is to have" },
	{ 0, "identity", OPTION_TEXT,
	    offsetof(struct measure_options, identity), 0, 0, "TEMPLATE",
	    "how identities name the site: ns{instance}.{site}.*" },
	{ 0, "rate", OPTION_COUNT, offsetof(struct measure_options, rate), 1,
	    100000, "N", "packets a second, at most (default 500)" },
	{ 0, "pcap", OPTION_TEXT, offsetof(struct measure_options, pcap), 0, 0,
	    "FILE", "keep our packets, both ways, for tcpdump (needs root)" },
	{ 0, "json", OPTION_FLAG, offsetof(struct measure_options, json), 0, 0,
	    NULL, "one observation a line, as probes send them" },
	{ 0, NULL, OPTION_FLAG, 0, 0, 0, NULL, NULL },
};

static const struct command_spec spec = {
	.program = "catchwater-probe",
	.name = "measure",
	.operands = "TARGET...",
	.min_operands = 1,
	.max_operands = -1,
	.summary = "who answers at an anycast address, how far, by which path",
	.options = specs,
};

static const struct measure_options defaults = {
	.count = 5,
	.rate = 500,
	.interval_us = 200 * US_PER_MS,
	.timeout_us = 4 * US_PER_S,
	.zone = ".",
};

/* ICMP cannot carry a DNS question, and UDP no ping. */
static enum rc
set_protos(struct measure_options *o, struct err *err)
{
	enum proto proto;

	o->protos[KIND_DNS] = o->protos[KIND_TRACE] = PROTO_UDP;
	o->protos[KIND_PING] = PROTO_ICMP;
	if (o->proto == NULL)
		return RC_OK;
	if (proto_from_name(&proto, o->proto) != RC_OK)
		return err_set(err, RC_MALFORMED,
		    "--proto %s: expected udp, tcp, tls or icmp", o->proto);
	if (proto == PROTO_TLS) {
		o->protos[KIND_DNS] = PROTO_TLS;
		o->port = o->port == 0 ? 853 : o->port;
		return RC_OK;
	}
	o->protos[KIND_TRACE] = proto;
	if (proto == PROTO_TCP)
		o->protos[KIND_DNS] = o->protos[KIND_PING] = PROTO_TCP;
	return RC_OK;
}

static enum rc
check(struct measure_options *o, struct err *err)
{
	struct dnsmsg_question unused;

	if (o->all || !(o->dns || o->ping || o->trace))
		o->dns = o->ping = o->trace = true;
	if (o->only4 && o->only6)
		return err_set(err, RC_MALFORMED,
		    "-4 and -6 leave nothing; give one of them");
	if (o->timeout_us <= 0)
		return err_set(err, RC_RANGE, "--timeout: must be over 0");
	if (dnsmsg_question_set(&unused, o->zone, DNSMSG_SOA, DNSMSG_IN) !=
	    RC_OK)
		return err_set(
		    err, RC_MALFORMED, "--zone %s: not a domain name", o->zone);
	if (!o->dns && !o->ping)
		o->count = 1; /* one trace */
	if (set_protos(o, err) != RC_OK)
		return err->rc;
	o->port = o->port == 0 ? 53 : o->port;
	return RC_OK;
}

enum rc
measure_options_parse(struct measure_options *out, int argc, char **argv,
    char ***targets, int *n_targets, struct err *err)
{
	struct measure_options o = defaults;
	enum rc rc =
	    options_parse(&spec, &o, argc, argv, targets, n_targets, err);

	if (rc == RC_OK)
		rc = check(&o, err);
	if (rc == RC_OK)
		*out = o;
	return rc;
}
