/* assigned.c - see assigned.h. */
#include "probe/assigned.h"

#include <stdio.h>
#include <string.h>

#include "schema/base/bytes.h"

uint16_t
assigned_source_port(
    const char *probe, const struct addr *target, uint16_t port)
{
	uint8_t bytes[2] = { (uint8_t)(port >> 8), (uint8_t)port };
	uint64_t h = bytes_hash(BYTES_HASH_START, probe, strlen(probe));

	h = bytes_hash(h, &target->family, 1);
	h = bytes_hash(h, target->bytes, target->family == 4 ? 4 : 16);
	h = bytes_hash(h, bytes, sizeof bytes);
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
		.source_port =
		    assigned_source_port(probe, &t->address, t->port),
		.timeout_us = a->timeout_us,
		.n_pings = ASSIGNED_PINGS,
	};

	snprintf(q.zone, sizeof q.zone, "%s", t->zone);
	return q;
}

struct question
assigned_round(
    const struct assignment *a, const struct round *round, const char *probe)
{
	struct question q = ask_target(a, round->target, round->kind, probe);

	q.with_chaos = round->with_chaos;
	return q;
}

struct question
assigned_reaction(
    const struct assignment *a, const struct reaction *what, const char *probe)
{
	struct question q = ask_target(a, what->target, what->kind, probe);

	q.why = what->why;
	q.with_chaos = what->with_chaos;
	if (what->is_tcp)
		q.proto = PROTO_TCP;
	if (what->is_any_port)
		q.source_port = 0;
	return q;
}

size_t
assigned_find(const struct assignment *a, const struct observation *o)
{
	for (size_t i = 0; i < a->n_targets; i++)
		if (addr_equal(&a->targets[i].address, &o->target) &&
		    (o->port == 0 || o->port == a->targets[i].port))
			return i;
	return a->n_targets;
}
