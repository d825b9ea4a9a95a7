/* engine_dns_tcp.c - see engine_dns_tcp.h. */
#include "probe/engine_dns_tcp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "probe/engine_dns.h"
#include "probe/engine_slot.h"
#include "schema/base/clock.h"
#include "schema/base/mem.h"

#define FRAME_MAX (2 + 65535) /* RFC 1035 section 4.2.2: length, message */

/* What the end of a TCP connection, or of an attempt, means. */
static enum outcome
outcome_of(int sys_errno)
{
	switch (sys_errno) {
	case ECONNREFUSED:
		return OUTCOME_REFUSED;
	case ETIMEDOUT:
		return OUTCOME_TIMEOUT;
	case EHOSTUNREACH:
	case ENETUNREACH:
	case ENOPROTOOPT:
		return OUTCOME_UNREACHABLE;
	case ECONNRESET:
	case EPIPE:
		return OUTCOME_RESET;
	default:
		return OUTCOME_SEND_FAILED;
	}
}

static enum rc
send_frame(struct ask *a, const uint8_t *query, size_t len, struct moment *sent)
{
	uint8_t frame[2 + DNSMSG_QUERY_MAX] = { (uint8_t)(len >> 8),
		(uint8_t)len };

	memcpy(frame + 2, query, len);
	return flow_write(a->slot->flow.fd, NULL, frame, len + 2, 0, sent);
}

static void
step(struct ask *a, int64_t now_mono_us)
{
	struct dns_ask *d = &a->dns;
	enum rc rc;

	if (d->is_connected) {
		dns_step(a, now_mono_us, send_frame);
		return;
	}
	if (a->slot != NULL) {
		if (now_mono_us >= d->connect_deadline_mono_us)
			dns_end_all(a, OUTCOME_TIMEOUT, 0);
		else
			ask_wake_at(a, d->connect_deadline_mono_us);
		return;
	}
	if (!ask_may_send(a, now_mono_us))
		return;
	d->connecting = flow_now();
	ask_sent(a, &d->connecting);
	rc = slot_join_tcp(a, a->question.source_port, 0);
	if (rc != RC_OK) {
		dns_finish(a,
		    rc == RC_LIMIT ? OUTCOME_SEND_FAILED : flow_outcome(errno));
		return;
	}
	d->connect_deadline_mono_us =
	    d->connecting.mono_us + a->question.timeout_us;
	ask_wake_at(a, d->connect_deadline_mono_us);
}

static void
finish_connecting(struct ask *a)
{
	const struct arrival now = { .read = flow_now() };
	int error = flow_connect_errno(&a->slot->flow);

	if (error != 0) {
		a->observation.stamp = STAMP_USER;
		dns_end_all(a, outcome_of(error),
		    rtt_between(&a->dns.connecting, &now).us);
		return;
	}
	a->dns.is_connected = true;
	a->dns.in = mem_new(FRAME_MAX);
	slot_watch(a, UV_READABLE);
	ask_wake_at(a, 0);
}

/* Takes every whole message off the front; false when the ask is over. */
static bool
take_frames(struct ask *a, const struct flow_packet *p)
{
	struct dns_ask *d = &a->dns;
	uint32_t serial = a->serial;

	for (;;) {
		size_t len;

		if (d->in_len < 2)
			return true;
		len = (size_t)d->in[0] << 8 | d->in[1];
		if (d->in_len < 2 + len)
			return true;
		(void)dns_take(a, p, d->in + 2, len);
		if (!a->is_active || a->serial != serial || a->slot == NULL)
			return false;
		d->in_len -= 2 + len;
		memmove(d->in, d->in + 2 + len, d->in_len);
	}
}

static void
ready(struct ask *a)
{
	struct dns_ask *d = &a->dns;
	struct flow_packet p;
	enum rc rc;

	if (!d->is_connected) {
		finish_connecting(a);
		return;
	}
	rc = flow_read(
	    a->slot->flow.fd, d->in + d->in_len, FRAME_MAX - d->in_len, &p);
	if (rc == RC_AGAIN)
		return;
	if (rc != RC_OK || p.len == 0) {
		dns_end_all(a, OUTCOME_RESET, 0);
		return;
	}
	d->in_len += p.len;
	(void)take_frames(a, &p);
}

static void
fini(struct ask *a)
{
	free(a->dns.in);
	a->dns.in = NULL;
}

static const struct ask_ops ops = {
	.step = step, .ready = ready, .has_id = dns_has_id, .fini = fini
};

enum rc
dns_tcp_begin(struct ask *a)
{
	a->ops = &ops;
	return dns_begin(a);
}
