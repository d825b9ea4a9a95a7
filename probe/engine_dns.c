/* engine_dns.c - see engine_dns.h. */
#include "probe/engine_dns.h"

#include <errno.h>
#include <string.h>

#include "probe/engine_finish.h"
#include "probe/engine_port.h"
#include "probe/engine_stream.h"
#include "schema/base/clock.h"

static void
mix_case(struct ask *a, struct dnsmsg_question *q)
{
	uint8_t bits[DNSMSG_CASE_LEN];

	for (size_t i = 0; i < sizeof bits; i += 2) {
		uint16_t v = engine_random16(a->engine);

		memcpy(bits + i, &v, sizeof v);
	}
	dnsmsg_question_mix_case(q, bits);
}

static enum rc
set_question(struct ask *a, struct dnsmsg_question *q, const char *name,
    enum dnsmsg_type type, enum dnsmsg_class class)
{
	enum rc rc = dnsmsg_question_set(q, name, type, class);

	if (rc == RC_OK && a->question.with_mixed_case)
		mix_case(a, q);
	return rc;
}

static enum rc
want(struct ask *a, enum dns_part_index i, const char *name,
    enum dnsmsg_type type, enum dnsmsg_class class)
{
	struct dns_part *part = &a->dns.parts[i];

	*part = (struct dns_part){ .state = PART_WANTED,
		.silence = OUTCOME_TIMEOUT };
	return set_question(a, &part->question, name, type, class);
}

static enum chaos_name
chaos_name(const struct ask *a)
{
	if (a->question.name[0] != '\0')
		return CHAOS_GIVEN;
	return a->dns.is_second_name ? CHAOS_ID_SERVER : CHAOS_HOSTNAME_BIND;
}

static enum rc
want_chaos(struct ask *a)
{
	enum chaos_name name = chaos_name(a);
	bool is_in = name == CHAOS_GIVEN && a->question.name_class == NAME_IN;

	return want(a, PART_CHAOS,
	    name == CHAOS_GIVEN ? a->question.name : chaos_name_text(name),
	    DNSMSG_TXT, is_in ? DNSMSG_IN : DNSMSG_CH);
}

enum rc
dns_begin(struct ask *a)
{
	a->dns = (struct dns_ask){ 0 };
	a->dns.extras.with_zoneversion = a->question.with_zoneversion;
	a->dns.extras.with_cookie = a->question.with_cookie;
	for (size_t i = 0; a->question.with_cookie && i < DNSMSG_COOKIE_LEN;
	     i++)
		a->dns.extras.cookie[i] = (uint8_t)engine_random16(a->engine);
	if (a->question.with_chaos && want_chaos(a) != RC_OK)
		return RC_MALFORMED;
	return want(a, PART_ZONE, a->question.zone, DNSMSG_SOA, DNSMSG_IN);
}

enum rc
dns_second_name(struct ask *a, struct dnsmsg_question *q)
{
	if (!a->question.with_chaos || a->question.name[0] != '\0')
		return RC_NOTFOUND;
	return set_question(
	    a, q, chaos_name_text(CHAOS_ID_SERVER), DNSMSG_TXT, DNSMSG_CH);
}

size_t
dns_write(const struct ask *a, enum dns_part_index i, uint8_t *buf, uint16_t id)
{
	return dnsmsg_write_query(
	    buf, id, &a->dns.parts[i].question, &a->dns.extras);
}

/* ---- the end ---- */

static void
finish(struct ask *a)
{
	struct engine *e = a->engine;
	const struct addr *target = &a->question.target;
	bool has_port = a->udp != NULL || a->stream != NULL;

	if (flights_have_word(e, target, a->question.port))
		flights_collect(e, target, a->question.port, ask_dns(a));
	if (a->question.with_chaos)
		ask_dns(a)->chaos.is_asked = true;
	if (has_port)
		ask_dns(a)->source_port = a->udp != NULL
					      ? a->udp->port.source_port
					      : a->stream->flow.source_port;
	ask_finish(a, a->dns.zone_outcome, a->dns_result);
}

static bool
is_open(const struct dns_part *part)
{
	return part->state == PART_WANTED || part->state == PART_SENT;
}

/* All parts are over: hands over, at once or after listening for more. */
static void
finish_if_over(struct ask *a)
{
	struct dns_ask *d = &a->dns;

	for (unsigned i = 0; i < N_PARTS; i++)
		if (is_open(&d->parts[i]))
			return;
	if (a->question.listen_us == 0 || a->udp == NULL ||
	    outcome_is_own_fault(d->zone_outcome)) {
		finish(a);
		return;
	}
	if (!d->is_listening)
		d->listen_until_mono_us =
		    clock_mono_us() + a->question.listen_us;
	d->is_listening = true;
	ask_wake_at(a, d->listen_until_mono_us);
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
		ask_dns(a)->chaos = *got;
	if (a->dns.is_second_name || got->txt.is_present ||
	    a->question.name[0] != '\0' || !has_answered(&a->dns))
		return;
	a->dns.is_second_name = true;
	if (want_chaos(a) == RC_OK)
		ask_wake_at(a, 0);
}

static void
end_part(
    struct ask *a, enum dns_part_index i, enum outcome outcome, int64_t rtt_us)
{
	const struct chaos silent = { .is_asked = true,
		.name = (uint8_t)chaos_name(a),
		.outcome = outcome,
		.rtt_us = rtt_us };

	if (i == PART_CHAOS) {
		end_chaos(a, &silent);
		return;
	}
	a->dns.parts[i].state = PART_OVER;
	a->dns.zone_outcome = outcome;
	if (rtt_us != 0)
		ask_dns(a)->rtt_us = rtt_us;
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
dns_end_one(struct ask *a, enum dns_part_index i, enum outcome outcome,
    const struct rtt *rtt)
{
	if (!is_open(&a->dns.parts[i]))
		return;
	if (rtt != NULL)
		ask_stamp(a, rtt->stamp);
	end_part(a, i, outcome, rtt == NULL ? 0 : rtt->us);
	finish_if_over(a);
}

/* ---- asking ---- */

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
	if (a->dns.is_listening && now_mono_us >= a->dns.listen_until_mono_us) {
		finish(a);
		return;
	}
	give_up_overdue(a, now_mono_us);
	for (unsigned i = 0; i < N_PARTS; i++) {
		struct dns_part *part = &a->dns.parts[i];

		if (part->state != PART_WANTED)
			continue;
		if (!ask_may_send(a, now_mono_us))
			return;
		if (send(a, i) != RC_OK) {
			/* A connection that was there broke meanwhile. */
			dns_end_all(a,
			    a->stream != NULL ? OUTCOME_RESET
					      : flow_outcome(errno),
			    0);
			return;
		}
		part->state = PART_SENT;
		part->deadline_mono_us = now_mono_us + a->question.timeout_us;
		ask_wake_at(a, part->deadline_mono_us);
	}
	finish_if_over(a);
}

/* ---- answers ---- */

static void
take_zone(struct ask *a, const struct dnsmsg_reply *m, const struct rtt *rtt,
    const struct again_reply *reply)
{
	struct dns_result *r = ask_dns(a);

	r->rcode = m->rcode;
	r->is_aa = m->is_aa;
	r->is_tc = m->is_tc;
	r->is_ra = m->is_ra;
	r->has_serial = m->has_serial;
	r->serial = m->serial;
	r->n_ede = m->n_ede;
	memcpy(r->ede, m->ede, sizeof r->ede);
	r->nsid = m->nsid;
	r->zoneversion = m->zoneversion;
	r->has_reply_ttl = reply->has_ttl;
	r->reply_ttl = reply->ttl;
	r->size_bytes = (uint16_t)reply->len;
	r->rtt_us = rtt->us;
	end_part(
	    a, PART_ZONE, m->rcode == 0 ? OUTCOME_OK : OUTCOME_RCODE, rtt->us);
}

static void
take_chaos(struct ask *a, const struct dnsmsg_reply *m, const struct rtt *rtt)
{
	const struct chaos got = { .is_asked = true,
		.name = (uint8_t)chaos_name(a),
		.outcome = m->rcode == 0 ? OUTCOME_OK : OUTCOME_RCODE,
		.rcode = m->rcode,
		.rtt_us = rtt->us,
		.txt = m->txt,
		.nsid = m->nsid };

	end_chaos(a, &got);
}

enum dns_verdict
dns_take(struct ask *a, enum dns_part_index i, const struct again_reply *reply)
{
	struct dns_part *part = &a->dns.parts[i];
	struct dnsmsg_reply m;
	struct rtt rtt;

	/* A bad message is remembered, but a good one may follow it. */
	if (dnsmsg_parse(&m, reply->bytes, reply->len) != RC_OK) {
		part->silence = OUTCOME_MALFORMED;
		return DNS_TAKEN;
	}
	if (!dnsmsg_is_reply_to(&m, part->id, &part->question) ||
	    !dnsmsg_cookie_fits(&m, &a->dns.extras)) {
		part->silence = OUTCOME_MISMATCH;
		return DNS_TAKEN;
	}
	if (m.is_tc && i == PART_ZONE && a->udp != NULL)
		return DNS_TRUNCATED;
	part->is_answered = true;
	if (part->flight != NULL) {
		part->flight->is_answered = true;
		part->flight->answer_hash = again_answer_hash(m.rcode, &m.nsid);
	}
	rtt = rtt_between(reply->sent, &reply->arrival);
	ask_stamp(a, rtt.stamp);
	if (i == PART_CHAOS)
		take_chaos(a, &m, &rtt);
	else
		take_zone(a, &m, &rtt, reply);
	finish_if_over(a);
	return DNS_TAKEN;
}
