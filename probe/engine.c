/* engine.c - the engine of engine.h: its table, its timer, its kinds. */
#include "probe/engine.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "probe/engine_core.h"
#include "probe/engine_dns_tcp.h"
#include "probe/engine_dns_tls.h"
#include "probe/engine_dns_udp.h"
#include "probe/engine_icmp.h"
#include "probe/engine_pass.h"
#include "probe/engine_ping.h"
#include "probe/engine_port.h"
#include "probe/engine_trace.h"
#include "schema/base/clock.h"
#include "schema/base/mem.h"

#define ASK_BLOCK 32 /* made at once */

/* Under the cap, so many microseconds between two passes: a wake-up costs more
 * than a packet, but more than some packets at once disturb each other. */
#define SLOT_US (5 * US_PER_MS)
#define FAST_SLOT_US (2 * US_PER_MS)
#define FAST_PACKETS_PER_S 2500

static void
on_tick(uv_timer_t *timer)
{
	struct engine *e = timer->data;

	e->armed_mono_us = NEVER;
	if (e->is_slotted)
		ports_read(e);
	if (!e->is_closing)
		engine_pass(e);
}

static void
on_timer_closed(uv_handle_t *handle)
{
	engine_handle_closed(handle->data);
}

static void
set_pace(struct engine *e, const struct engine_limits *limits)
{
	unsigned rate = limits->packets_per_s, burst = limits->burst_packets;
	unsigned per_slot;

	e->slot_us = rate > FAST_PACKETS_PER_S ? FAST_SLOT_US : SLOT_US;
	/* What a slot is worth must fit, and as much again, for a late pass. */
	per_slot = (unsigned)(rate * e->slot_us / US_PER_S);
	pace_init(&e->pace, rate, burst > 2 * per_slot ? burst : 2 * per_slot);
}

enum rc
engine_new(struct engine **out, uv_loop_t *loop, struct socks *socks,
    const struct engine_limits *limits, struct err *err)
{
	struct engine *e;

	if (sodium_init() < 0)
		return err_set(err, RC_SYS, "no source of random numbers");
	e = mem_new(sizeof *e);
	e->loop = loop;
	e->socks = socks;
	e->tick = on_tick;
	e->pass = engine_pass;
	e->armed_mono_us = NEVER;
	e->scratch[0] = e->scratch[1] = -1;
	e->next_seq = engine_random16(e);
	e->flights = flights_new();
	e->buffers = port_buffers_new();
	e->tls = tls_child_new(loop, NULL, limits->tls_ca, TLS_CHILD_IDLE_US);
	set_pace(e, limits);
	uv_timer_init(loop, &e->timer); /* cannot fail */
	e->timer.data = e;
	e->n_handles = 1;
	ports_new(e);
	icmp_start(e);
	*out = e;
	return RC_OK;
}

static void
make_asks(struct engine *e)
{
	struct ask *block = mem_new(ASK_BLOCK * sizeof *block);

	e->ask_blocks = mem_grow(
	    e->ask_blocks, e->n_ask_blocks + 1, sizeof e->ask_blocks[0]);
	e->ask_blocks[e->n_ask_blocks++] = block;
	e->n_asks += ASK_BLOCK;
	e->heap = mem_grow(e->heap, e->n_asks, sizeof e->heap[0]);
	for (unsigned i = 0; i < ASK_BLOCK; i++) {
		block[i].next = e->free_asks;
		e->free_asks = &block[i];
	}
}

static struct ask *
take_free(struct engine *e)
{
	struct ask *a;

	if (e->free_asks == NULL && e->n_asks < ENGINE_ASKS_MAX)
		make_asks(e);
	a = e->free_asks;
	if (a != NULL)
		e->free_asks = a->next;
	return a;
}

/* Chooses what the kind and the protocol do. */
static enum rc
begin(struct ask *a)
{
	switch (a->question.kind) {
	case KIND_DNS:
		if (a->question.proto == PROTO_TLS)
			return dns_tls_begin(a);
		return a->question.proto == PROTO_TCP ? dns_tcp_begin(a)
						      : dns_udp_begin(a);
	case KIND_PING:
		ping_begin(a);
		return RC_OK;
	case KIND_TRACE:
		return trace_begin(a);
	}
	return RC_RANGE;
}

static void
set_up(struct ask *a, struct engine *e, const struct question *q)
{
	uint32_t serial = a->serial + 1;

	memset(a, 0, sizeof *a);
	a->engine = e;
	a->serial = serial;
	a->due_mono_us = NEVER;
	a->question = *q;
	if (q->port == 0)
		a->question.port = QUESTION_PORT;
	a->proto = q->proto;
	a->port = a->question.port;
}

enum rc
engine_ask(
    struct engine *e, const struct question *q, engine_done *done, void *ctx)
{
	struct ask *a = e->is_closing ? NULL : take_free(e);
	enum rc rc;

	if (a == NULL)
		return RC_LIMIT;
	set_up(a, e, q);
	rc = begin(a);
	if (rc != RC_OK) {
		a->next = e->free_asks;
		e->free_asks = a;
		return rc;
	}
	a->done = done;
	a->ctx = ctx;
	a->is_active = true;
	e->n_active++;
	e->n_active_of[q->target.family == 6]++;
	ask_wait_in_line(a);
	engine_arm(e);
	return RC_OK;
}

unsigned
engine_n_active(const struct engine *e)
{
	return e->n_active;
}

unsigned
engine_n_waiting(const struct engine *e)
{
	return e->waiting.n;
}

unsigned
engine_room(const struct engine *e)
{
	return ENGINE_ASKS_MAX - e->n_active;
}

static void
release_asks(struct engine *e)
{
	for (unsigned i = 0; i < e->n_ask_blocks; i++) {
		for (unsigned k = 0; k < ASK_BLOCK; k++) {
			struct ask *a = &e->ask_blocks[i][k];

			if (!a->is_active)
				continue;
			a->is_active = false;
			if (a->ops->fini != NULL)
				a->ops->fini(a);
			free(a->dns_result);
		}
	}
}

static void
release_pools(struct engine *e)
{
	while (e->free_traces != NULL) {
		struct trace_ask *x = e->free_traces;

		e->free_traces = x->next_free;
		free(x);
	}
	while (e->free_dns_results != NULL) {
		struct dns_result *r = e->free_dns_results;

		memcpy(&e->free_dns_results, r, sizeof(void *));
		free(r);
	}
}

void
engine_free(struct engine *e)
{
	if (e == NULL)
		return;
	e->is_closing = true;
	release_asks(e);
	release_pools(e);
	ports_close(e);
	flights_free(e->flights);
	e->flights = NULL;
	tls_child_free(e->tls);
	for (unsigned i = 0; i < 2; i++)
		if (e->scratch[i] >= 0)
			close(e->scratch[i]);
	uv_timer_stop(&e->timer);
	uv_close((uv_handle_t *)&e->timer, on_timer_closed);
}
