/* engine_dns.c - see engine_dns.h. */
#include "probe/engine_dns.h"

#include <errno.h>
#include <string.h>

#include "probe/engine_slot.h"

static enum rc
want(struct ask *a, enum dns_part_index i, const char *name,
    enum dnsmsg_type type, enum dnsmsg_class class)
{
	struct dns_part *part = &a->dns.parts[i];

	*part = (struct dns_part){ .state = PART_WANTED,
		.silence = OUTCOME_TIMEOUT };
	return dnsmsg_question_set(&part->question, name, type, class);
}

static enum rc
want_chaos(struct ask *a, enum chaos_name name)
{
	return want(
	    a, PART_CHAOS, chaos_name_text(name), DNSMSG_TXT, DNSMSG_CH);
}

enum rc
dns_begin(struct ask *a)
{
	a->dns = (struct dns_ask){ 0 };
	if (a->question.with_chaos) {
		a->observation.dns.chaos.is_asked = true;
		if (want_chaos(a, CHAOS_HOSTNAME_BIND) != RC_OK)
			return RC_MALFORMED;
	}
	return want(a, PART_ZONE, a->question.zone, DNSMSG_SOA, DNSMSG_IN);
}

void
dns_finish(struct ask *a, enum outcome outcome)
{
	struct dns_result *r = &a->observation.dns;
	struct slot *s = a->slot;

	if (s != NULL) {
		r->source_port = s->flow.source_port;
		for (; s->n_late > 0; s->n_late--)
			count_up(&r->n_late);
		for (; s->n_duplicate > 0; s->n_duplicate--)
			count_up(&r->n_duplicate);
		for (unsigned i = 0; i < N_PARTS; i++)
			if (a->dns.parts[i].state == PART_OVER)
				slot_remember(s, a->dns.parts[i].id,
				    a->dns.parts[i].is_answered);
	}
	ask_finish(a, outcome);
}

/* Is there a server at all?  A silent one gets no third question. */
static bool
has_answered(const struct dns_ask *d)
{
	return d->parts[PART_CHAOS].is_answered ||
	       (d->parts[PART_ZONE].state == PART_OVER &&
		   outcome_is_answer(d->zone_outcome));
}

/* Keeps what the CHAOS question gave.  The first name's result stands unless
 * the second gives more. */
static void
end_chaos(struct ask *a, const struct chaos *got)
{
	struct dns_part *part = &a->dns.parts[PART_CHAOS];

	part->state = PART_OVER;
	if (!a->dns.is_second_name || got->txt.is_present)
		a->observation.dns.chaos = *got;
	if (a->dns.is_second_name || got->txt.is_present ||
	    !has_answered(&a->dns))
		return;
	if (a->slot != NULL)
		slot_remember(a->slot, part->id, part->is_answered);
	a->dns.is_second_name = true;
	if (want_chaos(a, CHAOS_ID_SERVER) == RC_OK)
		ask_wake_at(a, 0);
}

static void
end_part(
    struct ask *a, enum dns_part_index i, enum outcome outcome, int64_t rtt_us)
{
	const struct chaos silent = { .is_asked = true,
		.name = a->dns.is_second_name ? CHAOS_ID_SERVER
					      : CHAOS_HOSTNAME_BIND,
		.outcome = outcome,
		.rtt_us = rtt_us };

	if (i == PART_CHAOS) {
		end_chaos(a, &silent);
		return;
	}
	a->dns.parts[i].state = PART_OVER;
	a->dns.zone_outcome = outcome;
	a->observation.dns.rtt_us = rtt_us;
}

static bool
is_open(const struct dns_part *part)
{
	return part->state == PART_WANTED || part->state == PART_SENT;
}

static void
finish_if_over(struct ask *a)
{
	for (unsigned i = 0; i < N_PARTS; i++)
		if (is_open(&a->dns.parts[i]))
			return;
	dns_finish(a, a->dns.zone_outcome);
}

void
dns_end_all(struct ask *a, enum outcome outcome, int64_t rtt_us)
{
	for (unsigned i = 0; i < N_PARTS; i++)
		if (is_open(&a->dns.parts[i]))
			end_part(a, i, outcome, rtt_us);
	finish_if_over(a);
}

void
dns_end_silent(struct ask *a, enum outcome outcome)
{
	for (unsigned i = 0; i < N_PARTS; i++) {
		const struct dns_part *part = &a->dns.parts[i];

		if (part->state != PART_SENT)
			continue;
		end_part(a, i,
		    part->silence == OUTCOME_TIMEOUT ? outcome : part->silence,
		    0);
	}
	finish_if_over(a);
}

bool
dns_end_one(struct ask *a, uint16_t id, enum outcome outcome,
    const struct arrival *arrival)
{
	for (unsigned i = 0; i < N_PARTS; i++) {
		struct dns_part *part = &a->dns.parts[i];
		struct rtt rtt;

		if (part->state != PART_SENT || part->id != id)
			continue;
		rtt = rtt_between(&part->sent, arrival);
		a->observation.stamp = rtt.stamp;
		end_part(a, i, outcome, rtt.us);
		finish_if_over(a);
		return true;
	}
	return false;
}

bool
dns_has_id(const struct ask *a, uint16_t id)
{
	for (unsigned i = 0; i < N_PARTS; i++)
		if (a->dns.parts[i].state != PART_OFF &&
		    a->dns.parts[i].id == id)
			return true;
	return false;
}

static enum rc
send_part(struct ask *a, struct dns_part *part, dns_send *send)
{
	uint8_t query[DNSMSG_QUERY_MAX];
	size_t len;

	part->id = slot_new_id(a->slot);
	len = dnsmsg_write_query(query, part->id, &part->question, NULL);
	if (send(a, query, len, &part->sent) != RC_OK)
		return RC_SYS;
	part->state = PART_SENT;
	part->deadline_mono_us = part->sent.mono_us + a->question.timeout_us;
	ask_sent(a, &part->sent);
	return RC_OK;
}

static void
give_up_overdue(struct ask *a, int64_t now_mono_us)
{
	for (unsigned i = 0; i < N_PARTS; i++) {
		struct dns_part *part = &a->dns.parts[i];

		if (part->state != PART_SENT)
			continue;
		if (part->deadline_mono_us <= now_mono_us)
			end_part(a, i, part->silence, 0);
		else
			ask_wake_at(a, part->deadline_mono_us);
	}
}

void
dns_step(struct ask *a, int64_t now_mono_us, dns_send *send)
{
	give_up_overdue(a, now_mono_us);
	for (unsigned i = 0; i < N_PARTS; i++) {
		struct dns_part *part = &a->dns.parts[i];

		if (part->state != PART_WANTED)
			continue;
		if (!ask_may_send(a, now_mono_us))
			return;
		if (send_part(a, part, send) != RC_OK) {
			/* A connection that was there broke meanwhile. */
			dns_end_all(a,
			    a->slot->is_stream ? OUTCOME_RESET
					       : flow_outcome(errno),
			    0);
			return;
		}
		ask_wake_at(a, part->deadline_mono_us);
	}
	finish_if_over(a);
}

static void
take_zone(struct ask *a, const struct dnsmsg_reply *m, const struct rtt *rtt,
    const struct flow_packet *p)
{
	struct dns_result *r = &a->observation.dns;

	r->rcode = m->rcode;
	r->is_aa = m->is_aa;
	r->is_tc = m->is_tc;
	r->is_ra = m->is_ra;
	r->has_serial = m->has_serial;
	r->serial = m->serial;
	r->n_ede = m->n_ede;
	memcpy(r->ede, m->ede, sizeof r->ede);
	r->nsid = m->nsid;
	r->has_reply_ttl = p->has_ttl;
	r->reply_ttl = p->ttl;
	a->observation.stamp = rtt->stamp;
	end_part(
	    a, PART_ZONE, m->rcode == 0 ? OUTCOME_OK : OUTCOME_RCODE, rtt->us);
}

static void
take_chaos(struct ask *a, const struct dnsmsg_reply *m, const struct rtt *rtt)
{
	const struct chaos got = { .is_asked = true,
		.name = a->dns.is_second_name ? CHAOS_ID_SERVER
					      : CHAOS_HOSTNAME_BIND,
		.outcome = m->rcode == 0 ? OUTCOME_OK : OUTCOME_RCODE,
		.rcode = m->rcode,
		.rtt_us = rtt->us,
		.txt = m->txt,
		.nsid = m->nsid };

	end_chaos(a, &got);
}

static struct dns_part *
find_part(struct ask *a, uint16_t id)
{
	for (unsigned i = 0; i < N_PARTS; i++)
		if (a->dns.parts[i].id == id && a->dns.parts[i].id != 0)
			return &a->dns.parts[i];
	return NULL;
}

/* A further message with the id of a question that is over. */
static void
count_again(struct ask *a, struct dns_part *part)
{
	struct dns_result *r = &a->observation.dns;

	count_up(part->is_answered ? &r->n_duplicate : &r->n_late);
	part->is_answered = true;
}

enum dns_verdict
dns_take(struct ask *a, const struct flow_packet *p, const uint8_t *bytes,
    size_t len)
{
	uint16_t id = dnsmsg_id(bytes, len);
	struct dns_part *part = find_part(a, id);
	struct dnsmsg_reply m;
	struct rtt rtt;

	if (part == NULL)
		return DNS_NOT_OURS;
	if (part->state == PART_OVER) {
		count_again(a, part);
		return DNS_OURS;
	}
	/* A bad message is remembered, but a good one may follow it. */
	if (dnsmsg_parse(&m, bytes, len) != RC_OK) {
		part->silence = OUTCOME_MALFORMED;
		return DNS_OURS;
	}
	if (!dnsmsg_is_reply_to(&m, id, &part->question)) {
		part->silence = OUTCOME_MISMATCH;
		return DNS_OURS;
	}
	if (m.is_tc && part == &a->dns.parts[PART_ZONE] && a->slot != NULL &&
	    !a->slot->is_stream)
		return DNS_TRUNCATED;
	part->is_answered = true;
	rtt = rtt_between(&part->sent, &p->arrival);
	if (part == &a->dns.parts[PART_CHAOS]) {
		take_chaos(a, &m, &rtt);
	} else {
		a->observation.dns.size_bytes = (uint16_t)len;
		take_zone(a, &m, &rtt, p);
	}
	finish_if_over(a);
	return DNS_OURS;
}
