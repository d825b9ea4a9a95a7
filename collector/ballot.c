#include "collector/ballot.h"

#include <stdio.h>
#include <string.h>

#include "collector/quorum.h"
#include "collector/shift_count.h"
#include "schema/base/clock.h"

struct roll_walk
ballot_walk(const struct detect *d, const struct ballot *b)
{
	struct roll_walk w =
	    b->is_at_site
		? roll_walk_site(d->roll, b->service, b->site_id, d->now_us)
		: roll_walk(d->roll, b->service, b->marks, d->now_us);

	w.is_unicast_too = b->is_unicast_too;
	return w;
}

static bool
is_asked(const struct ballot *b, const struct target *t)
{
	return t->service == b->service &&
	       (t->role == ROLE_SERVICE ||
		   (b->is_unicast_too && t->role == ROLE_UNICAST));
}

/* Those that may claim, one after another. */
struct asking {
	const struct ballot *b;
	struct roll_walk w;       /* unless it is about one member alone: */
	const struct track *next; /* of its tracks, then of its twin's */
	const struct member *twin;
};

static struct asking
ask(const struct detect *d, const struct ballot *b)
{
	if (b->only != NULL)
		return (struct asking){
			.b = b, .next = b->only->tracks, .twin = b->only->twin
		};
	return (struct asking){ .b = b, .w = ballot_walk(d, b) };
}

static const struct track *
next_asked(struct asking *a)
{
	const struct track *t;

	if (a->b->only == NULL)
		return roll_next(&a->w);
	for (;;) {
		if (a->next == NULL && a->twin != NULL) {
			a->next = a->twin->tracks;
			a->twin = NULL;
		}
		t = a->next;
		if (t == NULL)
			return NULL;
		a->next = t->next;
		if (is_asked(a->b, t->target))
			return t;
	}
}

size_t
ballot_count(struct detect *d, const struct ballot *b)
{
	struct asking a = ask(d, b);
	const struct track *t;
	struct claim c;
	size_t n = 0;

	fleet_count_begin(&d->fleet);
	while ((t = next_asked(&a)) != NULL)
		n += b->claims(d, t, b, &c) &&
		     fleet_count_as(&d->fleet, t->member);
	return n;
}

size_t
ballot_standing(struct detect *d, const struct open_event *o)
{
	size_t n = 0;

	fleet_count_begin(&d->fleet);
	for (size_t i = 0; i < o->n_votes; i++) {
		const struct member *m =
		    fleet_member(&d->fleet, o->votes[i].vantage_id);

		n += o->votes[i].ended_us == 0 && m != NULL &&
		     fleet_count_as(&d->fleet, m);
	}
	return n;
}

/* A vote of t that is new, or stands again. */
static bool
cast(struct detect *d, struct open_event *o, const struct track *t,
    const struct claim *c)
{
	const struct vote *known =
	    events_find_vote(o, t->vantage_id, t->target->id);
	struct vote v = { .event_id = o->event.id,
		.vantage_id = t->vantage_id,
		.target_id = t->target->id,
		.from_site_id = c->from_site_id,
		.to_site_id = c->to_site_id,
		.at_us = c->since_us,
		.confirmed_us = d->now_us };

	if (known != NULL && known->ended_us == 0)
		return false;
	if (known != NULL) { /* its first sign is what it was */
		v.at_us = known->at_us;
		v.confirmed_us = known->confirmed_us;
	}
	events_vote(o, &v);
	return true;
}

/* Is the vote's vantage asked, and does it no longer say so? */
static bool
is_taken_back(
    const struct detect *d, const struct ballot *b, const struct vote *v)
{
	const struct track *t =
	    fleet_find_track(&d->fleet, v->vantage_id, v->target_id);
	struct claim c;

	return t != NULL && is_asked(b, t->target) && !b->claims(d, t, b, &c);
}

/* True: some vote changed. */
static bool
poll(struct detect *d, const struct ballot *b, struct open_event *o)
{
	struct asking a = ask(d, b);
	const struct track *t;
	bool is_changed = false;
	struct claim c;

	while ((t = next_asked(&a)) != NULL) {
		c = (struct claim){ 0 };
		if (b->claims(d, t, b, &c))
			is_changed |= cast(d, o, t, &c);
	}
	for (size_t i = 0; i < o->n_votes; i++) {
		struct vote *v = &o->votes[i];

		if (v->ended_us != 0 || !is_taken_back(d, b, v))
			continue;
		v->ended_us = d->now_us;
		events_change_vote(o, v);
		is_changed = true;
	}
	return is_changed;
}

static void
emit(struct detect *d, const struct ballot *b, struct open_event *o)
{
	detect_sum_votes(d, o);
	if (b->severity > o->event.severity)
		o->event.severity = b->severity;
	o->event.updated_us = d->now_us;
	detect_emit_event(d, o, b->gates(d, b, o));
	detect_emit_votes(d, o);
}

/* What a vote of a shift is in what it has become: of who does not claim it
 * ended as it began, and does not count. */
static void
turn_vote(struct detect *d, const struct ballot *b, struct vote *v)
{
	struct track *t =
	    fleet_find_track(&d->fleet, v->vantage_id, v->target_id);
	struct claim c = { 0 };

	if (t != NULL)
		track_own_rare(t)->shift_id = 0;
	if (t != NULL && t->target->service == b->service &&
	    b->claims(d, t, b, &c)) {
		v->from_site_id = c.from_site_id;
		v->to_site_id = c.to_site_id;
		v->ended_us = 0;
		return;
	}
	v->to_site_id = 0;
	v->ended_us = v->at_us;
}

static void
turn(struct detect *d, const struct ballot *b, struct open_event *o)
{
	struct event *e = &o->event;

	e->kind = b->kind;
	e->site_id = b->site_id;
	e->needed = (int64_t)b->needed;
	snprintf(e->verdict, sizeof e->verdict, "%s", b->verdict);
	o->is_to = false;
	o->rule[0] = '\0';
	o->is_told = false; /* by this name to nobody */
	shift_count_forget(o);
	for (size_t i = 0; i < o->n_votes; i++) {
		turn_vote(d, b, &o->votes[i]);
		events_change_vote(o, &o->votes[i]);
	}
}

struct open_event *
ballot_open(struct detect *d, const struct ballot *b, struct open_event *o)
{
	struct event e = { .kind = b->kind,
		.severity = b->severity,
		.service_id = d->services->list[b->service].id,
		.site_id = b->site_id,
		.since_us = d->now_us,
		.detected_us = d->now_us,
		.parent_id = b->parent_id,
		.needed = (int64_t)b->needed };

	snprintf(e.verdict, sizeof e.verdict, "%s", b->verdict);
	if (o == NULL)
		o = events_open(&d->events, &e);
	else
		turn(d, b, o);
	(void)poll(d, b, o);
	emit(d, b, o);
	return o;
}

static int64_t
last_end_us(const struct open_event *o)
{
	int64_t last = o->event.detected_us;

	for (size_t i = 0; i < o->n_votes; i++)
		if (o->votes[i].ended_us > last)
			last = o->votes[i].ended_us;
	return last;
}

bool
ballot_follow(struct detect *d, const struct ballot *b, struct open_event *o)
{
	if (poll(d, b, o))
		emit(d, b, o);
	if (ballot_standing(d, o) * 2 >= b->needed ||
	    d->now_us - last_end_us(o) < b->hold_us)
		return true;
	detect_resolve(d, o, b->resolution, b->gates(d, b, o));
	return false;
}

size_t
ballot_quorum(const struct detect *d, size_t service)
{
	const int64_t span_us = NOISE_DAYS * 86400 * US_PER_S;

	return quorum_needed(roll_noise(d->roll, service, d->now_us), span_us,
	    2 * d->services->list[service].dns_every_us + 60 * US_PER_S);
}

void
ballot_follow_all(struct detect *d, enum event_kind kind,
    bool (*follow)(struct detect *d, struct open_event *o))
{
	size_t i = 0;

	while (i < d->events.n)
		i += d->events.list[i]->event.kind != kind ||
		     follow(d, d->events.list[i]);
}
