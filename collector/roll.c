/* roll.c - see roll.h. */
#include "collector/roll.h"

#include <stdlib.h>
#include <string.h>

#include "collector/agenda.h"
#include "collector/map.h"
#include "collector/roll_row.h"
#include "schema/base/mem.h"

#define FAMILIES 3   /* both, IPv4, IPv6 */
#define CHANGES 4096 /* that are kept, of each service */

/* The rows of one target, in order of vantages. */
struct rows {
	struct roll_row *list;
	size_t n, cap;
	size_t n_marks[ROLL_MARKS];
	unsigned noise;
};

struct slot {           /* of each track */
	int64_t due_us; /* of its entry in the agenda; ROLL_NEVER: none */
	bool is_touched;
};

struct at_site {
	size_t n_here, n_usual, landings_here;
};

/* What was counted over the rows of a service, in one family or both. */
struct tally {
	bool is_fleet_known, are_sites_known;
	size_t n_fleet, landings;
	struct at_site *sites;
};

struct changes {
	uint64_t epoch;
	size_t n;
	uint32_t members[CHANGES];
};

struct roll {
	struct fleet *fleet;
	const struct services *services;
	struct rows *of_target;
	struct slot *slots;
	size_t n_tracks, cap_tracks; /* that have rows */
	uint32_t *touched;           /* tracks */
	size_t n_touched, cap_touched;
	bool is_all_touched;
	struct agenda agenda;
	struct map sites;         /* place in the service's list */
	struct tally *tallies;    /* FAMILIES of each service */
	uint64_t *serial_changes; /* of each service */
	struct changes *changes;  /* of each service */
	uint32_t *sorted;         /* room to count in: members, site by site */
	size_t cap_sorted;
};

struct roll *
roll_new(struct fleet *f)
{
	struct roll *r = mem_new(sizeof *r);
	const struct services *s = f->services;

	r->fleet = f;
	r->services = s;
	r->of_target = mem_new((s->n_targets + 1) * sizeof *r->of_target);
	r->tallies = mem_new((s->n * FAMILIES + 1) * sizeof *r->tallies);
	r->serial_changes = mem_new((s->n + 1) * sizeof *r->serial_changes);
	r->changes = mem_new((s->n + 1) * sizeof *r->changes);
	for (size_t i = 0; i < s->n; i++) {
		const struct service *of = &s->list[i];

		for (size_t k = 0; k < FAMILIES; k++)
			r->tallies[i * FAMILIES + k].sites =
			    mem_new((of->n_sites + 1) * sizeof(struct at_site));
		for (size_t k = 0; k < of->n_sites; k++) {
			uint64_t id = (uint64_t)of->sites[k].id;

			if (map_get(&r->sites, id, 0) == MAP_NONE)
				map_add(&r->sites, id, 0, k);
		}
	}
	return r;
}

void
roll_free(struct roll *r)
{
	if (r == NULL)
		return;
	for (size_t i = 0; i < r->services->n_targets; i++)
		free(r->of_target[i].list);
	for (size_t i = 0; i < r->services->n * FAMILIES; i++)
		free(r->tallies[i].sites);
	free(r->of_target);
	free(r->tallies);
	free(r->serial_changes);
	free(r->changes);
	free(r->slots);
	free(r->touched);
	free(r->sorted);
	agenda_fini(&r->agenda);
	map_fini(&r->sites);
	free(r);
}

/* Saying what changed. */

void
roll_touch(struct roll *r, const struct track *t)
{
	if (t->index >= r->n_tracks || r->slots[t->index].is_touched)
		return; /* a new one is found without */
	r->slots[t->index].is_touched = true;
	if (r->n_touched == r->cap_touched) {
		r->cap_touched = r->cap_touched == 0 ? 256 : 2 * r->cap_touched;
		r->touched =
		    mem_grow(r->touched, r->cap_touched, sizeof *r->touched);
	}
	r->touched[r->n_touched++] = t->index;
}

static void
begin_epoch(struct changes *c)
{
	c->epoch++;
	c->n = 0;
}

static void
note_member(struct changes *c, uint32_t member)
{
	if (c->n == CHANGES)
		begin_epoch(c);
	else
		c->members[c->n++] = member;
}

/* Who is fresh may be as before. */
static void
forget(struct tally *y, bool is_fleet_too)
{
	y->are_sites_known = false;
	if (is_fleet_too)
		y->is_fleet_known = false;
}

static void
touch_tracks(struct roll *r, const struct member *m)
{
	for (const struct track *t = m->tracks; t != NULL; t = t->next)
		roll_touch(r, t);
}

void
roll_touch_member(struct roll *r, const struct member *m)
{
	touch_tracks(r, m);
	for (size_t i = 0; i < r->services->n * FAMILIES; i++)
		forget(&r->tallies[i], true);
	for (size_t i = 0; i < r->services->n; i++) {
		r->serial_changes[i]++;
		begin_epoch(&r->changes[i]);
	}
}

void
roll_touch_all(struct roll *r)
{
	r->is_all_touched = true;
}

/* Keeping the rows. */

static size_t
find_row(const struct rows *rows, int64_t vantage_id)
{
	size_t from = 0, to = rows->n;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (rows->list[middle].vantage_id < vantage_id)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

static void
count_marks(
    struct rows *rows, const struct roll_row *old, const struct roll_row *new)
{
	unsigned changed = old->marks ^ new->marks;

	for (unsigned i = 0; changed >> i != 0; i++) {
		if ((changed >> i & 1) == 0)
			continue;
		if (new->marks >> i & 1)
			rows->n_marks[i]++;
		else
			rows->n_marks[i]--;
	}
	rows->noise += new->noise;
	rows->noise -= old->noise;
}

static void
note_change(
    struct roll *r, const struct roll_row *old, const struct roll_row *new)
{
	const struct target *target = new->track->target;
	struct tally *tallies = &r->tallies[target->service * FAMILIES];
	bool is_fleet_too = ((old->marks ^ new->marks) & ROLL_FRESH) != 0;

	if (new->marks & ROLL_SERIAL &&
	    (old->serial != new->serial || (old->marks & ROLL_SERIAL) == 0))
		r->serial_changes[target->service]++;
	if (target->role != ROLE_SERVICE ||
	    (old->here == new->here && old->before == new->before &&
		!is_fleet_too))
		return;
	note_member(&r->changes[target->service], new->member);
	forget(&tallies[0], is_fleet_too);
	forget(&tallies[target->address.family == 4 ? 1 : 2], is_fleet_too);
}

static void
write_row(struct roll *r, size_t track, int64_t now_us)
{
	struct track *t = fleet_track_at(r->fleet, track);
	struct rows *rows = &r->of_target[t->target - r->services->targets];
	struct roll_row *row = &rows->list[find_row(rows, t->vantage_id)];
	struct slot *slot = &r->slots[track];
	int64_t until_us;
	struct roll_row new = roll_row_of(t, &r->sites, now_us, &until_us);

	count_marks(rows, row, &new);
	note_change(r, row, &new);
	*row = new;
	if (until_us >= slot->due_us)
		return; /* looked at before that anyway */
	slot->due_us = until_us;
	agenda_add(&r->agenda, until_us, track);
}

static void
add_row(struct roll *r, struct track *t)
{
	struct rows *rows = &r->of_target[t->target - r->services->targets];
	size_t at = find_row(rows, t->vantage_id);

	if (rows->n == rows->cap) {
		rows->cap = rows->cap == 0 ? 16 : 2 * rows->cap;
		rows->list =
		    mem_grow(rows->list, rows->cap, sizeof *rows->list);
	}
	memmove(&rows->list[at + 1], &rows->list[at],
	    (rows->n - at) * sizeof *rows->list);
	rows->list[at] =
	    (struct roll_row){ .vantage_id = t->vantage_id, .track = t };
	rows->n++;
}

/* Rows for the tracks that have been made since; each may have taken the first
 * place among its vantage's. */
static void
add_rows(struct roll *r)
{
	size_t n = r->fleet->n_tracks, old = r->n_tracks;

	if (n > r->cap_tracks) {
		r->cap_tracks = n + n / 2;
		r->slots = mem_grow(r->slots, r->cap_tracks, sizeof *r->slots);
	}
	for (; r->n_tracks < n; r->n_tracks++) {
		r->slots[r->n_tracks] = (struct slot){ .due_us = ROLL_NEVER };
		add_row(r, fleet_track_at(r->fleet, r->n_tracks));
	}
	for (size_t i = old; i < n; i++)
		touch_tracks(r, fleet_track_at(r->fleet, i)->member);
}

/* Brings every row up to now_us. */
static void
settle(struct roll *r, int64_t now_us)
{
	struct agenda_item item;

	if (r->n_tracks < r->fleet->n_tracks)
		add_rows(r);
	for (size_t i = 0; r->is_all_touched && i < r->n_tracks; i++)
		roll_touch(r, fleet_track_at(r->fleet, i));
	r->is_all_touched = false;
	while (r->n_touched > 0) {
		size_t i = r->touched[--r->n_touched];

		r->slots[i].is_touched = false;
		write_row(r, i, now_us);
	}
	while (agenda_take(&r->agenda, now_us, &item)) {
		struct slot *slot = &r->slots[item.what];

		if (slot->due_us != item.at_us)
			continue; /* an earlier one has replaced it */
		slot->due_us = ROLL_NEVER;
		write_row(r, item.what, now_us);
	}
}

/* Walking. */

struct roll_walk
roll_walk(struct roll *r, size_t service, unsigned marks, int64_t now_us)
{
	settle(r, now_us);
	return (struct roll_walk){ .roll = r,
		.service = service,
		.n_targets = r->services->n_targets,
		.marks = (uint16_t)marks };
}

struct roll_walk
roll_walk_target(struct roll *r, size_t target, unsigned marks, int64_t now_us)
{
	struct roll_walk w =
	    roll_walk(r, r->services->targets[target].service, marks, now_us);

	w.target = target;
	w.n_targets = target + 1;
	w.is_unicast_too = true;
	return w;
}

struct roll_walk
roll_walk_site(struct roll *r, size_t service, int64_t site_id, int64_t now_us)
{
	struct roll_walk w = roll_walk(r, service, ROLL_FRESH, now_us);
	size_t i = map_get(&r->sites, (uint64_t)site_id, 0);

	/* Of a site that is none of the service's, all are asked. */
	w.here = i == MAP_NONE ? 0 : (uint16_t)(i + 1);
	return w;
}

static bool
is_asked(const struct roll_walk *w, const struct target *t)
{
	return t->service == w->service &&
	       (t->role == ROLE_SERVICE ||
		   (w->is_unicast_too && t->role == ROLE_UNICAST));
}

static bool
has_any(const struct rows *rows, unsigned marks)
{
	bool is_any = marks == 0;

	for (unsigned i = 0; !is_any && marks >> i != 0; i++)
		is_any = (marks >> i & 1) != 0 && rows->n_marks[i] > 0;
	return is_any;
}

struct track *
roll_next(struct roll_walk *w)
{
	const struct services *s = w->roll->services;

	for (; w->target < w->n_targets; w->target++, w->i = 0) {
		const struct rows *rows = &w->roll->of_target[w->target];

		if (!is_asked(w, &s->targets[w->target]) ||
		    !has_any(rows, w->marks))
			continue;
		while (w->i < rows->n) {
			const struct roll_row *row = &rows->list[w->i++];

			if ((w->marks == 0 || row->marks & w->marks) &&
			    (w->here == 0 || row->here == w->here))
				return row->track;
		}
	}
	return NULL;
}

uint32_t
roll_serial(const struct roll_walk *w)
{
	return w->roll->of_target[w->target].list[w->i - 1].serial;
}

/* Counting. */

static unsigned
bit_of(enum roll_mark mark)
{
	unsigned i = 0;

	while (1U << i != (unsigned)mark)
		i++;
	return i;
}

size_t
roll_count_target(
    struct roll *r, size_t target, enum roll_mark mark, int64_t now_us)
{
	settle(r, now_us);
	return r->of_target[target].n_marks[bit_of(mark)];
}

static bool
is_address_of(const struct target *t, size_t service, size_t family)
{
	return t->role == ROLE_SERVICE && t->service == service &&
	       (family == 0 || (t->address.family == 4) == (family == 1));
}

size_t
roll_count(struct roll *r, size_t service, enum roll_mark mark, int64_t now_us)
{
	size_t n = 0;

	settle(r, now_us);
	for (size_t i = 0; i < r->services->n_targets; i++)
		if (is_address_of(&r->services->targets[i], service, 0))
			n += r->of_target[i].n_marks[bit_of(mark)];
	return n;
}

unsigned
roll_noise(struct roll *r, size_t service, int64_t now_us)
{
	unsigned n = 0;

	settle(r, now_us);
	for (size_t i = 0; i < r->services->n_targets; i++)
		if (is_address_of(&r->services->targets[i], service, 0))
			n += r->of_target[i].noise;
	return n;
}

uint64_t
roll_serial_changes(struct roll *r, size_t service, int64_t now_us)
{
	settle(r, now_us);
	return r->serial_changes[service];
}

struct roll_changes
roll_changes(struct roll *r, size_t service, int64_t now_us)
{
	const struct changes *c = &r->changes[service];

	settle(r, now_us);
	return (struct roll_changes){ c->epoch, c->members, c->n };
}

/* Networks. */

/* A family's fresh rows of a service, one after another in fleet_walk's
 * order. */
struct fresh_walk {
	const struct roll *roll;
	size_t service, family, target, i;
};

static const struct roll_row *
fresh_next(struct fresh_walk *w)
{
	const struct services *s = w->roll->services;

	for (; w->target < s->n_targets; w->target++, w->i = 0) {
		const struct rows *rows = &w->roll->of_target[w->target];

		if (!is_address_of(
			&s->targets[w->target], w->service, w->family))
			continue;
		while (w->i < rows->n) {
			const struct roll_row *row = &rows->list[w->i++];

			if (row->marks & ROLL_FRESH)
				return row;
		}
	}
	return NULL;
}

/* The rows' members site by site, in the same order.  ends: where each site's
 * end, by row's number of it. */
static void
sort_by_site(struct roll *r, struct fresh_walk w, bool is_before, size_t *ends,
    size_t n_sites)
{
	struct fresh_walk again = w;
	const struct roll_row *row;
	size_t at = 0;

	memset(ends, 0, (n_sites + 1) * sizeof *ends);
	while ((row = fresh_next(&w)) != NULL)
		ends[is_before ? row->before : row->here]++;
	for (size_t i = 0; i <= n_sites; i++) {
		size_t n = ends[i];

		ends[i] = at;
		at += n;
	}
	while ((row = fresh_next(&again)) != NULL)
		r->sorted[ends[is_before ? row->before : row->here]++] =
		    row->member;
}

/* fleet_count_as goes by who was counted first, so it is asked again. */
static size_t
count_networks(struct roll *r, size_t from, size_t to)
{
	size_t n = 0;

	fleet_count_begin(r->fleet);
	for (size_t i = from; i < to; i++)
		n += fleet_count_as(r->fleet, r->fleet->members[r->sorted[i]]);
	return n;
}

static void
count_fleet(struct roll *r, struct tally *y, struct fresh_walk w)
{
	const struct roll_row *row;

	y->is_fleet_known = true;
	y->n_fleet = y->landings = 0;
	fleet_count_begin(r->fleet);
	while ((row = fresh_next(&w)) != NULL) {
		y->landings++;
		y->n_fleet +=
		    fleet_count_as(r->fleet, r->fleet->members[row->member]);
	}
}

static void
count_sites(struct roll *r, struct tally *y, struct fresh_walk w)
{
	size_t n_sites = r->services->list[w.service].n_sites;
	size_t *ends = mem_new((n_sites + 1) * sizeof *ends);

	y->are_sites_known = true;
	if (y->landings > r->cap_sorted) {
		r->cap_sorted = 2 * y->landings;
		r->sorted =
		    mem_grow(r->sorted, r->cap_sorted, sizeof *r->sorted);
	}
	sort_by_site(r, w, true, ends, n_sites);
	for (size_t i = 0; i < n_sites; i++)
		y->sites[i].n_usual = count_networks(r, ends[i], ends[i + 1]);
	sort_by_site(r, w, false, ends, n_sites);
	for (size_t i = 0; i < n_sites; i++) {
		y->sites[i].n_here = count_networks(r, ends[i], ends[i + 1]);
		y->sites[i].landings_here = ends[i + 1] - ends[i];
	}
	free(ends);
}

/* The tally of a family, of which the fleet is known. */
static struct tally *
know_fleet(struct roll *r, size_t service, size_t family, int64_t now_us)
{
	struct tally *y = &r->tallies[service * FAMILIES + family];

	settle(r, now_us);
	if (!y->is_fleet_known)
		count_fleet(r, y,
		    (struct fresh_walk){
			.roll = r, .service = service, .family = family });
	return y;
}

struct roll_fleet
roll_fleet(struct roll *r, size_t service, int64_t now_us)
{
	const struct tally *y = know_fleet(r, service, 0, now_us);

	return (struct roll_fleet){ y->n_fleet, y->landings };
}

struct roll_numbers
roll_numbers(
    struct roll *r, size_t service, size_t site, uint8_t family, int64_t now_us)
{
	size_t f = family == 0 ? 0 : family == 4 ? 1 : 2;
	struct tally *y = know_fleet(r, service, f, now_us);

	if (!y->are_sites_known)
		count_sites(r, y,
		    (struct fresh_walk){
			.roll = r, .service = service, .family = f });
	return (struct roll_numbers){ .n_here = y->sites[site].n_here,
		.n_usual = y->sites[site].n_usual,
		.n_fleet = y->n_fleet,
		.landings_here = y->sites[site].landings_here,
		.landings = y->landings };
}

size_t
roll_count_networks(
    struct roll_walk w, track_claim *claim, const struct track_query *q)
{
	struct fleet *f = w.roll->fleet;
	const struct track *t;
	size_t n = 0;

	fleet_count_begin(f);
	while ((t = roll_next(&w)) != NULL)
		n += claim(t, q) && fleet_count_as(f, t->member);
	return n;
}
