/* engine_pass.c - see engine_pass.h. */
#include "probe/engine_pass.h"

#include "probe/engine_port.h"
#include "schema/base/clock.h"

#define PASS_PACKETS 64 /* sent before sockets are read again */

/* Those in line send one packet each, while there is room; who wants to send
 * more goes to the end of the line. */
static void
serve_line(struct engine *e, int64_t now)
{
	unsigned n = e->waiting.n;

	while (n-- > 0 && e->waiting.first != NULL && e->n_sends_left > 0 &&
	       pace_ready_us(&e->pace, now) <= now) {
		struct ask *a = ask_pop_waiting(e);

		e->turn = a;
		a->ops->step(a, now);
		e->turn = NULL;
		if (e->is_closing)
			return;
	}
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

		ask_sleep(a);
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

/* libuv's clock has whole milliseconds, and is behind: a timer that is early
 * by a part of one costs a second wake-up.  Where packets wait in line there
 * is one soon anyway, and late is worse. */
static uint64_t
wait_ms(const struct engine *e, int64_t now, int64_t due, bool is_idle)
{
	uint64_t due_ms = (uint64_t)(due + 999) / US_PER_MS;

	if (due <= now)
		return 0;
	if (is_idle && due_ms > uv_now(e->loop))
		return due_ms - uv_now(e->loop);
	return (uint64_t)((due - now + 999) / US_PER_MS);
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
	    wait_ms(e, now, due, !is_slotted && !e->has_rest), 0);
}
