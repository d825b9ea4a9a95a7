#include "collector/detect_shift.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/detect_cause.h"
#include "collector/detect_drain.h"
#include "collector/quorum.h"
#include "collector/shift_count.h"
#include "collector/shift_group.h"
#include "schema/base/bytes.h"
#include "schema/base/clock.h"
#include "schema/base/mem.h"

#define NOISE_SPAN_US (NOISE_DAYS * 86400 * US_PER_S)
#define WATCHED "shift/watched"
/* One of as many landings may differ between two rounds by noise: twice the
 * 0.1 % of Verfploeter's blocks that change site from run to run. */
#define ROUND_SHARE 500

/* Since when false moves are counted; remembered as a memo. */
struct watched {
	int64_t since_us; /* 0: not yet */
};

/* What is not measured yet is assumed: one false move of each vantage in the
 * week (science.md 5).  So a fleet that was started just now is not taken for
 * one that never errs. */
static unsigned
assume_noise(const struct detect *d, unsigned n_tracks)
{
	const struct watched *x = part_memory(d, &shift_part);
	int64_t missing_us = x->since_us == 0
				 ? NOISE_SPAN_US
				 : x->since_us + NOISE_SPAN_US - d->now_us;

	if (missing_us <= 0)
		return 0;
	return (unsigned)((double)n_tracks * (double)missing_us /
			  (double)NOISE_SPAN_US);
}

unsigned
shift_noise(struct detect *d, size_t service)
{
	unsigned n = roll_noise(d->roll, service, d->now_us);

	/* Rounds are history: what is known of them is all that there is. */
	if (d->services->list[service].round_us != 0)
		return n;
	return n + assume_noise(d, (unsigned)roll_count(d->roll, service,
				       ROLL_COUNTS, d->now_us));
}

/* Events. */

static enum severity
severity_of(size_t n_moved, size_t n_fresh)
{
	if (n_moved * 20 < n_fresh)
		return SEVERITY_INFO;
	if (n_moved * 5 < n_fresh)
		return SEVERITY_NOTICE;
	if (n_moved * 2 < n_fresh)
		return SEVERITY_WARNING;
	return SEVERITY_MAJOR;
}

static void
add_latency_cost(struct detect *d, struct open_event *o, json_t *gates)
{
	struct shift_cost c = shift_count_cost(d, o);

	if (c.n > 0)
		json_object_update_new(gates,
		    json_pack("{s:{s:I, s:I, s:I, s:I}}", "rtt_change",
			"median_us", (json_int_t)c.median_us, "worst_us",
			(json_int_t)c.worst_us, "vantages", (json_int_t)c.n,
			"worse", (json_int_t)c.n_worse));
}

static const char *const recurrences[] = { "unknown", "new", "variant",
	"same" };

static void
add_recurrence(const struct recurrence *r, json_t *gates)
{
	if (r->is != RECURRENCE_UNKNOWN)
		json_object_update_new(gates,
		    json_pack("{s:{s:s, s:f, s:I, s:I, s:I}}", "seen_before",
			"is", recurrences[r->is], "similarity", r->similarity,
			"last_us", (json_int_t)r->last_us, "mode",
			(json_int_t)r->mode, "times", (json_int_t)r->n_times));
}

static void
restore_recurrence(struct recurrence *r, json_t *gates)
{
	const char *is;
	json_int_t last_us, mode, times;

	if (json_unpack(gates, "{s:{s:s, s:F, s:I, s:I, s:I}}", "seen_before",
		"is", &is, "similarity", &r->similarity, "last_us", &last_us,
		"mode", &mode, "times", &times) != 0)
		return;
	r->last_us = last_us;
	r->mode = (uint32_t)mode;
	r->n_times = (uint32_t)times;
	while (r->is < RECURRENCE_SAME && strcmp(is, recurrences[r->is]) != 0)
		r->is++;
}

static json_t *
gates_of(struct detect *d, struct open_event *o, size_t n_fresh)
{
	const struct event *e = &o->event;
	size_t service = detect_service_of(d, &o->event);
	int64_t last = shift_count_last_us(d, o);
	int64_t window =
	    2 * d->services->list[service].dns_every_us + 60 * US_PER_S;
	unsigned noise = shift_noise(d, service);
	size_t before = shift_count_before(d, o);
	json_t *gates = json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:f}",
	    "direction", o->is_to ? "to" : "from", "rule", o->rule, "window_us",
	    (json_int_t)window, "quorum", (json_int_t)e->needed, "asns",
	    (json_int_t)e->n_asns, "asns_fresh", (json_int_t)n_fresh,
	    "share_of_fleet",
	    n_fresh == 0 ? 0.0 : (double)e->n_asns / (double)n_fresh);

	if (!o->is_to && before > 0)
		json_object_update_new(gates,
		    json_pack("{s:I, s:f}", "asns_on_site_before",
			(json_int_t)before, "share",
			(double)shift_count_label(d, o, false, e->site_id) /
			    (double)before));
	json_object_update_new(
	    gates, json_pack("{s:I, s:I, s:I, s:I, s:f}", "first_us",
		       (json_int_t)e->since_us, "last_us", (json_int_t)last,
		       "convergence_us", (json_int_t)(last - e->since_us),
		       "false_moves_in_7_days", (json_int_t)noise,
		       "false_events_per_month",
		       quorum_false_events(
			   (size_t)e->needed, noise, NOISE_SPAN_US, window)));
	add_latency_cost(d, o, gates);
	add_recurrence(&o->recurrence, gates);
	return gates;
}

/* Severity only rises: the worst moment is what it was. */
static json_t *
sum_event(struct detect *d, struct open_event *o)
{
	size_t n_fresh =
	    roll_fleet(d->roll, detect_service_of(d, &o->event), d->now_us)
		.n_asns;
	enum severity severity;

	shift_count_sum(d, o);
	severity = drain_mark_shift(d, o)
		       ? SEVERITY_INFO
		       : severity_of((size_t)o->event.n_asns, n_fresh);
	if (severity > o->event.severity)
		o->event.severity = severity;
	return drain_add_gates(d, o, gates_of(d, o, n_fresh));
}

void
shift_refresh(struct detect *d, struct open_event *o)
{
	o->event.updated_us = d->now_us;
	detect_emit_event(d, o, sum_event(d, o));
}

static void
update(struct detect *d, struct open_event *o, const struct vote *v)
{
	o->event.updated_us = d->now_us;
	detect_emit_event(d, o, sum_event(d, o));
	detect_emit_vote(d, o, v);
}

/* Did nearly all leave the site of its label?  Then that is the cause, and
 * where they went is not. */
static bool
has_emptied(struct detect *d, struct open_event *o)
{
	size_t before;

	if (o->is_to)
		return false;
	before = shift_count_before(d, o);
	return shift_count_label(d, o, false, o->event.site_id) * 10 >=
	       before * 9;
}

static void
relabel(struct detect *d, struct open_event *o, bool is_to, int64_t site_id)
{
	if (shift_count_label(d, o, is_to, site_id) <=
		shift_count_label(d, o, o->is_to, o->event.site_id) ||
	    has_emptied(d, o))
		return;
	o->is_to = is_to;
	o->event.site_id = site_id;
}

static void
forget_recent(struct track *t)
{
	if (t->rare != NULL)
		t->rare->recent = (struct recent_move){ 0 };
}

/* Turns the recent move of t into a vote. */
static struct vote
cast_vote(struct detect *d, struct open_event *o, struct track *t)
{
	struct vote v = { .event_id = o->event.id,
		.vantage_id = t->vantage_id,
		.target_id = t->target->id,
		.from_site_id = track_rare(t)->recent.from_site_id,
		.to_site_id = t->home,
		.at_us = track_rare(t)->recent.at_us,
		.confirmed_us = track_rare(t)->recent.confirmed_us,
		.from_rtt_us = track_rare(t)->recent.from_rtt_us,
		.to_rtt_us = track_rare(t)->recent.to_rtt_us };

	if (events_find_vote(o, v.vantage_id, v.target_id) != NULL)
		shift_count_forget(o); /* it is replaced */
	events_vote(o, &v);
	shift_count_note(d, o, NULL, &v);
	forget_recent(t);
	track_own_rare(t)->shift_id = o->event.id;
	detect_emit_track(d, t);
	return v;
}

static void
relabel_by(struct detect *d, struct open_event *o, const struct vote *v)
{
	relabel(d, o, false, v->from_site_id);
	relabel(d, o, true, v->to_site_id);
}

/* Networks that voted within a window of t's move, and those of them that
 * share an end with it. */
struct nearby {
	size_t n, n_from, n_to;
};

static bool
is_counted(struct detect *d, const struct vote *v)
{
	const struct member *m = fleet_member(&d->fleet, v->vantage_id);

	return m != NULL && fleet_count_as(&d->fleet, m);
}

static struct nearby
count_nearby(
    struct detect *d, const struct open_event *o, const struct track *t)
{
	struct nearby near = { 0 };

	for (int pass = 0; pass < 3; pass++) {
		size_t *n = pass == 0   ? &near.n
			    : pass == 1 ? &near.n_from
					: &near.n_to;

		fleet_count_begin(&d->fleet);
		for (size_t i = 0; i < o->n_votes; i++) {
			const struct vote *v = &o->votes[i];

			if (!shift_is_near(v->at_us,
				track_rare(t)->recent.at_us,
				shift_window_us(t)) ||
			    (pass == 1 &&
				v->from_site_id !=
				    track_rare(t)->recent.from_site_id) ||
			    (pass == 2 && v->to_site_id != t->home))
				continue;
			*n += is_counted(d, v);
		}
	}
	return near;
}

/* Does the recent move of t have the same cause as the event? */
static bool
is_same_cause(struct detect *d, struct open_event *o, const struct track *t)
{
	struct nearby near;

	if (o->event.kind != EVENT_SHIFT ||
	    detect_service_of(d, &o->event) != t->target->service)
		return false;
	if ((o->is_to ? t->home : track_rare(t)->recent.from_site_id) ==
	    o->event.site_id)
		return true;
	near = count_nearby(d, o, t);
	if (near.n == 0)
		return false;
	return near.n_from * 2 >= near.n ||
	       (near.n_to * 2 >= near.n && !has_emptied(d, o));
}

static struct open_event *
find_cause(struct detect *d, const struct track *t)
{
	for (size_t i = 0; i < d->events.n; i++) {
		if (is_same_cause(d, d->events.list[i], t))
			return d->events.list[i];
	}
	return NULL;
}

static bool
join(struct detect *d, struct track *t)
{
	struct open_event *o;
	struct vote v;

	roll_touch(d->roll, t);
	o = find_cause(d, t);
	if (o == NULL)
		return false;
	v = cast_vote(d, o, t);
	relabel_by(d, o, &v);
	update(d, o, &v);
	return true;
}

static void
join_all(struct detect *d, size_t service)
{
	struct roll_walk w = roll_walk(d->roll, service, ROLL_MOVED, d->now_us);
	struct track *t;

	while ((t = roll_next(&w)) != NULL) {
		if (track_rare(t)->recent.from_site_id != 0 && track_counts(t))
			(void)join(d, t);
	}
}

static void
open_event(struct detect *d, const struct shift_group *g)
{
	struct event e = { .kind = EVENT_SHIFT,
		.severity = SEVERITY_INFO,
		.service_id = d->services->list[g->service].id,
		.site_id = g->site_id,
		.since_us = g->at_us,
		.detected_us = d->now_us,
		.updated_us = d->now_us,
		.needed = (int64_t)g->needed };
	struct open_event *o = events_open(&d->events, &e);
	struct roll_walk w =
	    roll_walk(d->roll, g->service, ROLL_MOVED, d->now_us);
	struct track *t;
	struct vote v;

	o->is_to = g->is_to;
	snprintf(o->rule, sizeof o->rule, "%s", g->rule);
	while ((t = roll_next(&w)) != NULL) {
		if (!shift_is_in_group(t, g))
			continue;
		v = cast_vote(d, o, t);
		if (!g->is_round)
			relabel_by(d, o, &v);
	}
	detect_emit_event(d, o, sum_event(d, o));
	detect_emit_votes(d, o);
	if (!g->is_round)
		join_all(d, g->service);
}

static bool
try_group(struct detect *d, const struct track *t, bool is_to, int64_t site_id)
{
	struct shift_group g = { .service = t->target->service,
		.is_to = is_to,
		.site_id = site_id,
		.at_us = track_rare(t)->recent.at_us,
		.window_us = shift_window_us(t),
		.noise = shift_noise(d, t->target->service) };

	shift_judge_group(d, &g);
	if (g.rule == NULL)
		return false;
	open_event(d, &g);
	return true;
}

static void
consider(struct detect *d, struct track *t)
{
	if (!try_group(d, t, false, track_rare(t)->recent.from_site_id))
		(void)try_group(d, t, true, t->home);
}

/* Rounds. */

static size_t
count_leavers(
    const struct detect *d, const struct shift_group *g, int64_t from_site_id)
{
	struct roll_walk w =
	    roll_walk(d->roll, g->service, ROLL_MOVED, d->now_us);
	const struct track *t;
	size_t n = 0;

	while ((t = roll_next(&w)) != NULL)
		n += shift_is_in_group(t, g) &&
		     (from_site_id == 0 ||
			 track_rare(t)->recent.from_site_id == from_site_id);
	return n;
}

/* The label: the site that most left. */
static int64_t
most_left(const struct detect *d, const struct shift_group *g)
{
	const struct service *s = &d->services->list[g->service];
	int64_t site_id = 0;
	size_t most = 0;

	for (size_t i = 0; i < s->n_sites; i++) {
		size_t n = count_leavers(d, g, s->sites[i].id);

		if (n <= most)
			continue;
		most = n;
		site_id = s->sites[i].id;
	}
	return site_id;
}

static int64_t
first_moved_us(const struct detect *d, const struct shift_group *g)
{
	struct roll_walk w =
	    roll_walk(d->roll, g->service, ROLL_MOVED, d->now_us);
	int64_t first_us = d->now_us;
	const struct track *t;

	while ((t = roll_next(&w)) != NULL)
		if (shift_is_in_group(t, g) &&
		    track_rare(t)->recent.at_us < first_us)
			first_us = track_rare(t)->recent.at_us;
	return first_us;
}

/* What moved from one round to the next has one cause: what was done between
 * them.  It is an event when it is more than noise, which here is a share of the
 * landings, in as many networks as any event needs. */
static void
judge_round(struct detect *d, size_t service)
{
	const struct service *s = &d->services->list[service];
	struct shift_group g = { .service = service,
		.is_round = true,
		.window_us = 2 * s->dns_every_us + 60 * US_PER_S };
	size_t n_moved = count_leavers(d, &g, 0);
	size_t n_seen = roll_fleet(d->roll, service, d->now_us).landings;

	if (n_moved == 0 || n_moved * ROUND_SHARE < n_seen)
		return;
	g.noise = shift_noise(d, service);
	shift_count_group(d, &g);
	if (g.n_asns < g.needed)
		return;
	g.site_id = most_left(d, &g);
	g.at_us = first_moved_us(d, &g);
	g.rule = "round";
	open_event(d, &g);
}

/* Moves. */

/* A move that was too few to be an event is noise. */
static void
count_as_noise(struct track *t)
{
	noise_add(
	    &t->noise, track_rare(t)->recent.at_us, track_rare(t)->recent.n);
	forget_recent(t);
}

/* False: it is home again, and nothing is left to count. */
static bool
note_recent(struct track *t, const struct move *m)
{
	struct recent_move *r = &track_own_rare(t)->recent;

	if (r->from_site_id != 0 && m->at_us - r->at_us > shift_window_us(t))
		count_as_noise(t);
	if (r->from_site_id == 0)
		*r = (struct recent_move){ .from_site_id = m->from_site_id,
			.at_us = m->at_us,
			.from_rtt_us = m->from_rtt_us };
	r->confirmed_us = m->confirmed_us;
	r->to_rtt_us = m->to_rtt_us;
	r->n = (uint8_t)(r->n == UINT8_MAX ? r->n : r->n + 1);
	if (r->from_site_id != m->to_site_id)
		return true;
	count_as_noise(t);
	return false;
}

static void
forget_recent_before(struct track *t, int64_t before_us)
{
	const struct recent_move *r = &track_rare(t)->recent;

	if (r->from_site_id != 0 && r->at_us < before_us)
		count_as_noise(t);
}

static void
move_voter(struct detect *d, struct open_event *o, const struct move *m)
{
	struct vote *v = events_find_vote(o, m->vantage_id, m->target_id), old;

	if (v == NULL)
		return;
	old = *v;
	v->ended_us = m->to_site_id == v->from_site_id ? m->at_us : 0;
	if (v->ended_us == 0) {
		v->to_site_id = m->to_site_id;
		v->to_rtt_us = m->to_rtt_us;
	}
	events_change_vote(o, v);
	shift_count_note(d, o, &old, v);
	update(d, o, v);
}

void
shift_move(struct detect *d, struct track *t, const struct move *m)
{
	struct open_event *o =
	    events_by_id(&d->events, track_rare(t)->shift_id);

	if (track_rare(t)->shift_id != 0 && o != NULL) {
		move_voter(d, o, m);
		return;
	}
	if (!track_counts(t) || cause_takes_move(d, t, m) ||
	    m->confirmed_us - m->at_us > t->rules->late_us) {
		forget_recent(t);
		return;
	}
	if (t->rules->round_us != 0) { /* judged when the round is over */
		forget_recent_before(t, t->rules->round_us);
		(void)note_recent(t, m);
	} else if (note_recent(t, m) && !join(d, t)) {
		consider(d, t);
	}
}

static void
reconsider(struct detect *d)
{
	for (size_t i = 0; i < d->services->n; i++) {
		struct roll_walk w =
		    roll_walk(d->roll, i, ROLL_MOVED, d->now_us);
		struct track *t;

		while ((t = roll_next(&w)) != NULL) {
			if (track_rare(t)->recent.from_site_id != 0 &&
			    track_counts(t) && t->rules->round_us == 0)
				consider(d, t);
		}
	}
}

void
shift_age(struct detect *d, struct track *t)
{
	const struct recent_move *r = &track_rare(t)->recent;

	if (r->from_site_id == 0 ||
	    d->now_us - r->at_us <= shift_window_us(t) + t->rules->late_us)
		return;
	count_as_noise(t);
	detect_emit_track(d, t);
}

/* Endings. */

/* Back home: all that report, or most of them and no more for a window. */
static bool
has_returned(const struct detect *d, const struct open_event *o)
{
	size_t n_back = 0, n_seen = 0;
	int64_t last_back_us = 0, window_us = 0;

	for (size_t i = 0; i < o->n_votes; i++) {
		const struct vote *v = &o->votes[i];
		const struct track *t =
		    fleet_find_track(&d->fleet, v->vantage_id, v->target_id);

		if (t == NULL)
			continue;
		window_us = shift_window_us(t);
		n_back += v->ended_us != 0;
		n_seen += v->ended_us != 0 || landing_is_fresh(t, d->now_us);
		if (v->ended_us > last_back_us)
			last_back_us = v->ended_us;
	}
	if (n_back == 0 || n_back * 10 < n_seen * 8)
		return false;
	return n_back == n_seen || d->now_us - last_back_us > window_us;
}

static void
resolve(struct detect *d, struct open_event *o, const char *resolution)
{
	for (size_t i = 0; i < o->n_votes; i++) {
		struct track *t = fleet_find_track(
		    &d->fleet, o->votes[i].vantage_id, o->votes[i].target_id);

		if (t != NULL)
			track_own_rare(t)->shift_id = 0;
	}
	detect_resolve(d, o, resolution, sum_event(d, o));
}

static void
watch(struct detect *d)
{
	struct watched *x = part_memory(d, &shift_part);
	uint8_t bytes[sizeof(uint64_t)];
	struct wbuf w = wbuf_over(bytes, sizeof bytes);

	if (x->since_us != 0)
		return;
	x->since_us = d->now_us;
	wbuf_u32(&w, (uint32_t)((uint64_t)x->since_us >> 32));
	wbuf_u32(&w, (uint32_t)((uint64_t)x->since_us & UINT32_MAX));
	detect_emit_memo(d, WATCHED, bytes, w.len);
}

static void *
init(struct detect *d)
{
	(void)d;
	return mem_new(sizeof(struct watched));
}

static void
restore_memo(struct detect *d, const struct memo *m)
{
	struct rbuf r = rbuf_over(m->bytes, m->len);
	struct watched *x = part_memory(d, &shift_part);
	uint64_t high = rbuf_u32(&r), low = rbuf_u32(&r);

	if (strcmp(m->key, WATCHED) == 0 && !r.is_bad)
		x->since_us = (int64_t)(high << 32 | low);
}

static void
tick(struct detect *d)
{
	size_t i = 0;

	watch(d);

	if (d->is_reannounced)
		reconsider(d);
	d->is_reannounced = false;
	for (size_t k = 0; k < d->services->n; k++)
		if (d->services->list[k].round_us != 0)
			judge_round(d, k);
	while (i < d->events.n) {
		struct open_event *o = d->events.list[i];
		const struct service *s =
		    &d->services->list[detect_service_of(d, &o->event)];

		if (o->event.kind != EVENT_SHIFT)
			i++;
		else if (has_returned(d, o))
			resolve(d, o, "returned");
		else if (d->now_us - o->event.detected_us >=
			 s->shift_settles_us)
			resolve(d, o, "settled");
		else
			i++;
	}
}

static void
restore_event(struct detect *d, struct open_event *o)
{
	const char *direction = "", *rule = "";
	json_t *gates;

	(void)d;
	if (o->event.kind != EVENT_SHIFT)
		return;
	gates = json_loads(o->event.gates, 0, NULL);
	if (json_unpack(gates, "{s:s, s:s}", "direction", &direction, "rule",
		&rule) == 0) {
		o->is_to = strcmp(direction, "to") == 0;
		snprintf(o->rule, sizeof o->rule, "%s", rule);
	}
	restore_recurrence(&o->recurrence, gates);
	json_decref(gates);
}

static void
restore_vote(struct detect *d, struct open_event *o, const struct vote *v)
{
	struct track *t = fleet_track(&d->fleet, v->vantage_id, v->target_id);

	if (t != NULL && o->event.kind == EVENT_SHIFT)
		track_own_rare(t)->shift_id = o->event.id;
}

const struct detect_part shift_part = { .name = "shift",
	.init = init,
	.fini = free,
	.tick = tick,
	.restore_event = restore_event,
	.restore_vote = restore_vote,
	.restore_memo = restore_memo };
