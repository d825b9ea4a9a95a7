/* verify_journal.c - see verify_journal.h. */
#include "collector/verify_journal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "schema/base/clock.h"
#include "schema/base/mem.h"

struct entry {
	struct landing landing;
	int64_t n_seen;    /* observations from since_us to last_us */
	int64_t n_at_site; /* of those, with the interval's site */
	bool has_first, has_last;
};

struct verify_journal {
	int64_t first_us;
	size_t n, cap;
	struct entry *entries;
	bool is_sorted;
};

struct verify_journal *
verify_journal_new(int64_t first_us)
{
	struct verify_journal *j = mem_new(sizeof *j);

	j->first_us = first_us;
	return j;
}

void
verify_journal_free(struct verify_journal *j)
{
	if (j == NULL)
		return;
	free(j->entries);
	free(j);
}

void
verify_journal_landing(struct verify_journal *j, const struct landing *l)
{
	if (l->last_us < j->first_us)
		return;
	if (j->n == j->cap) {
		j->cap = j->cap == 0 ? 64 : 2 * j->cap;
		j->entries = mem_grow(j->entries, j->cap, sizeof *j->entries);
	}
	j->entries[j->n++] = (struct entry){ .landing = *l };
}

static int
order_of(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

static int
compare(const void *left, const void *right)
{
	const struct landing *a = &((const struct entry *)left)->landing;
	const struct landing *b = &((const struct entry *)right)->landing;
	int order = order_of(a->vantage_id, b->vantage_id);

	if (order == 0)
		order = order_of(a->target_id, b->target_id);
	if (order == 0)
		order = order_of(a->since_us, b->since_us);
	return order != 0 ? order : order_of(a->id, b->id);
}

/* How many entries stand before or at the observation. */
static size_t
place_of(const struct verify_journal *j, const struct verify_seen *o)
{
	size_t low = 0, high = j->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct landing *l = &j->entries[middle].landing;
		int order = order_of(l->vantage_id, o->vantage_id);

		if (order == 0)
			order = order_of(l->target_id, o->target_id);
		if (order == 0)
			order = order_of(l->since_us, o->at_us);
		if (order <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void
verify_journal_see(struct verify_journal *j, const struct verify_seen *o)
{
	if (!j->is_sorted) {
		if (j->n > 0)
			qsort(j->entries, j->n, sizeof *j->entries, compare);
		j->is_sorted = true;
	}
	/* An interval may reach over where the next begins: what is said of
	 * darkness and of where an answer came from overlaps by a few. */
	for (size_t i = place_of(j, o), back = 0; i-- > 0 && back < 4; back++) {
		struct entry *e = &j->entries[i];
		const struct landing *l = &e->landing;

		if (l->vantage_id != o->vantage_id ||
		    l->target_id != o->target_id)
			return;
		if (o->at_us > l->last_us)
			continue;
		e->n_seen++;
		e->n_at_site += o->site_id == l->site_id;
		e->has_first |= o->at_us == l->since_us;
		e->has_last |= o->at_us == l->last_us;
	}
}

/* Why the observations do not bear it out; NULL: they do. */
static const char *
fault_of(const struct verify_journal *j, const struct entry *e)
{
	const struct landing *l = &e->landing;
	bool is_whole = l->since_us > j->first_us;

	if (l->last_us > j->first_us && !e->has_last)
		return "no observation when it was last seen";
	if (!is_whole)
		return NULL;
	if (!e->has_first)
		return "no observation when it began";
	if (l->state != LANDING_DARK && l->n > e->n_seen)
		return "it counts more observations than there are";
	/* The answer that ended a darkness need not have named its site. */
	if (l->state == LANDING_STABLE && l->n > e->n_at_site + 1)
		return "it counts more observations than name its site";
	return NULL;
}

bool
verify_journal_next(
    struct verify_journal *j, size_t *at, char *text, size_t cap)
{
	for (; *at < j->n; (*at)++) {
		const struct entry *e = &j->entries[*at];
		const char *fault = fault_of(j, e);
		char since[CLOCK_TEXT_LEN];

		if (fault == NULL)
			continue;
		snprintf(text, cap,
		    "landing %" PRId64 " (vantage %" PRId64 ", target %" PRId64
		    ", since %s): %s",
		    e->landing.id, e->landing.vantage_id, e->landing.target_id,
		    clock_format_exact(e->landing.since_us, since), fault);
		(*at)++;
		return true;
	}
	return false;
}
