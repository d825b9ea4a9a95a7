/* shift_count.c - see shift_count.h. */
#include "collector/shift_count.h"

#include <stdlib.h>
#include <string.h>

#include "collector/shift_kept.h"
#include "schema/base/mem.h"

/* Counting one crowd. */

/* A question on its way through a crowd. */
struct look {
	struct detect *d;
	struct open_event *o;
	enum question question;
	int64_t site_id;
	size_t service, n;
};

static void
look_at_vote(struct look *l, const struct vote *v, const struct member *m)
{
	struct fleet *f = &l->d->fleet;
	bool is_v4 = m->vantage.family == 4;
	bool counts = v->ended_us != v->at_us;

	switch (l->question) {
	case NETWORKS:
		l->n += counts && fleet_count_as(f, m);
		break;
	case VANTAGES:
		l->n += counts && fleet_count_vantage(f, m);
		break;
	case VANTAGES_V4:
		l->n += counts && is_v4 && fleet_count_vantage(f, m);
		break;
	case VANTAGES_V6:
		l->n += counts && !is_v4 && fleet_count_vantage(f, m);
		break;
	case LEFT:
	case BEFORE:
		l->n += v->from_site_id == l->site_id && fleet_count_as(f, m);
		break;
	case GAINED:
		l->n += v->to_site_id == l->site_id && fleet_count_as(f, m);
		break;
	}
}

/* In order of vantages and targets, as the votes are. */
static void
look_at_votes(struct look *l, uint32_t crowd)
{
	const struct crowds *c = &l->d->crowds;

	for (uint32_t i = c->first[crowd]; i < c->first[crowd + 1]; i++) {
		const struct member *m = l->d->fleet.members[c->members[i]];

		for (const struct track *t = m->tracks; t != NULL;
		     t = t->next) {
			const struct vote *v = NULL;

			if (t->target->service == l->service)
				v = events_find_vote(
				    l->o, t->vantage_id, t->target->id);
			if (v == NULL)
				continue;
			l->d->n_summed++;
			look_at_vote(l, v, m);
		}
	}
}

/* In the order of fleet_walk, going on in the same count. */
static void
look_at_landings(struct look *l, uint32_t crowd)
{
	const struct services *s = l->d->services;
	const struct crowds *c = &l->d->crowds;
	struct track_query q = { .now_us = l->d->now_us,
		.site_id = l->site_id };

	for (size_t k = 0; k < s->n_targets; k++) {
		if (s->targets[k].role != ROLE_SERVICE ||
		    s->targets[k].service != l->service)
			continue;
		for (uint32_t i = c->first[crowd]; i < c->first[crowd + 1];
		     i++) {
			const struct track *t = fleet_track_of(&l->d->fleet,
			    l->d->fleet.members[c->members[i]], k);

			l->d->n_summed++;
			l->n += t != NULL &&
				track_rare(t)->shift_id != l->o->event.id &&
				track_is_on_site(t, &q) &&
				fleet_count_as(&l->d->fleet, t->member);
		}
	}
}

static void
count_crowd(
    struct detect *d, struct open_event *o, struct answer *a, uint32_t crowd)
{
	struct look l = { d, o, a->question, a->site_id,
		detect_service_of(d, &o->event), 0 };

	fleet_count_begin(&d->fleet);
	look_at_votes(&l, crowd);
	if (a->question == BEFORE)
		look_at_landings(&l, crowd);
	a->total += l.n;
	a->total -= a->of_crowd[crowd];
	a->of_crowd[crowd] = (uint32_t)l.n;
}

/* Costs. */

static bool
has_cost(const struct vote *v)
{
	return v != NULL && v->ended_us == 0 && v->from_rtt_us != 0 &&
	       v->to_rtt_us != 0;
}

/* Where it stands, or would stand. */
static size_t
find_cost(const struct shift_count *c, int64_t cost_us)
{
	size_t from = 0, to = c->n_costs;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (c->costs[middle] < cost_us)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

static void
take_cost(struct shift_count *c, const struct vote *v)
{
	int64_t cost_us = v->to_rtt_us - v->from_rtt_us;
	size_t i = find_cost(c, cost_us);

	c->n_worse -= cost_us > 0;
	c->n_costs--;
	memmove(&c->costs[i], &c->costs[i + 1],
	    (c->n_costs - i) * sizeof *c->costs);
}

static void
add_cost(struct shift_count *c, const struct vote *v)
{
	int64_t cost_us = v->to_rtt_us - v->from_rtt_us;
	size_t i = find_cost(c, cost_us);

	if (c->n_costs == c->cap_costs) {
		c->cap_costs = c->cap_costs == 0 ? 16 : 2 * c->cap_costs;
		c->costs = mem_grow(c->costs, c->cap_costs, sizeof *c->costs);
	}
	memmove(&c->costs[i + 1], &c->costs[i],
	    (c->n_costs - i) * sizeof *c->costs);
	c->costs[i] = cost_us;
	c->n_costs++;
	c->n_worse += cost_us > 0;
}

static void
note_time(struct shift_count *c, const struct vote *v)
{
	if (v->at_us < c->first_us)
		c->first_us = v->at_us;
	if (v->at_us > c->last_us)
		c->last_us = v->at_us;
}

static int
by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static void
gather(struct detect *d, struct shift_count *c, const struct open_event *o)
{
	c->costs = mem_grow(NULL, o->n_votes, sizeof *c->costs);
	c->cap_costs = o->n_votes;
	c->first_us = INT64_MAX;
	c->last_us = INT64_MIN;
	for (size_t i = 0; i < o->n_votes; i++) {
		const struct vote *v = &o->votes[i];

		d->n_summed++;
		note_time(c, v);
		if (!has_cost(v))
			continue;
		c->costs[c->n_costs] = v->to_rtt_us - v->from_rtt_us;
		c->n_worse += c->costs[c->n_costs] > 0;
		c->n_costs++;
	}
	if (c->n_costs > 0)
		qsort(c->costs, c->n_costs, sizeof *c->costs, by_size);
}

/* Keeping the answers. */

void
shift_count_forget(struct open_event *o)
{
	shift_kept_free(o->count);
	o->count = NULL;
}

static void
note_crowd(struct shift_count *c, uint32_t crowd)
{
	if (c->n_changed > 0 && c->changed[c->n_changed - 1] == crowd)
		return;
	if (c->n_changed == c->cap_changed) {
		c->cap_changed = c->cap_changed == 0 ? 16 : 2 * c->cap_changed;
		c->changed =
		    mem_grow(c->changed, c->cap_changed, sizeof *c->changed);
	}
	c->changed[c->n_changed++] = crowd;
}

static struct shift_count *
begin(struct detect *d, struct open_event *o, const struct roll_changes *now)
{
	struct shift_count *c = mem_new(sizeof *c);

	shift_count_forget(o);
	o->count = c;
	c->epoch = now->epoch;
	c->n_seen = now->n;
	c->n_news = d->fleet.n_news;
	c->n_crowds = d->crowds.n;
	gather(d, c, o);
	return c;
}

/* What is kept, as of now. */
static struct shift_count *
up_to_date(struct detect *d, struct open_event *o)
{
	struct roll_changes now =
	    roll_changes(d->roll, detect_service_of(d, &o->event), d->now_us);
	struct shift_count *c = o->count;

	crowds_update(&d->crowds, &d->fleet);
	if (c == NULL || c->epoch != now.epoch || c->n_news != d->fleet.n_news)
		return begin(d, o, &now);
	for (; c->n_seen < now.n; c->n_seen++)
		note_crowd(c, d->crowds.of_member[now.members[c->n_seen]]);
	for (size_t i = 0; i < c->n_changed; i++)
		for (size_t k = 0; k < c->n_answers; k++)
			count_crowd(d, o, &c->answers[k], c->changed[i]);
	c->n_changed = 0;
	return c;
}

static size_t
ask(struct detect *d, struct open_event *o, enum question question,
    int64_t site_id)
{
	struct shift_count *c = up_to_date(d, o);
	struct answer *a;

	for (size_t i = 0; i < c->n_answers; i++)
		if (c->answers[i].question == question &&
		    c->answers[i].site_id == site_id)
			return c->answers[i].total;
	c->answers = mem_grow(c->answers, c->n_answers + 1, sizeof *c->answers);
	a = &c->answers[c->n_answers++];
	*a = (struct answer){ .question = question,
		.site_id = site_id,
		.of_crowd = mem_new(c->n_crowds * sizeof *a->of_crowd) };
	for (uint32_t i = 0; i < c->n_crowds; i++)
		count_crowd(d, o, a, i);
	return a->total;
}

void
shift_count_note(struct detect *d, struct open_event *o, const struct vote *old,
    const struct vote *new)
{
	const struct member *m = fleet_member(&d->fleet, new->vantage_id);
	struct shift_count *c = o->count;

	if (c == NULL)
		return;
	if (m == NULL || c->n_news != d->fleet.n_news) {
		shift_count_forget(o);
		return;
	}
	if (has_cost(old))
		take_cost(c, old);
	if (has_cost(new))
		add_cost(c, new);
	note_time(c, new);
	note_crowd(c, d->crowds.of_member[m->index]);
}

/* Asking. */

size_t
shift_count_label(
    struct detect *d, struct open_event *o, bool is_to, int64_t site_id)
{
	return ask(d, o, is_to ? GAINED : LEFT, site_id);
}

size_t
shift_count_before(struct detect *d, struct open_event *o)
{
	return ask(d, o, BEFORE, o->event.site_id);
}

void
shift_count_sum(struct detect *d, struct open_event *o)
{
	struct event *e = &o->event;
	bool has_v4, has_v6;

	if (o->n_votes == 0)
		return;
	if (up_to_date(d, o)->first_us < e->since_us)
		e->since_us = o->count->first_us;
	e->n_vantages = (int64_t)ask(d, o, VANTAGES, 0);
	e->n_asns = (int64_t)ask(d, o, NETWORKS, 0);
	has_v4 = ask(d, o, VANTAGES_V4, 0) > 0;
	has_v6 = ask(d, o, VANTAGES_V6, 0) > 0;
	e->family = has_v4 == has_v6 ? 0 : has_v4 ? 4 : 6;
}

int64_t
shift_count_last_us(struct detect *d, struct open_event *o)
{
	const struct shift_count *c = up_to_date(d, o);

	return c->last_us > o->event.since_us ? c->last_us : o->event.since_us;
}

struct shift_cost
shift_count_cost(struct detect *d, struct open_event *o)
{
	const struct shift_count *c = up_to_date(d, o);

	if (c->n_costs == 0)
		return (struct shift_cost){ 0 };
	return (struct shift_cost){ .n = c->n_costs,
		.n_worse = c->n_worse,
		.median_us = c->costs[(c->n_costs - 1) / 2],
		.worst_us = c->costs[c->n_costs - 1] };
}
