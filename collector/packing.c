/* packing.c - see packing.h. */
#include "collector/packing.h"

#include <stdlib.h>
#include <string.h>

#include "collector/store_chunk.h"
#include "schema/base/clock.h"
#include "schema/base/mem.h"

#define TICK_BUDGET_US (50 * US_PER_MS)
#define LOOK_ROWS 5000
#define FETCH_ROWS 500
#define DROP_ROWS 2000
#define LOOK_EVERY_US (30 * US_PER_S)

/* An observation of the block. */
struct item {
	int64_t id;
	int64_t vantage_id;
};

enum phase { PHASE_DROP, PHASE_WAIT, PHASE_LOOK, PHASE_PACK };

struct packing {
	bool is_known; /* packed_id has been read */
	int64_t packed_id;
	enum phase phase;
	int64_t next_look_us;
	int64_t done_id, now_us, until_mono_us; /* of this tick */
	/* The block: its observations, by id, then by vantage. */
	struct chunk_block block;
	int64_t hour_end_us; /* of its first */
	size_t n, cap;
	struct item *items;
	bool is_whole, is_full; /* no more belongs to it; for it is full */
	/* Of these, the first n_packed are in chunks, those up to end make the
	 * next, and those up to at have been fetched. */
	size_t n_packed, at, end;
	struct chunk_builder *chunk;
};

struct packing *
packing_new(void)
{
	return mem_new(sizeof(struct packing));
}

static void
forget_block(struct packing *p)
{
	chunk_builder_free(p->chunk);
	free(p->items);
	p->chunk = NULL;
	p->items = NULL;
	p->n = p->cap = 0;
	p->n_packed = p->at = p->end = 0;
}

void
packing_free(struct packing *p)
{
	if (p == NULL)
		return;
	forget_block(p);
	free(p);
}

static bool
has_time(const struct packing *p)
{
	return clock_mono_us() < p->until_mono_us;
}

/* ---- what is packed goes ---- */

static enum rc
drop(struct packing *p, struct store *st, struct err *err)
{
	int64_t n = DROP_ROWS;
	enum rc rc = RC_OK;

	while (rc == RC_OK && n == DROP_ROWS && has_time(p))
		rc = store_chunk_drop_raw(st, DROP_ROWS, &n, err);
	if (rc == RC_OK && n < DROP_ROWS)
		p->phase = PHASE_WAIT;
	return rc;
}

/* ---- which make a block ---- */

static int64_t
end_of_hour(int64_t us)
{
	return us - us % PACKING_HOUR_US + PACKING_HOUR_US;
}

/* Is an hour over for long enough? */
static bool
is_over(const struct packing *p, int64_t end_us)
{
	return p->now_us >= end_us + PACKING_AFTER_US;
}

/* Is it old enough, and of the block's hour?  Of an hour that cannot be packed
 * yet not even the first does. */
static bool
belongs(const struct packing *p, const struct chunk_seen *o)
{
	if (o->id > p->done_id ||
	    o->received_us > p->now_us - PACKING_FULL_AFTER_US)
		return false;
	if (p->n > 0)
		return o->received_us < p->hour_end_us;
	return is_over(p, end_of_hour(o->received_us)) ||
	       p->done_id - o->id >= CHUNK_BLOCK_IDS;
}

static bool
take(void *ctx, const struct chunk_seen *o)
{
	struct packing *p = ctx;
	struct chunk_block *b = &p->block;

	if (p->n > 0 && o->id - b->first_id >= CHUNK_BLOCK_IDS)
		p->is_full = true;
	if (p->is_full || !belongs(p, o)) {
		p->is_whole = true;
		return false;
	}
	if (p->n == 0) {
		*b = (struct chunk_block){ o->id, o->id, o->received_us,
			o->received_us };
		p->hour_end_us = end_of_hour(o->received_us);
	}
	if (p->n == p->cap) {
		p->cap = p->cap == 0 ? 256 : 2 * p->cap;
		p->items = mem_grow(p->items, p->cap, sizeof *p->items);
	}
	p->items[p->n++] = (struct item){ o->id, o->vantage_id };
	b->last_id = o->id;
	if (o->received_us < b->first_us)
		b->first_us = o->received_us;
	if (o->received_us > b->last_us)
		b->last_us = o->received_us;
	return true;
}

/* A stable pass over one byte of the vantages' ids. */
static void
sort_by_byte(const struct item *from, struct item *to, size_t n, int shift)
{
	size_t first[257] = { 0 };

	for (size_t i = 0; i < n; i++)
		first[((uint64_t)from[i].vantage_id >> shift & 0xff) + 1]++;
	for (int b = 0; b < 256; b++)
		first[b + 1] += first[b];
	for (size_t i = 0; i < n; i++)
		to[first[(uint64_t)from[i].vantage_id >> shift & 0xff]++] =
		    from[i];
}

/* By vantage, then by id, in which order they are: some ten times faster than
 * qsort, for nobody else works meanwhile. */
static void
sort_items(struct packing *p)
{
	struct item *other = mem_new(p->n * sizeof *other), *list = p->items;
	uint64_t all = 0;

	for (size_t i = 0; i < p->n; i++)
		all |= (uint64_t)list[i].vantage_id;
	for (int shift = 0; shift < 64 && all >> shift != 0; shift += 8) {
		struct item *sorted = list == p->items ? other : p->items;

		sort_by_byte(list, sorted, p->n, shift);
		list = sorted;
	}
	if (list == other) {
		other = p->items;
		p->items = list;
		p->cap = p->n;
	}
	free(other);
}

static int
compare_ids(const void *left, const void *right)
{
	const struct item *a = left, *b = right;

	return (a->id > b->id) - (a->id < b->id);
}

/* The items of the next chunk, in order of id; vantages are not cut where that
 * can be. */
static void
choose(struct packing *p)
{
	size_t end = p->n_packed + CHUNK_ROWS_MAX, cut;

	if (end >= p->n) {
		end = p->n;
	} else {
		for (cut = end;
		     cut > p->n_packed &&
		     p->items[cut - 1].vantage_id == p->items[end].vantage_id;)
			cut--;
		end = cut > p->n_packed ? cut : end;
	}
	qsort(p->items + p->n_packed, end - p->n_packed, sizeof *p->items,
	    compare_ids);
	p->at = p->n_packed;
	p->end = end;
	chunk_builder_clear(p->chunk);
}

/* Is it one that nothing will come to? */
static bool
is_ready(const struct packing *p)
{
	return p->n > 0 && (p->is_full || is_over(p, p->hour_end_us));
}

static enum rc
look(struct packing *p, struct store *st, struct err *err)
{
	int64_t n_told = LOOK_ROWS;
	enum rc rc = RC_OK;

	while (
	    rc == RC_OK && !p->is_whole && n_told == LOOK_ROWS && has_time(p))
		rc = store_chunk_look(st,
		    p->n > 0 ? p->block.last_id : p->packed_id, LOOK_ROWS, take,
		    p, &n_told, err);
	if (rc != RC_OK || (!p->is_whole && n_told == LOOK_ROWS))
		return rc;
	if (!is_ready(p)) {
		forget_block(p);
		p->phase = PHASE_WAIT;
		p->next_look_us = p->now_us + LOOK_EVERY_US;
		return RC_OK;
	}
	sort_items(p);
	p->chunk = chunk_builder_new();
	choose(p);
	p->phase = PHASE_PACK;
	return RC_OK;
}

/* ---- packing it ---- */

static enum rc
put(struct packing *p, struct store *st, struct err *err)
{
	uint8_t *body = NULL;
	size_t len = 0;
	bool is_last = p->at == p->n;
	enum rc rc = chunk_build(p->chunk, &body, &len, err);

	if (rc == RC_OK)
		rc = store_begin(st, err);
	if (rc != RC_OK) {
		free(body);
		return rc;
	}
	rc = store_chunk_put(
	    st, &p->block, chunk_builder_n(p->chunk), body, len, err);
	free(body);
	if (rc == RC_OK && is_last)
		rc = store_chunk_finish(st, p->block.last_id, err);
	rc = store_end(st, rc, err);
	if (rc != RC_OK)
		return rc;
	p->n_packed = p->at;
	if (!is_last) {
		if (p->at == p->end)
			choose(p);
		else
			chunk_builder_clear(p->chunk);
		return RC_OK;
	}
	p->packed_id = p->block.last_id;
	forget_block(p);
	p->phase = PHASE_DROP;
	return RC_OK;
}

/* Some of the chunk's observations, in one go. */
static enum rc
fetch(struct packing *p, struct store *st, struct err *err)
{
	enum rc rc = store_begin_reading(st, err);

	for (int i = 0; rc == RC_OK && i < FETCH_ROWS && p->at < p->end &&
			!chunk_builder_is_full(p->chunk);
	     i++)
		rc = store_chunk_fetch(st, p->items[p->at++].id, p->chunk, err);
	store_rollback(st);
	return rc;
}

static enum rc
pack(struct packing *p, struct store *st, struct err *err)
{
	enum rc rc = fetch(p, st, err);

	if (rc == RC_OK && (p->at == p->end || chunk_builder_is_full(p->chunk)))
		rc = put(p, st, err);
	return rc;
}

/* ---- the whole ---- */

/* As after a restart. */
static enum rc
know_state(struct packing *p, struct store *st, struct err *err)
{
	enum rc rc;

	if (p->is_known)
		return RC_OK;
	forget_block(p);
	rc = store_chunk_packed(st, &p->packed_id, err);
	if (rc == RC_OK)
		rc = store_chunk_drop_rest(st, err);
	if (rc != RC_OK)
		return rc;
	p->phase = PHASE_DROP;
	p->next_look_us = 0;
	p->is_known = true;
	return RC_OK;
}

static enum rc
work(struct packing *p, struct store *st, struct err *err)
{
	switch (p->phase) {
	case PHASE_DROP:
		return drop(p, st, err);
	case PHASE_WAIT:
		p->is_whole = p->is_full = false;
		p->phase = PHASE_LOOK;
		return RC_OK;
	case PHASE_LOOK:
		return look(p, st, err);
	case PHASE_PACK:
		return pack(p, st, err);
	}
	return RC_OK;
}

enum rc
packing_tick(struct packing *p, struct store *st, int64_t done_id,
    int64_t now_us, struct err *err)
{
	enum rc rc;

	p->until_mono_us = clock_mono_us() + TICK_BUDGET_US;
	p->now_us = now_us;
	p->done_id = done_id;
	rc = know_state(p, st, err);
	while (rc == RC_OK && has_time(p) &&
	       (p->phase != PHASE_WAIT || now_us >= p->next_look_us))
		rc = work(p, st, err);
	if (rc == RC_OK || rc == RC_AGAIN)
		return RC_OK;
	p->is_known = false;
	if (rc != RC_NOTFOUND)
		return rc;
	return RC_OK; /* one went meanwhile: from the beginning */
}
