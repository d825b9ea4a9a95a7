#include "collector/fleet.h"

#include <stdlib.h>
#include <string.h>

#include "schema/base/mem.h"

#define KEY_AS 0 /* second half of an AS's key: by number, or by probe */
#define KEY_PROBE 1
#define SLAB 128 /* tracks that are allocated at a time */

static size_t
grown(size_t cap)
{
	return cap == 0 ? 16 : cap * 2;
}

static void
list_insert(struct track_list *l, size_t at, struct track *t)
{
	if (l->n == l->cap) {
		l->cap = grown(l->cap);
		l->list = mem_grow(l->list, l->cap, sizeof(*l->list));
	}
	memmove(&l->list[at + 1], &l->list[at], (l->n - at) * sizeof(*l->list));
	l->list[at] = t;
	l->n++;
}

/* Tracks stand in order of their ids, so that the order of effects does not
 * depend on who came first, nor on how they were restored. */
static size_t
find_position(const struct track_list *l, int64_t vantage_id)
{
	size_t from = 0, to = l->n;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (l->list[middle]->vantage_id < vantage_id)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

static void
link_track(struct member *m, struct track *t)
{
	struct track **link = &m->tracks;

	while (*link != NULL && (*link)->target->id < t->target->id)
		link = &(*link)->next;
	t->next = *link;
	*link = t;
}

static void
marks_grow(struct marks *m, size_t old, size_t n)
{
	m->seen = mem_grow(m->seen, n, sizeof *m->seen);
	memset(m->seen + old, 0, (n - old) * sizeof *m->seen);
}

static void
marks_begin(struct marks *m, size_t n)
{
	if (++m->round != 0)
		return;
	if (n > 0)
		memset(m->seen, 0, n * sizeof *m->seen);
	m->round = 1;
}

static bool
marks_add(struct marks *m, size_t i)
{
	if (m->seen[i] == m->round)
		return false;
	m->seen[i] = m->round;
	return true;
}

static size_t
groups_index(struct groups *g, uint64_t a, uint64_t b)
{
	size_t i = map_get(&g->by_key, a, b);

	if (i != MAP_NONE)
		return i;
	if (g->n == g->cap) {
		size_t old = g->cap;

		g->cap = grown(old);
		marks_grow(&g->marks, old, g->cap);
	}
	map_add(&g->by_key, a, b, g->n);
	return g->n++;
}

static bool
groups_has(const struct groups *g, size_t i)
{
	return i != MAP_NONE && g->marks.seen[i] == g->marks.round;
}

static void
groups_add(struct groups *g, size_t i)
{
	if (i != MAP_NONE)
		(void)marks_add(&g->marks, i);
}

static void
groups_fini(struct groups *g)
{
	free(g->marks.seen);
	map_fini(&g->by_key);
}

void
fleet_retime(struct fleet *f)
{
	for (size_t i = 0; i < f->services->n; i++)
		f->rules[i] = landing_rules_of(&f->services->list[i]);
}

void
fleet_init(struct fleet *f, const struct services *services)
{
	*f = (struct fleet){ .services = services };
	f->rules = mem_new((services->n + 1) * sizeof *f->rules);
	fleet_retime(f);
	f->of_target =
	    mem_new((services->n_targets + 1) * sizeof *f->of_target);
	for (size_t i = 0; i < services->n_targets; i++) {
		uint64_t id = (uint64_t)services->targets[i].id;

		if (map_get(&f->target_by_id, id, 0) == MAP_NONE)
			map_add(&f->target_by_id, id, 0, i);
	}
}

static void
free_member(struct member *m)
{
	free(m->track_of_target);
	free(m);
}

void
fleet_fini(struct fleet *f)
{
	for (size_t i = 0; i < f->n_tracks; i++)
		track_fini(fleet_track_at(f, i));
	for (size_t i = 0; i < f->n_tracks; i += SLAB)
		free(f->slabs[i / SLAB]);
	for (size_t i = 0; i < f->services->n_targets; i++)
		free(f->of_target[i].list);
	for (size_t i = 0; i < f->n_members; i++)
		free_member(f->members[i]);
	free(f->slabs);
	free(f->of_target);
	free(f->members);
	free(f->rules);
	free(f->prefix_of_probe);
	free(f->vantages.seen);
	groups_fini(&f->asns);
	groups_fini(&f->probes);
	groups_fini(&f->prefixes);
	map_fini(&f->member_by_id);
	map_fini(&f->member_by_probe);
	map_fini(&f->target_by_id);
}

/* What its AS is known by: the number, or that of the probe. */
static size_t
as_index(struct fleet *f, const struct vantage *v)
{
	return v->asn != 0 ? groups_index(&f->asns, v->asn, KEY_AS)
			   : groups_index(&f->asns, v->probe, KEY_PROBE);
}

static void
note_prefix(struct fleet *f, struct member *m)
{
	size_t need = f->probes.cap, old = f->cap_prefix_of_probe;

	if (old < need) {
		f->prefix_of_probe = mem_grow(
		    f->prefix_of_probe, need, sizeof *f->prefix_of_probe);
		f->cap_prefix_of_probe = need;
	}
	for (size_t i = old; i < need; i++)
		f->prefix_of_probe[i] = MAP_NONE;
	m->prefix_index = MAP_NONE;
	if (m->vantage.prefix == 0)
		return;
	m->prefix_index = groups_index(&f->prefixes, m->vantage.prefix, 0);
	f->prefix_of_probe[m->probe_index] = m->prefix_index;
}

static struct member *
add_member(struct fleet *f, int64_t vantage_id)
{
	struct member *m = mem_new(sizeof *m);

	if (f->n_members == f->cap_members) {
		size_t old = f->cap_members;

		f->cap_members = grown(old);
		f->members =
		    mem_grow(f->members, f->cap_members, sizeof(*f->members));
		marks_grow(&f->vantages, old, f->cap_members);
	}
	m->index = f->n_members++;
	f->members[m->index] = m;
	map_add(&f->member_by_id, (uint64_t)vantage_id, 0, m->index);
	return m;
}

struct member *
fleet_member(const struct fleet *f, int64_t vantage_id)
{
	size_t i = map_get(&f->member_by_id, (uint64_t)vantage_id, 0);

	return i == MAP_NONE ? NULL : f->members[i];
}

/* A probe has one vantage of each family; of more, the newest are twins. */
static void
link_twin(struct fleet *f, struct member *m)
{
	uint64_t other = m->vantage.family == 4 ? 6 : 4;
	size_t i = map_get(&f->member_by_probe, m->vantage.probe, other);

	if (map_get(&f->member_by_probe, m->vantage.probe, m->vantage.family) ==
	    MAP_NONE)
		map_add(&f->member_by_probe, m->vantage.probe,
		    m->vantage.family, m->index);
	if (i == MAP_NONE)
		return;
	m->twin = f->members[i];
	f->members[i]->twin = m;
}

void
fleet_put_vantage(struct fleet *f, const struct vantage *v)
{
	struct member *m = fleet_member(f, v->id);

	if (m == NULL)
		m = add_member(f, v->id);
	f->n_news++;
	m->vantage = *v;
	link_twin(f, m);
	m->as_index = as_index(f, v);
	m->probe_index = groups_index(&f->probes, v->probe, 0);
	note_prefix(f, m);
}

struct track *
fleet_track_at(const struct fleet *f, size_t i)
{
	return &f->slabs[i / SLAB][i % SLAB];
}

/* Without what each allocation costs, and next to its vantage's others. */
static struct track *
new_track(struct fleet *f)
{
	size_t slab = f->n_tracks / SLAB;

	if (f->n_tracks % SLAB == 0) {
		if ((slab & (slab - 1)) == 0) /* 0, or doubled */
			f->slabs = mem_grow(f->slabs, slab == 0 ? 1 : 2 * slab,
			    sizeof(struct track *));
		f->slabs[slab] = mem_new(SLAB * sizeof(struct track));
	}
	return fleet_track_at(f, f->n_tracks++);
}

static struct track *
add_track(struct fleet *f, struct member *m, const struct target *target)
{
	size_t of_target = (size_t)(target - f->services->targets);
	uint32_t index = (uint32_t)f->n_tracks;
	struct track *t = new_track(f);
	struct track_list *list;

	t->vantage_id = m->vantage.id;
	t->target = target;
	t->member = m;
	t->rules = &f->rules[target->service];
	if (target->role == ROLE_UNICAST)
		t->unicast_site_id =
		    f->services->list[target->service].sites[target->site].id;
	link_track(m, t);
	t->index = index;
	if (m->track_of_target == NULL)
		m->track_of_target = mem_new(
		    f->services->n_targets * sizeof *m->track_of_target);
	m->track_of_target[of_target] = index + 1;
	list = &f->of_target[of_target];
	list_insert(list, find_position(list, t->vantage_id), t);
	return t;
}

struct track *
fleet_track_of(const struct fleet *f, const struct member *m, size_t target)
{
	uint32_t i =
	    m->track_of_target == NULL ? 0 : m->track_of_target[target];

	return i == 0 ? NULL : fleet_track_at(f, i - 1);
}

struct track *
fleet_find_track(const struct fleet *f, int64_t vantage_id, int64_t target_id)
{
	const struct member *m = fleet_member(f, vantage_id);
	size_t target = map_get(&f->target_by_id, (uint64_t)target_id, 0);

	return m == NULL || target == MAP_NONE ? NULL
					       : fleet_track_of(f, m, target);
}

void
fleet_hear(struct fleet *f, struct track *t, int64_t at_us)
{
	struct member *m = f->members[t->member->index];

	t->heard_us = at_us;
	if (at_us > m->heard_us)
		m->heard_us = at_us;
}

struct track *
fleet_track(struct fleet *f, int64_t vantage_id, int64_t target_id)
{
	struct member *m = fleet_member(f, vantage_id);
	size_t target = map_get(&f->target_by_id, (uint64_t)target_id, 0);
	struct track *t;

	if (m == NULL || target == MAP_NONE)
		return NULL;
	t = fleet_track_of(f, m, target);
	return t != NULL ? t : add_track(f, m, &f->services->targets[target]);
}

/* A vantage is of one family, so all its tracks are. */
bool
fleet_is_control_of(const struct track *c, const struct track *t)
{
	const struct target *a = c->target;

	if (a->role == ROLE_CONTROL)
		return true;
	if (a->service != t->target->service)
		return true;
	return a->role == ROLE_UNICAST && c->unicast_site_id != t->home;
}

bool
fleet_control_answered(
    const struct track *t, int64_t since_us, const struct track *except)
{
	for (const struct track *c = t->member->tracks; c != NULL; c = c->next)
		if (c != except && c->ok_us != 0 && c->ok_us >= since_us &&
		    fleet_is_control_of(c, t))
			return true;
	return false;
}

static void
begin_networks(struct fleet *f)
{
	marks_begin(&f->asns.marks, f->asns.cap);
	marks_begin(&f->probes.marks, f->probes.cap);
	marks_begin(&f->prefixes.marks, f->prefixes.cap);
}

void
fleet_count_begin(struct fleet *f)
{
	begin_networks(f);
	marks_begin(&f->vantages, f->cap_members);
}

bool
fleet_count_host(struct fleet *f, const struct member *m)
{
	size_t prefix = m->prefix_index != MAP_NONE
			    ? m->prefix_index
			    : f->prefix_of_probe[m->probe_index];

	if (groups_has(&f->probes, m->probe_index) ||
	    groups_has(&f->prefixes, prefix))
		return false;
	groups_add(&f->probes, m->probe_index);
	groups_add(&f->prefixes, prefix);
	return true;
}

bool
fleet_count_as(struct fleet *f, const struct member *m)
{
	if (groups_has(&f->asns, m->as_index) || !fleet_count_host(f, m))
		return false;
	groups_add(&f->asns, m->as_index);
	return true;
}

bool
fleet_count_vantage(struct fleet *f, const struct member *m)
{
	return marks_add(&f->vantages, m->index);
}

size_t
fleet_count_asns(struct fleet *f, size_t service, track_claim *claim,
    const struct track_query *q)
{
	struct track_walk w = fleet_walk(f, service);
	const struct track *t;
	size_t n = 0;

	begin_networks(f);
	while ((t = fleet_next(&w)) != NULL)
		n += claim(t, q) && fleet_count_as(f, t->member);
	return n;
}

size_t
fleet_count_tracks(const struct fleet *f, size_t service, track_claim *claim,
    const struct track_query *q)
{
	struct track_walk w = fleet_walk(f, service);
	const struct track *t;
	size_t n = 0;

	while ((t = fleet_next(&w)) != NULL)
		n += claim(t, q);
	return n;
}

bool
member_is_trusted(const struct member *m)
{
	return m->vantage.is_trusted && !m->is_quarantined;
}

bool
track_counts(const struct track *t)
{
	return member_is_trusted(t->member) && t->excuse == EXCUSE_NONE &&
	       t->witness.flaps.since_us == 0;
}

bool
track_is_fresh(const struct track *t, const struct track_query *q)
{
	return track_counts(t) && landing_is_fresh(t, q->now_us) &&
	       t->seen_us >= t->rules->round_us &&
	       (q->family == 0 || t->target->address.family == q->family);
}

bool
track_is_on_site(const struct track *t, const struct track_query *q)
{
	return t->home == q->site_id && t->open.state != LANDING_UNKNOWN &&
	       track_is_fresh(t, q);
}

struct track_walk
fleet_walk(const struct fleet *f, size_t service)
{
	return (struct track_walk){ .fleet = f, .service = service };
}

struct track *
fleet_next(struct track_walk *w)
{
	const struct services *s = w->fleet->services;

	for (; w->target < s->n_targets; w->target++, w->i = 0) {
		const struct target *t = &s->targets[w->target];

		if (t->role == ROLE_SERVICE && t->service == w->service &&
		    w->i < w->fleet->of_target[w->target].n)
			return w->fleet->of_target[w->target].list[w->i++];
	}
	return NULL;
}

unsigned
fleet_noise(const struct fleet *f, size_t service, int64_t now_us)
{
	struct track_walk w = fleet_walk(f, service);
	const struct track *t;
	unsigned n = 0;

	while ((t = fleet_next(&w)) != NULL)
		n += noise_count(&t->noise, now_us);
	return n;
}
