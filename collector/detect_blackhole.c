#include "collector/detect_blackhole.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "collector/quorum.h"
#include "schema/base/clock.h"

#define FEWEST 2 /* dark tracks, below which no rule holds */

bool
blackhole_is_dark(const struct track *t, const struct track_query *q)
{
	return t->is_dark && !t->is_late && track_is_on_site(t, q);
}

/* By when the last of the dark went dark.  0: none is. */
static int64_t
newest_dark_us(struct detect *d, size_t service, const struct track_query *q)
{
	struct roll_walk w = roll_walk(d->roll, service, ROLL_DARK, d->now_us);
	const struct track *t;
	int64_t newest = 0;

	while ((t = roll_next(&w)) != NULL) {
		if (blackhole_is_dark(t, q) && t->open.since_us > newest)
			newest = t->open.since_us;
	}
	return newest;
}

static bool
is_dark_lately(const struct track *t, const struct track_query *q)
{
	return blackhole_is_dark(t, q) &&
	       q->at_us - t->open.since_us <= q->window_us;
}

static int64_t
oldest_dark_us(struct detect *d, size_t service, const struct track_query *q)
{
	struct roll_walk w = roll_walk(d->roll, service, ROLL_DARK, d->now_us);
	const struct track *t;
	int64_t oldest = q->at_us;

	while ((t = roll_next(&w)) != NULL) {
		if (is_dark_lately(t, q) && t->open.since_us < oldest)
			oldest = t->open.since_us;
	}
	return oldest;
}

/* The part of their questions that vantages of other sites lost since a
 * moment, as if one more had lost and one not: few say little. */
static double
loss_elsewhere(const struct detect *d, size_t service,
    const struct track_query *q, int64_t since_us)
{
	struct roll_walk w = roll_walk(d->roll, service, ROLL_FRESH, d->now_us);
	const struct track *t;
	size_t n = 2, n_lost = 1;

	while ((t = roll_next(&w)) != NULL) {
		if (t->home == 0 || t->home == q->site_id || t->is_dark ||
		    t->round_us < since_us || !track_is_fresh(t, q))
			continue;
		n_lost += t->is_round_lost;
		n++;
	}
	return (double)n_lost / (double)n;
}

/* How many must be dark together: more than a storm of loss darkens when a
 * question and all its retries are lost, in the rounds since the first. */
static size_t
quorum_together(
    struct detect *d, const struct darkness *y, const struct track_query *q)
{
	const struct service *s = &d->services->list[y->service];
	int64_t since_us = oldest_dark_us(d, y->service, q);
	double loss = loss_elsewhere(d, y->service, q, since_us);
	double rounds =
	    1 + (double)(q->at_us - since_us) / (double)s->dns_every_us;

	return quorum_over_chance(
	    (double)y->n_all * rounds * pow(loss, 1.0 + s->n_retry));
}

static size_t
at_least(size_t least, size_t n)
{
	return n < least ? least : n;
}

struct darkness
blackhole_look(struct detect *d, size_t service, int64_t site_id)
{
	struct track_query q = { .now_us = d->now_us, .site_id = site_id };
	struct darkness y = { .service = service, .site_id = site_id };
	struct roll_walk dark =
	    roll_walk(d->roll, service, ROLL_DARK, d->now_us);

	y.n_dark = roll_count_networks(dark, blackhole_is_dark, &q);
	y.n_all = roll_count_networks(
	    roll_walk_site(d->roll, service, site_id, d->now_us),
	    track_is_on_site, &q);
	q.at_us = newest_dark_us(d, service, &q);
	q.window_us =
	    2 * d->services->list[service].dns_every_us + 60 * US_PER_S;
	y.n_together = roll_count_networks(dark, is_dark_lately, &q);
	y.needed_half = at_least(3, (y.n_all + 1) / 2);
	y.needed_small = y.n_all < 6 ? at_least(2, (y.n_all * 6 + 9) / 10) : 0;
	if (y.n_dark >= y.needed_half)
		y.rule = "half";
	else if (y.needed_small != 0 && y.n_dark >= y.needed_small)
		y.rule = "small_site";
	else if (y.n_together * 10 >= y.n_all) {
		y.n_quorum = quorum_together(d, &y, &q);
		if (y.n_together >= y.n_quorum)
			y.rule = "together";
	}
	return y;
}

/* A vote is over for good once the answers have lasted. */
static bool
is_recovered(const struct detect *d, const struct vote *v, int64_t hold_us)
{
	return v->ended_us != 0 && v->to_site_id != 0 &&
	       d->now_us - v->ended_us >= hold_us;
}

struct recovery {
	size_t n_standing, n_answered; /* networks */
	size_t n_home, n_away;         /* votes that ended there */
};

static struct recovery
count_recovery(struct detect *d, const struct open_event *o, int64_t hold_us)
{
	struct recovery r = { 0 };
	const struct member *m;

	fleet_count_begin(&d->fleet);
	for (size_t i = 0; i < o->n_votes; i++) {
		const struct vote *v = &o->votes[i];

		m = fleet_member(&d->fleet, v->vantage_id);
		if (m == NULL || is_recovered(d, v, hold_us) ||
		    (v->ended_us != 0 && v->to_site_id == 0))
			continue;
		r.n_standing += fleet_count_as(&d->fleet, m);
	}
	/* In the same count: only networks of which no vote stands. */
	for (size_t i = 0; i < o->n_votes; i++) {
		const struct vote *v = &o->votes[i];

		m = fleet_member(&d->fleet, v->vantage_id);
		if (m == NULL || !is_recovered(d, v, hold_us))
			continue;
		r.n_answered += fleet_count_as(&d->fleet, m);
		if (v->to_site_id == o->event.site_id)
			r.n_home++;
		else
			r.n_away++;
	}
	return r;
}

/* Where the traces of those that are dark end. */
static void
add_trace_ends(
    const struct detect *d, const struct open_event *o, json_t *gates)
{
	const struct addr *common = NULL;
	char text[ADDR_TEXT_LEN];
	size_t n = 0, n_usual = 0, n_common = 0;

	for (size_t i = 0; i < o->n_votes; i++) {
		const struct vote *v = &o->votes[i];
		const struct track *t =
		    fleet_find_track(&d->fleet, v->vantage_id, v->target_id);

		if (t == NULL || track_rare(t)->dark_router.at_us < v->at_us ||
		    track_rare(t)->dark_router.address.family == 0)
			continue;
		n++;
		n_usual += addr_equal(&track_rare(t)->dark_router.address,
		    &track_router(t)->address);
		if (common == NULL)
			common = &track_rare(t)->dark_router.address;
		n_common +=
		    addr_equal(&track_rare(t)->dark_router.address, common);
	}
	if (n == 0)
		return;
	json_object_update_new(
	    gates, json_pack("{s:{s:I, s:I}}", "traces", "dark", (json_int_t)n,
		       "end_at_usual_router", (json_int_t)n_usual));
	if (n_common == n)
		json_object_set_new(gates, "last_router",
		    json_string(addr_format(common, text)));
}

static json_t *
gates_of(struct detect *d, struct open_event *o, const struct darkness *y,
    const struct recovery *r, int64_t hold_us)
{
	json_t *gates;

	detect_sum_votes(d, o);
	gates = json_pack(
	    "{s:s, s:s, s:I, s:I, s:I, s:I, s:f, s:I, s:I, s:I, s:I}", "rule",
	    o->rule, "scope", y->n_dark < y->n_all ? "partial" : "site",
	    "needed", (json_int_t)o->event.needed, "asns_dark",
	    (json_int_t)y->n_dark, "asns_together", (json_int_t)y->n_together,
	    "asns_at_site", (json_int_t)y->n_all, "share",
	    y->n_all == 0 ? 0.0 : (double)y->n_dark / (double)y->n_all,
	    "asns_standing", (json_int_t)r->n_standing, "asns_answered",
	    (json_int_t)r->n_answered, "hold_us", (json_int_t)hold_us,
	    "first_us", (json_int_t)o->event.since_us);
	add_trace_ends(d, o, gates);
	return gates;
}

static bool
is_same_vote(const struct vote *a, const struct vote *b)
{
	return a->at_us == b->at_us && a->ended_us == b->ended_us &&
	       a->to_site_id == b->to_site_id;
}

/* Who is dark has a vote that stands.  Returns whether any is new. */
static bool
add_votes(struct detect *d, struct open_event *o, const struct darkness *y)
{
	struct track_query q = { .now_us = d->now_us, .site_id = y->site_id };
	struct roll_walk w =
	    roll_walk(d->roll, y->service, ROLL_DARK, d->now_us);
	const struct track *t;
	bool is_changed = false;

	while ((t = roll_next(&w)) != NULL) {
		struct vote v = { .event_id = o->event.id,
			.vantage_id = t->vantage_id,
			.target_id = t->target->id,
			.from_site_id = y->site_id,
			.confirmed_us = d->now_us };
		const struct vote *known;

		if (!blackhole_is_dark(t, &q))
			continue;
		v.at_us = t->open.since_us;
		known = events_find_vote(o, v.vantage_id, v.target_id);
		if (known != NULL && is_same_vote(known, &v))
			continue;
		events_vote(o, &v);
		is_changed = true;
	}
	return is_changed;
}

/* Where the newest answer came from, as far as it said. */
static int64_t
answered_from(const struct track *t)
{
	if (t->candidate.n > 0 && t->candidate.place > 0)
		return t->candidate.place;
	return t->home;
}

/* Who is no longer dark has a vote that ended: by an answer, or because
 * nobody reports. */
static bool
end_votes(struct detect *d, struct open_event *o)
{
	bool is_changed = false;

	for (size_t i = 0; i < o->n_votes; i++) {
		struct vote *v = &o->votes[i];
		const struct track *t =
		    fleet_find_track(&d->fleet, v->vantage_id, v->target_id);

		if (v->ended_us != 0 ||
		    (t != NULL && t->is_dark && t->home == o->event.site_id))
			continue;
		is_changed = true;
		events_change_vote(o, v);
		v->ended_us = d->now_us;
		if (t == NULL || t->ok_us < v->at_us)
			continue;
		v->ended_us = t->ok_us;
		v->to_site_id = answered_from(t);
	}
	return is_changed;
}

static void
emit_all(struct detect *d, struct open_event *o, json_t *gates)
{
	o->event.updated_us = d->now_us;
	detect_emit_event(d, o, gates);
	detect_emit_votes(d, o);
}

/* A mismatch of the same site that came first has this as its cause. */
static void
adopt_mismatch(struct detect *d, const struct open_event *o)
{
	for (size_t i = 0; i < d->events.n; i++) {
		struct open_event *m = d->events.list[i];
		bool is_sick =
		    strncmp(m->event.verdict, "sick_attracting", 15) == 0 ||
		    strcmp(m->event.verdict, "ghost_sick") == 0;

		if (m->event.kind != EVENT_MISMATCH || !is_sick ||
		    m->event.site_id != o->event.site_id ||
		    m->event.parent_id != 0)
			continue;
		m->event.parent_id = o->event.id;
		m->event.updated_us = d->now_us;
		detect_emit_event(d, m, json_loads(m->event.gates, 0, NULL));
	}
}

/* Part of a site is one degree less than the whole.  Severity only rises. */
static void
grade(struct open_event *o, const struct darkness *y)
{
	enum severity severity =
	    y->rule == NULL || strcmp(y->rule, "together") == 0
		? SEVERITY_MAJOR
		: SEVERITY_CRITICAL;

	if (severity > o->event.severity)
		o->event.severity = severity;
}

static void
open_event(struct detect *d, const struct darkness *y, int64_t hold_us)
{
	struct event e = { .kind = EVENT_BLACKHOLE,
		.severity = SEVERITY_MAJOR,
		.service_id = d->services->list[y->service].id,
		.site_id = y->site_id,
		.since_us = d->now_us,
		.detected_us = d->now_us,
		.needed = y->n_quorum != 0 ? (int64_t)y->n_quorum
			  : y->n_all < 6   ? 2
					   : 3 };
	struct open_event *o = events_open(&d->events, &e);
	struct recovery r;

	snprintf(o->rule, sizeof o->rule, "%s", y->rule);
	grade(o, y);
	(void)add_votes(d, o, y);
	r = count_recovery(d, o, hold_us);
	emit_all(d, o, gates_of(d, o, y, &r, hold_us));
	adopt_mismatch(d, o);
}

static void
follow_event(struct detect *d, struct open_event *o, const struct darkness *y,
    int64_t hold_us)
{
	bool is_changed = end_votes(d, o);
	struct recovery r;

	is_changed |= add_votes(d, o, y);
	grade(o, y);
	r = count_recovery(d, o, hold_us);
	if (is_changed)
		emit_all(d, o, gates_of(d, o, y, &r, hold_us));
	if (y->rule != NULL || r.n_answered < r.n_standing)
		return;
	if (r.n_answered == 0)
		detect_resolve(
		    d, o, "unobserved", gates_of(d, o, y, &r, hold_us));
	else
		detect_resolve(d, o,
		    r.n_home >= r.n_away ? "answered" : "moved",
		    gates_of(d, o, y, &r, hold_us));
}

bool
blackhole_are_dark(const struct detect *d, size_t service, int64_t site_id)
{
	struct roll_walk w = roll_walk(d->roll, service, ROLL_DARK, d->now_us);
	const struct track *t;
	size_t n = 0;

	while (n < FEWEST && (t = roll_next(&w)) != NULL)
		n += t->is_dark && t->home == site_id;
	return n == FEWEST;
}

void
blackhole_count(struct detect *d, size_t service)
{
	const struct service *s = &d->services->list[service];
	/* One more period of answers, and the time that an upload takes. */
	int64_t hold_us = 2 * s->dns_every_us;

	for (size_t i = 0; i < s->n_sites; i++) {
		struct open_event *o =
		    events_find(&d->events, EVENT_BLACKHOLE, s->sites[i].id);
		struct darkness y;

		if (o == NULL &&
		    !blackhole_are_dark(d, service, s->sites[i].id))
			continue;
		y = blackhole_look(d, service, s->sites[i].id);
		if (o != NULL)
			follow_event(d, o, &y, hold_us);
		else if (y.rule != NULL)
			open_event(d, &y, hold_us);
	}
}

static void
refresh(struct detect *d, const struct track *t)
{
	struct open_event *o =
	    events_find(&d->events, EVENT_BLACKHOLE, t->home);
	int64_t hold_us = 2 * t->rules->dns_every_us;
	struct recovery r;
	struct darkness y;

	if (o == NULL)
		return;
	y = blackhole_look(d, t->target->service, t->home);
	r = count_recovery(d, o, hold_us);
	o->event.updated_us = d->now_us;
	detect_emit_event(d, o, gates_of(d, o, &y, &r, hold_us));
}

/* Where a trace ends says where the silence is: behind the router that always
 * stood before the target, or on the way. */
static void
way(struct detect *d, struct track *t, const struct way *w)
{
	const struct last_router *old =
	    t->is_dark ? &track_rare(t)->dark_router : track_router(t);
	bool is_news;

	if ((!t->is_dark && !w->is_reached) || w->why == WHY_VARIED ||
	    w->at_us < old->at_us)
		return;
	is_news = !addr_equal(&old->address, &w->penultimate) ||
		  (t->is_dark && old->at_us < t->open.since_us);
	*(t->is_dark ? &track_own_rare(t)->dark_router : track_own_router(t)) =
	    (struct last_router){ w->penultimate, w->penultimate_asn,
		    w->at_us };
	if (!is_news)
		return;
	detect_emit_track(d, t);
	if (t->is_dark)
		refresh(d, t);
}

static void
tick(struct detect *d)
{
	for (size_t i = 0; i < d->services->n; i++)
		blackhole_count(d, i);
}

static void
restore_event(struct detect *d, struct open_event *o)
{
	const char *rule = "";
	json_t *gates;

	(void)d;
	if (o->event.kind != EVENT_BLACKHOLE)
		return;
	gates = json_loads(o->event.gates, 0, NULL);
	if (json_unpack(gates, "{s:s}", "rule", &rule) == 0)
		snprintf(o->rule, sizeof o->rule, "%s", rule);
	json_decref(gates);
}

const struct detect_part blackhole_part = { .name = "blackhole",
	.way = way,
	.tick = tick,
	.restore_event = restore_event };
