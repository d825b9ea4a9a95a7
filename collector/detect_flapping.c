#include "collector/detect_flapping.h"

#include <stdlib.h>

#include "collector/ballot.h"
#include "collector/detect_cause.h"
#include "schema/base/clock.h"
#include "schema/base/mem.h"

#define TOGETHER_US (3600 * US_PER_S)

struct pair {
	int64_t low, high;
	int64_t from_us; /* who began before does not count */
};

struct flapper {
	const struct track *track;
	struct pair pair;
	int64_t since_us;
};

/* False: it does not flap, has never done anything else, or not between
 * sites. */
static bool
is_flapping(const struct detect *d, const struct track *t, struct flapper *out)
{
	const struct flaps *f = &t->witness.flaps;

	if (f->since_us == 0 || f->low <= 0 ||
	    f->since_us - t->witness.first_us < t->rules->stay_us ||
	    !member_is_trusted(t->member) || t->excuse == EXCUSE_INTERCEPTED ||
	    d->now_us - t->seen_us > t->rules->fresh_us)
		return false;
	*out = (struct flapper){ t, { f->low, f->high, 0 }, f->since_us };
	return true;
}

static bool
claims(const struct detect *d, const struct track *t, const struct ballot *b,
    struct claim *c)
{
	const struct pair *pair = b->about;
	struct flapper x;

	if (!is_flapping(d, t, &x) || x.pair.low != pair->low ||
	    x.pair.high != pair->high || x.since_us < pair->from_us)
		return false;
	*c = (struct claim){ x.since_us, pair->low, pair->high };
	return true;
}

/* Networks that flap between the two sites or land at one of them. */
static size_t
count_there(struct detect *d, size_t service, const struct pair *pair)
{
	struct track_walk w = fleet_walk(&d->fleet, service);
	const struct track *t;
	size_t n = 0;

	fleet_count_begin(&d->fleet);
	while ((t = fleet_next(&w)) != NULL) {
		bool is_there = t->home == pair->low || t->home == pair->high;

		n += is_there && member_is_trusted(t->member) &&
		     landing_is_fresh(t, d->now_us) &&
		     fleet_count_as(&d->fleet, t->member);
	}
	return n;
}

static json_t *
gates(struct detect *d, const struct ballot *b, const struct open_event *o)
{
	const struct service *s = &d->services->list[b->service];
	const struct pair *pair = b->about;

	return json_pack("{s:s, s:s, s:I, s:I, s:I, s:f, s:f, s:I, s:I}",
	    "site", detect_site_name(d, pair->low), "other_site",
	    detect_site_name(d, pair->high), "needed", (json_int_t)b->needed,
	    "asns_flapping", (json_int_t)ballot_standing(d, o),
	    "asns_at_the_two", (json_int_t)count_there(d, b->service, pair),
	    "begins_at_share", 0.20, "ends_at_share", 0.05, "answers",
	    (json_int_t)FLAP_ANSWERS, "half_life_us",
	    (json_int_t)(15 * s->dns_every_us));
}

static struct ballot
ballot_of(struct detect *d, size_t service, const struct pair *pair)
{
	size_t n = count_there(d, service, pair);
	struct ballot b = { .kind = EVENT_FLAPPING,
		.severity = SEVERITY_NOTICE,
		.service = service,
		.site_id = pair->low,
		.verdict = "",
		.needed = (n + 3) / 4,
		.hold_us = 2 * d->services->list[service].dns_every_us,
		.resolution = "steady",
		.about = pair,
		.claims = claims,
		.gates = gates };

	if (b.needed < 3)
		b.needed = 3;
	return b;
}

/* An event's pair stands in its votes; those that have no part in it go
 * nowhere. */
static struct pair
pair_of(const struct open_event *o)
{
	for (size_t i = 0; i < o->n_votes; i++) {
		const struct vote *v = &o->votes[i];

		if (v->from_site_id == o->event.site_id && v->to_site_id != 0)
			return (
			    struct pair){ v->from_site_id, v->to_site_id, 0 };
	}
	return (struct pair){ 0 };
}

static bool
has_event(const struct detect *d, const struct pair *pair)
{
	for (size_t i = 0; i < d->events.n; i++) {
		const struct open_event *o = d->events.list[i];
		struct pair its = pair_of(o);

		if (o->event.kind == EVENT_FLAPPING && its.low == pair->low &&
		    its.high == pair->high)
			return true;
	}
	return false;
}

static void
try_pair(struct detect *d, size_t service, struct pair pair)
{
	struct ballot b;
	struct open_event *shift;

	if (has_event(d, &pair))
		return;
	pair.from_us = d->now_us - TOGETHER_US;
	b = ballot_of(d, service, &pair);
	if (ballot_count(d, &b) < b.needed)
		return;
	pair.from_us = 0;
	shift = cause_same(d, &b, 1U << EVENT_SHIFT);
	if (shift == NULL)
		b.parent_id = cause_parent(d, &b);
	(void)ballot_open(d, &b, shift);
}

/* Tries each pair once. */
static void
try_pairs(struct detect *d, size_t service)
{
	struct track_walk w = fleet_walk(&d->fleet, service);
	struct flapper *list = NULL, x;
	const struct track *t;
	size_t n = 0;

	while ((t = fleet_next(&w)) != NULL) {
		bool is_known = false;

		if (!is_flapping(d, t, &x))
			continue;
		for (size_t i = 0; i < n && !is_known; i++)
			is_known = list[i].pair.low == x.pair.low &&
				   list[i].pair.high == x.pair.high;
		if (is_known)
			continue;
		list = mem_grow(list, n + 1, sizeof *list);
		list[n++] = x;
	}
	for (size_t i = 0; i < n; i++)
		try_pair(d, service, list[i].pair);
	free(list);
}

static void
tick(struct detect *d)
{
	size_t i = 0;

	while (i < d->events.n) {
		struct open_event *o = d->events.list[i];
		struct pair pair = pair_of(o);
		struct ballot b;

		if (o->event.kind != EVENT_FLAPPING) {
			i++;
			continue;
		}
		b = ballot_of(d, detect_service_of(d, &o->event), &pair);
		i += ballot_follow(d, &b, o);
	}
	for (size_t s = 0; s < d->services->n; s++)
		try_pairs(d, s);
}

const struct detect_part flapping_part = { .name = "flapping", .tick = tick };
