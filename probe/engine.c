/* engine.c - the engine of engine.h: its table, its timer, its kinds. */
#include "probe/engine.h"

#include <sodium.h>
#include <string.h>

#include "probe/engine_core.h"
#include "probe/engine_dns_tcp.h"
#include "probe/engine_dns_tls.h"
#include "probe/engine_dns_udp.h"
#include "probe/engine_icmp.h"
#include "probe/engine_ping.h"
#include "probe/engine_slot.h"
#include "probe/engine_trace.h"
#include "schema/base/clock.h"
#include "schema/base/mem.h"

/* Wakes what is due, each time beginning with another ask, so that a tight
 * cap starves nobody. */
static void
on_tick(uv_timer_t *timer)
{
	struct engine *e = timer->data;
	int64_t now = clock_mono_us();

	for (unsigned i = 0; i < ENGINE_ASKS_MAX && !e->is_closing; i++) {
		unsigned k = (e->first_ask + i) % ENGINE_ASKS_MAX;

		if (e->due_mono_us[k] > now)
			continue;
		e->due_mono_us[k] = NEVER;
		e->asks[k].ops->step(&e->asks[k], now);
	}
	e->first_ask++;
	if (!e->is_closing)
		slots_sweep(e, now);
	engine_arm(e);
}

static void
on_timer_closed(uv_handle_t *handle)
{
	engine_handle_closed(handle->data);
}

enum rc
engine_new(struct engine **out, uv_loop_t *loop, struct socks *socks,
    const struct engine_limits *limits, struct err *err)
{
	struct engine *e;
	enum rc rc;

	if (sodium_init() < 0)
		return err_set(err, RC_SYS, "no source of random numbers");
	e = mem_new(sizeof *e);
	e->loop = loop;
	e->socks = socks;
	e->tick = on_tick;
	e->tls = tls_child_new(loop, NULL, limits->tls_ca, TLS_CHILD_IDLE_US);
	e->sweep_mono_us = NEVER;
	pace_init(&e->pace, limits->packets_per_s, limits->burst_packets);
	for (unsigned i = 0; i < ENGINE_ASKS_MAX; i++)
		e->due_mono_us[i] = NEVER;
	uv_timer_init(loop, &e->timer); /* cannot fail */
	e->timer.data = e;
	e->n_handles = 1;
	rc = icmp_start(e, err);
	if (rc != RC_OK)
		engine_free(e);
	else
		*out = e;
	return rc;
}

static struct ask *
find_free(struct engine *e)
{
	for (unsigned i = 0; i < ENGINE_ASKS_MAX; i++)
		if (!e->asks[i].is_active)
			return &e->asks[i];
	return NULL;
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
	a->engine = e;
	a->index = (unsigned)(a - e->asks);
	a->serial++;
	a->slot = NULL;
	a->question = *q;
	memset(&a->observation, 0, sizeof a->observation);
	a->observation.kind = q->kind;
	a->observation.why = q->why;
	a->observation.proto = q->proto;
	a->observation.target = q->target;
	a->observation.port = q->port;
}

enum rc
engine_ask(
    struct engine *e, const struct question *q, engine_done *done, void *ctx)
{
	struct ask *a = find_free(e);
	enum rc rc;

	if (a == NULL || e->is_closing)
		return RC_LIMIT;
	set_up(a, e, q);
	rc = begin(a);
	if (rc != RC_OK)
		return rc;
	a->done = done;
	a->ctx = ctx;
	a->is_active = true;
	e->n_active++;
	ask_wake_at(a, 0);
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
	(void)e;
	return 0;
}

unsigned
engine_room(const struct engine *e)
{
	return ENGINE_ASKS_MAX - e->n_active;
}

static void
release_asks(struct engine *e)
{
	for (unsigned i = 0; i < ENGINE_ASKS_MAX; i++) {
		struct ask *a = &e->asks[i];

		if (!a->is_active)
			continue;
		if (a->ops->fini != NULL)
			a->ops->fini(a);
		a->is_active = false;
	}
}

void
engine_free(struct engine *e)
{
	if (e == NULL)
		return;
	e->is_closing = true;
	release_asks(e);
	slots_close(e);
	icmp_close(e);
	tls_child_free(e->tls);
	uv_timer_stop(&e->timer);
	uv_close((uv_handle_t *)&e->timer, on_timer_closed);
}
