#include "collector/displaced.h"

#include "schema/base/clock.h"

static bool
is_near(int64_t a_us, int64_t b_us)
{
	return a_us - b_us <= DETECT_NEAR_US && b_us - a_us <= DETECT_NEAR_US;
}

bool
displaced_takes_move(const struct open_event *leak, const struct move *m)
{
	for (size_t i = 0; i < leak->n_votes; i++) {
		const struct vote *v = &leak->votes[i];

		if (v->from_site_id == m->from_site_id &&
		    is_near(v->at_us, m->at_us))
			return true;
		if (v->from_site_id == m->to_site_id && v->ended_us != 0 &&
		    is_near(v->ended_us, m->at_us))
			return true;
	}
	return false;
}

/* Networks that the ballot's claims take from a site at about that time. */
static size_t
count_taken(
    struct detect *d, const struct ballot *b, int64_t site_id, int64_t at_us)
{
	struct roll_walk w = ballot_walk(d, b);
	const struct track *t;
	struct claim c;
	size_t n = 0;

	fleet_count_begin(&d->fleet);
	while ((t = roll_next(&w)) != NULL)
		n += b->claims(d, t, b, &c) && c.from_site_id == site_id &&
		     is_near(c.since_us, at_us) &&
		     fleet_count_as(&d->fleet, t->member);
	return n;
}

struct open_event *
displaced_shift(struct detect *d, const struct ballot *b)
{
	for (size_t i = 0; i < d->events.n; i++) {
		struct open_event *o = d->events.list[i];
		const struct event *e = &o->event;

		if (e->kind == EVENT_SHIFT && !o->is_to &&
		    e->service_id == d->services->list[b->service].id &&
		    2 * count_taken(d, b, e->site_id, e->since_us) >=
			(size_t)e->n_asns)
			return o;
	}
	return NULL;
}
