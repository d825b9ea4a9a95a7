/* engine_dns_tls.c - see engine_dns_tls.h. */
#include "probe/engine_dns_tls.h"

#include <stdlib.h>
#include <string.h>

#include "probe/engine_dns.h"
#include "schema/base/clock.h"
#include "schema/base/mem.h"

#define NO_ROOM_US (20 * US_PER_MS) /* then the child is asked again */

/* Which query of the child's question is which. */
enum query { QUERY_ZONE, QUERY_CHAOS, QUERY_SECOND_NAME };

struct dns_tls { /* what the child was asked */
	uint16_t ids[TLS_QUERIES_MAX];
	struct dnsmsg_question second_name;
};

/* Ids that differ, and are not 0. */
static void
choose_ids(struct ask *a)
{
	uint16_t first = engine_random16(a->engine);

	for (unsigned i = 0; i < TLS_QUERIES_MAX; i++)
		a->dns.tls->ids[i] = (uint16_t)(1 + (first + i) % UINT16_MAX);
}

/* Adds the next query; they stand in the order of enum query. */
static void
add_query(struct ask *a, struct tls_question *q,
    const struct dnsmsg_question *question)
{
	struct tls_query *query = &q->queries[q->n_queries];

	query->len = (uint16_t)dnsmsg_write_query(query->bytes,
	    a->dns.tls->ids[q->n_queries], question, &a->dns.extras);
	q->n_queries++;
}

static void
make_question(struct ask *a, struct tls_question *out)
{
	struct dns_ask *d = &a->dns;

	*out = (struct tls_question){ .target = a->question.target,
		.port = a->question.port,
		.source_port = a->question.source_port,
		.timeout_us = a->question.timeout_us };
	memcpy(out->name, a->question.tls_name, sizeof out->name);
	d->tls = mem_new(sizeof *d->tls);
	choose_ids(a);
	add_query(a, out, &d->parts[PART_ZONE].question);
	if (!a->question.with_chaos)
		return;
	add_query(a, out, &d->parts[PART_CHAOS].question);
	if (dns_second_name(a, &d->tls->second_name) == RC_OK)
		add_query(a, out, &d->tls->second_name);
}

static bool
is_over(const struct ask *a, uint32_t serial)
{
	return !a->is_active || a->serial != serial;
}

/* The part was asked by that query: takes what came back, or that nothing
 * did.  May finish the ask. */
static void
take_part(struct ask *a, enum dns_part_index i, enum query query,
    const struct tls_answer *answer)
{
	const struct tls_reply *r = &answer->replies[query];
	struct dns_part *part = &a->dns.parts[i];
	const struct again_reply reply = { .sent = &r->sent,
		.arrival = r->arrival,
		.bytes = r->bytes,
		.len = r->len };
	uint32_t serial = a->serial;

	if (part->state != PART_WANTED)
		return;
	part->state = PART_SENT;
	part->id = a->dns.tls->ids[query];
	if (r->is_received)
		(void)dns_take(a, i, &reply);
	if (is_over(a, serial) || part->state != PART_SENT)
		return;
	dns_end_one(a, i,
	    part->silence == OUTCOME_TIMEOUT ? answer->outcome : part->silence,
	    NULL);
}

/* Nothing was asked: there was no connection, or no handshake. */
static void
end_unasked(struct ask *a, const struct tls_answer *answer)
{
	bool has_rtt = answer->outcome == OUTCOME_REFUSED ||
		       answer->outcome == OUTCOME_UNREACHABLE;

	ask_stamp(a, STAMP_USER);
	dns_end_all(a, answer->outcome, has_rtt ? answer->tls.connect_us : 0);
}

static void
take_answer(struct ask *a, const struct tls_answer *answer)
{
	uint32_t serial = a->serial;

	if (!answer->replies[QUERY_ZONE].is_sent) {
		end_unasked(a, answer);
		return;
	}
	take_part(a, PART_ZONE, QUERY_ZONE, answer);
	if (!is_over(a, serial))
		take_part(a, PART_CHAOS, QUERY_CHAOS, answer);
	if (is_over(a, serial))
		return;
	/* The first name gave nothing: the second was asked all the same. */
	a->dns.parts[PART_CHAOS].question = a->dns.tls->second_name;
	take_part(a, PART_CHAOS, QUERY_SECOND_NAME, answer);
}

static void
on_told(void *ctx, const struct tls_answer *answer)
{
	struct ask *a = ctx;
	struct engine *e = a->engine;

	if (answer->source.family != 0) {
		a->source = answer->source;
		ask_dns(a)->source_port = answer->source_port;
		ask_dns(a)->tls = answer->tls;
	}
	if (answer->begun.mono_us != 0)
		ask_sent(a, &answer->begun);
	take_answer(a, answer);
	if (!e->is_closing)
		e->pass(e);
}

static void
step(struct ask *a, int64_t now_mono_us)
{
	struct tls_child *child = a->engine->tls;
	struct tls_question q;

	if (a->dns.tls != NULL)
		return; /* the child has it, with its deadlines */
	if (!tls_child_has_room(child)) {
		ask_wake_at(a, now_mono_us + NO_ROOM_US);
		return;
	}
	if (!ask_may_send(a, now_mono_us))
		return;
	make_question(a, &q);
	if (tls_child_ask(child, &q, on_told, a) != RC_OK)
		dns_end_all(a, OUTCOME_SEND_FAILED, 0);
}

static void
fini(struct ask *a)
{
	free(a->dns.tls);
	a->dns.tls = NULL;
}

static const struct ask_ops ops = { .step = step, .fini = fini };

enum rc
dns_tls_begin(struct ask *a)
{
	a->ops = &ops;
	return dns_begin(a);
}
