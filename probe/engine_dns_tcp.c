/* engine_dns_tcp.c - see engine_dns_tcp.h. */
#include "probe/engine_dns_tcp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "probe/engine_dns.h"
#include "probe/engine_stream.h"
#include "schema/base/mem.h"

#define FRAME_MAX (2 + 65535) /* RFC 1035 section 4.2.2: length, message */

static enum rc
send_frame(struct ask *a, enum dns_part_index i)
{
	struct dns_ask *d = &a->dns;
	struct dns_part *part = &d->parts[i];
	uint8_t frame[2 + DNSMSG_QUERY_MAX];
	size_t len;

	do
		part->id = engine_random16(a->engine);
	while (part->id == 0 || part->id == d->parts[N_PARTS - 1 - i].id);
	len = dns_write(a, i, frame + 2, part->id);
	frame[0] = (uint8_t)(len >> 8);
	frame[1] = (uint8_t)len;
	part->sent = (struct departure){ 0 };
	d->n_written += (uint32_t)len + 2;
	part->sent_key = d->n_written - 1;
	return flow_write(&a->stream->flow, frame, len + 2, &part->sent.before);
}

/* Two queries that left in one segment have one report. */
static void
departed(struct ask *a, uint32_t key, int64_t kernel_ns)
{
	for (unsigned i = 0; i < N_PARTS; i++) {
		struct dns_part *part = &a->dns.parts[i];

		if (part->state == PART_SENT && part->sent_key <= key &&
		    part->sent.kernel_ns == 0)
			part->sent.kernel_ns = kernel_ns;
	}
}

static void
connect_to_target(struct ask *a)
{
	struct dns_ask *d = &a->dns;
	enum rc rc;

	d->connecting = flow_now();
	ask_sent(a, &d->connecting);
	rc = stream_open(a, a->question.source_port, 0);
	if (rc != RC_OK) {
		dns_end_all(a,
		    rc == RC_LIMIT ? OUTCOME_SEND_FAILED : flow_outcome(errno),
		    0);
		return;
	}
	d->connect_deadline_mono_us =
	    d->connecting.mono_us + a->question.timeout_us;
	ask_wake_at(a, d->connect_deadline_mono_us);
}

static void
step(struct ask *a, int64_t now_mono_us)
{
	const struct dns_ask *d = &a->dns;

	if (d->is_connected)
		dns_step(a, now_mono_us, send_frame);
	else if (a->stream == NULL && ask_may_send(a, now_mono_us))
		connect_to_target(a);
	else if (a->stream != NULL &&
		 now_mono_us >= d->connect_deadline_mono_us)
		dns_end_all(a, OUTCOME_TIMEOUT, 0);
	else if (a->stream != NULL)
		ask_wake_at(a, d->connect_deadline_mono_us);
}

static void
finish_connecting(struct ask *a)
{
	const struct departure began = { .before = a->dns.connecting };
	const struct arrival now = { .read = flow_now() };
	int error = flow_connect_errno(&a->stream->flow);

	if (error != 0) {
		ask_stamp(a, STAMP_USER);
		dns_end_all(a, flow_connect_outcome(error),
		    rtt_between(&began, &now).us);
		return;
	}
	a->dns.is_connected = true;
	a->dns.in = mem_new(FRAME_MAX);
	flow_stamp(&a->stream->flow);
	stream_watch(a, UV_READABLE);
	ask_wake_at(a, 0);
}

/* A whole message: whose is it? */
static void
take_message(
    struct ask *a, const struct flow_bytes *p, const uint8_t *bytes, size_t len)
{
	uint16_t id = dnsmsg_id(bytes, len);

	for (unsigned i = 0; i < N_PARTS; i++) {
		struct dns_part *part = &a->dns.parts[i];
		const struct again_reply reply = { .sent = &part->sent,
			.arrival = p->arrival,
			.has_ttl = p->has_ttl,
			.ttl = p->ttl,
			.bytes = bytes,
			.len = len };

		if (part->state != PART_SENT || part->id != id)
			continue;
		(void)dns_take(a, i, &reply);
		return;
	}
}

/* Takes every whole message off the front, while the ask goes on. */
static void
take_frames(struct ask *a, const struct flow_bytes *p)
{
	struct dns_ask *d = &a->dns;
	uint32_t serial = a->serial;

	for (;;) {
		size_t len;

		if (d->in_len < 2)
			return;
		len = (size_t)d->in[0] << 8 | d->in[1];
		if (d->in_len < 2 + len)
			return;
		take_message(a, p, d->in + 2, len);
		if (!a->is_active || a->serial != serial)
			return;
		d->in_len -= 2 + len;
		memmove(d->in, d->in + 2 + len, d->in_len);
	}
}

static void
ready(struct ask *a)
{
	struct dns_ask *d = &a->dns;
	struct flow_bytes p;
	enum rc rc;

	if (!d->is_connected) {
		finish_connecting(a);
		return;
	}
	rc = flow_read(
	    &a->stream->flow, d->in + d->in_len, FRAME_MAX - d->in_len, &p);
	if (rc == RC_AGAIN)
		return;
	if (rc != RC_OK || p.len == 0) {
		dns_end_all(a, OUTCOME_RESET, 0);
		return;
	}
	d->in_len += p.len;
	take_frames(a, &p);
}

static void
fini(struct ask *a)
{
	free(a->dns.in);
	a->dns.in = NULL;
	stream_close(a);
}

static const struct ask_ops ops = {
	.step = step, .ready = ready, .stream_departed = departed, .fini = fini
};

enum rc
dns_tcp_begin(struct ask *a)
{
	a->ops = &ops;
	return dns_begin(a);
}
