/* engine_ping.c - see engine_ping.h. */
#include "probe/engine_ping.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "probe/engine_finish.h"
#include "probe/engine_icmp.h"
#include "probe/engine_stream.h"
#include "schema/base/clock.h"

#define GAP_US (20 * US_PER_MS) /* between two echoes of a round */

static void
finish(struct ask *a, enum outcome outcome)
{
	struct ping_result *r = &a->ping.result;
	int64_t *rtts = a->ping.rtts_us;
	size_t n = r->n_received;

	if (n > 0) {
		qsort(rtts, n, sizeof rtts[0], rtt_compare);
		r->rtt_min_us = rtts[0];
		r->rtt_median_us = (rtts[(n - 1) / 2] + rtts[n / 2]) / 2;
		outcome = OUTCOME_OK;
	}
	ask_finish(a, outcome, r);
}

static void
count_reply(struct ask *a, const struct rtt *rtt)
{
	a->ping.rtts_us[a->ping.result.n_received++] = rtt->us;
	ask_stamp(a, rtt->stamp);
}

static bool
is_all_sent(const struct ask *a)
{
	return a->ping.result.n_sent == a->question.n_pings;
}

/* Sends when the next echo is due; ends when all are answered or overdue. */
static void
icmp_step(struct ask *a, int64_t now)
{
	struct ping_ask *g = &a->ping;
	struct ping_result *r = &g->result;

	if (!is_all_sent(a) && now >= g->next_mono_us) {
		if (!ask_may_send(a, now))
			return;
		if (icmp_send(a, g->id, g->nonce, 0, 0, 0) != RC_OK) {
			finish(a, OUTCOME_SEND_FAILED);
			return;
		}
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
icmp_not_sent(struct ask *a, struct flight *f, int sys_errno)
{
	(void)f;
	finish(a, flow_outcome(sys_errno));
}

static void
icmp_reply(struct ask *a, struct flight *f, const struct port_in *in)
{
	struct ping_result *r = &a->ping.result;
	struct rtt rtt = rtt_between(&f->sent, &in->arrival);

	if (f->is_answered)
		return;
	f->is_answered = true;
	r->has_reply_ttl = in->has_ttl;
	r->reply_ttl = in->ttl;
	if (in->local.family != 0)
		a->source = in->local;
	count_reply(a, &rtt);
	if (is_all_sent(a) && r->n_received == r->n_sent)
		finish(a, OUTCOME_OK);
}

/* Refused echoes: it ends at once when all of them are. */
static void
icmp_notice(struct ask *a, struct flight *f, const struct notice *n)
{
	if (f->is_answered || icmpmsg_meaning(a->question.target.family,
				  n->type, n->code) == ICMPMSG_IGNORED)
		return;
	f->is_answered = true;
	a->ping.silence = OUTCOME_UNREACHABLE;
	a->ping.n_refused++;
	if (is_all_sent(a) && a->ping.n_refused == a->question.n_pings)
		finish(a, OUTCOME_UNREACHABLE);
}

static void
tcp_give_up(struct ask *a, enum outcome outcome)
{
	a->ping.is_connecting = false;
	a->ping.silence = outcome;
	stream_close(a);
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
	rc = stream_open(a, 0, 0);
	if (rc != RC_OK) {
		finish(a,
		    rc == RC_LIMIT ? OUTCOME_SEND_FAILED : flow_outcome(errno));
		return;
	}
	ask_sent(a, &g->sent);
	g->result.n_sent++;
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

/* SYN-ACK and RST alike come from the target; of the first the kernel knows
 * the round trip. */
static void
tcp_ready(struct ask *a)
{
	const struct departure sent = { .before = a->ping.sent };
	const struct arrival now = { .read = flow_now() };
	struct rtt rtt = rtt_between(&sent, &now);
	int error = flow_connect_errno(&a->stream->flow);
	int64_t kernel_us =
	    error == 0 ? flow_connect_rtt_us(&a->stream->flow) : 0;

	if (error == ETIMEDOUT) {
		tcp_give_up(a, OUTCOME_TIMEOUT);
		return;
	}
	if (error != 0 && error != ECONNREFUSED) {
		tcp_give_up(a, OUTCOME_UNREACHABLE);
		return;
	}
	if (kernel_us > 0)
		rtt = (struct rtt){ .us = kernel_us, .stamp = STAMP_KERNEL };
	count_reply(a, &rtt);
	a->ping.next_mono_us = now.read.mono_us + GAP_US;
	tcp_give_up(a, a->ping.silence);
}

static const struct ask_ops icmp_ops = { .step = icmp_step,
	.not_sent = icmp_not_sent,
	.packet = icmp_reply,
	.notice = icmp_notice };
static const struct ask_ops tcp_ops = {
	.step = tcp_step, .ready = tcp_ready, .fini = stream_close
};

static void
begin_icmp(struct ask *a)
{
	struct engine *e = a->engine;

	a->ops = &icmp_ops;
	a->proto = PROTO_ICMP;
	a->port = 0;
	a->ping.id = engine_random16(e);
	for (size_t i = 0; i < ICMPMSG_NONCE_LEN; i += 2) {
		uint16_t v = engine_random16(e);

		memcpy(a->ping.nonce + i, &v, sizeof v);
	}
}

void
ping_begin(struct ask *a)
{
	struct question *q = &a->question;
	bool has_icmp = icmp_port(a->engine, &q->target) != NULL;

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
	a->proto = PROTO_TCP;
}
