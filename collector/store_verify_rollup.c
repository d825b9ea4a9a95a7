/* store_verify_rollup.c - see store_verify_rollup.h. */
#include "collector/store_verify_rollup.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/rollup.h"
#include "collector/store_sqlite.h"
#include "schema/base/clock.h"
#include "schema/base/mem.h"

static const char HOURS[] = "SELECT hour, series_id, body FROM rollup_hour";
static const char DAYS[] = "SELECT day, series_id, body FROM rollup_day";
/* The numbers of record.h: why 0 is the schedule's turn, outcomes 0 and 1 are
 * answers, 2 to 6 losses. */
static const char OBSERVED[] =
    "SELECT at_us / 3600000000, "
    "sum(CASE WHEN kind = 1 AND n_sent > 0 THEN n_sent ELSE 1 END), "
    "sum(CASE WHEN kind = 1 AND n_sent > 0 THEN n_sent - n_received "
    "ELSE outcome >= 2 END) FROM observed, rollup_state s "
    "WHERE observed.id <= s.done_id AND why = 0 "
    "AND kind IN (0, 1) AND outcome <= 6 AND at_us >= max(?1, 0) GROUP BY 1";
static const char UNDER_WAY[] = "SELECT until_id FROM rollup_state";

struct hour {
	int64_t hour;
	uint64_t n, n_lost;           /* in the statistics */
	uint64_t n_seen, n_seen_lost; /* in the observations */
};

struct check {
	struct store *store;
	store_verify_fault *fault;
	void *ctx;
	struct err *err;
	size_t n, cap;
	struct hour *hours; /* in order */
};

/* The hour's place; made when it is new. */
static struct hour *
hour_of(struct check *c, int64_t hour)
{
	size_t low = 0, high = c->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (c->hours[middle].hour < hour)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < c->n && c->hours[low].hour == hour)
		return &c->hours[low];
	if (c->n == c->cap) {
		c->cap = c->cap == 0 ? 64 : 2 * c->cap;
		c->hours = mem_grow(c->hours, c->cap, sizeof *c->hours);
	}
	memmove(c->hours + low + 1, c->hours + low,
	    (c->n++ - low) * sizeof *c->hours);
	c->hours[low] = (struct hour){ .hour = hour };
	return &c->hours[low];
}

static void
add_row(struct check *c, sqlite3_stmt *s, bool is_day)
{
	int64_t at = sqlite3_column_int64(s, 0);
	struct rollup row = { 0 };
	char text[96];

	if (rollup_decode(&row, sqlite3_column_blob(s, 2),
		(size_t)sqlite3_column_bytes(s, 2)) != RC_OK) {
		snprintf(text, sizeof text,
		    "%s %" PRId64 " of series %" PRId64 " cannot be read",
		    is_day ? "day" : "hour", at,
		    (int64_t)sqlite3_column_int64(s, 1));
		c->fault(c->ctx, text);
	}
	for (int i = 0; i < ROLLUP_SLOTS; i++) {
		struct hour *h;

		if (row.slots[i].n == 0)
			continue;
		h = hour_of(c, is_day ? at * 24 + i : at);
		h->n += row.slots[i].n;
		h->n_lost += row.slots[i].n_lost;
	}
	rollup_fini(&row);
}

static enum rc
read_rows(struct check *c, const char *sql, bool is_day)
{
	sqlite3_stmt *s = store_stmt(c->store, sql);
	enum rc rc;

	while ((rc = store_step(c->store, s, c->err)) == RC_OK)
		add_row(c, s, is_day);
	if (s != NULL)
		sqlite3_reset(s);
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

static enum rc
read_observed(struct check *c, int64_t first_us)
{
	sqlite3_stmt *s = store_stmt(c->store, OBSERVED);
	enum rc rc;

	store_bind_int(s, 1, first_us);
	while ((rc = store_step(c->store, s, c->err)) == RC_OK) {
		struct hour *h = hour_of(c, sqlite3_column_int64(s, 0));

		h->n_seen = (uint64_t)sqlite3_column_int64(s, 1);
		h->n_seen_lost = (uint64_t)sqlite3_column_int64(s, 2);
	}
	if (s != NULL)
		sqlite3_reset(s);
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

static void
compare(struct check *c, int64_t first_us)
{
	char text[160], at[CLOCK_TEXT_LEN];

	for (size_t i = 0; i < c->n; i++) {
		const struct hour *h = &c->hours[i];

		if (h->hour * ROLLUP_HOUR_US < first_us ||
		    (h->n == h->n_seen && h->n_lost == h->n_seen_lost))
			continue;
		snprintf(text, sizeof text,
		    "hour %s: %" PRIu64 " questions, %" PRIu64
		    " lost, and the observations say %" PRIu64 ", %" PRIu64,
		    clock_format(h->hour * ROLLUP_HOUR_US, at), h->n, h->n_lost,
		    h->n_seen, h->n_seen_lost);
		c->fault(c->ctx, text);
	}
}

/* Are rows being written?  Then a part of them is there. */
static enum rc
is_under_way(struct check *c, bool *is)
{
	sqlite3_stmt *s = store_stmt(c->store, UNDER_WAY);
	enum rc rc = store_step(c->store, s, c->err);

	*is = rc == RC_OK && sqlite3_column_int64(s, 0) != 0;
	if (s != NULL)
		sqlite3_reset(s);
	return rc;
}

enum rc
store_verify_rollups(struct store *st, int64_t first_us,
    store_verify_fault *fault, void *ctx, struct err *err)
{
	struct check c = { st, fault, ctx, err, 0, 0, NULL };
	bool is_moving = false;
	enum rc rc = read_rows(&c, HOURS, false);

	if (rc == RC_OK)
		rc = read_rows(&c, DAYS, true);
	if (rc == RC_OK)
		rc = is_under_way(&c, &is_moving);
	if (rc == RC_OK && !is_moving) {
		rc = read_observed(&c, first_us);
		if (rc == RC_OK)
			compare(&c, first_us);
	}
	free(c.hours);
	return rc;
}
