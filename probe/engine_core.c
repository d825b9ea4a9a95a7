/* engine_core.c - see engine_core.h. */
#include "probe/engine_core.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "probe/engine_flight.h"
#include "probe/engine_port.h"
#include "schema/base/clock.h"
#include "schema/base/mem.h"

#define PASS_PACKETS 64 /* sent before sockets are read again */
#define NO_PLACE UINT32_MAX

/* ---- the heap of due times ---- */

static void
place(struct engine *e, uint32_t at, struct ask *a)
{
	e->heap[at] = a;
	a->heap_at = at;
}

static void
sift_up(struct engine *e, uint32_t at, struct ask *a)
{
	while (at > 0 && e->heap[(at - 1) / 2]->due_mono_us > a->due_mono_us) {
		place(e, at, e->heap[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
	place(e, at, a);
}

static void
sift_down(struct engine *e, uint32_t at, struct ask *a)
{
	for (;;) {
		uint32_t child = 2 * at + 1;

		if (child >= e->n_heap)
			break;
		if (child + 1 < e->n_heap && e->heap[child + 1]->due_mono_us <
						 e->heap[child]->due_mono_us)
			child++;
		if (e->heap[child]->due_mono_us >= a->due_mono_us)
			break;
		place(e, at, e->heap[child]);
		at = child;
	}
	place(e, at, a);
}

static void
heap_remove(struct engine *e, struct ask *a)
{
	uint32_t at = a->heap_at;
	struct ask *last;

	a->due_mono_us = NEVER;
	a->heap_at = NO_PLACE;
	last = e->heap[--e->n_heap];
	if (last == a)
		return;
	if (at > 0 && e->heap[(at - 1) / 2]->due_mono_us > last->due_mono_us)
		sift_up(e, at, last);
	else
		sift_down(e, at, last);
}

void
ask_wake_at(struct ask *a, int64_t at_mono_us)
{
	struct engine *e = a->engine;

	if (at_mono_us >= a->due_mono_us)
		return;
	if (a->due_mono_us == NEVER)
		a->heap_at = e->n_heap++;
	a->due_mono_us = at_mono_us;
	sift_up(e, a->heap_at, a);
}

/* ---- the right to send ---- */

void
ask_wait_in_line(struct ask *a)
{
	struct asks_waiting *w = &a->engine->waiting;

	if (a->is_waiting)
		return;
	a->is_waiting = true;
	a->next = NULL;
	if (w->last == NULL)
		w->first = a;
	else
		w->last->next = a;
	w->last = a;
	w->n++;
}

static struct ask *
pop_waiting(struct engine *e)
{
	struct asks_waiting *w = &e->waiting;
	struct ask *a = w->first;

	w->first = a->next;
	if (w->first == NULL)
		w->last = NULL;
	w->n--;
	a->is_waiting = false;
	a->next = NULL;
	return a;
}

/* Whoever finishes while it waits leaves the line. */
static void
leave_line(struct ask *a)
{
	struct asks_waiting *w = &a->engine->waiting;
	struct ask *before = NULL;

	if (!a->is_waiting)
		return;
	for (struct ask *b = w->first; b != a; b = b->next)
		before = b;
	if (before == NULL)
		w->first = a->next;
	else
		before->next = a->next;
	if (w->last == a)
		w->last = before;
	w->n--;
	a->is_waiting = false;
}

bool
ask_may_send(struct ask *a, int64_t now_mono_us)
{
	struct engine *e = a->engine;
	bool is_turn = e->turn == a;

	if ((is_turn || e->waiting.first == NULL) && e->n_sends_left > 0 &&
	    pace_take(&e->pace, now_mono_us)) {
		e->turn = NULL;
		e->n_sends_left--;
		return true;
	}
	ask_wait_in_line(a);
	return false;
}

/* Those in line send one packet each, while there is room; who wants to send
 * more goes to the end of the line. */
static void
serve_line(struct engine *e, int64_t now)
{
	unsigned n = e->waiting.n;

	while (n-- > 0 && e->waiting.first != NULL && e->n_sends_left > 0 &&
	       pace_ready_us(&e->pace, now) <= now) {
		struct ask *a = pop_waiting(e);

		e->turn = a;
		a->ops->step(a, now);
		e->turn = NULL;
		if (e->is_closing)
			return;
	}
}

/* ---- passes ---- */

void
engine_handle_closed(struct engine *e)
{
	if (--e->n_handles > 0 || !e->is_closing)
		return;
	for (unsigned i = 0; i < e->n_ask_blocks; i++)
		free(e->ask_blocks[i]);
	free(e->ask_blocks);
	free(e->heap);
	free(e->buffers);
	free(e->ports);
	free(e);
}

void
engine_pass(struct engine *e)
{
	int64_t now = clock_mono_us();

	e->is_in_pass = true;
	e->has_rest = ports_have_rest(e);
	e->n_sends_left = e->has_rest ? 0 : PASS_PACKETS;
	while (
	    e->n_heap > 0 && e->heap[0]->due_mono_us <= now && !e->is_closing) {
		struct ask *a = e->heap[0];

		heap_remove(e, a);
		a->ops->step(a, now);
	}
	do {
		serve_line(e, now);
		ports_flush(e);
	} while (!e->is_closing && e->waiting.first != NULL &&
		 e->n_sends_left > 0 && e->pace.per_packet_us != 0 &&
		 pace_ready_us(&e->pace, now) <= now);
	e->has_rest = ports_have_rest(e);
	if (!e->is_closing)
		ports_sweep(e, now);
	e->is_in_pass = false;
	engine_arm(e);
}

/* When the next pass is due: at once for those who wait for nothing but their
 * turn, at the next slot for those who wait for the pace. */
static int64_t
next_pass(const struct engine *e, int64_t now)
{
	int64_t due = e->n_heap > 0 ? e->heap[0]->due_mono_us : NEVER;
	int64_t ready;

	if (e->has_rest)
		return now + US_PER_MS;
	if (e->waiting.first == NULL)
		return due;
	ready = pace_ready_us(&e->pace, now);
	if (ready > now && ready < now + e->slot_us)
		ready = now + e->slot_us;
	/* In slots, what is due soon can wait for the slot. */
	if (ready > now && ready <= now + e->slot_us)
		return ready;
	return ready < due ? ready : due;
}

void
engine_arm(struct engine *e)
{
	int64_t now, due;
	bool is_slotted;

	if (e->is_in_pass)
		return;
	if (e->is_closing) {
		uv_timer_stop(&e->timer);
		return;
	}
	now = clock_mono_us();
	due = next_pass(e, now);
	is_slotted = e->waiting.first != NULL && due <= now + e->slot_us;
	if (is_slotted != e->is_slotted) {
		e->is_slotted = is_slotted;
		ports_watch(e, !is_slotted);
	}
	if (due == NEVER) {
		uv_timer_stop(&e->timer);
		e->armed_mono_us = NEVER;
		return;
	}
	if (due == e->armed_mono_us && uv_is_active((uv_handle_t *)&e->timer))
		return;
	e->armed_mono_us = due;
	uv_update_time(e->loop);
	uv_timer_start(&e->timer, e->tick,
	    due <= now ? 0 : (uint64_t)((due - now + 999) / US_PER_MS), 0);
}

/* ---- what asks need ---- */

uint16_t
engine_random16(struct engine *e)
{
	uint16_t v;

	if (e->n_randoms < sizeof v) {
		randombytes_buf(e->randoms, sizeof e->randoms);
		e->n_randoms = sizeof e->randoms;
	}
	e->n_randoms -= sizeof v;
	memcpy(&v, e->randoms + e->n_randoms, sizeof v);
	return v;
}

struct addr
engine_source(struct engine *e, const struct addr *target)
{
	int *fd = &e->scratch[target->family == 6];

	if (*fd < 0)
		*fd = socket(addr_domain(target), SOCK_DGRAM | SOCK_CLOEXEC, 0);
	return flow_source_by(*fd, target);
}

void
ask_sent(struct ask *a, const struct moment *sent)
{
	if (a->at_us == 0)
		a->at_us = clock_steady_at(sent->mono_us);
}

void
ask_stamp(struct ask *a, enum stamp stamp)
{
	a->stamp = a->has_stamp ? stamp_worse(a->stamp, stamp) : stamp;
	a->has_stamp = true;
}

struct dns_result *
ask_dns(struct ask *a)
{
	struct engine *e = a->engine;

	if (a->dns_result != NULL)
		return a->dns_result;
	if (e->free_dns_results == NULL) {
		a->dns_result = mem_new(sizeof *a->dns_result);
		return a->dns_result;
	}
	a->dns_result = e->free_dns_results;
	memcpy(&e->free_dns_results, a->dns_result, sizeof(void *));
	memset(a->dns_result, 0, sizeof *a->dns_result);
	return a->dns_result;
}

static void
put_part(struct observation *o, enum kind kind, const void *part)
{
	switch (kind) {
	case KIND_DNS:
		if (part == NULL)
			memset(&o->dns, 0, sizeof o->dns);
		else
			o->dns = *(const struct dns_result *)part;
		return;
	case KIND_PING:
		o->ping = *(const struct ping_result *)part;
		return;
	case KIND_TRACE:
		return; /* written in place */
	}
}

static void
describe(struct ask *a, enum outcome outcome, const void *part)
{
	struct observation *o = &a->engine->observation;

	o->seq = 0;
	o->at_us = a->at_us != 0 ? a->at_us : clock_steady_us();
	o->kind = a->question.kind;
	o->why = a->question.why;
	o->proto = a->proto;
	o->stamp = a->has_stamp ? a->stamp : STAMP_KERNEL;
	o->outcome = outcome;
	o->target = a->question.target;
	o->port = a->port;
	o->source = a->source.family != 0
			? a->source
			: engine_source(a->engine, &a->question.target);
	put_part(o, a->question.kind, part);
}

void
ask_finish(struct ask *a, enum outcome outcome, const void *part)
{
	struct engine *e = a->engine;

	describe(a, outcome, part);
	if (a->ops->fini != NULL)
		a->ops->fini(a);
	if (a->dns_result != NULL) {
		memcpy(a->dns_result, &e->free_dns_results, sizeof(void *));
		e->free_dns_results = a->dns_result;
		a->dns_result = NULL;
	}
	flights_release(e, a);
	port_leave(a);
	leave_line(a);
	if (a->due_mono_us != NEVER)
		heap_remove(e, a);
	e->n_active--;
	e->n_active_of[a->question.target.family == 6]--;
	a->is_active = false;
	a->done(a->ctx, &e->observation);
	a->next = e->free_asks; /* only now: done may ask again */
	e->free_asks = a;
}
