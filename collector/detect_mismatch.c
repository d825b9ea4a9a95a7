#include "collector/detect_mismatch.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "collector/detect_cause.h"
#include "schema/base/clock.h"
#include "schema/base/mem.h"

#define USUAL_US (7 * 86400 * US_PER_S)
#define MISS_CHANCE 0.05
#define SMALL_FLEET 6 /* networks */
/* Of all landings, this share is elsewhere at any look, by noise alone (about
 * 0.1 % of blocks change site between two runs of Verfploeter). */
#define NOISE_SHARE 0.001

/* What the three answers rest on: printed with the event. */
struct numbers {
	enum tri own;                      /* healthy, says the site itself */
	const struct drain *drain;         /* in force; NULL: none */
	size_t n_ok, n_failing;            /* vantages at the unicast address */
	size_t n_here, n_fleet, n_usually; /* networks */
	size_t landings_here, landings;
};

void
mismatch_init(struct detect *d)
{
	d->n_watches = 0;
	d->watches = mem_new((d->announced.n + 1) * sizeof *d->watches);
	/* In the order of d->announced: each site's two families together. */
	for (size_t i = 0; i < d->services->n; i++) {
		const struct service *s = &d->services->list[i];

		for (size_t k = 0; k < 2 * s->n_sites; k++) {
			struct site_watch *w = &d->watches[d->n_watches++];

			w->service = i;
			w->site = k / 2;
			w->state.site_id = s->sites[k / 2].id;
			w->state.family = k % 2 == 0 ? 4 : 6;
		}
	}
}

/* Healthy. */

static bool
has_other_answer(const struct track *t)
{
	for (const struct track *c = t->member->tracks; c != NULL; c = c->next)
		if (c != t && c->ok_us != 0 && c->ok_us >= t->failures.since_us)
			return true;
	return false;
}

static void
count_reach(
    const struct detect *d, const struct track_list *l, struct numbers *x)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct track *t = l->list[i];

		if (!track_counts(t) ||
		    d->now_us - t->seen_us > t->rules->fresh_us)
			continue;
		if (t->failures.n >= 2)
			x->n_failing += has_other_answer(t);
		else if (t->ok_us != 0)
			x->n_ok++;
	}
}

/* As the vantages see it, at the site's own unicast addresses. */
static enum tri
is_reached(
    const struct detect *d, const struct site_watch *w, struct numbers *x)
{
	for (size_t i = 0; i < d->services->n_targets; i++) {
		const struct target *t = &d->services->targets[i];

		if (t->role == ROLE_UNICAST && t->service == w->service &&
		    t->site == w->site && t->address.family == w->state.family)
			count_reach(d, &d->fleet.of_target[i], x);
	}
	if (x->n_ok + x->n_failing < 2 || x->n_ok == x->n_failing)
		return TRI_UNKNOWN;
	return x->n_ok > x->n_failing ? TRI_YES : TRI_NO;
}

/* The site knows best when it is sick.  That it is well, most vantages must not
 * contradict: then nobody knows. */
static enum tri
is_healthy(
    const struct detect *d, const struct site_watch *w, struct numbers *x)
{
	enum tri seen = is_reached(d, w, x);

	x->own = announced_now(
	    &d->healthy, w->state.site_id, w->state.family, d->now_us);
	if (x->own == TRI_UNKNOWN)
		return seen;
	if (x->own == TRI_YES && seen == TRI_NO)
		return TRI_UNKNOWN;
	return x->own;
}

/* Receiving. */

static bool
was_on_site(const struct track *t, const struct track_query *q)
{
	return t->before == q->site_id &&
	       q->now_us - t->before_left_us <= USUAL_US &&
	       track_is_fresh(t, q);
}

static enum tri
is_receiving(struct detect *d, const struct site_watch *w, struct numbers *x)
{
	struct track_query q = { .now_us = d->now_us,
		.site_id = w->state.site_id,
		.family = w->state.family };
	double share, noise;

	x->n_here =
	    fleet_count_asns(&d->fleet, w->service, track_is_on_site, &q);
	x->n_fleet =
	    fleet_count_asns(&d->fleet, w->service, track_is_fresh, &q);
	x->n_usually = fleet_count_asns(&d->fleet, w->service, was_on_site, &q);
	x->landings_here =
	    fleet_count_tracks(&d->fleet, w->service, track_is_on_site, &q);
	x->landings =
	    fleet_count_tracks(&d->fleet, w->service, track_is_fresh, &q);
	noise = NOISE_SHARE * (double)x->landings;
	if (x->n_here >= (x->n_fleet < SMALL_FLEET ? 1 : 2) &&
	    (double)x->landings_here >= noise)
		return TRI_YES;
	/* So many look that even a share as small as noise would be seen. */
	if ((double)x->landings_here < noise &&
	    pow(1 - NOISE_SHARE, (double)x->landings) <= MISS_CHANCE)
		return TRI_NO;
	if (x->n_here > 0 || x->n_usually == 0)
		return TRI_UNKNOWN;
	share = (double)x->n_usually / (double)x->n_fleet;
	return pow(1 - share, (double)x->n_fleet) <= MISS_CHANCE ? TRI_NO
								 : TRI_UNKNOWN;
}

/* Verdicts. */

/* Which verdicts are events, after how long, and how bad. */
struct alarm {
	const char *verdict;
	enum severity severity;
	bool is_sick; /* holds for sick_after, else for settle */
	bool is_blackhole_too;
};
static const struct alarm alarms[] = {
	{ "sick_attracting", SEVERITY_CRITICAL, true, true },
	{ "ghost_sick", SEVERITY_CRITICAL, true, true },
	{ "sick_announced", SEVERITY_MAJOR, true, false },
	{ "ghost", SEVERITY_WARNING, false, false },
	{ "shadowed", SEVERITY_WARNING, false, false },
};

/* The table's rows: announced is worth 4, healthy 2, receiving 1. */
#define N_ROWS 8
static const char *const rows[N_ROWS] = { "down", "ghost_sick", "idle", "ghost",
	"sick_announced", "sick_attracting", "shadowed", "ok" };

static const struct alarm *
alarm_of(const char *verdict)
{
	for (size_t i = 0; i < sizeof alarms / sizeof *alarms; i++)
		if (strcmp(alarms[i].verdict, verdict) == 0)
			return &alarms[i];
	return NULL;
}

/* May a yes (or no) be the answer? */
static bool
may_be(enum tri answer, bool is_yes)
{
	return answer == TRI_UNKNOWN || (answer == TRI_YES) == is_yes;
}

static bool
is_possible(
    size_t row, enum tri announced, enum tri healthy, enum tri receiving)
{
	return may_be(announced, (row & 4) != 0) &&
	       may_be(healthy, (row & 2) != 0) &&
	       may_be(receiving, (row & 1) != 0);
}

const char *
mismatch_verdict(enum tri announced, enum tri healthy, enum tri receiving)
{
	const struct alarm *mildest = NULL;
	const char *verdict = "unknown";
	size_t n = 0;

	for (size_t row = N_ROWS; row-- > 0;) {
		const struct alarm *a = alarm_of(rows[row]);

		if (!is_possible(row, announced, healthy, receiving))
			continue;
		n++;
		if (n > 1 && (a == NULL || mildest == NULL))
			return "unknown";
		if (n == 1 || a->severity < mildest->severity) {
			verdict = rows[row];
			mildest = a;
		}
	}
	return verdict;
}

void
mismatch_possible(char out[static MISMATCH_POSSIBLE_LEN], enum tri announced,
    enum tri healthy, enum tri receiving)
{
	size_t len = 0;

	out[0] = '\0';
	for (size_t row = N_ROWS; row-- > 0;)
		if (is_possible(row, announced, healthy, receiving))
			len += (size_t)snprintf(out + len,
			    MISMATCH_POSSIBLE_LEN - len, "%s%s",
			    len == 0 ? "" : ", ", rows[row]);
}

static const struct site *
site_of(const struct detect *d, const struct site_watch *w)
{
	return &d->services->list[w->service].sites[w->site];
}

/* NULL: nothing to tell. */
static const struct alarm *
find_alarm(const struct detect *d, const struct site_watch *w)
{
	if (strcmp(w->state.verdict, "shadowed") == 0 &&
	    site_of(d, w)->is_local)
		return NULL;
	return alarm_of(w->state.verdict);
}

static struct open_event *
find_event(const struct detect *d, const struct site_watch *w)
{
	for (size_t i = 0; i < d->events.n; i++) {
		struct event *e = &d->events.list[i]->event;

		if (e->kind == EVENT_MISMATCH &&
		    e->site_id == w->state.site_id &&
		    strcmp(e->verdict, w->state.verdict) == 0)
			return d->events.list[i];
	}
	return NULL;
}

static json_t *
gates_of(const struct detect *d, const struct site_watch *w,
    const struct numbers *x, int64_t hold_us)
{
	const struct site_state *s = &w->state;
	char possible[MISMATCH_POSSIBLE_LEN];
	json_t *gates = json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I}",
	    "announced", tri_name(s->announced), "healthy",
	    tri_name(s->healthy), "receiving", tri_name(s->receiving),
	    "unicast_ok", (json_int_t)x->n_ok, "unicast_failing",
	    (json_int_t)x->n_failing, "asns_at_site", (json_int_t)x->n_here,
	    "asns_fresh", (json_int_t)x->n_fleet, "asns_usually",
	    (json_int_t)x->n_usually);

	json_object_update_new(gates, json_pack("{s:I, s:I}", "held_us",
					  (json_int_t)(d->now_us - s->since_us),
					  "hold_us", (json_int_t)hold_us));
	json_object_update_new(
	    gates, json_pack("{s:I, s:I}", "landings_at_site",
		       (json_int_t)x->landings_here, "landings_fresh",
		       (json_int_t)x->landings));
	json_object_set_new(
	    gates, "healthy_by_site", json_string(tri_name(x->own)));
	if (x->drain != NULL)
		json_object_set_new(gates, "drain", json_integer(x->drain->id));
	mismatch_possible(possible, x->drain != NULL ? TRI_NO : s->announced,
	    s->healthy, s->receiving);
	if (strchr(possible, ',') != NULL)
		json_object_set_new(gates, "possible", json_string(possible));
	if (s->announced == TRI_UNKNOWN && x->drain == NULL)
		json_object_set_new(gates, "missing", json_string("announced"));
	else if (s->healthy == TRI_UNKNOWN)
		json_object_set_new(gates, "missing", json_string("healthy"));
	return gates;
}

/* The families of a site stand side by side in the list. */
static const struct site_watch *
other_family(const struct detect *d, const struct site_watch *w)
{
	size_t i = (size_t)(w - d->watches);

	return &d->watches[i ^ 1];
}

static enum severity
severity_of(const struct site_watch *w, const struct alarm *a)
{
	if (w->state.announced == TRI_UNKNOWN && a->severity > SEVERITY_MAJOR)
		return SEVERITY_MAJOR;
	return a->severity;
}

static void
open_event(struct detect *d, const struct site_watch *w, const struct alarm *a,
    json_t *gates)
{
	struct event e = { .kind = EVENT_MISMATCH,
		.severity = severity_of(w, a),
		.service_id = d->services->list[w->service].id,
		.site_id = w->state.site_id,
		.family = w->state.family,
		.since_us = w->state.since_us,
		.detected_us = d->now_us,
		.updated_us = d->now_us };
	struct open_event *o;

	if (strcmp(other_family(d, w)->state.verdict, w->state.verdict) == 0)
		e.family = 0;
	snprintf(e.verdict, sizeof e.verdict, "%s", w->state.verdict);
	o = events_open(&d->events, &e);
	detect_emit_event(d, o, gates);
}

/* The same verdict in the other family, or with more certainty. */
static void
update_event(struct detect *d, struct open_event *o, const struct site_watch *w,
    const struct alarm *a, json_t *gates)
{
	struct event *e = &o->event;
	bool is_other = e->family != 0 && e->family != w->state.family;
	enum severity severity = severity_of(w, a);

	if (!is_other && severity <= e->severity) {
		json_decref(gates);
		return;
	}
	if (is_other)
		e->family = 0;
	if (severity > e->severity)
		e->severity = severity;
	e->updated_us = d->now_us;
	detect_emit_event(d, o, gates);
}

int64_t
mismatch_hold_us(const struct service *s)
{
	int64_t asked_us = 3 * s->dns_every_us;

	return s->settle_us > asked_us ? s->settle_us : asked_us;
}

/* A round is a whole look.  Sick: two periods more than said, for a black hole's
 * own quorum comes first. */
static int64_t
hold_of(const struct service *s, const struct alarm *a)
{
	if (s->round_us != 0)
		return 0;
	if (a->is_sick)
		return s->sick_after_us + 2 * s->dns_every_us;
	return mismatch_hold_us(s);
}

/* The site calls itself sick, but most vantages get answers from it: its check
 * may be wrong, or the fault is in a part.  Bad, but no black hole. */
static bool
is_in_part(const struct numbers *x)
{
	return x->own == TRI_NO && x->n_ok > x->n_failing && x->n_ok >= 2;
}

/* Is it the same as a black hole, or are those who seem to be at the site with
 * an impostor? */
static bool
has_cause(
    const struct detect *d, const struct site_watch *w, const struct alarm *a)
{
	int64_t id = w->state.site_id;

	return (a->is_blackhole_too &&
		   events_find(&d->events, EVENT_BLACKHOLE, id) != NULL) ||
	       cause_at_site(d, id, 1U << EVENT_IMPOSTOR | 1U << EVENT_LEAK) !=
		   NULL;
}

static void
raise_alarm(
    struct detect *d, const struct site_watch *w, const struct numbers *x)
{
	const struct alarm *a = find_alarm(d, w);
	struct alarm in_part;
	const struct service *s = &d->services->list[w->service];
	struct open_event *o;
	int64_t hold_us;

	if (a == NULL)
		return;
	hold_us = hold_of(s, a);
	if (d->now_us - w->state.since_us < hold_us)
		return;
	if (is_in_part(x) && a->severity > SEVERITY_MAJOR) {
		in_part = *a;
		in_part.severity = SEVERITY_MAJOR;
		a = &in_part;
	}
	o = find_event(d, w);
	if (o != NULL)
		update_event(d, o, w, a, gates_of(d, w, x, hold_us));
	else if (!has_cause(d, w, a))
		open_event(d, w, a, gates_of(d, w, x, hold_us));
}

static bool
is_other_verdict(const struct site_watch *w, const struct event *e)
{
	return strcmp(w->state.verdict, e->verdict) != 0;
}

/* A round is a whole look: what it says needs no second one. */
static int64_t
clear_after(const struct service *s)
{
	return s->round_us != 0 ? 0 : 2 * s->dns_every_us;
}

/* Has the verdict been another one, in both families, for two periods? */
static bool
is_cleared(const struct detect *d, const struct event *e)
{
	for (size_t i = 0; i < d->n_watches; i++) {
		const struct site_watch *w = &d->watches[i];

		if (w->state.site_id != e->site_id)
			continue;
		if (!is_other_verdict(w, e) ||
		    d->now_us - w->state.since_us <
			clear_after(&d->services->list[w->service]))
			return false;
	}
	return true;
}

static void
clear_events(struct detect *d)
{
	size_t i = 0;

	while (i < d->events.n) {
		struct open_event *o = d->events.list[i];

		if (o->event.kind == EVENT_MISMATCH &&
		    alarm_of(o->event.verdict) != NULL &&
		    is_cleared(d, &o->event))
			detect_resolve(d, o, "cleared",
			    json_loads(o->event.gates, 0, NULL));
		else
			i++;
	}
}

static bool
is_measured(const struct detect *d, const struct site_watch *w)
{
	for (size_t i = 0; i < d->services->n_targets; i++) {
		const struct target *t = &d->services->targets[i];

		if (t->role == ROLE_SERVICE && t->service == w->service &&
		    t->address.family == w->state.family)
			return true;
	}
	return false;
}

static void
look(struct detect *d, struct site_watch *w)
{
	struct numbers x = { 0 };
	struct site_state now = w->state;
	struct effect e = { .kind = EFFECT_SITE_STATE };
	const char *verdict;

	if (!is_measured(d, w))
		return;
	now.announced =
	    announced_now(&d->announced, now.site_id, now.family, d->now_us);
	now.healthy = is_healthy(d, w, &x);
	now.receiving = is_receiving(d, w, &x);
	x.drain = drains_at(&d->drains, now.site_id, d->now_us);
	/* A site in drain is meant not to be announced, whatever it is. */
	verdict = mismatch_verdict(x.drain != NULL ? TRI_NO : now.announced,
	    now.healthy, now.receiving);
	if (strcmp(w->state.verdict, verdict) != 0 ||
	    now.announced != w->state.announced ||
	    now.healthy != w->state.healthy ||
	    now.receiving != w->state.receiving) {
		now.since_us = d->now_us;
		snprintf(now.verdict, sizeof now.verdict, "%s", verdict);
		w->state = e.site_state = now;
		d->emit(d->ctx, &e);
	}
	raise_alarm(d, w, &x);
}

static void
tick(struct detect *d)
{
	for (size_t i = 0; i < d->n_watches; i++)
		look(d, &d->watches[i]);
	clear_events(d);
}

void
mismatch_restore(struct detect *d, const struct site_state *s)
{
	for (size_t i = 0; i < d->n_watches; i++) {
		if (d->watches[i].state.site_id == s->site_id &&
		    d->watches[i].state.family == s->family)
			d->watches[i].state = *s;
	}
}

const struct detect_part mismatch_part = { .name = "mismatch", .tick = tick };
