/* engine_core.c - see engine_core.h. */
#include "probe/engine_core.h"

#include <stdlib.h>

#include "schema/base/clock.h"

/* A transient flow stays open this long after its last question, for late
 * replies: without the socket our own kernel would refuse them by ICMP. */
#define LINGER_US (5 * US_PER_S)

void
engine_handle_closed(struct engine *e)
{
	if (--e->n_handles == 0 && e->is_closing)
		free(e);
}

void
engine_arm(struct engine *e)
{
	int64_t due = NEVER, now;

	for (unsigned i = 0; i < ENGINE_ASKS_MAX; i++)
		if (e->due_mono_us[i] < due)
			due = e->due_mono_us[i];
	if (e->sweep_mono_us < due)
		due = e->sweep_mono_us;
	if (due == NEVER || e->is_closing) {
		uv_timer_stop(&e->timer);
		return;
	}
	now = clock_mono_us();
	uv_update_time(e->loop);
	uv_timer_start(&e->timer, e->tick,
	    due <= now ? 0 : (uint64_t)((due - now + 999) / US_PER_MS), 0);
}

void
ask_wake_at(struct ask *a, int64_t at_mono_us)
{
	int64_t *due = &a->engine->due_mono_us[a->index];

	if (at_mono_us < *due)
		*due = at_mono_us;
}

bool
ask_may_send(struct ask *a, int64_t now_mono_us)
{
	struct pace *pace = &a->engine->pace;

	if (pace_take(pace, now_mono_us))
		return true;
	ask_wake_at(a, pace_ready_us(pace, now_mono_us));
	return false;
}

void
ask_sent(struct ask *a, const struct moment *sent)
{
	if (a->observation.at_us == 0)
		a->observation.at_us = clock_steady_at(sent->mono_us);
}

void
count_up(uint8_t *n)
{
	if (*n < UINT8_MAX)
		(*n)++;
}

void
ask_leave_slot(struct ask *a)
{
	struct slot *s = a->slot;
	struct engine *e = a->engine;
	struct ask **link;
	int64_t close_at;

	if (s == NULL)
		return;
	for (link = &s->asks; *link != a; link = &(*link)->next_on_slot)
		;
	*link = a->next_on_slot;
	a->slot = NULL;
	s->last_used_mono_us = clock_mono_us();
	close_at = s->last_used_mono_us + (s->is_stream ? 0 : LINGER_US);
	if (s->wanted_port != 0 && !s->is_stream)
		return; /* for life: the next round asks on it again */
	s->close_mono_us = close_at;
	if (close_at < e->sweep_mono_us)
		e->sweep_mono_us = close_at;
}

void
ask_finish(struct ask *a, enum outcome outcome)
{
	struct engine *e = a->engine;

	a->observation.outcome = outcome;
	if (a->observation.at_us == 0)
		a->observation.at_us = clock_steady_us();
	if (a->ops->fini != NULL)
		a->ops->fini(a);
	ask_leave_slot(a);
	e->due_mono_us[a->index] = NEVER;
	e->n_active--;
	a->done(a->ctx, &a->observation);
	a->is_active = false; /* only now: done may ask again */
}
