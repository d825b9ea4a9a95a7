#include "collector/detect_intercepted.h"

#include <stdio.h>

#include "collector/ballot.h"

#define MANY 3 /* vantages */

/* The ballot's about is a member of the network. */
static bool
claims(const struct detect *d, const struct track *t, const struct ballot *b,
    struct claim *c)
{
	const struct member *of = b->about;

	if (t->excuse != EXCUSE_INTERCEPTED || !member_is_trusted(t->member) ||
	    t->member->as_index != of->as_index)
		return false;
	*c = (struct claim){ d->now_us, t->home, 0 };
	return true;
}

static size_t
count_vantages(struct detect *d, const struct ballot *b)
{
	struct track_walk w = fleet_walk(&d->fleet, b->service);
	const struct track *t;
	struct claim c;
	size_t n = 0;

	fleet_count_begin(&d->fleet);
	while ((t = fleet_next(&w)) != NULL)
		n += claims(d, t, b, &c) &&
		     fleet_count_vantage(&d->fleet, t->member);
	return n;
}

static json_t *
gates(struct detect *d, const struct ballot *b, const struct open_event *o)
{
	const struct member *of = b->about;

	(void)o;
	return json_pack("{s:I, s:I, s:I}", "asn", (json_int_t)of->vantage.asn,
	    "vantages_intercepted", (json_int_t)count_vantages(d, b),
	    "warning_from", (json_int_t)MANY);
}

static struct ballot
ballot_of(struct detect *d, size_t service, const struct member *of,
    const char *verdict)
{
	struct ballot b = { .kind = EVENT_INTERCEPTED,
		.severity = SEVERITY_NOTICE,
		.service = service,
		.verdict = verdict,
		.needed = 1,
		.resolution = "cleared",
		.about = of,
		.claims = claims,
		.gates = gates };

	if (count_vantages(d, &b) >= MANY)
		b.severity = SEVERITY_WARNING;
	return b;
}

/* The network of an event is that of its first vote. */
static const struct member *
member_of(const struct detect *d, const struct open_event *o)
{
	return o->event.kind != EVENT_INTERCEPTED || o->n_votes == 0
		   ? NULL
		   : fleet_member(&d->fleet, o->votes[0].vantage_id);
}

static bool
has_event(const struct detect *d, const struct track *t)
{
	int64_t service_id = d->services->list[t->target->service].id;

	for (size_t i = 0; i < d->events.n; i++) {
		const struct open_event *o = d->events.list[i];
		const struct member *m = member_of(d, o);

		if (m != NULL && o->event.service_id == service_id &&
		    m->as_index == t->member->as_index)
			return true;
	}
	return false;
}

static void
try_track(struct detect *d, const struct track *t)
{
	const struct vantage *v = &t->member->vantage;
	char verdict[sizeof((struct event *)NULL)->verdict] = "";
	struct ballot b;

	if (t->excuse != EXCUSE_INTERCEPTED || !member_is_trusted(t->member) ||
	    has_event(d, t))
		return;
	if (v->asn != 0)
		snprintf(verdict, sizeof verdict, "AS%u", (unsigned)v->asn);
	b = ballot_of(d, t->target->service, t->member, verdict);
	(void)ballot_open(d, &b, NULL);
}

static void
tick(struct detect *d)
{
	size_t i = 0;

	while (i < d->events.n) {
		struct open_event *o = d->events.list[i];
		const struct member *of = member_of(d, o);
		struct ballot b;

		if (of == NULL) {
			i++;
			continue;
		}
		b = ballot_of(d, detect_service_of(d, &o->event), of, "");
		i += ballot_follow(d, &b, o);
	}
	for (size_t s = 0; s < d->services->n; s++) {
		struct track_walk w = fleet_walk(&d->fleet, s);
		const struct track *t;

		while ((t = fleet_next(&w)) != NULL)
			try_track(d, t);
	}
}

const struct detect_part intercepted_part = { .name = "intercepted",
	.tick = tick };
