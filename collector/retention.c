/* retention.c - see retention.h. */
#include "collector/retention.h"

#include <stdlib.h>

#include "collector/store_chunk.h"
#include "collector/store_heard.h"
#include "collector/store_retention.h"
#include "schema/base/clock.h"
#include "schema/base/mem.h"

#define TICK_BUDGET_US (50 * US_PER_MS)
#define STEP_ROWS 1000
#define LOOK_ROWS 10000 /* observations looked through in a step */
#define LITTLE_EVERY_US (3600 * US_PER_S)
#define SWEEP_EVERY_US (6 * INT64_C(3600) * US_PER_S)

/* Which of what observations refer to is in use: first all observations are
 * looked through, then what was not met is deleted.  What came in meanwhile is
 * looked through before each deletion. */
struct sweep {
	bool is_on;
	int64_t seen_id;           /* observations up to it were looked at */
	int64_t last_id[SHARED_N]; /* what is newer is not swept */
	uint8_t *used[SHARED_N];   /* a bit per id, from 1 on */
	enum shared kind;          /* being deleted */
	int64_t swept_id;
};

struct retention {
	struct sweep sweep;
	int64_t next_sweep_us, next_little_us; /* 0: not yet set */
	int64_t until_mono_us;                 /* of this tick's steps */
	bool has_forgotten;
	bool is_beside_gone; /* nothing is left of what has gone */
};

struct retention *
retention_new(void)
{
	return mem_new(sizeof(struct retention));
}

static void
end_sweep(struct sweep *s)
{
	for (int i = 0; i < SHARED_N; i++)
		free(s->used[i]);
	*s = (struct sweep){ 0 };
}

void
retention_free(struct retention *r)
{
	if (r == NULL)
		return;
	end_sweep(&r->sweep);
	free(r);
}

static bool
has_time(const struct retention *r)
{
	return clock_mono_us() < r->until_mono_us;
}

/* The oldest block, or else observations that are not packed.  *n: how many
 * went. */
static enum rc
expire_some(struct store *st, int64_t before_us, int64_t done_id, int64_t *n,
    struct err *err)
{
	enum rc rc = store_begin(st, err);

	*n = 0;
	if (rc != RC_OK)
		return rc;
	rc = store_chunk_expire(st, before_us, n, err);
	if (rc == RC_OK && *n == 0)
		rc = store_observation_expire(
		    st, before_us, done_id, STEP_ROWS, n, err);
	return store_end(st, rc, err);
}

static enum rc
expire(struct retention *r, struct store *st, int64_t before_us,
    int64_t done_id, struct err *err)
{
	int64_t oldest_us = 0, n;
	enum rc rc = store_observation_oldest(st, &oldest_us, err);

	if (rc != RC_OK || oldest_us >= before_us)
		return rc == RC_NOTFOUND ? RC_OK : rc;
	do {
		rc = expire_some(st, before_us, done_id, &n, err);
		r->is_beside_gone &= n == 0;
	} while (rc == RC_OK && n >= STEP_ROWS && has_time(r));
	return rc;
}

/* What stood beside observations that went, and what was heard before them. */
static enum rc
expire_beside(struct retention *r, struct store *st, struct err *err)
{
	int64_t n, n_heard = 0;
	enum rc rc = RC_OK;

	while (rc == RC_OK && !r->is_beside_gone && has_time(r)) {
		rc = store_beside_expire(st, STEP_ROWS, &n, err);
		if (rc == RC_OK)
			rc = store_heard_expire(st, STEP_ROWS, &n_heard, err);
		r->is_beside_gone =
		    rc == RC_OK && n < STEP_ROWS && n_heard < STEP_ROWS;
	}
	return rc;
}

/* What is few. */
static enum rc
expire_little(struct store *st, int64_t now_us, struct err *err)
{
	int64_t n;
	enum rc rc = store_begin(st, err);

	if (rc != RC_OK)
		return rc;
	rc = store_delivery_expire(
	    st, now_us - RETENTION_NOTICES_US, STEP_ROWS, &n, err);
	if (rc == RC_OK)
		rc = store_heard_expire_vantages(st, err);
	return store_end(st, rc, err);
}

/* The sweep. */

static void
note_used(void *ctx, enum shared kind, int64_t id)
{
	struct sweep *s = ctx;

	if (id > 0 && id <= s->last_id[kind])
		s->used[kind][id / 8] |= (uint8_t)(1 << id % 8);
}

static bool
is_used(const struct sweep *s, int64_t id)
{
	return (s->used[s->kind][id / 8] >> id % 8 & 1) != 0;
}

static enum rc
begin_sweep(struct sweep *s, struct store *st, struct err *err)
{
	enum rc rc = store_shared_last(st, s->last_id, err);

	if (rc != RC_OK)
		return rc;
	for (int i = 0; i < SHARED_N; i++)
		s->used[i] = mem_new((size_t)s->last_id[i] / 8 + 1);
	s->is_on = true;
	return RC_OK;
}

/* Looks through observations until there are no more, or the time is over.
 * RC_AGAIN: there are. */
static enum rc
look(struct retention *r, struct store *st, struct err *err)
{
	struct sweep *s = &r->sweep;
	enum rc rc;

	do
		rc = store_shared_each(
		    st, &s->seen_id, LOOK_ROWS, note_used, s, err);
	while (rc == RC_OK && has_time(r));
	if (rc == RC_NOTFOUND)
		return RC_OK;
	return rc == RC_OK ? RC_AGAIN : rc;
}

/* The next ids that nothing refers to; *n 0: all were looked at. */
static enum rc
find_unused(struct retention *r, struct store *st, int64_t *ids, size_t *n,
    struct err *err)
{
	struct sweep *s = &r->sweep;
	enum rc rc = RC_OK;

	*n = 0;
	while (rc == RC_OK && *n == 0 && s->kind < SHARED_N) {
		int64_t some[STEP_ROWS];
		size_t n_some;

		rc = store_shared_ids(st, s->kind, s->swept_id,
		    s->last_id[s->kind], STEP_ROWS, some, &n_some, err);
		if (rc != RC_OK)
			return rc;
		for (size_t i = 0; i < n_some; i++)
			if (!is_used(s, some[i]))
				ids[(*n)++] = some[i];
		if (n_some > 0) {
			s->swept_id = some[n_some - 1];
		} else {
			s->kind++;
			s->swept_id = 0;
		}
		if (!has_time(r))
			break;
	}
	return rc;
}

static enum rc
delete_ids(struct store *st, enum shared kind, const int64_t *ids, size_t n,
    struct err *err)
{
	enum rc rc = store_references_on(st, false, err);
	enum rc on;

	if (rc != RC_OK)
		return rc;
	rc = store_begin(st, err);
	if (rc == RC_OK) {
		for (size_t i = 0; rc == RC_OK && i < n; i++)
			rc = store_shared_delete(st, kind, ids[i], err);
		rc = store_end(st, rc, err);
	}
	on = store_references_on(st, true, rc == RC_OK ? err : NULL);
	return rc == RC_OK ? on : rc;
}

/* Only this thread stores observations, so nothing can begin to refer to what
 * was not in use a moment ago. */
static enum rc
sweep_some(struct retention *r, struct store *st, struct err *err)
{
	struct sweep *s = &r->sweep;
	int64_t ids[STEP_ROWS];
	size_t n = 0;
	enum shared kind;
	enum rc rc = look(r, st, err);

	if (rc != RC_OK)
		return rc == RC_AGAIN ? RC_OK : rc;
	do {
		rc = find_unused(r, st, ids, &n, err);
		kind = s->kind;
	} while (rc == RC_OK && n == 0 && kind < SHARED_N && has_time(r));
	if (rc == RC_OK && n > 0) {
		rc = delete_ids(st, kind, ids, n, err);
		r->has_forgotten = true;
	}
	if (rc != RC_OK || s->kind == SHARED_N)
		end_sweep(s);
	return rc;
}

static bool
is_due(int64_t *next_us, int64_t every_us, int64_t now_us)
{
	bool is_due = *next_us != 0 && now_us >= *next_us;

	if (*next_us == 0 || is_due)
		*next_us = now_us + every_us;
	return is_due;
}

static enum rc
clean_up(struct retention *r, struct store *st, int64_t now_us, struct err *err)
{
	enum rc rc = RC_OK;

	if (is_due(&r->next_little_us, LITTLE_EVERY_US, now_us))
		rc = expire_little(st, now_us, err);
	if (is_due(&r->next_sweep_us, SWEEP_EVERY_US, now_us) &&
	    !r->sweep.is_on && rc == RC_OK)
		rc = begin_sweep(&r->sweep, st, err);
	if (r->sweep.is_on && rc == RC_OK)
		rc = sweep_some(r, st, err);
	return rc;
}

enum rc
retention_tick(struct retention *r, struct store *st, int64_t keep_us,
    int64_t done_id, int64_t now_us, bool *has_forgotten, struct err *err)
{
	enum rc rc;

	*has_forgotten = false;
	if (keep_us <= 0)
		return RC_OK;
	r->until_mono_us = clock_mono_us() + TICK_BUDGET_US;
	r->has_forgotten = false;
	rc = expire(r, st, now_us - keep_us, done_id, err);
	if (rc == RC_OK)
		rc = expire_beside(r, st, err);
	if (rc == RC_OK && has_time(r))
		rc = clean_up(r, st, now_us, err);
	if (rc == RC_OK && has_time(r))
		rc = store_vacuum_some(st, err);
	*has_forgotten = r->has_forgotten;
	return rc;
}
