/* engine_slot.c - see engine_slot.h. */
#include "probe/engine_slot.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "schema/base/clock.h"

#define BATCH 64 /* packets read from one socket before others get a turn */

static void on_poll(uv_poll_t *poll, int status, int events);

static void
on_closed(uv_handle_t *handle)
{
	struct slot *s = handle->data;

	s->state = SLOT_FREE;
	engine_handle_closed(s->engine);
}

static void
close_slot(struct slot *s)
{
	s->state = SLOT_CLOSING;
	uv_close((uv_handle_t *)&s->poll, on_closed);
	flow_close(&s->flow); /* libuv has let go of it */
}

static void
watch(struct slot *s, int uv_events)
{
	s->watched = uv_events;
	uv_poll_start(&s->poll, uv_events, on_poll);
}

/* A free place, else the one that has been idle for longest. */
static struct slot *
find_free(struct engine *e)
{
	struct slot *oldest = NULL;

	for (unsigned i = 0; i < ENGINE_SLOTS_MAX; i++) {
		struct slot *s = &e->slots[i];

		if (s->state == SLOT_FREE)
			return s;
		if (s->state == SLOT_OPEN && s->asks == NULL &&
		    (oldest == NULL ||
			s->last_used_mono_us < oldest->last_used_mono_us))
			oldest = s;
	}
	if (oldest != NULL)
		close_slot(oldest); /* free for the next, not yet for us */
	return NULL;
}

static struct slot *
find_udp(struct engine *e, const struct question *q)
{
	for (unsigned i = 0; i < ENGINE_SLOTS_MAX; i++) {
		struct slot *s = &e->slots[i];

		if (s->state == SLOT_OPEN && !s->is_stream &&
		    s->wanted_port == q->source_port &&
		    s->flow.port == q->port &&
		    addr_equal(&s->flow.target, &q->target))
			return s;
	}
	return NULL;
}

/* Starts to watch a flow that was just opened, which the slot takes. */
static enum rc
start_slot(struct slot *s, struct engine *e, const struct flow *flow)
{
	memset(s, 0, sizeof *s);
	s->engine = e;
	s->flow = *flow;
	if (uv_poll_init(e->loop, &s->poll, flow->fd) != 0) {
		flow_close(&s->flow);
		errno = EMFILE;
		return RC_SYS;
	}
	s->poll.data = s;
	s->state = SLOT_OPEN;
	e->n_handles++;
	return RC_OK;
}

static void
join(struct ask *a, struct slot *s)
{
	a->slot = s;
	a->next_on_slot = s->asks;
	s->asks = a;
	s->close_mono_us = 0;
	a->observation.source = s->flow.source;
}

enum rc
slot_join_udp(struct ask *a)
{
	const struct question *q = &a->question;
	struct slot *s = NULL;
	struct flow flow;

	if (q->source_port != 0)
		s = find_udp(a->engine, q);
	if (s == NULL) {
		s = find_free(a->engine);
		if (s == NULL)
			return RC_LIMIT;
		if (flow_open_udp(&flow, &q->target, q->port, q->source_port) !=
			RC_OK ||
		    start_slot(s, a->engine, &flow) != RC_OK)
			return RC_SYS;
		s->wanted_port = q->source_port;
		watch(s, UV_READABLE);
	}
	join(a, s);
	return RC_OK;
}

enum rc
slot_join_tcp(struct ask *a, uint16_t source_port, uint8_t ttl)
{
	const struct question *q = &a->question;
	struct slot *s = find_free(a->engine);
	struct flow flow;

	if (s == NULL)
		return RC_LIMIT;
	if (flow_open_tcp(&flow, &q->target, q->port, source_port, ttl) !=
		RC_OK ||
	    start_slot(s, a->engine, &flow) != RC_OK)
		return RC_SYS;
	s->is_stream = true;
	join(a, s);
	slot_watch(a, UV_WRITABLE);
	return RC_OK;
}

void
slot_watch(struct ask *a, int uv_events)
{
	watch(a->slot, uv_events);
}

void
slot_drop(struct ask *a)
{
	struct slot *s = a->slot;

	if (s == NULL)
		return;
	ask_leave_slot(a);
	close_slot(s);
}

void
slot_remember(struct slot *s, uint16_t id, bool is_answered)
{
	if (id == 0)
		return; /* it was never sent */
	s->past[s->n_past++ % PAST_MAX] = (struct past_question){
		.id = id, .is_used = true, .is_answered = is_answered
	};
}

/* A packet that no ask wanted: the reply to a closed question, or a stray. */
static void
count_leftover(struct slot *s, const uint8_t *bytes, size_t len)
{
	uint16_t id = dnsmsg_id(bytes, len);

	for (unsigned i = 0; i < PAST_MAX; i++) {
		struct past_question *p = &s->past[i];

		if (!p->is_used || p->id != id)
			continue;
		count_up(p->is_answered ? &s->n_duplicate : &s->n_late);
		p->is_answered = true;
		return;
	}
	s->engine->n_stray++;
}

static void
read_datagrams(struct slot *s)
{
	uint8_t *bytes = s->engine->buffer;
	struct flow_packet p;

	for (unsigned i = 0; i < BATCH; i++) {
		struct ask *a;
		enum rc rc =
		    flow_read(s->flow.fd, bytes, ENGINE_BUFFER_LEN, &p);

		if (rc == RC_AGAIN)
			return;
		if (rc != RC_OK)
			continue; /* its reason is in the error queue */
		for (a = s->asks; a != NULL; a = a->next_on_slot)
			if (a->ops->packet(a, &p, bytes))
				break;
		if (a == NULL)
			count_leftover(s, bytes, p.len);
	}
}

static bool
pass_notice(struct slot *s, const struct notice *n)
{
	struct ask *next;
	bool is_ours = false;

	for (struct ask *a = s->asks; a != NULL; a = next) {
		next = a->next_on_slot;
		is_ours |= a->ops->notice(a, n);
		/* Without a quoted id it concerns all who wait. */
		if (is_ours && (n->quote_len >= 2 || n->has_checksum))
			break;
	}
	return is_ours;
}

void
slot_drain_errors(struct slot *s)
{
	uint8_t *bytes = s->engine->buffer;
	struct flow_error e;

	for (unsigned i = 0; i < BATCH; i++) {
		struct notice n;

		if (flow_read_error(s->flow.fd, bytes, ENGINE_BUFFER_LEN, &e) !=
		    RC_OK)
			return;
		n = (struct notice){ .arrival = e.arrival,
			.from = e.from,
			.type = e.type,
			.code = e.code,
			.has_ttl = e.has_ttl,
			.ttl = e.ttl,
			.labels = e.labels,
			.quote = bytes,
			.quote_len = e.len };
		if (e.is_icmp && !s->is_stream)
			(void)pass_notice(s, &n);
		else if (e.is_icmp && s->asks != NULL &&
			 s->asks->ops->notice != NULL)
			(void)s->asks->ops->notice(s->asks, &n);
	}
}

bool
slot_notice(
    struct engine *e, const struct icmpmsg_quote *quote, const struct notice *n)
{
	for (unsigned i = 0; i < ENGINE_SLOTS_MAX; i++) {
		struct slot *s = &e->slots[i];

		if (s->state == SLOT_OPEN && !s->is_stream &&
		    s->flow.source_port == quote->source_port &&
		    s->flow.port == quote->target_port &&
		    addr_equal(&s->flow.target, &quote->target))
			return pass_notice(s, n);
	}
	return false;
}

uint16_t
slot_new_id(const struct slot *s)
{
	for (;;) {
		uint16_t id = (uint16_t)(1 + randombytes_uniform(0xfffe));
		const struct ask *a = s->asks;

		while (a != NULL &&
		       (a->ops->has_id == NULL || !a->ops->has_id(a, id)))
			a = a->next_on_slot;
		if (a == NULL)
			return id;
	}
}

static void
on_poll(uv_poll_t *poll, int status, int events)
{
	struct slot *s = poll->data;
	struct engine *e = s->engine;

	(void)events;
	slot_drain_errors(s);
	if (s->state == SLOT_OPEN && !s->is_stream)
		read_datagrams(s);
	else if (s->state == SLOT_OPEN && s->asks != NULL)
		s->asks->ops->ready(s->asks);
	/* libuv stops watching a socket with an error waiting; we took it. */
	if (status < 0 && s->state == SLOT_OPEN &&
	    (!s->is_stream || s->asks != NULL))
		uv_poll_start(&s->poll, s->watched, on_poll);
	engine_arm(e);
}

void
slots_sweep(struct engine *e, int64_t now_mono_us)
{
	if (e->sweep_mono_us > now_mono_us)
		return;
	e->sweep_mono_us = NEVER;
	for (unsigned i = 0; i < ENGINE_SLOTS_MAX; i++) {
		struct slot *s = &e->slots[i];

		if (s->state != SLOT_OPEN || s->asks != NULL ||
		    s->close_mono_us == 0)
			continue;
		if (s->close_mono_us <= now_mono_us)
			close_slot(s);
		else if (s->close_mono_us < e->sweep_mono_us)
			e->sweep_mono_us = s->close_mono_us;
	}
}

void
slots_close(struct engine *e)
{
	for (unsigned i = 0; i < ENGINE_SLOTS_MAX; i++)
		if (e->slots[i].state == SLOT_OPEN)
			close_slot(&e->slots[i]);
}
