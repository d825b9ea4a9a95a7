/* assigned.c - see assigned.h. */
#include "probe/assigned.h"

#include <stdio.h>
#include <string.h>

#include "probe/trace.h"
#include "schema/base/bytes.h"

uint16_t
assigned_source_port(const char *probe)
{
	uint64_t h = bytes_hash(BYTES_HASH_START, probe, strlen(probe));

	h ^= h >> 32; /* FNV's low bits alone are its weakest */
	return (uint16_t)(ASSIGNED_PORT_MIN +
			  h % (ASSIGNED_PORT_MAX - ASSIGNED_PORT_MIN + 1));
}

static enum proto
proto_of(enum kind kind)
{
	return kind == KIND_PING ? PROTO_ICMP : PROTO_UDP;
}

static struct question
ask_target(const struct assignment *a, size_t target, enum kind kind,
    const char *probe)
{
	const struct assigned_target *t = &a->targets[target];
	struct question q = {
		.kind = kind,
		.why = WHY_ROUND,
		.proto = proto_of(kind),
		.target = t->address,
		.port = t->port,
		.source_port = assigned_source_port(probe),
		.timeout_us = a->timeout_us,
		.n_pings = ASSIGNED_PINGS,
		.deadline_us = ASSIGNED_TRACE_US,
		.is_modest = true,
	};

	snprintf(q.zone, sizeof q.zone, "%s", t->zone);
	if (t->identity == ASSIGNED_NAME) {
		snprintf(q.name, sizeof q.name, "%s", t->identity_name);
		q.name_class = NAME_IN;
	}
	return q;
}

struct question
assigned_round(
    const struct assignment *a, const struct round *round, const char *probe)
{
	struct question q = ask_target(a, round->target, round->kind, probe);

	q.with_chaos = round->with_chaos;
	q.n_queries = round->with_looks ? TRACE_QUERIES : 1;
	if (a->targets[round->target].is_decoy)
		q.why = WHY_DECOY;
	if (round->is_icmp) {
		q.why = WHY_VARIED; /* another flow: it tells no landing */
		q.proto = PROTO_ICMP;
	}
	return q;
}

struct question
assigned_reaction(
    const struct assignment *a, const struct reaction *what, const char *probe)
{
	struct question q = ask_target(a, what->target, what->kind, probe);

	q.why = what->why;
	q.with_chaos = what->with_chaos;
	q.n_queries =
	    what->kind == KIND_TRACE && !what->is_look ? TRACE_QUERIES : 1;
	if (what->is_tcp)
		q.proto = PROTO_TCP;
	if (what->is_any_port)
		q.source_port = 0;
	if (what->is_look)
		q.proto = what->proto;
	if (q.proto == PROTO_PLAIN)
		q.port = ASSIGNED_PLAIN_PORT;
	if (what->ttl > 0) {
		q.last_ttl = what->ttl;
		q.first_ttl = what->ttl > 1 ? what->ttl - 1 : 1;
	}
	return q;
}

size_t
assigned_first(const struct assignment *a, uint8_t family)
{
	size_t i = 0;

	while (i < a->n_targets && (a->targets[i].address.family != family ||
				       a->targets[i].is_decoy))
		i++;
	return i;
}
