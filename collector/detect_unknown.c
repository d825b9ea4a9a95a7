#include "collector/detect_unknown.h"

#include <stdio.h>
#include <string.h>

#include "collector/ballot.h"
#include "collector/detect_cause.h"
#include "collector/detect_impostor.h"

#define NAMES_MAX 256 /* distinct ones looked at in one tick */
#define RENAMED_PERIODS 5

/* What a ballot is about. */
struct question {
	const char *name; /* of a new site; NULL: a site is renamed */
};

static bool
claims(const struct detect *d, const struct track *t, const struct ballot *b,
    struct claim *c)
{
	const struct question *q = b->about;
	const struct stranger *x = &witness_odd(&t->witness)->stranger;

	if (!impostor_is_stranger(d, t, q->name == NULL))
		return false;
	if (q->name != NULL && !witness_is_same_name(x->identity, q->name))
		return false;
	if (q->name == NULL &&
	    (t->home != b->site_id || impostor_presence(d, t) == DISPLACED ||
		d->now_us - t->open.since_us <
		    RENAMED_PERIODS * t->rules->dns_every_us))
		return false;
	*c = (struct claim){ t->open.since_us, t->home, 0 };
	return true;
}

static bool
is_of_site(const struct track *t, const struct track_query *q)
{
	return t->home == q->site_id && track_is_fresh(t, q);
}

static size_t
count_site(struct detect *d, const struct ballot *b)
{
	struct track_query q = { .now_us = d->now_us, .site_id = b->site_id };

	return roll_count_networks(
	    roll_walk(d->roll, b->service, ROLL_FRESH, d->now_us), is_of_site,
	    &q);
}

/* A name that is given, to show. */
static const char *
an_identity(struct detect *d, const struct ballot *b)
{
	struct roll_walk w =
	    roll_walk(d->roll, b->service, ROLL_STRANGER, d->now_us);
	const struct track *t;
	struct claim c;

	while ((t = roll_next(&w)) != NULL)
		if (b->claims(d, t, b, &c))
			return witness_odd(&t->witness)->stranger.identity;
	return "";
}

static json_t *
gates(struct detect *d, const struct ballot *b, const struct open_event *o)
{
	const struct question *q = b->about;
	json_t *out = json_pack("{s:s, s:I, s:I}", "identity",
	    o->subject[0] != '\0' ? o->subject : an_identity(d, b), "needed",
	    (json_int_t)b->needed, "asns_answered_so",
	    (json_int_t)ballot_standing(d, o));

	if (q->name == NULL)
		json_object_set_new(out, "asns_of_site",
		    json_integer((json_int_t)count_site(d, b)));
	return out;
}

static struct ballot
ballot_of(const struct detect *d, size_t service, int64_t site_id,
    const struct question *q)
{
	return (struct ballot){ .kind = EVENT_UNKNOWN_IDENTITY,
		.severity = SEVERITY_NOTICE,
		.service = service,
		.site_id = site_id,
		.verdict = q->name != NULL ? "new_site" : "renamed",
		.marks = ROLL_STRANGER,
		.needed = 3,
		.hold_us = 2 * d->services->list[service].dns_every_us,
		.resolution = "cleared",
		.about = q,
		.claims = claims,
		.gates = gates };
}

/* An impostor's vantages are its own. */
static bool
is_impostor(struct detect *d, const struct ballot *b)
{
	for (size_t i = 0; i < d->events.n; i++) {
		const struct open_event *o = d->events.list[i];

		if (o->event.kind == EVENT_IMPOSTOR && cause_share(d, b, o) > 0)
			return true;
	}
	return false;
}

static void
open_event(struct detect *d, const struct ballot *b)
{
	struct open_event *o;

	if (is_impostor(d, b))
		return;
	o = ballot_open(d, b, NULL);
	snprintf(o->subject, sizeof o->subject, "%s", an_identity(d, b));
}

static void
try_renamed(struct detect *d, size_t service, int64_t site_id)
{
	struct question q = { 0 };
	struct ballot b = ballot_of(d, service, site_id, &q);
	size_t n = ballot_count(d, &b);

	if (n >= b.needed && n * 10 >= count_site(d, &b) * 6)
		open_event(d, &b);
}

static void
try_new_site(struct detect *d, size_t service, const char *name)
{
	struct question q = { name };
	struct ballot b = ballot_of(d, service, 0, &q);

	if (ballot_count(d, &b) >= b.needed)
		open_event(d, &b);
}

static bool
is_renamed(const struct open_event *o)
{
	return strcmp(o->event.verdict, "renamed") == 0;
}

static bool
has_event(
    const struct detect *d, size_t service, int64_t site_id, const char *name)
{
	for (size_t i = 0; i < d->events.n; i++) {
		const struct open_event *o = d->events.list[i];

		if (o->event.kind != EVENT_UNKNOWN_IDENTITY ||
		    o->event.service_id != d->services->list[service].id)
			continue;
		if (name == NULL ? is_renamed(o) && o->event.site_id == site_id
				 : !is_renamed(o) &&
				       witness_is_same_name(o->subject, name))
			return true;
	}
	return false;
}

static void
try_track(struct detect *d, const struct track *t)
{
	size_t service = t->target->service;
	const char *name = witness_odd(&t->witness)->stranger.identity;

	if (impostor_is_stranger(d, t, true)) {
		if (!has_event(d, service, t->home, NULL))
			try_renamed(d, service, t->home);
	} else if (impostor_is_stranger(d, t, false) &&
		   !has_event(d, service, 0, name))
		try_new_site(d, service, name);
}

static bool
follow(struct detect *d, struct open_event *o)
{
	struct question q = { is_renamed(o) ? NULL : o->subject };
	struct ballot b =
	    ballot_of(d, detect_service_of(d, &o->event), o->event.site_id, &q);

	return ballot_follow(d, &b, o);
}

/* At most so many questions are asked of the whole fleet in one tick. */
static void
try_service(struct detect *d, size_t service)
{
	struct roll_walk w =
	    roll_walk(d->roll, service, ROLL_STRANGER, d->now_us);
	const struct track *t, *tried[NAMES_MAX];
	size_t n = 0;

	while (n < NAMES_MAX && (t = roll_next(&w)) != NULL) {
		const struct stranger *x = &witness_odd(&t->witness)->stranger;
		bool is_known = t->place != PLACE_UNKNOWN || x->n == 0;

		for (size_t i = 0; i < n && !is_known; i++) {
			const struct stranger *y =
			    &witness_odd(&tried[i]->witness)->stranger;

			is_known =
			    x->is_foreign == y->is_foreign &&
			    (x->is_foreign ? t->home == tried[i]->home
					   : witness_is_same_name(
						 x->identity, y->identity));
		}
		if (!is_known)
			tried[n++] = t;
	}
	for (size_t i = 0; i < n; i++)
		try_track(d, tried[i]);
}

static void
tick(struct detect *d)
{
	ballot_follow_all(d, EVENT_UNKNOWN_IDENTITY, follow);
	for (size_t i = 0; i < d->services->n; i++)
		try_service(d, i);
}

static void
restore_event(struct detect *d, struct open_event *o)
{
	const char *name = "";
	json_t *gates;

	(void)d;
	if (o->event.kind != EVENT_UNKNOWN_IDENTITY)
		return;
	gates = json_loads(o->event.gates, 0, NULL);
	if (json_unpack(gates, "{s:s}", "identity", &name) == 0)
		snprintf(o->subject, sizeof o->subject, "%s", name);
	json_decref(gates);
}

const struct detect_part unknown_part = {
	.name = "unknown", .tick = tick, .restore_event = restore_event
};
