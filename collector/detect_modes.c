/* detect_modes.c - see detect_modes.h. */
#include "collector/detect_modes.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/detect_shift.h"
#include "collector/modes.h"
#include "schema/base/bytes.h"
#include "schema/base/mem.h"

#define QUIET_PERIODS 5
#define STATE_VERSION 1
#define STATE_BYTES (1 + 4 + 3 * 8)

/* What a service has been through. */
struct history {
	struct modes modes;
	int64_t judged_id; /* the newest shift that was compared */
	int64_t open_id;   /* the shift under way; 0: none */
};

/* One more, unused, is the end. */
static void *
init(struct detect *d)
{
	struct history *all = mem_new((d->services->n + 1) * sizeof *all);

	all[d->services->n].open_id = -1;
	return all;
}

static void
fini(void *memory)
{
	struct history *all = memory;

	for (size_t i = 0; all[i].open_id != -1; i++)
		modes_fini(&all[i].modes);
	free(all);
}

static struct history *
history_of(const struct detect *d, size_t service)
{
	struct history *all = part_memory(d, &modes_part);

	return &all[service];
}

/* Memos: each mode by its place in the list, and where we are. */

static void
emit_mode(struct detect *d, size_t service, const struct mode *mode)
{
	const struct modes *m = &history_of(d, service)->modes;
	char key[MEMO_KEY_MAX + 1];
	size_t len;
	uint8_t *bytes = mode_encode(mode, &len);

	snprintf(key, sizeof key, "modes/%" PRId64 "/%zu",
	    d->services->list[service].id, (size_t)(mode - m->list));
	detect_emit_memo(d, key, bytes, len);
	free(bytes);
}

static void
emit_state(struct detect *d, size_t service)
{
	const struct history *h = history_of(d, service);
	uint8_t bytes[STATE_BYTES];
	struct wbuf w = wbuf_over(bytes, sizeof bytes);
	char key[MEMO_KEY_MAX + 1];

	wbuf_u8(&w, STATE_VERSION);
	wbuf_u32(&w, h->modes.current_id);
	wbuf_i64(&w, h->modes.since_us);
	wbuf_i64(&w, h->open_id);
	wbuf_i64(&w, h->judged_id);
	snprintf(key, sizeof key, "modes/%" PRId64 "/state",
	    d->services->list[service].id);
	detect_emit_memo(d, key, bytes, w.len);
}

static void
restore_state(struct history *h, const struct memo *memo)
{
	struct rbuf r = rbuf_over(memo->bytes, memo->len);

	if (memo->len != STATE_BYTES || rbuf_u8(&r) != STATE_VERSION)
		return;
	h->modes.current_id = rbuf_u32(&r);
	h->modes.since_us = rbuf_i64(&r);
	h->open_id = rbuf_i64(&r);
	h->judged_id = rbuf_i64(&r);
}

static void
restore_memo(struct detect *d, const struct memo *memo)
{
	int64_t service_id;
	size_t index;
	int n = 0;

	if (sscanf(memo->key, "modes/%" SCNd64 "/%n", &service_id, &n) != 1 ||
	    n == 0)
		return;
	for (size_t i = 0; i < d->services->n; i++) {
		struct history *h = history_of(d, i);

		if (d->services->list[i].id != service_id)
			continue;
		if (strcmp(memo->key + n, "state") == 0)
			restore_state(h, memo);
		else if (sscanf(memo->key + n, "%zu", &index) != 1 ||
			 modes_restore(
			     &h->modes, index, memo->bytes, memo->len) != RC_OK)
			return; /* of another version: seen anew */
	}
}

/* Catchments. */

static bool
is_known(const struct track *t, const struct track_query *q)
{
	return t->home != 0 && !t->is_dark && track_is_fresh(t, q);
}

/* Where everybody lands now; before an event: where its voters were. */
static struct catchment
look(struct detect *d, size_t service, struct open_event *before)
{
	struct track_query q = { .now_us = d->now_us };
	struct roll_walk w = roll_walk(d->roll, service, ROLL_FRESH, d->now_us);
	struct catchment c = { 0 };
	struct track *t;

	while ((t = roll_next(&w)) != NULL)
		c.n += is_known(t, &q);
	c.places = mem_new((c.n + 1) * sizeof *c.places);
	c.n = 0;
	w = roll_walk(d->roll, service, ROLL_FRESH, d->now_us);
	while ((t = roll_next(&w)) != NULL) {
		struct place *p = &c.places[c.n];
		const struct vote *v = NULL;

		if (!is_known(t, &q))
			continue;
		if (before != NULL)
			v = events_find_vote(
			    before, t->vantage_id, t->target->id);
		*p = (struct place){ (uint32_t)t->vantage_id,
			(uint32_t)t->target->id,
			(uint32_t)(v != NULL ? v->from_site_id : t->home),
			(uint32_t)t->member->as_index };
		c.n++;
	}
	catchment_sort(&c);
	return c;
}

/* Events. */

static void
leave(struct detect *d, size_t service, struct open_event *o)
{
	struct history *h = history_of(d, service);
	struct catchment c = look(d, service, o);
	struct mode *left = modes_leave(&h->modes, &c, o->event.since_us);

	h->open_id = o->event.id;
	emit_mode(d, service, left);
	emit_state(d, service);
}

static void
enter(struct detect *d, size_t service, int64_t at_us)
{
	struct history *h = history_of(d, service);
	struct catchment c = look(d, service, NULL);
	struct mode *mode = modes_enter(&h->modes, &c, at_us);

	h->judged_id = h->open_id;
	h->open_id = 0;
	emit_mode(d, service, mode);
	emit_state(d, service);
}

/* Compares what has become of it with what was before. */
static void
judge(struct detect *d, size_t service, struct open_event *o)
{
	struct history *h = history_of(d, service);
	struct catchment now = look(d, service, NULL);
	double similarity;
	const struct mode *m = modes_nearest(&h->modes, &now, &similarity);
	struct recurrence *r = &o->recurrence;

	free(now.places);
	if (m != NULL)
		*r = (struct recurrence){ .similarity = similarity,
			.last_us = m->last_us,
			.mode = m->id,
			.n_times = m->n_times };
	r->is = m == NULL || similarity < MODES_VARIANT ? RECURRENCE_NEW
		: similarity < MODES_SAME               ? RECURRENCE_VARIANT
							: RECURRENCE_SAME;
	enter(d, service, o->event.since_us);
	shift_refresh(d, o);
}

static bool
is_quiet(const struct detect *d, size_t service, const struct open_event *o)
{
	int64_t last = o->event.detected_us;

	for (size_t i = 0; i < o->n_votes; i++) {
		if (o->votes[i].confirmed_us > last)
			last = o->votes[i].confirmed_us;
		if (o->votes[i].ended_us > last)
			last = o->votes[i].ended_us;
	}
	return d->now_us - last >=
	       QUIET_PERIODS * d->services->list[service].dns_every_us;
}

static struct open_event *
next_shift(const struct detect *d, size_t service, int64_t after_id)
{
	for (size_t i = 0; i < d->events.n; i++) {
		struct open_event *o = d->events.list[i];

		if (o->event.kind == EVENT_SHIFT && o->event.id > after_id &&
		    o->event.service_id == d->services->list[service].id)
			return o;
	}
	return NULL;
}

static void
follow(struct detect *d, size_t service)
{
	struct history *h = history_of(d, service);
	struct open_event *o;

	if (h->open_id != 0) {
		o = events_by_id(&d->events, h->open_id);
		/* Over before it was quiet, or something else after all. */
		if (o == NULL || o->event.kind != EVENT_SHIFT)
			enter(d, service, d->now_us);
		else if (is_quiet(d, service, o))
			judge(d, service, o);
		return;
	}
	o = next_shift(d, service, h->judged_id);
	if (o != NULL)
		leave(d, service, o);
}

static void
tick(struct detect *d)
{
	for (size_t i = 0; i < d->services->n; i++)
		follow(d, i);
}

const struct detect_part modes_part = { .name = "modes",
	.init = init,
	.fini = fini,
	.tick = tick,
	.restore_memo = restore_memo };
