/* engine_ping.c - see engine_ping.h. */
#include "probe/engine_ping.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "probe/engine_icmp.h"
#include "probe/engine_slot.h"
#include "schema/base/clock.h"

#define GAP_US (20 * US_PER_MS) /* between two echoes of a round */

static int
compare_us(const void *a, const void *b)
{
	int64_t x, y;

	memcpy(&x, a, sizeof x);
	memcpy(&y, b, sizeof y);
	return (x > y) - (x < y);
}

static void
finish(struct ask *a, enum outcome outcome)
{
	struct ping_result *r = &a->observation.ping;
	int64_t *rtts = a->ping.rtts_us;
	size_t n = r->n_received;

	if (n > 0) {
		qsort(rtts, n, sizeof rtts[0], compare_us);
		r->rtt_min_us = rtts[0];
		r->rtt_median_us = (rtts[(n - 1) / 2] + rtts[n / 2]) / 2;
		outcome = OUTCOME_OK;
	}
	ask_finish(a, outcome);
}

static void
count_reply(struct ask *a, unsigned what, const struct rtt *rtt)
{
	struct ping_result *r = &a->observation.ping;

	if (a->ping.is_answered[what])
		return;
	a->ping.is_answered[what] = true;
	a->ping.rtts_us[r->n_received++] = rtt->us;
	if (rtt->stamp == STAMP_USER)
		a->observation.stamp = STAMP_USER;
}

static bool
is_all_sent(const struct ask *a)
{
	return a->observation.ping.n_sent == a->question.n_pings;
}

/* Sends when the next echo is due; ends when all are answered or overdue. */
static void
icmp_step(struct ask *a, int64_t now)
{
	struct ping_ask *g = &a->ping;
	struct ping_result *r = &a->observation.ping;

	if (!is_all_sent(a) && now >= g->next_mono_us) {
		struct moment sent;

		if (!ask_may_send(a, now))
			return;
		if (icmp_send(a, g->id, g->nonce, (uint8_t)r->n_sent, 0,
			&sent) != RC_OK) {
			finish(a, flow_outcome(errno));
			return;
		}
		ask_sent(a, &sent);
		r->n_sent++;
		g->next_mono_us = now + GAP_US;
		g->deadline_mono_us = now + a->question.timeout_us;
	}
	if (!is_all_sent(a))
		ask_wake_at(a, g->next_mono_us);
	else if (r->n_received == r->n_sent || now >= g->deadline_mono_us)
		finish(a, g->silence);
	else
		ask_wake_at(a, g->deadline_mono_us);
}

static void
icmp_echo(struct ask *a, const struct echo_sent *e, const struct flow_packet *p)
{
	struct rtt rtt = rtt_between(&e->sent, &p->arrival);

	a->observation.ping.has_reply_ttl = p->has_ttl;
	a->observation.ping.reply_ttl = p->ttl;
	count_reply(a, e->what, &rtt);
	if (is_all_sent(a))
		ask_wake_at(a, 0);
}

/* Refused echoes: it ends at once when all of them are. */
static void
icmp_notice(struct ask *a, const struct echo_sent *e, const struct notice *n)
{
	enum icmpmsg_meaning meaning =
	    icmpmsg_meaning(a->question.target.family, n->type, n->code);

	(void)e;
	if (meaning == ICMPMSG_IGNORED)
		return;
	a->ping.silence = OUTCOME_UNREACHABLE;
	a->ping.n_refused++;
	if (is_all_sent(a) && a->ping.n_refused >= a->question.n_pings)
		finish(a, OUTCOME_UNREACHABLE);
}

static void
tcp_give_up(struct ask *a, enum outcome outcome)
{
	a->ping.is_connecting = false;
	a->ping.silence = outcome;
	slot_drop(a);
	ask_wake_at(a, 0);
}

static void
tcp_connect(struct ask *a, int64_t now)
{
	struct ping_ask *g = &a->ping;
	enum rc rc;

	if (!ask_may_send(a, now))
		return;
	g->sent = flow_now();
	rc = slot_join_tcp(a, 0, 0);
	if (rc != RC_OK) {
		finish(a,
		    rc == RC_LIMIT ? OUTCOME_SEND_FAILED : flow_outcome(errno));
		return;
	}
	ask_sent(a, &g->sent);
	a->observation.ping.n_sent++;
	g->is_connecting = true;
	g->deadline_mono_us = g->sent.mono_us + a->question.timeout_us;
	ask_wake_at(a, g->deadline_mono_us);
}

/* One connection after the other. */
static void
tcp_step(struct ask *a, int64_t now)
{
	if (a->ping.is_connecting && now < a->ping.deadline_mono_us)
		ask_wake_at(a, a->ping.deadline_mono_us);
	else if (a->ping.is_connecting)
		tcp_give_up(a, OUTCOME_TIMEOUT);
	else if (is_all_sent(a))
		finish(a, a->ping.silence);
	else if (now < a->ping.next_mono_us)
		ask_wake_at(a, a->ping.next_mono_us);
	else
		tcp_connect(a, now);
}

/* SYN-ACK and RST alike come from the target. */
static void
tcp_ready(struct ask *a)
{
	const struct arrival now = { .read = flow_now() };
	struct rtt rtt = rtt_between(&a->ping.sent, &now);
	int error = flow_connect_errno(&a->slot->flow);

	if (error == ETIMEDOUT) {
		tcp_give_up(a, OUTCOME_TIMEOUT);
		return;
	}
	if (error != 0 && error != ECONNREFUSED) {
		tcp_give_up(a, OUTCOME_UNREACHABLE);
		return;
	}
	count_reply(a, a->observation.ping.n_sent - 1U, &rtt);
	a->ping.next_mono_us = now.read.mono_us + GAP_US;
	tcp_give_up(a, a->ping.silence);
}

static const struct ask_ops icmp_ops = {
	.step = icmp_step, .echo = icmp_echo, .echo_notice = icmp_notice
};
static const struct ask_ops tcp_ops = { .step = tcp_step, .ready = tcp_ready };

static void
begin_icmp(struct ask *a)
{
	struct observation *o = &a->observation;

	a->ops = &icmp_ops;
	o->proto = PROTO_ICMP;
	o->port = 0;
	o->source = flow_source_towards(&a->question.target);
	a->ping.id = (uint16_t)randombytes_random();
	randombytes_buf(a->ping.nonce, sizeof a->ping.nonce);
}

void
ping_begin(struct ask *a)
{
	struct question *q = &a->question;
	bool has_icmp =
	    socks_for(a->engine->socks, &q->target)->mode != SOCKS_NONE;

	memset(&a->ping, 0, sizeof a->ping);
	a->ping.silence = OUTCOME_TIMEOUT;
	if (q->n_pings == 0)
		q->n_pings = 1;
	if (q->n_pings > ENGINE_PINGS_MAX)
		q->n_pings = ENGINE_PINGS_MAX;
	if (q->proto != PROTO_TCP && has_icmp) {
		begin_icmp(a);
		return;
	}
	a->ops = &tcp_ops;
	a->observation.proto = PROTO_TCP;
}
