/* engine_core.c - see engine_core.h. */
#include "probe/engine_core.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "schema/base/clock.h"
#include "schema/base/mem.h"

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

void
ask_sleep(struct ask *a)
{
	struct engine *e = a->engine;
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

struct ask *
ask_pop_waiting(struct engine *e)
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

void
ask_leave_line(struct ask *a)
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
