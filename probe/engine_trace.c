/* engine_trace.c - see engine_trace.h. */
#include "probe/engine_trace.h"

#include <errno.h>
#include <netinet/in.h>
#include <sodium.h>
#include <stddef.h>
#include <string.h>

#include "probe/engine_finish.h"
#include "probe/engine_icmp.h"
#include "probe/engine_port.h"
#include "probe/engine_stream.h"
#include "probe/engine_syn.h"
#include "schema/base/clock.h"
#include "schema/base/mem.h"

/* What a plain datagram carries after its id: who reads it shall know. */
static const char plain_text[] = "catchwater traceroute";

#define LOOK_PART 2 /* modest looks: one packet of so many */

static void
finish(struct ask *a, enum outcome outcome)
{
	const struct trace_ask *x = a->trace;
	struct trace_result *r = &a->engine->observation.trace;

	r->source_port = x->source_port;
	r->is_reached = x->is_reached;
	r->nsid = x->nsid;
	trace_finish(&x->trace, r);
	ask_finish(a, outcome, NULL);
}

static void
fini(struct ask *a)
{
	struct engine *e = a->engine;

	stream_close(a);
	a->trace->next_free = e->free_traces;
	e->free_traces = a->trace;
	a->trace = NULL;
}

/* Sends one packet with that TTL.  RC_SYS: errno. */
typedef enum rc send_try(struct ask *a, uint8_t ttl, uint8_t attempt);

/* May a look leave?  A modest one waits for all else, with a share of the rate
 * only: what is left is for measurements that cannot wait. */
static bool
may_look(struct ask *a, int64_t now)
{
	struct engine *e = a->engine;
	int64_t ready = pace_ready_us(&e->pace, now);

	if (!a->question.is_modest)
		return ask_may_send(a, now);
	if (ready < e->look_mono_us)
		ready = e->look_mono_us;
	if (e->waiting.first != NULL && ready <= now)
		ready = now + LOOK_PART * e->pace.per_packet_us;
	if (ready > now) {
		ask_wake_at(a, ready);
		return false;
	}
	if (!ask_may_send(a, now))
		return false;
	e->look_mono_us = now + LOOK_PART * e->pace.per_packet_us;
	return true;
}

/* Sends what the trace wants, until it wants to wait or is done. */
static void
step_with(struct ask *a, int64_t now, send_try *send)
{
	struct trace_ask *x = a->trace;
	enum trace_state state = TRACE_DONE;
	int64_t until;
	uint8_t ttl;

	while (now < x->deadline_mono_us) {
		state = trace_next(&x->trace, now, &ttl, &until);
		if (state == TRACE_DONE)
			break;
		if (state == TRACE_WAIT) {
			ask_wake_at(a, until < x->deadline_mono_us
					   ? until
					   : x->deadline_mono_us);
			return;
		}
		if (state == TRACE_LOOK ? !may_look(a, now)
					: !ask_may_send(a, now))
			return;
		if (send(a, ttl, trace_sent(&x->trace, ttl, now)) == RC_OK)
			continue;
		if (state == TRACE_SEND)
			x->outcome = flow_outcome(errno);
		break;
	}
	finish(a, x->outcome);
}

/* The end comes in the next step: other packets of the batch are on their
 * way.  What is known before a look stays so. */
static void
not_sent(struct ask *a, struct flight *f, int sys_errno)
{
	if (!trace_is_look(&a->trace->trace, f->what, f->attempt))
		a->trace->outcome = flow_outcome(sys_errno);
	a->trace->deadline_mono_us = 0;
	ask_wake_at(a, 0);
}

static void
take_hop(struct ask *a, const struct hop *hop, const struct rtt *rtt,
    bool is_end, bool is_first)
{
	ask_stamp(a, rtt->stamp);
	trace_reply(&a->trace->trace, hop, is_end, is_first);
	if (is_first)
		ask_wake_at(a, 0);
}

/* The target's own answer, not an ICMP error. */
static void
take_answer(struct ask *a, struct flight *f, const struct port_in *in)
{
	struct rtt rtt = rtt_between(&f->sent, &in->arrival);
	const struct hop hop = { .ttl = f->what,
		.attempt = f->attempt,
		.address = a->question.target,
		.rtt_us = rtt.us,
		.reply_ttl = in->has_ttl ? in->ttl : 0,
		.is_target = true };
	bool is_first = !f->is_answered;

	f->is_answered = true;
	a->trace->is_reached = true;
	a->trace->outcome = OUTCOME_OK;
	if (in->local.family != 0)
		a->source = in->local;
	take_hop(a, &hop, &rtt, true, is_first);
}

static void
take_error(struct ask *a, uint8_t ttl, uint8_t attempt,
    const struct departure *sent, const struct notice *n, bool is_first)
{
	const struct addr *target = &a->question.target;
	enum icmpmsg_meaning meaning =
	    icmpmsg_meaning(target->family, n->type, n->code);
	struct rtt rtt = rtt_between(sent, &n->arrival);
	bool is_end = meaning != ICMPMSG_TTL_EXCEEDED;
	struct hop hop = { .ttl = ttl,
		.attempt = attempt,
		.address = n->from,
		.rtt_us = rtt.us,
		.reply_ttl = n->has_ttl ? n->ttl : 0,
		.icmp_type = n->type,
		.icmp_code = n->code,
		.n_labels = n->labels.n };

	memcpy(hop.labels, n->labels.label, sizeof hop.labels);
	if (is_end && is_first && addr_equal(&n->from, target))
		a->trace->is_reached = true;
	if (is_end && is_first && a->trace->outcome == OUTCOME_TIMEOUT)
		a->trace->outcome = meaning == ICMPMSG_PORT_CLOSED
					? OUTCOME_REFUSED
					: OUTCOME_UNREACHABLE;
	take_hop(a, &hop, &rtt, is_end, is_first);
}

static void
notice(struct ask *a, struct flight *f, const struct notice *n)
{
	bool is_first = !f->is_answered;

	if (icmpmsg_meaning(a->question.target.family, n->type, n->code) ==
	    ICMPMSG_IGNORED)
		return;
	f->is_answered = true;
	take_error(a, f->what, f->attempt, &f->sent, n, is_first);
}

/* ---- DNS questions and plain datagrams ---- */

static size_t
write_plain(uint8_t *buf, uint16_t id)
{
	buf[0] = (uint8_t)(id >> 8);
	buf[1] = (uint8_t)id;
	memcpy(buf + 2, plain_text, sizeof plain_text - 1);
	return 2 + sizeof plain_text - 1;
}

static size_t
write_datagram(const struct ask *a, uint8_t *buf, uint16_t id)
{
	return a->proto == PROTO_PLAIN
		   ? write_plain(buf, id)
		   : dnsmsg_write_query(buf, id, &a->trace->question, NULL);
}

static enum rc
udp_send(struct ask *a, uint8_t ttl, uint8_t attempt)
{
	const struct question *q = &a->question;
	const struct flight_key key = { .kind = FLIGHT_UDP,
		.target = q->target,
		.target_port = q->port,
		.source_port = a->udp->port.source_port,
		.id = port_new_id(a) };
	struct flight *f = flight_new(a, &key, false);
	struct port_out *out;

	f->what = ttl;
	f->attempt = attempt;
	flight_has_checksum(a->engine, f);
	out = port_send(a->udp, f, ttl);
	out->len = (uint16_t)write_datagram(a, out->bytes, key.id);
	return RC_OK;
}

/* Some routers quote no more of a datagram than its UDP header. */
static uint16_t
udp_checksum(struct ask *a, const struct flight *f)
{
	uint8_t bytes[PORT_PACKET_MAX];
	size_t len = write_datagram(a, bytes, f->id);

	if (a->source.family == 0)
		a->source = engine_source(a->engine, &f->target);
	return icmpmsg_udp_checksum(
	    &a->source, f->source_port, &f->target, f->target_port, bytes, len);
}

static void
udp_step(struct ask *a, int64_t now)
{
	enum rc rc = a->udp != NULL ? RC_OK : port_join(a);

	if (rc != RC_OK) {
		finish(a,
		    rc == RC_LIMIT ? OUTCOME_SEND_FAILED : flow_outcome(errno));
		return;
	}
	a->trace->source_port = a->udp->port.source_port;
	step_with(a, now, udp_send);
}

/* Only a DNS answer is one; who answers a plain datagram is taken at its
 * word that it came through. */
static void
udp_packet(struct ask *a, struct flight *f, const struct port_in *in)
{
	struct dnsmsg_reply m;

	if (a->proto != PROTO_PLAIN) {
		if (dnsmsg_parse(&m, in->bytes, in->len) != RC_OK ||
		    !dnsmsg_is_reply_to(&m, f->id, &a->trace->question))
			return;
		if (!f->is_answered)
			a->trace->nsid = m.nsid;
	}
	take_answer(a, f, in);
}

/* ---- echo requests ---- */

static enum rc
icmp_send_try(struct ask *a, uint8_t ttl, uint8_t attempt)
{
	return icmp_send(
	    a, a->trace->echo_id, a->trace->nonce, ttl, ttl, attempt);
}

static void
icmp_step(struct ask *a, int64_t now)
{
	step_with(a, now, icmp_send_try);
}

/* ---- SYNs of our own making ---- */

static enum rc
syn_send_try(struct ask *a, uint8_t ttl, uint8_t attempt)
{
	return syn_send(a, a->trace->source_port, ttl, attempt);
}

static void
syn_step(struct ask *a, int64_t now)
{
	step_with(a, now, syn_send_try);
}

static void
syn_packet_came(struct ask *a, struct flight *f, const struct port_in *in)
{
	bool is_refused = syn_is_refused(in);

	take_answer(a, f, in);
	if (is_refused)
		a->trace->outcome = OUTCOME_REFUSED;
}

/* ---- SYNs by the system's own TCP: one at a time, since all have the same
 * 5-tuple ---- */

static enum rc
tcp_send(struct ask *a, uint8_t ttl, uint8_t attempt)
{
	struct trace_ask *x = a->trace;

	stream_close(a);
	x->connecting = flow_now();
	x->connecting_ttl = ttl;
	x->connecting_attempt = attempt;
	x->is_connecting_answered = false;
	if (stream_open(a,
		x->source_port != 0 ? x->source_port : a->question.source_port,
		ttl) != RC_OK)
		return RC_SYS;
	ask_sent(a, &x->connecting);
	x->source_port = a->stream->flow.source_port;
	return RC_OK;
}

static void
tcp_step(struct ask *a, int64_t now)
{
	step_with(a, now, tcp_send);
}

static void
tcp_notice(struct ask *a, const struct notice *n)
{
	struct trace_ask *x = a->trace;
	const struct departure sent = { .before = x->connecting };
	bool is_first = !x->is_connecting_answered;

	if (icmpmsg_meaning(a->question.target.family, n->type, n->code) ==
	    ICMPMSG_IGNORED)
		return;
	x->is_connecting_answered = true;
	take_error(
	    a, x->connecting_ttl, x->connecting_attempt, &sent, n, is_first);
}

/* SYN-ACK and RST alike are the target's.  After an ICMP error the socket is
 * ready too, with that error: it was taken from the error queue. */
static void
tcp_ready(struct ask *a)
{
	struct trace_ask *x = a->trace;
	const struct port_in now = { .arrival = { .read = flow_now() } };
	struct flight f = { .what = x->connecting_ttl,
		.attempt = x->connecting_attempt,
		.sent = { .before = x->connecting } };
	int error = flow_connect_errno(&a->stream->flow);

	if (error == 0 || error == ECONNREFUSED)
		take_answer(a, &f, &now);
	if (error == ECONNREFUSED)
		x->outcome = OUTCOME_REFUSED;
	stream_close(a);
}

static const struct ask_ops udp_ops = { .step = udp_step,
	.not_sent = not_sent,
	.packet = udp_packet,
	.notice = notice,
	.checksum = udp_checksum,
	.fini = fini };
static const struct ask_ops icmp_ops = { .step = icmp_step,
	.not_sent = not_sent,
	.packet = take_answer,
	.notice = notice,
	.fini = fini };
static const struct ask_ops syn_ops = { .step = syn_step,
	.not_sent = not_sent,
	.packet = syn_packet_came,
	.notice = notice,
	.fini = fini };
static const struct ask_ops tcp_ops = { .step = tcp_step,
	.stream_notice = tcp_notice,
	.ready = tcp_ready,
	.fini = fini };

static struct trace_ask *
new_trace(struct engine *e)
{
	struct trace_ask *x = e->free_traces;

	if (x == NULL)
		return mem_new(sizeof *x);
	e->free_traces = x->next_free;
	memset(x, 0, offsetof(struct trace_ask, trace));
	return x;
}

static bool
is_syn_port(uint16_t port)
{
	return port >= SOCKS_SYN_PORT_MIN && port <= SOCKS_SYN_PORT_MAX;
}

/* Our own SYNs where that is possible: all TTLs at once, both stamps. */
static void
choose_tcp(struct ask *a)
{
	uint16_t wanted = a->question.source_port;

	a->ops = &tcp_ops;
	if ((wanted != 0 && !is_syn_port(wanted)) || !syn_is_possible(a))
		return;
	a->ops = &syn_ops;
	a->trace->source_port =
	    wanted != 0
		? wanted
		: (uint16_t)(SOCKS_SYN_PORT_MIN +
			     engine_random16(a->engine) %
				 (SOCKS_SYN_PORT_MAX - SOCKS_SYN_PORT_MIN + 1));
}

static void
choose_proto(struct ask *a)
{
	bool has_icmp = icmp_port(a->engine, &a->question.target) != NULL;

	if (a->proto == PROTO_ICMP && !has_icmp)
		a->proto = PROTO_UDP;
	switch (a->proto) {
	case PROTO_ICMP:
		a->ops = &icmp_ops;
		a->port = 0;
		a->trace->echo_id = engine_random16(a->engine);
		randombytes_buf(a->trace->nonce, sizeof a->trace->nonce);
		return;
	case PROTO_TCP:
	case PROTO_TLS:
		choose_tcp(a);
		return;
	case PROTO_UDP:
	case PROTO_PLAIN:
		a->ops = &udp_ops;
		return;
	}
}

enum rc
trace_begin(struct ask *a)
{
	const struct question *q = &a->question;
	struct trace_ask *x = new_trace(a->engine);
	struct trace_limits limits = { .window = TRACE_WINDOW,
		.first_ttl = q->first_ttl,
		.last_ttl = q->last_ttl,
		.max_wait_us = q->timeout_us,
		.n_queries = q->n_queries };
	enum rc rc;

	a->trace = x;
	x->outcome = OUTCOME_TIMEOUT;
	x->deadline_mono_us =
	    q->deadline_us == 0 ? NEVER : clock_mono_us() + q->deadline_us;
	choose_proto(a);
	if (a->ops == &tcp_ops)
		limits.window = 1;
	if (q->n_queries > 1)
		randombytes_buf(&limits.seed, sizeof limits.seed);
	trace_init(&x->trace, &limits);
	rc = dnsmsg_question_set(&x->question, q->zone, DNSMSG_SOA, DNSMSG_IN);
	if (rc != RC_OK)
		fini(a);
	return rc;
}
