#include "collector/detect_latency.h"

#include <stdlib.h>

#include "collector/ballot.h"
#include "collector/detect_cause.h"
#include "schema/base/clock.h"
#include "schema/base/mem.h"

#define CAUSES \
	(1U << EVENT_SHIFT | 1U << EVENT_BLACKHOLE | 1U << EVENT_IMPOSTOR)

struct question {
	int64_t from_us; /* who became slow before does not count */
};

static void
see(struct detect *d, struct track *t, const struct sighting *s)
{
	(void)d;
	if (s->why != WHY_ROUND || s->outcome != OUTCOME_OK || !s->has_rtt ||
	    s->site_id == 0 || s->site_id != t->place || t->place != t->home ||
	    t->seen_us !=
		(s->at_us < s->received_us ? s->at_us : s->received_us))
		return;
	t->is_hard |= pace_see(&t->pace, s->site_id, s->rtt_us, t->seen_us,
	    t->rules->dns_every_us);
}

static bool
is_there(const struct track *t, const struct track_query *q)
{
	return t->place == q->site_id && t->pace.site_id == q->site_id &&
	       pace_is_known(&t->pace) && !t->is_dark && track_is_on_site(t, q);
}

static bool
claims(const struct detect *d, const struct track *t, const struct ballot *b,
    struct claim *c)
{
	struct track_query query = { .now_us = d->now_us,
		.site_id = b->site_id };
	const struct question *q = b->about;

	if (t->pace.slow_us == 0 || t->pace.slow_us < q->from_us ||
	    !is_there(t, &query))
		return false;
	*c = (struct claim){ t->pace.slow_us, b->site_id, 0 };
	return true;
}

static int
by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

/* The median of what it costs those that claim, in whole milliseconds. */
static int64_t
median_cost_ms(struct detect *d, const struct ballot *b)
{
	struct roll_walk w =
	    roll_walk(d->roll, b->service, ROLL_SLOW, d->now_us);
	int64_t *list = NULL, median = 0;
	const struct track *t;
	struct claim c;
	size_t n = 0;

	while ((t = roll_next(&w)) != NULL) {
		if (!claims(d, t, b, &c))
			continue;
		if ((n & (n - 1)) == 0)
			list = mem_grow(list, n == 0 ? 1 : 2 * n, sizeof *list);
		list[n++] = pace_median_us(&t->pace) - pace_habit_us(&t->pace);
	}
	if (n > 0) {
		qsort(list, n, sizeof *list, by_value);
		median = (list[n / 2] + US_PER_MS / 2) / US_PER_MS;
	}
	free(list);
	return median;
}

static size_t
count_there(struct detect *d, const struct ballot *b)
{
	struct track_query q = { .now_us = d->now_us, .site_id = b->site_id };

	return roll_count_networks(
	    roll_walk_site(d->roll, b->service, b->site_id, d->now_us),
	    is_there, &q);
}

static json_t *
gates(struct detect *d, const struct ballot *b, const struct open_event *o)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:f}", "needed",
	    (json_int_t)b->needed, "asns_slow",
	    (json_int_t)ballot_standing(d, o), "asns_with_a_habit",
	    (json_int_t)count_there(d, b), "median_cost_ms",
	    (json_int_t)median_cost_ms(d, b), "least_cost_ms", (json_int_t)20,
	    "least_share_of_habit", 0.5);
}

static struct ballot
ballot_of(const struct detect *d, size_t service, int64_t site_id,
    const struct question *q)
{
	return (struct ballot){ .kind = EVENT_LATENCY,
		.severity = SEVERITY_WARNING,
		.service = service,
		.site_id = site_id,
		.verdict = "",
		.marks = ROLL_SLOW,
		.needed = 3,
		.hold_us = 2 * d->services->list[service].dns_every_us,
		.resolution = "recovered",
		.about = q,
		.claims = claims,
		.gates = gates };
}

static void
try_site(struct detect *d, size_t service, int64_t site_id)
{
	const struct service *s = &d->services->list[service];
	/* The window, and the answers that the last ones are judged by. */
	struct question q = { .from_us = d->now_us -
					 (2 + PACE_LAST) * s->dns_every_us -
					 60 * US_PER_S };
	struct ballot b = ballot_of(d, service, site_id, &q);
	const struct open_event *cause;
	size_t n;

	n = ballot_count(d, &b);
	if (n < b.needed || n * 3 < count_there(d, &b))
		return;
	q.from_us = 0;
	cause = cause_at_site(d, site_id, CAUSES);
	if (cause != NULL)
		b.parent_id = cause->event.id;
	(void)ballot_open(d, &b, NULL);
}

/* Each site at which somebody is slow, once. */
static void
try_sites(struct detect *d, size_t service)
{
	const struct service *s = &d->services->list[service];
	bool *is_tried = mem_new(s->n_sites * sizeof *is_tried);
	struct roll_walk w = roll_walk(d->roll, service, ROLL_SLOW, d->now_us);
	const struct track *t;

	while ((t = roll_next(&w)) != NULL) {
		size_t k = 0;

		if (t->pace.slow_us == 0)
			continue;
		while (k < s->n_sites && s->sites[k].id != t->pace.site_id)
			k++;
		if (k == s->n_sites || is_tried[k])
			continue;
		is_tried[k] = true;
		if (events_find(&d->events, EVENT_LATENCY, t->pace.site_id) ==
		    NULL)
			try_site(d, service, t->pace.site_id);
	}
	free(is_tried);
}

/* The new habit begins now. */
static void
settle(struct detect *d, const struct open_event *o)
{
	for (size_t i = 0; i < o->n_votes; i++) {
		struct track *t = fleet_find_track(
		    &d->fleet, o->votes[i].vantage_id, o->votes[i].target_id);

		if (t == NULL || o->votes[i].ended_us != 0)
			continue;
		t->pace = (struct pace){ 0 };
		detect_emit_track(d, t);
	}
}

/* False: o is gone. */
static bool
follow(struct detect *d, struct open_event *o)
{
	size_t service = detect_service_of(d, &o->event);
	struct question q = { 0 };
	struct ballot b = ballot_of(d, service, o->event.site_id, &q);

	if (d->now_us - o->event.detected_us <
	    d->services->list[service].shift_settles_us)
		return ballot_follow(d, &b, o);
	settle(d, o);
	detect_resolve(d, o, "settled", gates(d, &b, o));
	return false;
}

static void
tick(struct detect *d)
{
	ballot_follow_all(d, EVENT_LATENCY, follow);
	for (size_t i = 0; i < d->services->n; i++)
		try_sites(d, i);
}

const struct detect_part latency_part = {
	.name = "latency", .see = see, .tick = tick
};
