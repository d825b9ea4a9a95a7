#include "collector/detect_loss.h"

#include <string.h>

#define SHARE 5 /* one of as many */
#define NETWORKS_MIN 3
#define VERDICT "fleet"

static bool
is_lost(const struct service *s, const struct track *t)
{
	return member_is_trusted(t->member) &&
	       t->seen_us >= s->round_before_us && t->seen_us < s->round_us;
}

struct tally {
	size_t n_lost, n_heard, n_asns; /* landings; networks that are lost */
};

static struct tally
count(struct detect *d, size_t service)
{
	const struct service *s = &d->services->list[service];
	struct track_walk w = fleet_walk(&d->fleet, service);
	struct tally y = { 0 };
	const struct track *t;

	fleet_count_begin(&d->fleet);
	while ((t = fleet_next(&w)) != NULL) {
		y.n_heard += t->seen_us >= s->round_us;
		if (!is_lost(s, t))
			continue;
		y.n_lost++;
		y.n_asns += fleet_count_as(&d->fleet, t->member);
	}
	return y;
}

static json_t *
gates_of(const struct tally *y)
{
	return json_pack("{s:s, s:I, s:I, s:f, s:f, s:I}", "rule", "round",
	    "landings_silent", (json_int_t)y->n_lost, "landings_heard",
	    (json_int_t)y->n_heard, "share",
	    (double)y->n_lost / (double)(y->n_lost + y->n_heard),
	    "needed_share", 1.0 / SHARE, "asns_silent", (json_int_t)y->n_asns);
}

static void
add_votes(struct detect *d, struct open_event *o, size_t service)
{
	const struct service *s = &d->services->list[service];
	struct track_walk w = fleet_walk(&d->fleet, service);
	const struct track *t;

	while ((t = fleet_next(&w)) != NULL) {
		struct vote v = { .event_id = o->event.id,
			.vantage_id = t->vantage_id,
			.target_id = t->target->id,
			.from_site_id = t->home,
			.at_us = s->round_us,
			.confirmed_us = d->now_us };

		if (is_lost(s, t))
			events_vote(o, &v);
	}
}

static void
open_event(struct detect *d, size_t service, const struct tally *y)
{
	const struct service *s = &d->services->list[service];
	struct event e = { .kind = EVENT_SILENT,
		.severity = SEVERITY_WARNING,
		.service_id = s->id,
		.verdict = VERDICT,
		.since_us = s->round_us,
		.detected_us = d->now_us,
		.updated_us = d->now_us,
		.needed = NETWORKS_MIN };
	struct open_event *o = events_open(&d->events, &e);

	add_votes(d, o, service);
	detect_sum_votes(d, o);
	detect_emit_event(d, o, gates_of(y));
	detect_emit_votes(d, o);
}

static struct open_event *
find_event(const struct detect *d, const struct service *s)
{
	for (size_t i = 0; i < d->events.n; i++) {
		struct event *e = &d->events.list[i]->event;

		if (e->kind == EVENT_SILENT && e->service_id == s->id &&
		    strcmp(e->verdict, VERDICT) == 0)
			return d->events.list[i];
	}
	return NULL;
}

static bool
is_heard_again(
    const struct detect *d, const struct open_event *o, const struct service *s)
{
	size_t n = 0;

	for (size_t i = 0; i < o->n_votes; i++) {
		const struct track *t = fleet_find_track(
		    &d->fleet, o->votes[i].vantage_id, o->votes[i].target_id);

		n += t != NULL && t->seen_us >= s->round_us;
	}
	return 2 * n >= o->n_votes;
}

static void
judge(struct detect *d, size_t service)
{
	const struct service *s = &d->services->list[service];
	struct open_event *o = find_event(d, s);
	struct tally y;

	if (o != NULL && o->event.since_us < s->round_us &&
	    is_heard_again(d, o, s))
		detect_resolve(
		    d, o, "heard", json_loads(o->event.gates, 0, NULL));
	if (o != NULL || s->round_before_us == 0)
		return;
	y = count(d, service);
	if (y.n_asns >= NETWORKS_MIN &&
	    y.n_lost * SHARE >= y.n_lost + y.n_heard)
		open_event(d, service, &y);
}

static void
tick(struct detect *d)
{
	for (size_t i = 0; i < d->services->n; i++)
		if (d->services->list[i].round_us != 0)
			judge(d, i);
}

const struct detect_part loss_part = { .name = "loss", .tick = tick };
