#include "collector/detect_suspected.h"

#include <stdlib.h>
#include <string.h>

#include "collector/detect_blackhole.h"
#include "collector/detect_shift.h"
#include "collector/shift_group.h"
#include "schema/base/mem.h"

#define LEAST 2       /* networks */
#define SHIFTS_MAX 8  /* of a service: those with the most networks */
#define VOTES_MAX 100 /* shown of each; all are counted */

struct memory {
	char *text; /* as last emitted; NULL: nothing is suspected */
	size_t len;
};

/* What votes for it. */
struct ayes {
	struct vote *list;
	size_t n;
};

static void
add_aye(struct ayes *a, const struct vote *v)
{
	if ((a->n & (a->n - 1)) == 0)
		a->list =
		    mem_grow(a->list, a->n == 0 ? 1 : 2 * a->n, sizeof *v);
	a->list[a->n++] = *v;
}

/* No two are of the same vantage and target. */
static int
by_time(const void *a, const void *b)
{
	const struct vote *x = a, *y = b;

	if (x->at_us != y->at_us)
		return x->at_us < y->at_us ? -1 : 1;
	if (x->vantage_id != y->vantage_id)
		return x->vantage_id < y->vantage_id ? -1 : 1;
	return (x->target_id > y->target_id) - (x->target_id < y->target_id);
}

static json_int_t
count_vantages(struct detect *d, const struct ayes *a)
{
	json_int_t n = 0;

	fleet_count_begin(&d->fleet);
	for (size_t i = 0; i < a->n; i++)
		n += fleet_count_vantage(
		    &d->fleet, fleet_member(&d->fleet, a->list[i].vantage_id));
	return n;
}

static json_t *
votes_json(const struct ayes *a)
{
	json_t *votes = json_array();

	for (size_t i = 0; i < a->n && i < VOTES_MAX; i++) {
		const struct vote *v = &a->list[i];

		json_array_append_new(
		    votes, json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}",
			       "vantage", (json_int_t)v->vantage_id, "target",
			       (json_int_t)v->target_id, "from",
			       (json_int_t)v->from_site_id, "to",
			       (json_int_t)v->to_site_id, "at_us",
			       (json_int_t)v->at_us, "confirmed_us",
			       (json_int_t)v->confirmed_us));
	}
	return votes;
}

/* Takes needs and frees the votes. */
static json_t *
pack(struct detect *d, const struct event *e, const char *direction,
    json_t *needs, struct ayes *a)
{
	json_t *o;

	qsort(a->list, a->n, sizeof *a->list, by_time);
	o = json_pack(
	    "{s:s, s:I, s:I, s:s*, s:I, s:I, s:I, s:I, s:I, s:o, s:o}", "kind",
	    event_kind_name(e->kind), "service", (json_int_t)e->service_id,
	    "site", (json_int_t)e->site_id, "direction", direction, "since_us",
	    (json_int_t)a->list[0].at_us, "last_us",
	    (json_int_t)a->list[a->n - 1].at_us, "vantages",
	    count_vantages(d, a), "asns", (json_int_t)e->n_asns, "needed",
	    (json_int_t)e->needed, "needs", needs, "votes", votes_json(a));
	free(a->list);
	return o;
}

/* needed 0: the rule does not hold here.  Gives the fewest that do. */
static size_t
add_need(json_t *needs, const char *rule, size_t n, size_t needed, size_t least)
{
	if (needed == 0)
		return least;
	json_array_append_new(
	    needs, json_pack("{s:s, s:I, s:I}", "rule", rule, "asns",
		       (json_int_t)n, "needed", (json_int_t)needed));
	return least == 0 || needed < least ? needed : least;
}

/* Shifts. */

static struct ayes
movers(const struct detect *d, const struct shift_group *g)
{
	struct roll_walk w =
	    roll_walk(d->roll, g->service, ROLL_MOVED, d->now_us);
	struct ayes a = { 0 };
	const struct track *t;

	while ((t = roll_next(&w)) != NULL) {
		struct vote v = { .vantage_id = t->vantage_id,
			.target_id = t->target->id,
			.from_site_id = track_rare(t)->recent.from_site_id,
			.to_site_id = t->home,
			.at_us = track_rare(t)->recent.at_us,
			.confirmed_us = track_rare(t)->recent.confirmed_us };

		if (shift_is_in_group(t, g))
			add_aye(&a, &v);
	}
	return a;
}

static json_t *
shift_json(struct detect *d, struct shift_group *g)
{
	struct event e = { .kind = EVENT_SHIFT,
		.service_id = d->services->list[g->service].id,
		.site_id = g->site_id };
	json_t *needs = json_array();
	struct ayes a = movers(d, g);
	size_t least;

	g->noise = shift_noise(d, g->service);
	shift_count_group(d, g);
	least = add_need(needs, "quorum", g->n_asns, g->needed, 0);
	least =
	    add_need(needs, "majority", g->n_asns, g->needed_majority, least);
	/* Something else must happen, too, for this one. */
	(void)add_need(
	    needs, "announcement", g->n_asns, g->needed_announcement, least);
	e.n_asns = (int64_t)g->n_asns;
	e.needed = (int64_t)least;
	return pack(d, &e, g->is_to ? "to" : "from", needs, &a);
}

/* Tracks with a move that is of no event and not shown yet. */
struct pool {
	const struct track **list;
	size_t n;
};

static struct pool
collect(const struct detect *d, size_t service)
{
	struct roll_walk w = roll_walk(d->roll, service, ROLL_MOVED, d->now_us);
	struct pool p = { 0 };
	const struct track *t;

	while ((t = roll_next(&w)) != NULL) {
		if (track_rare(t)->recent.from_site_id == 0 ||
		    !track_counts(t) ||
		    d->now_us - track_rare(t)->recent.at_us >
			shift_window_us(t))
			continue;
		if ((p.n & (p.n - 1)) == 0)
			p.list = mem_grow(
			    p.list, p.n == 0 ? 1 : 2 * p.n, sizeof *p.list);
		p.list[p.n++] = t;
	}
	return p;
}

/* The group around the newest move with that end; n_asns: of the pool. */
static struct shift_group
look(struct detect *d, const struct pool *p, bool is_to, int64_t site_id)
{
	struct shift_group g = { .service = p->list[0]->target->service,
		.is_to = is_to,
		.site_id = site_id,
		.window_us = shift_window_us(p->list[0]) };

	for (size_t i = 0; i < p->n; i++) {
		const struct track *t = p->list[i];

		if ((is_to ? t->home : track_rare(t)->recent.from_site_id) ==
			site_id &&
		    track_rare(t)->recent.at_us > g.at_us)
			g.at_us = track_rare(t)->recent.at_us;
	}
	if (g.at_us == 0)
		return g;
	fleet_count_begin(&d->fleet);
	for (size_t i = 0; i < p->n; i++)
		g.n_asns += shift_is_in_group(p->list[i], &g) &&
			    fleet_count_as(&d->fleet, p->list[i]->member);
	return g;
}

/* Most networks; then what was left before what was gained. */
static struct shift_group
find_largest(struct detect *d, size_t service, const struct pool *p)
{
	const struct service *s = &d->services->list[service];
	struct shift_group best = { 0 };

	for (int is_to = 0; is_to < 2; is_to++) {
		for (size_t i = 0; i < s->n_sites; i++) {
			struct shift_group g =
			    look(d, p, is_to, s->sites[i].id);

			if (g.n_asns > best.n_asns)
				best = g;
		}
	}
	return best;
}

static void
add_shifts(struct detect *d, size_t service, json_t *all)
{
	struct pool p = collect(d, service);

	for (int i = 0; i < SHIFTS_MAX && p.n >= LEAST; i++) {
		struct shift_group g = find_largest(d, service, &p);
		size_t n = 0;

		if (g.n_asns < LEAST)
			break;
		for (size_t k = 0; k < p.n; k++)
			if (!shift_is_in_group(p.list[k], &g))
				p.list[n++] = p.list[k];
		p.n = n;
		json_array_append_new(all, shift_json(d, &g));
	}
	free(p.list);
}

/* Black holes. */

static struct ayes
dark_ones(const struct detect *d, const struct darkness *y)
{
	struct track_query q = { .now_us = d->now_us, .site_id = y->site_id };
	struct roll_walk w =
	    roll_walk(d->roll, y->service, ROLL_DARK, d->now_us);
	struct ayes a = { 0 };
	const struct track *t;

	while ((t = roll_next(&w)) != NULL) {
		struct vote v = { .vantage_id = t->vantage_id,
			.target_id = t->target->id,
			.from_site_id = y->site_id,
			.at_us = t->open.since_us };

		if (blackhole_is_dark(t, &q))
			add_aye(&a, &v);
	}
	return a;
}

static json_t *
blackhole_json(struct detect *d, const struct darkness *y)
{
	struct event e = { .kind = EVENT_BLACKHOLE,
		.service_id = d->services->list[y->service].id,
		.site_id = y->site_id,
		.n_asns = (int64_t)y->n_dark };
	size_t tenth = (y->n_all + 9) / 10, least;
	struct ayes a = dark_ones(d, y);
	json_t *needs = json_array();

	least = add_need(needs, "half", y->n_dark, y->needed_half, 0);
	least =
	    add_need(needs, "small_site", y->n_dark, y->needed_small, least);
	e.needed = (int64_t)least;
	if (y->n_quorum != 0)
		e.needed = (int64_t)add_need(needs, "together", y->n_together,
		    y->n_quorum > tenth ? y->n_quorum : tenth, least);
	return pack(d, &e, NULL, needs, &a);
}

static void
add_blackholes(struct detect *d, size_t service, json_t *all)
{
	const struct service *s = &d->services->list[service];

	for (size_t i = 0; i < s->n_sites; i++) {
		struct darkness y;

		if (!blackhole_are_dark(d, service, s->sites[i].id) ||
		    events_find(&d->events, EVENT_BLACKHOLE, s->sites[i].id) !=
			NULL)
			continue;
		y = blackhole_look(d, service, s->sites[i].id);
		if (y.n_dark >= LEAST)
			json_array_append_new(all, blackhole_json(d, &y));
	}
}

/* The memo. */

static void
keep(struct memory *m, const void *text, size_t len)
{
	free(m->text);
	m->text = mem_new(len + 1);
	memcpy(m->text, text, len);
	m->len = len;
}

/* Takes all. */
static void
show(struct detect *d, json_t *all)
{
	struct memory *m = part_memory(d, &suspected_part);
	char *text = json_array_size(all) > 0 ? json_dumps(all, JSON_COMPACT)
					      : mem_strdup("");
	size_t len = text == NULL ? 0 : strlen(text);

	json_decref(all);
	if (text != NULL &&
	    (len != m->len || (len > 0 && memcmp(text, m->text, len) != 0))) {
		detect_emit_memo(d, SUSPECTED_MEMO, text, len);
		keep(m, text, len);
	}
	free(text);
}

static void
tick(struct detect *d)
{
	json_t *all = json_array();

	for (size_t i = 0; i < d->services->n; i++) {
		if (d->services->list[i].round_us != 0)
			continue;
		add_shifts(d, i, all);
		add_blackholes(d, i, all);
	}
	show(d, all);
}

static void *
init(struct detect *d)
{
	(void)d;
	return mem_new(sizeof(struct memory));
}

static void
fini(void *memory)
{
	struct memory *m = memory;

	free(m->text);
	free(m);
}

static void
restore_memo(struct detect *d, const struct memo *memo)
{
	if (strcmp(memo->key, SUSPECTED_MEMO) == 0)
		keep(part_memory(d, &suspected_part), memo->bytes, memo->len);
}

const struct detect_part suspected_part = { .name = "suspected",
	.init = init,
	.fini = fini,
	.tick = tick,
	.restore_memo = restore_memo };
