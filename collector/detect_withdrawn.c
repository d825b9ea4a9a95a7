#include "collector/detect_withdrawn.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/detect_mismatch.h"
#include "schema/base/bytes.h"
#include "schema/base/clock.h"
#include "schema/base/mem.h"

/* Of one site in one family, as d->watches. */
struct word {
	bool is_armed;    /* it was announced, and nothing explains its end */
	int64_t since_us; /* of its end; 0: it has not come */
};

static struct word *
words(const struct detect *d)
{
	return part_memory(d, &withdrawn_part);
}

static void *
init(struct detect *d)
{
	return mem_new((d->n_watches + 1) * sizeof(struct word));
}

/* What is remembered. */

static void
save(struct detect *d, size_t i)
{
	const struct site_state *s = &d->watches[i].state;
	const struct word *x = &words(d)[i];
	uint8_t bytes[sizeof(int64_t)];
	struct wbuf w = wbuf_over(bytes, sizeof bytes);
	char key[MEMO_KEY_MAX + 1];

	snprintf(key, sizeof key, "withdrawn/%" PRId64 "/%u", s->site_id,
	    (unsigned)s->family);
	wbuf_i64(&w, x->since_us);
	detect_emit_memo(d, key, bytes, x->is_armed ? w.len : 0);
}

static void
restore_memo(struct detect *d, const struct memo *m)
{
	struct rbuf r = rbuf_over(m->bytes, m->len);
	int64_t since_us = rbuf_i64(&r), site_id;
	unsigned family;

	if (r.is_bad ||
	    sscanf(m->key, "withdrawn/%" SCNd64 "/%u", &site_id, &family) != 2)
		return;
	for (size_t i = 0; i < d->n_watches; i++)
		if (d->watches[i].state.site_id == site_id &&
		    d->watches[i].state.family == family)
			words(d)[i] = (struct word){ true, since_us };
}

/* Explained. */

static bool
has_vote_from(const struct open_event *o, int64_t site_id)
{
	for (size_t i = 0; i < o->n_votes; i++)
		if (o->votes[i].from_site_id == site_id)
			return true;
	return false;
}

static bool
is_withdrawn(const struct open_event *o)
{
	return o->event.kind == EVENT_MISMATCH &&
	       strcmp(o->event.verdict, WITHDRAWN) == 0;
}

static bool
explains(const struct open_event *o, int64_t site_id)
{
	if (o->event.kind == EVENT_SHIFT)
		return has_vote_from(o, site_id);
	return o->event.site_id == site_id && !is_withdrawn(o) &&
	       (o->event.kind == EVENT_BLACKHOLE ||
		   o->event.kind == EVENT_MISMATCH ||
		   o->event.kind == EVENT_IMPOSTOR ||
		   o->event.kind == EVENT_LEAK);
}

/* NULL: nothing does. */
static const struct open_event *
find_cause(const struct detect *d, int64_t site_id)
{
	for (size_t i = 0; i < d->events.n; i++)
		if (explains(d->events.list[i], site_id))
			return d->events.list[i];
	return NULL;
}

static bool
is_drained(const struct detect *d, int64_t site_id)
{
	return drains_at(&d->drains, site_id, d->now_us) != NULL;
}

static struct word
hear(const struct detect *d, const struct site_state *s, struct word x)
{
	if (is_drained(d, s->site_id))
		return (struct word){ 0 };
	if (s->announced == TRI_YES)
		return (struct word){ .is_armed = true };
	if (!x.is_armed || find_cause(d, s->site_id) != NULL)
		return (struct word){ 0 };
	if (s->announced == TRI_UNKNOWN)
		x.since_us = 0;
	else if (x.since_us == 0)
		x.since_us = d->now_us;
	return x;
}

/* The event. */

/* By then, every move of a shift that it gives is confirmed. */
static int64_t
hold_of(const struct service *s)
{
	int64_t hold_us = mismatch_hold_us(s);
	int64_t window_us = 2 * s->dns_every_us + 60 * US_PER_S;

	return hold_us > window_us ? hold_us : window_us;
}

static struct open_event *
find_event(const struct detect *d, int64_t site_id)
{
	for (size_t i = 0; i < d->events.n; i++) {
		struct open_event *o = d->events.list[i];

		if (is_withdrawn(o) && o->event.site_id == site_id)
			return o;
	}
	return NULL;
}

static json_t *
gates_of(const struct detect *d, const struct site_watch *w, int64_t since_us)
{
	const struct site_state *s = &w->state;

	return json_pack("{s:s, s:s, s:s, s:I, s:I}", "announced",
	    tri_name(s->announced), "healthy", tri_name(s->healthy),
	    "receiving", tri_name(s->receiving), "held_us",
	    (json_int_t)(d->now_us - since_us), "hold_us",
	    (json_int_t)hold_of(&d->services->list[w->service]));
}

static void
open_event(struct detect *d, size_t i)
{
	const struct site_watch *w = &d->watches[i];
	const struct word *x = &words(d)[i];
	struct event e = { .kind = EVENT_MISMATCH,
		.severity = SEVERITY_WARNING,
		.service_id = d->services->list[w->service].id,
		.site_id = w->state.site_id,
		/* The families of a site stand side by side. */
		.family = words(d)[i ^ 1].since_us != 0 ? 0 : w->state.family,
		.since_us = x->since_us,
		.detected_us = d->now_us,
		.updated_us = d->now_us,
		.verdict = WITHDRAWN };

	detect_emit_event(
	    d, events_open(&d->events, &e), gates_of(d, w, x->since_us));
}

/* The other family, too. */
static void
update_event(struct detect *d, struct open_event *o, size_t i)
{
	const struct site_watch *w = &d->watches[i];

	if (o->event.family == 0 || o->event.family == w->state.family)
		return;
	o->event.family = 0;
	o->event.updated_us = d->now_us;
	detect_emit_event(d, o, gates_of(d, w, words(d)[i].since_us));
}

static void
raise_alarm(struct detect *d, size_t i)
{
	const struct site_watch *w = &d->watches[i];
	const struct word *x = &words(d)[i];
	struct open_event *o;

	if (x->since_us == 0 || w->state.receiving == TRI_YES ||
	    d->now_us - x->since_us < hold_of(&d->services->list[w->service]))
		return;
	o = find_event(d, w->state.site_id);
	if (o == NULL)
		open_event(d, i);
	else
		update_event(d, o, i);
}

static void
look(struct detect *d, size_t i)
{
	const struct site_watch *w = &d->watches[i];
	struct word *x = &words(d)[i], was = *x;

	if (d->services->list[w->service].round_us != 0)
		return;
	*x = hear(d, &w->state, was);
	if (x->is_armed != was.is_armed || x->since_us != was.since_us)
		save(d, i);
	raise_alarm(d, i);
}

/* Is it announced again, or does nobody say so any more, for two periods? */
static bool
is_cleared(const struct detect *d, const struct event *e)
{
	for (size_t i = 0; i < d->n_watches; i++) {
		const struct site_watch *w = &d->watches[i];
		const struct service *s = &d->services->list[w->service];

		if (w->state.site_id == e->site_id &&
		    (w->state.announced == TRI_NO ||
			d->now_us - w->state.since_us < 2 * s->dns_every_us))
			return false;
	}
	return true;
}

static void
follow(struct detect *d, struct open_event *o)
{
	const struct open_event *cause = find_cause(d, o->event.site_id);
	json_t *gates = json_loads(o->event.gates, 0, NULL);

	if (is_drained(d, o->event.site_id) || is_cleared(d, &o->event)) {
		detect_resolve(d, o, "cleared", gates);
	} else if (o->event.parent_id == 0 && cause != NULL) {
		o->event.parent_id = cause->event.id;
		o->event.updated_us = d->now_us;
		detect_emit_event(d, o, gates);
	} else {
		json_decref(gates);
	}
}

static void
tick(struct detect *d)
{
	for (size_t i = 0; i < d->n_watches; i++)
		look(d, i);
	for (size_t i = d->events.n; i-- > 0;)
		if (is_withdrawn(d->events.list[i]))
			follow(d, d->events.list[i]);
}

const struct detect_part withdrawn_part = { .name = "withdrawn",
	.init = init,
	.fini = free,
	.tick = tick,
	.restore_memo = restore_memo };
