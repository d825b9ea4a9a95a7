/* measure_core.c - see measure_core.h. */
#include "probe/measure_core.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schema/base/clock.h"
#include "schema/fields.h"
#include "schema/wire.h"

#define SOURCE_PORT_MIN 20000
#define SOURCE_PORTS 12000 /* below what systems hand out by themselves */
#define TRACE_DEADLINE_US (60 * US_PER_S)

static void
set_dns(struct question *q, const struct measure_options *o)
{
	snprintf(q->zone, sizeof q->zone, "%s", o->zone);
	memcpy(q->name, o->identity_name, sizeof q->name);
	q->name_class = o->identity_class;
	q->with_zoneversion = o->zoneversion;
	q->with_cookie = o->cookie;
	q->with_mixed_case = o->mixed_case;
	q->listen_us = o->listen_us;
	if (o->tls_name != NULL)
		snprintf(q->tls_name, sizeof q->tls_name, "%s", o->tls_name);
}

struct question
measure_question(const struct measure *m, enum kind kind,
    const struct addr *target, uint16_t source_port)
{
	const struct measure_options *o = &m->options;
	struct question q = { .kind = kind,
		.why = WHY_MANUAL,
		.proto = o->protos[kind],
		.target = *target,
		.port = o->ports[kind],
		.source_port = source_port,
		.timeout_us = o->timeout_us,
		.n_pings = 1,
		.n_queries = (uint8_t)o->queries,
		.deadline_us = kind == KIND_TRACE ? TRACE_DEADLINE_US : 0 };

	if (kind != KIND_TRACE &&
	    (q.proto == PROTO_TCP || q.proto == PROTO_TLS))
		q.source_port = 0; /* one connection after the other */
	set_dns(&q, o);
	return q;
}

uint16_t
measure_source_port(void)
{
	return (uint16_t)(SOURCE_PORT_MIN + randombytes_uniform(SOURCE_PORTS));
}

const struct identity_template *
measure_template(const struct measure *m)
{
	return m->options.identity != NULL ? &m->template : NULL;
}

void
measure_json(struct measure *m, const struct observation *o)
{
	char line[WIRE_LINE_MAX];
	struct observation numbered = *o;

	numbered.seq = ++m->seq;
	out_write(&m->out, line, wire_encode_observation(&numbered, line));
}

void
measure_json_object(struct measure *m, json_t *object)
{
	char *text = json_dumps(object, JSON_COMPACT);

	json_decref(object);
	if (text == NULL)
		return;
	out_write(&m->out, text, strlen(text));
	out_write(&m->out, "\n", 1);
	free(text);
}

void
measure_put_identity(json_t *to, const char *key, const struct identity *id)
{
	char hex[2 * IDENTITY_MAX + 1];

	if (id->is_present)
		fields_put_text(to, key,
		    sodium_bin2hex(hex, sizeof hex, id->bytes, id->len));
}

enum rc
measure_ask(
    struct measure *m, const struct question *q, engine_done *done, void *ctx)
{
	capture_add(m->capture, &q->target);
	return engine_ask(m->engine, q, done, ctx);
}
