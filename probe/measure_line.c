/* measure_line.c - see measure_line.h. */
#include "probe/measure_line.h"

#include <stdio.h>
#include <string.h>

#include "probe/dnsmsg.h"
#include "probe/site_forms.h"
#include "schema/dnswire.h"

static const struct identity *
identity_of(const struct observation *o)
{
	static const struct identity none;

	switch (o->kind) {
	case KIND_DNS:
		return o->dns.nsid.is_present ? &o->dns.nsid
					      : &o->dns.chaos.txt;
	case KIND_TRACE:
		return &o->trace.nsid;
	case KIND_PING:
		break;
	}
	return &none;
}

/* Of the target's answer; -1: it gave none. */
/* An extra reply is none of the target's own, whatever it says. */
static int64_t
target_rtt(const struct trace_result *t)
{
	for (unsigned i = 0; i < t->n_hops; i++)
		if (t->hops[i].is_target && !t->hops[i].is_extra)
			return t->hops[i].rtt_us;
	return -1;
}

static int64_t
rtt_of(const struct observation *o)
{
	switch (o->kind) {
	case KIND_DNS:
		return outcome_is_answer(o->outcome) ? o->dns.rtt_us : -1;
	case KIND_PING:
		return o->ping.n_received > 0 ? o->ping.rtt_median_us : -1;
	case KIND_TRACE:
		return target_rtt(&o->trace);
	}
	return -1;
}

static const char *
site_of(const struct identity *id, const struct identity_template *own,
    struct line_sites *sites)
{
	struct identity_match match;
	uint32_t hash = 2166136261; /* FNV-1a, 32 bits */

	for (unsigned i = 0; i < id->len; i++)
		hash = (hash ^ id->bytes[i]) * 16777619;
	hash %= LINE_SITES;
	if (identity_equal(&sites->rows[hash].identity, id))
		return sites->rows[hash].site;
	sites->rows[hash].identity = *id;
	sites->rows[hash].site[0] = '\0';
	if (site_forms_match(own, id, &match) != NULL)
		memcpy(sites->rows[hash].site, match.site, sizeof match.site);
	return sites->rows[hash].site;
}

/* What the outcome alone does not say. */
static void
describe(char buf[static 32], const struct observation *o)
{
	unsigned n_hops = o->kind == KIND_TRACE && o->trace.n_hops > 0
			      ? o->trace.hops[o->trace.n_hops - 1].ttl
			      : 0;

	buf[0] = '\0';
	if (o->kind == KIND_DNS && o->outcome == OUTCOME_RCODE)
		snprintf(buf, 32, "  %s", dnswire_rcode_name(o->dns.rcode));
	if (n_hops > 0)
		snprintf(buf, 32, "  %u hop%s%s", n_hops,
		    n_hops == 1 ? "" : "s",
		    o->trace.is_reached ? "" : ", not reached");
}

size_t
line_format(char buf[static LINE_TEXT_MAX], const struct observation *o,
    const struct identity_template *own, struct line_sites *sites)
{
	const struct identity *id = identity_of(o);
	char address[ADDR_TEXT_LEN], rtt[32], who[IDENTITY_TEXT_LEN], more[32];
	const char *site = id->is_present ? site_of(id, own, sites) : "";
	int64_t rtt_us = rtt_of(o);
	int len;

	if (rtt_us >= 0)
		snprintf(rtt, sizeof rtt, "%.3f ms", (double)rtt_us / 1000.0);
	else
		snprintf(rtt, sizeof rtt, "%s", outcome_name(o->outcome));
	describe(more, o);
	len = snprintf(buf, LINE_TEXT_MAX, "%-15s  %-5s  %13s%s%s%s%s%s\n",
	    addr_format(&o->target, address), kind_name(o->kind), rtt, more,
	    site[0] != '\0' ? "  " : "", site, id->is_present ? "  " : "",
	    identity_format(id, who));
	return (size_t)len;
}
