/* engine_dns_tls.c - see engine_dns_tls.h. */
#include "probe/engine_dns_tls.h"

#include <sodium.h>
#include <string.h>

#include "probe/engine_dns.h"
#include "schema/base/clock.h"

#define NO_ROOM_US (20 * US_PER_MS) /* then the child is asked again */

/* Which query of the child's question is which. */
enum query { QUERY_ZONE, QUERY_CHAOS, QUERY_SECOND_NAME };

/* Ids that differ, and are not 0. */
static void
choose_ids(uint16_t ids[static TLS_QUERIES_MAX])
{
	uint16_t first = (uint16_t)randombytes_uniform(UINT16_MAX);

	for (size_t i = 0; i < TLS_QUERIES_MAX; i++)
		ids[i] = (uint16_t)(1 + (first + i) % UINT16_MAX);
}

static void
add_query(
    struct tls_question *q, uint16_t id, const struct dnsmsg_question *question)
{
	struct tls_query *query = &q->queries[q->n_queries++];

	query->len =
	    (uint16_t)dnsmsg_write_query(query->bytes, id, question, NULL);
}

static enum rc
make_question(struct ask *a, struct tls_question *out)
{
	struct dns_ask *d = &a->dns;
	struct dnsmsg_question second;

	*out = (struct tls_question){ .target = a->question.target,
		.port = a->question.port,
		.source_port = a->question.source_port,
		.timeout_us = a->question.timeout_us };
	memcpy(out->name, a->question.tls_name, sizeof out->name);
	choose_ids(d->tls_ids);
	add_query(out, d->tls_ids[QUERY_ZONE], &d->parts[PART_ZONE].question);
	if (!a->question.with_chaos)
		return RC_OK;
	add_query(out, d->tls_ids[QUERY_CHAOS], &d->parts[PART_CHAOS].question);
	if (dnsmsg_question_set(&second, chaos_name_text(CHAOS_ID_SERVER),
		DNSMSG_TXT, DNSMSG_CH) != RC_OK)
		return RC_MALFORMED;
	add_query(out, d->tls_ids[QUERY_SECOND_NAME], &second);
	return RC_OK;
}

/* The part was asked by that query; takes what came back.  Part and query of
 * one that was never sent are left as they are. */
static void
take_reply(struct ask *a, enum dns_part_index i, enum query query,
    const struct tls_answer *answer)
{
	const struct tls_reply *r = &answer->replies[query];
	struct dns_part *part = &a->dns.parts[i];
	const struct flow_packet p = { .arrival = r->arrival, .len = r->len };

	if (part->state != PART_WANTED || !r->is_sent)
		return;
	part->state = PART_SENT;
	part->id = a->dns.tls_ids[query];
	part->sent = r->sent;
	if (r->is_received)
		(void)dns_take(a, &p, r->bytes, r->len);
}

static bool
is_over(const struct ask *a, uint32_t serial)
{
	return !a->is_active || a->serial != serial;
}

/* Nothing was asked: there was no connection, or no handshake. */
static void
end_unasked(struct ask *a, const struct tls_answer *answer)
{
	bool has_rtt = answer->outcome == OUTCOME_REFUSED ||
		       answer->outcome == OUTCOME_UNREACHABLE;

	a->observation.stamp = STAMP_USER;
	dns_end_all(a, answer->outcome, has_rtt ? answer->tls.connect_us : 0);
}

static void
on_told(void *ctx, const struct tls_answer *answer)
{
	struct ask *a = ctx;
	uint32_t serial = a->serial;

	a->observation.source = answer->source;
	a->observation.dns.source_port = answer->source_port;
	a->observation.dns.tls = answer->tls;
	if (answer->begun.mono_us != 0)
		ask_sent(a, &answer->begun);
	if (answer->n_replies == 0 || !answer->replies[QUERY_ZONE].is_sent) {
		end_unasked(a, answer);
		return;
	}
	take_reply(a, PART_ZONE, QUERY_ZONE, answer);
	if (!is_over(a, serial))
		take_reply(a, PART_CHAOS, QUERY_CHAOS, answer);
	if (!is_over(a, serial))
		dns_end_silent(a, answer->outcome);
	/* The first name gave nothing: the second was asked all the same. */
	if (!is_over(a, serial))
		take_reply(a, PART_CHAOS, QUERY_SECOND_NAME, answer);
	if (!is_over(a, serial))
		dns_end_silent(a, answer->outcome);
	while (!is_over(a, serial))
		dns_end_all(a, answer->outcome, 0);
}

static void
step(struct ask *a, int64_t now_mono_us)
{
	struct tls_child *child = a->engine->tls;
	struct tls_question q;

	if (a->dns.is_with_child)
		return;
	if (!tls_child_has_room(child)) {
		ask_wake_at(a, now_mono_us + NO_ROOM_US);
		return;
	}
	if (!ask_may_send(a, now_mono_us))
		return;
	a->dns.is_with_child = make_question(a, &q) == RC_OK &&
			       tls_child_ask(child, &q, on_told, a) == RC_OK;
	if (!a->dns.is_with_child)
		dns_end_all(a, OUTCOME_SEND_FAILED, 0);
}

static const struct ask_ops ops = { .step = step, .has_id = dns_has_id };

enum rc
dns_tls_begin(struct ask *a)
{
	a->ops = &ops;
	return dns_begin(a);
}
