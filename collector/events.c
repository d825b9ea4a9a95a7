#include "collector/events.h"

#include <stdlib.h>
#include <string.h>

#include "collector/shift_kept.h"
#include "schema/base/mem.h"

static void
free_event(struct open_event *o)
{
	shift_kept_free(o->count);
	free(o->votes);
	free(o->is_untold);
	free(o);
}

void
events_fini(struct events *e)
{
	for (size_t i = 0; i < e->n; i++)
		free_event(e->list[i]);
	free(e->list);
}

struct open_event *
events_restore(struct events *e, const struct event *event)
{
	struct open_event *o = mem_new(sizeof *o);

	if (e->n == e->cap) {
		e->cap = e->cap == 0 ? 8 : e->cap * 2;
		e->list = mem_grow(e->list, e->cap, sizeof(*e->list));
	}
	o->event = *event;
	e->list[e->n++] = o;
	return o;
}

struct open_event *
events_open(struct events *e, const struct event *event)
{
	struct open_event *o = events_restore(e, event);

	o->event.id = e->next_id++;
	return o;
}

void
events_close(struct events *e, struct open_event *o)
{
	size_t i = 0;

	while (e->list[i] != o)
		i++;
	e->n--;
	memmove(&e->list[i], &e->list[i + 1], (e->n - i) * sizeof(*e->list));
	free_event(o);
}

struct open_event *
events_find(const struct events *e, enum event_kind kind, int64_t site_id)
{
	for (size_t i = 0; i < e->n; i++) {
		if (e->list[i]->event.kind == kind &&
		    e->list[i]->event.site_id == site_id)
			return e->list[i];
	}
	return NULL;
}

struct open_event *
events_by_id(const struct events *e, int64_t id)
{
	for (size_t i = 0; i < e->n; i++) {
		if (e->list[i]->event.id == id)
			return e->list[i];
	}
	return NULL;
}

/* Where the vote is, or would stand. */
static size_t
find_position(const struct open_event *o, int64_t vantage_id, int64_t target_id)
{
	size_t from = 0, to = o->n_votes;

	while (from < to) {
		size_t middle = from + (to - from) / 2;
		const struct vote *v = &o->votes[middle];

		if (v->vantage_id < vantage_id ||
		    (v->vantage_id == vantage_id && v->target_id < target_id))
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

struct vote *
events_find_vote(struct open_event *o, int64_t vantage_id, int64_t target_id)
{
	size_t i = find_position(o, vantage_id, target_id);

	if (i == o->n_votes || o->votes[i].vantage_id != vantage_id ||
	    o->votes[i].target_id != target_id)
		return NULL;
	return &o->votes[i];
}

size_t
events_place_of(const struct open_event *o, const struct vote *v)
{
	return find_position(o, v->vantage_id, v->target_id);
}

static void
set_untold(struct open_event *o, size_t i, bool is_untold)
{
	o->n_untold += is_untold;
	o->n_untold -= o->is_untold[i];
	o->is_untold[i] = is_untold;
}

void
events_tell_vote(struct open_event *o, size_t i)
{
	set_untold(o, i, false);
}

void
events_change_vote(struct open_event *o, const struct vote *v)
{
	set_untold(o, events_place_of(o, v), true);
}

static void
make_room(struct open_event *o)
{
	if (o->n_votes < o->cap_votes)
		return;
	o->cap_votes = o->cap_votes == 0 ? 8 : o->cap_votes * 2;
	o->votes = mem_grow(o->votes, o->cap_votes, sizeof *o->votes);
	o->is_untold =
	    mem_grow(o->is_untold, o->cap_votes, sizeof *o->is_untold);
}

void
events_vote(struct open_event *o, const struct vote *v)
{
	struct vote *known = events_find_vote(o, v->vantage_id, v->target_id);
	size_t i = events_place_of(o, v), n_after = o->n_votes - i;

	if (known != NULL) {
		*known = *v;
		set_untold(o, i, true);
		return;
	}
	make_room(o);
	memmove(&o->votes[i + 1], &o->votes[i], n_after * sizeof *o->votes);
	memmove(&o->is_untold[i + 1], &o->is_untold[i],
	    n_after * sizeof *o->is_untold);
	o->votes[i] = *v;
	o->is_untold[i] = false;
	o->n_votes++;
	set_untold(o, i, true);
}
