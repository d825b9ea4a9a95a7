#include "collector/detect_cause.h"

#include "collector/detect_leak.h"
#include "collector/displaced.h"

#define BIT(kind) (1U << (kind))

static bool
has_vote_at(const struct open_event *o, int64_t site_id)
{
	for (size_t i = 0; i < o->n_votes; i++)
		if (o->votes[i].from_site_id == site_id ||
		    o->votes[i].to_site_id == site_id)
			return true;
	return false;
}

const struct open_event *
cause_at_site(const struct detect *d, int64_t site_id, unsigned kinds)
{
	for (size_t i = 0; i < d->events.n; i++) {
		const struct open_event *o = d->events.list[i];

		if (kinds & BIT(o->event.kind) &&
		    (o->event.site_id == site_id || has_vote_at(o, site_id)))
			return o;
	}
	return NULL;
}

bool
cause_in_service(const struct detect *d, size_t service, unsigned kinds)
{
	int64_t id = d->services->list[service].id;

	for (size_t i = 0; i < d->events.n; i++) {
		const struct event *e = &d->events.list[i]->event;

		if (kinds & BIT(e->kind) && e->service_id == id)
			return true;
	}
	return false;
}

static bool
is_between(const struct open_event *o, const struct move *m)
{
	const struct vote *v = o->votes;

	return o->n_votes > 0 && ((v->from_site_id == m->from_site_id &&
				      v->to_site_id == m->to_site_id) ||
				     (v->from_site_id == m->to_site_id &&
					 v->to_site_id == m->from_site_id));
}

bool
cause_takes_move(
    const struct detect *d, const struct track *t, const struct move *m)
{
	if (leak_is_outside(d, t, m->to_site_id) ||
	    leak_is_outside(d, t, m->from_site_id))
		return true;
	for (size_t i = 0; i < d->events.n; i++) {
		const struct open_event *o = d->events.list[i];
		int64_t site_id = o->event.site_id;

		if (o->event.kind == EVENT_FLAPPING && is_between(o, m))
			return true;
		if (o->event.kind == EVENT_LEAK && displaced_takes_move(o, m))
			return true;
		if (o->event.kind == EVENT_IMPOSTOR && site_id != 0 &&
		    (site_id == m->from_site_id || site_id == m->to_site_id))
			return true;
	}
	return false;
}

size_t
cause_share(
    struct detect *d, const struct ballot *b, const struct open_event *o)
{
	struct claim c;
	size_t n = 0;

	fleet_count_begin(&d->fleet);
	for (size_t i = 0; i < o->n_votes; i++) {
		const struct vote *v = &o->votes[i];
		const struct track *t =
		    fleet_find_track(&d->fleet, v->vantage_id, v->target_id);

		n += t != NULL && t->target->service == b->service &&
		     b->claims(d, t, b, &c) &&
		     fleet_count_as(&d->fleet, t->member);
	}
	return n;
}

struct open_event *
cause_same(struct detect *d, const struct ballot *b, unsigned kinds)
{
	for (size_t i = 0; i < d->events.n; i++) {
		struct open_event *o = d->events.list[i];

		if (kinds & BIT(o->event.kind) && o->n_votes > 0 &&
		    cause_share(d, b, o) * 2 >= (size_t)o->event.n_asns)
			return o;
	}
	return NULL;
}

static bool
is_part_of(struct detect *d, const struct ballot *b, const struct open_event *o,
    const struct open_event *part)
{
	const struct event *e = &part->event;

	if (part == o || e->parent_id != 0)
		return false;
	if (e->kind == EVENT_MISMATCH)
		return o->event.site_id != 0 && e->site_id == o->event.site_id;
	return (e->kind == EVENT_SHIFT || e->kind == EVENT_UNKNOWN_IDENTITY) &&
	       cause_share(d, b, part) > 0;
}

void
cause_adopt(
    struct detect *d, const struct ballot *b, const struct open_event *o)
{
	for (size_t i = 0; i < d->events.n; i++) {
		struct open_event *part = d->events.list[i];

		if (!is_part_of(d, b, o, part))
			continue;
		part->event.parent_id = o->event.id;
		part->event.updated_us = d->now_us;
		detect_emit_event(
		    d, part, json_loads(part->event.gates, 0, NULL));
	}
}

int64_t
cause_parent(struct detect *d, const struct ballot *b)
{
	for (size_t i = 0; i < d->events.n; i++) {
		const struct open_event *o = d->events.list[i];

		if (BIT(o->event.kind) &
			(BIT(EVENT_SHIFT) | BIT(EVENT_BLACKHOLE) |
			    BIT(EVENT_IMPOSTOR)) &&
		    o->event.kind != b->kind && cause_share(d, b, o) > 0)
			return o->event.id;
	}
	return 0;
}
