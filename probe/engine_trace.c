/* engine_trace.c - see engine_trace.h. */
#include "probe/engine_trace.h"

#include <errno.h>
#include <netinet/in.h>
#include <sodium.h>
#include <string.h>

#include "probe/engine_icmp.h"
#include "probe/engine_slot.h"

static void
finish(struct ask *a, enum outcome outcome)
{
	trace_finish(&a->trace.trace, &a->observation.trace);
	ask_finish(a, outcome);
}

/* Sends one packet with that TTL, and notes it as the ask's next try. */
typedef enum rc send_try(struct ask *a, struct trace_try *try);

/* Sends what the trace wants, until it wants to wait or is done. */
static void
step_with(struct ask *a, int64_t now, send_try *send)
{
	struct trace_ask *x = &a->trace;
	int64_t until;
	uint8_t ttl;

	for (;;) {
		enum trace_state state =
		    trace_next(&x->trace, now, &ttl, &until);
		struct trace_try *try = &x->tries[x->n_tries];

		if (state == TRACE_DONE) {
			finish(a, x->outcome);
			return;
		}
		if (state == TRACE_WAIT) {
			ask_wake_at(a, until);
			return;
		}
		if (!ask_may_send(a, now))
			return;
		*try = (struct trace_try){ .ttl = ttl };
		if (send(a, try) != RC_OK) {
			finish(a, flow_outcome(errno));
			return;
		}
		x->n_tries++;
		ask_sent(a, &try->sent);
		trace_sent(&x->trace, ttl, try->sent.mono_us);
	}
}

static void
take_hop(
    struct ask *a, const struct hop *hop, const struct rtt *rtt, bool is_end)
{
	/* The first reply sets the stamp; one without the kernel's undoes it. */
	if (rtt->stamp == STAMP_USER)
		a->observation.stamp = STAMP_USER;
	trace_reply(&a->trace.trace, hop, is_end);
	ask_wake_at(a, 0);
}

/* The target's own answer, not an ICMP error. */
static void
take_answer(struct ask *a, uint8_t ttl, const struct moment *sent,
    const struct flow_packet *p)
{
	struct rtt rtt = rtt_between(sent, &p->arrival);
	const struct hop hop = { .ttl = ttl,
		.address = a->question.target,
		.rtt_us = rtt.us,
		.reply_ttl = p->has_ttl ? p->ttl : 0,
		.is_target = true };

	a->observation.trace.is_reached = true;
	a->trace.outcome = OUTCOME_OK;
	take_hop(a, &hop, &rtt, true);
}

static void
take_error(struct ask *a, uint8_t ttl, const struct moment *sent,
    const struct notice *n)
{
	const struct addr *target = &a->question.target;
	enum icmpmsg_meaning meaning =
	    icmpmsg_meaning(target->family, n->type, n->code);
	struct rtt rtt = rtt_between(sent, &n->arrival);
	bool is_end = meaning != ICMPMSG_TTL_EXCEEDED;
	struct hop hop = { .ttl = ttl,
		.address = n->from,
		.rtt_us = rtt.us,
		.reply_ttl = n->has_ttl ? n->ttl : 0,
		.icmp_type = n->type,
		.icmp_code = n->code,
		.n_labels = n->labels.n };

	if (meaning == ICMPMSG_IGNORED)
		return;
	memcpy(hop.labels, n->labels.label, sizeof hop.labels);
	if (is_end && addr_equal(&n->from, target))
		a->observation.trace.is_reached = true;
	if (is_end && a->trace.outcome == OUTCOME_TIMEOUT)
		a->trace.outcome = meaning == ICMPMSG_PORT_CLOSED
				       ? OUTCOME_REFUSED
				       : OUTCOME_UNREACHABLE;
	take_hop(a, &hop, &rtt, is_end);
}

static enum rc
udp_send(struct ask *a, struct trace_try *try)
{
	const struct flow *f = &a->slot->flow;
	uint8_t query[DNSMSG_QUERY_MAX];
	size_t len;

	try->id = slot_new_id(a->slot);
	len = dnsmsg_write_query(query, try->id, &a->trace.question, NULL);
	try->checksum = icmpmsg_udp_checksum(
	    &f->source, f->source_port, &f->target, f->port, query, len);
	return flow_write(f->fd, NULL, query, len, try->ttl, &try->sent);
}

static void
udp_step(struct ask *a, int64_t now)
{
	enum rc rc = a->slot != NULL ? RC_OK : slot_join_udp(a);

	if (rc != RC_OK) {
		finish(a,
		    rc == RC_LIMIT ? OUTCOME_SEND_FAILED : flow_outcome(errno));
		return;
	}
	a->observation.trace.source_port = a->slot->flow.source_port;
	step_with(a, now, udp_send);
}

static const struct trace_try *
find_id(const struct ask *a, uint16_t id)
{
	for (unsigned i = 0; i < a->trace.n_tries; i++)
		if (a->trace.tries[i].id == id)
			return &a->trace.tries[i];
	return NULL;
}

static const struct trace_try *
find_checksum(const struct ask *a, uint16_t checksum)
{
	for (unsigned i = 0; i < a->trace.n_tries; i++)
		if (a->trace.tries[i].checksum == checksum)
			return &a->trace.tries[i];
	return NULL;
}

/* A quote that reaches the DNS id is read there, since the checksum may have
 * been filled in by a network card later; a shorter one has only that. */
static bool
udp_notice(struct ask *a, const struct notice *n)
{
	const struct trace_try *try = NULL;

	if (n->quote_len >= 2)
		try = find_id(a, dnsmsg_id(n->quote, n->quote_len));
	else if (n->has_checksum)
		try = find_checksum(a, n->checksum);
	if (try == NULL)
		return false;
	take_error(a, try->ttl, &try->sent, n);
	return true;
}

static bool
udp_packet(struct ask *a, const struct flow_packet *p, const uint8_t *bytes)
{
	uint16_t id = dnsmsg_id(bytes, p->len);
	const struct trace_try *try = find_id(a, id);
	struct dnsmsg_reply m;

	if (try == NULL)
		return false;
	if (dnsmsg_parse(&m, bytes, p->len) != RC_OK ||
	    !dnsmsg_is_reply_to(&m, id, &a->trace.question))
		return true;
	a->observation.trace.nsid = m.nsid;
	take_answer(a, try->ttl, &try->sent, p);
	return true;
}

static bool
udp_has_id(const struct ask *a, uint16_t id)
{
	return find_id(a, id) != NULL;
}

static enum rc
icmp_send_try(struct ask *a, struct trace_try *try)
{
	return icmp_send(a, a->trace.echo_id, a->trace.nonce, try->ttl,
	    try->ttl, &try->sent);
}

static void
icmp_step(struct ask *a, int64_t now)
{
	step_with(a, now, icmp_send_try);
}

static void
icmp_echo(struct ask *a, const struct echo_sent *e, const struct flow_packet *p)
{
	take_answer(a, e->what, &e->sent, p);
}

static void
icmp_notice(struct ask *a, const struct echo_sent *e, const struct notice *n)
{
	take_error(a, e->what, &e->sent, n);
}

/* One SYN at a time, since all have the same 5-tuple. */
static enum rc
tcp_send(struct ask *a, struct trace_try *try)
{
	uint16_t source_port = a->observation.trace.source_port;

	slot_drop(a);
	if (source_port == 0)
		source_port = a->question.source_port;
	try->sent = flow_now();
	if (slot_join_tcp(a, source_port, try->ttl) != RC_OK)
		return RC_SYS;
	a->observation.trace.source_port = a->slot->flow.source_port;
	return RC_OK;
}

static void
tcp_step(struct ask *a, int64_t now)
{
	step_with(a, now, tcp_send);
}

static const struct trace_try *
last_try(const struct ask *a)
{
	return &a->trace.tries[a->trace.n_tries - 1];
}

static bool
tcp_notice(struct ask *a, const struct notice *n)
{
	take_error(a, last_try(a)->ttl, &last_try(a)->sent, n);
	return true;
}

/* SYN-ACK and RST alike are the target's.  After an ICMP error the socket is
 * ready too, with that error: it was taken from the error queue. */
static void
tcp_ready(struct ask *a)
{
	const struct flow_packet now = { .arrival = { .read = flow_now() } };
	int error = flow_connect_errno(&a->slot->flow);

	if (error == 0 || error == ECONNREFUSED)
		take_answer(a, last_try(a)->ttl, &last_try(a)->sent, &now);
	if (error == ECONNREFUSED)
		a->trace.outcome = OUTCOME_REFUSED;
	slot_drop(a);
}

static const struct ask_ops udp_ops = { .step = udp_step,
	.packet = udp_packet,
	.notice = udp_notice,
	.has_id = udp_has_id };
static const struct ask_ops icmp_ops = {
	.step = icmp_step, .echo = icmp_echo, .echo_notice = icmp_notice
};
static const struct ask_ops tcp_ops = {
	.step = tcp_step, .notice = tcp_notice, .ready = tcp_ready
};

static void
begin_icmp(struct ask *a)
{
	a->ops = &icmp_ops;
	a->observation.port = 0;
	a->observation.source = flow_source_towards(&a->question.target);
	a->trace.echo_id = (uint16_t)randombytes_random();
	randombytes_buf(a->trace.nonce, sizeof a->trace.nonce);
}

enum rc
trace_begin(struct ask *a)
{
	struct trace_ask *x = &a->trace;
	enum proto *proto = &a->observation.proto;

	memset(x, 0, sizeof *x);
	x->outcome = OUTCOME_TIMEOUT;
	if (*proto == PROTO_ICMP &&
	    socks_for(a->engine->socks, &a->question.target)->mode ==
		SOCKS_NONE)
		*proto = PROTO_UDP;
	trace_init(&x->trace, *proto == PROTO_TCP ? 1 : TRACE_WINDOW,
	    a->question.timeout_us);
	if (*proto == PROTO_ICMP)
		begin_icmp(a);
	else
		a->ops = *proto == PROTO_TCP ? &tcp_ops : &udp_ops;
	return dnsmsg_question_set(
	    &x->question, a->question.zone, DNSMSG_SOA, DNSMSG_IN);
}
