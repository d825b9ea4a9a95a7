/* store_alert.c - see store_alert.h. */
#include "collector/store_alert.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "collector/store_row.h"
#include "collector/store_sqlite.h"

#define DELIVERY \
	"SELECT id, event_id, alert, notice, key, created_us, n_tries " \
	"FROM delivery WHERE delivered_us IS NULL AND given_up_us IS NULL "

/* What is said of one event goes out in order: a resolve notice that
 * overtook its opening would leave somebody's pager ringing. */
static const char DUE[] =
    DELIVERY "AND next_try_us <= ?1 AND alert = ?2 AND NOT EXISTS "
	     "(SELECT 1 FROM delivery e WHERE e.event_id = delivery.event_id "
	     "AND e.alert = delivery.alert AND e.id < delivery.id "
	     "AND e.delivered_us IS NULL AND e.given_up_us IS NULL) "
	     "ORDER BY id LIMIT 1";

static const char WAITING[] = DELIVERY "ORDER BY id";

static const char PUT_ATTEMPT[] =
    "INSERT INTO attempt (delivery_id, at_us, status, error) "
    "VALUES (?1, ?2, ?3, ?4)";

/* What is not bound stays as it is. */
static const char MARK[] =
    "UPDATE delivery SET n_tries = n_tries + 1, "
    "next_try_us = coalesce(?2, next_try_us), delivered_us = ?3, "
    "given_up_us = ?4 WHERE id = ?1";

static void
fill_delivery(sqlite3_stmt *s, void *row)
{
	struct delivery *d = row;

	d->id = sqlite3_column_int64(s, 0);
	d->event_id = sqlite3_column_int64(s, 1);
	ROW_TEXT(d->alert, s, 2);
	ROW_TEXT(d->notice, s, 3);
	ROW_TEXT(d->key, s, 4);
	d->created_us = sqlite3_column_int64(s, 5);
	d->n_tries = sqlite3_column_int64(s, 6);
}

enum rc
store_delivery_due(struct store *st, const char *alert, int64_t now_us,
    struct delivery *out, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, DUE);
	struct delivery *rows;
	size_t n;
	enum rc rc;

	store_bind_int(s, 1, now_us);
	store_bind_text(s, 2, alert);
	rc = store_rows(
	    st, s, sizeof *rows, fill_delivery, (void **)&rows, &n, err);
	if (rc != RC_OK)
		return rc;
	if (n == 0)
		return RC_NOTFOUND;
	*out = rows[0];
	free(rows);
	return RC_OK;
}

static enum rc
put_attempt(struct store *st, int64_t delivery_id, const struct attempt *a,
    struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, PUT_ATTEMPT);

	store_bind_int(s, 1, delivery_id);
	store_bind_int(s, 2, a->at_us);
	store_bind_int_or_null(s, 3, a->status != 0, a->status);
	store_bind_text(s, 4, a->error);
	return store_run(st, s, err);
}

static enum rc
mark(struct store *st, int64_t delivery_id, const struct attempt *a,
    struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, MARK);

	store_bind_int(s, 1, delivery_id);
	store_bind_int_or_null(
	    s, 2, a->result == ATTEMPT_LATER, a->next_try_us);
	store_bind_int_or_null(s, 3, a->result == ATTEMPT_DELIVERED, a->at_us);
	store_bind_int_or_null(s, 4, a->result == ATTEMPT_GIVEN_UP, a->at_us);
	return store_run(st, s, err);
}

static enum rc
put_and_mark(struct store *st, int64_t delivery_id, const struct attempt *a,
    struct err *err)
{
	enum rc rc = put_attempt(st, delivery_id, a, err);

	return rc == RC_OK ? mark(st, delivery_id, a, err) : rc;
}

enum rc
store_delivery_attempt(struct store *st, int64_t delivery_id,
    const struct attempt *a, struct err *err)
{
	enum rc rc = store_begin(st, err);

	if (rc != RC_OK)
		return rc;
	return store_end(st, put_and_mark(st, delivery_id, a, err), err);
}

static bool
is_one_of(const char *word, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i], word) == 0)
			return true;
	return false;
}

enum rc
store_delivery_orphans(struct store *st, const char *const *alerts, size_t n,
    int64_t now_us, size_t *n_given_up, struct err *err)
{
	struct attempt why = { .at_us = now_us,
		.error = "no alert of this name in the configuration",
		.result = ATTEMPT_GIVEN_UP };
	struct delivery *rows = NULL;
	size_t n_rows = 0;
	enum rc rc = store_begin(st, err);

	*n_given_up = 0;
	if (rc != RC_OK)
		return rc;
	rc = store_rows(st, store_stmt(st, WAITING), sizeof *rows,
	    fill_delivery, (void **)&rows, &n_rows, err);
	for (size_t i = 0; rc == RC_OK && i < n_rows; i++) {
		if (is_one_of(rows[i].alert, alerts, n))
			continue;
		rc = put_and_mark(st, rows[i].id, &why, err);
		++*n_given_up;
	}
	free(rows);
	return store_end(st, rc, err);
}
