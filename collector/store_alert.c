/* store_alert.c - see store_alert.h. */
#include "collector/store_alert.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "collector/store_row.h"
#include "collector/store_sqlite.h"

/* o: what told of the beginning of its event; f: the first of those that went
 * out with that. */
#define DELIVERY \
	"SELECT d.id, d.event_id, d.alert, d.notice, d.key, d.created_us, " \
	"d.n_tries, d.n_repeat, d.group_id, o.id, o.held IS NOT NULL, f.id, " \
	"f.key, f.created_us FROM delivery d LEFT JOIN delivery o ON " \
	"o.event_id = d.event_id AND o.alert = d.alert AND o.notice = 'open' " \
	"AND o.n_repeat = 0 LEFT JOIN delivery f ON " \
	"f.id = coalesce(o.group_id, o.id) "
#define WAITS "WHERE d.delivered_us IS NULL AND d.given_up_us IS NULL "
/* What is said of one event goes out in order: a resolve notice that
 * overtook its opening would leave somebody's pager ringing. */
#define NONE_BEFORE \
	"AND NOT EXISTS (SELECT 1 FROM delivery e WHERE " \
	"e.event_id = d.event_id AND e.alert = d.alert AND e.id < d.id " \
	"AND e.delivered_us IS NULL AND e.given_up_us IS NULL"

static const char DUE[] = DELIVERY WAITS
    "AND d.next_try_us <= ?1 AND d.alert = ?2 "
    "AND d.created_us + ?3 <= ?1 " NONE_BEFORE ") ORDER BY d.id LIMIT 1";
static const char TOGETHER[] =
    DELIVERY WAITS "AND d.group_id = ?1 ORDER BY d.id";
/* One message is for a person to read. */
static const char FRESH[] = DELIVERY WAITS
    "AND d.next_try_us <= ?1 AND d.alert = ?2 AND d.group_id IS NULL "
    "AND d.event_id IS NOT NULL " NONE_BEFORE
    " AND (e.group_id IS NOT NULL OR e.next_try_us > ?1)) "
    "ORDER BY d.id LIMIT 50";
static const char WAITING[] = DELIVERY WAITS "ORDER BY d.id";
static const char TOLD_OPEN[] =
    DELIVERY "JOIN event v ON v.id = d.event_id AND v.resolved_us IS NULL "
	     "WHERE d.alert = ?1 AND d.notice = 'open' AND d.n_repeat = 0 "
	     "AND d.delivered_us IS NOT NULL ORDER BY d.event_id DESC LIMIT ?2";

static const char SET_GROUP[] =
    "UPDATE delivery SET group_id = ?2 WHERE id = ?1";
static const char WAIT[] = "UPDATE delivery SET next_try_us = ?2 WHERE id = ?1";
static const char HOLD[] =
    "UPDATE delivery SET given_up_us = ?2, held = ?3 WHERE id = ?1";
/* What a rule held back is not said again before another while is over. */
static const char REPEAT[] =
    "INSERT INTO delivery (event_id, alert, notice, n_repeat, key, created_us, "
    "next_try_us) SELECT v.id, ?1, 'open', l.n_repeat + 1, "
    "printf('%d-repeat%d-%s', v.id, l.n_repeat + 1, ?1), ?3, ?3 "
    "FROM event v JOIN delivery l ON l.id = (SELECT max(x.id) FROM delivery x "
    "WHERE x.event_id = v.id AND x.alert = ?1 AND x.notice = 'open') "
    "WHERE v.resolved_us IS NULL AND coalesce(l.delivered_us, "
    "iif(l.n_repeat > 0 AND l.held IS NOT NULL, l.given_up_us, NULL)) + ?2 "
    "<= ?3 ON CONFLICT (key) DO NOTHING";

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
	d->n_repeat = sqlite3_column_int64(s, 7);
	d->group_id = sqlite3_column_int64(s, 8);
	d->open_id = sqlite3_column_int64(s, 9);
	d->is_open_held = sqlite3_column_int(s, 10) != 0;
	d->first_id = sqlite3_column_int64(s, 11);
	ROW_TEXT(d->first_key, s, 12);
	d->first_us = sqlite3_column_int64(s, 13);
}

static enum rc
read_list(struct store *st, sqlite3_stmt *s, struct delivery_list *out,
    struct err *err)
{
	struct delivery_list list;
	enum rc rc = store_rows(st, s, sizeof *list.rows, fill_delivery,
	    (void **)&list.rows, &list.n, err);

	if (rc == RC_OK)
		*out = list;
	return rc;
}

/* What goes out with the first, in place of it alone. */
static enum rc
read_others(struct store *st, const char *alert, int64_t group_wait_us,
    int64_t now_us, struct delivery_list *list, struct err *err)
{
	struct delivery first = list->rows[0];
	sqlite3_stmt *s;

	if (first.group_id == 0 && (group_wait_us == 0 || first.event_id == 0))
		return RC_OK;
	free(list->rows);
	*list = (struct delivery_list){ 0 };
	if (first.group_id != 0) {
		s = store_stmt(st, TOGETHER);
		store_bind_int(s, 1, first.group_id);
	} else {
		s = store_stmt(st, FRESH);
		store_bind_int(s, 1, now_us);
		store_bind_text(s, 2, alert);
	}
	return read_list(st, s, list, err);
}

enum rc
store_delivery_due(struct store *st, const char *alert, int64_t group_wait_us,
    int64_t now_us, struct delivery_list *out, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, DUE);
	struct delivery_list list;
	enum rc rc;

	store_bind_int(s, 1, now_us);
	store_bind_text(s, 2, alert);
	store_bind_int(s, 3, group_wait_us);
	rc = read_list(st, s, &list, err);
	if (rc != RC_OK)
		return rc;
	if (list.n == 0)
		return RC_NOTFOUND;
	rc = read_others(st, alert, group_wait_us, now_us, &list, err);
	if (rc == RC_OK && list.n == 0)
		return RC_NOTFOUND;
	if (rc == RC_OK)
		*out = list;
	return rc;
}

static enum rc
set_group(struct store *st, struct delivery_list *list, struct err *err)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && i < list->n; i++) {
		sqlite3_stmt *s = store_stmt(st, SET_GROUP);

		list->rows[i].group_id = list->rows[0].id;
		store_bind_int(s, 1, list->rows[i].id);
		store_bind_int(s, 2, list->rows[0].id);
		rc = store_run(st, s, err);
	}
	return rc;
}

enum rc
store_delivery_group(
    struct store *st, struct delivery_list *list, struct err *err)
{
	enum rc rc = store_begin(st, err);

	if (rc != RC_OK)
		return rc;
	return store_end(st, set_group(st, list, err), err);
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
store_delivery_attempt(struct store *st, const struct delivery_list *list,
    const struct attempt *a, struct err *err)
{
	enum rc rc = store_begin(st, err);

	if (rc != RC_OK)
		return rc;
	for (size_t i = 0; rc == RC_OK && i < list->n; i++)
		rc = put_and_mark(st, list->rows[i].id, a, err);
	return store_end(st, rc, err);
}

enum rc
store_delivery_wait(
    struct store *st, int64_t delivery_id, int64_t until_us, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, WAIT);

	store_bind_int(s, 1, delivery_id);
	store_bind_int(s, 2, until_us);
	return store_run(st, s, err);
}

enum rc
store_delivery_hold(struct store *st, int64_t delivery_id, int64_t now_us,
    const char *why, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, HOLD);

	store_bind_int(s, 1, delivery_id);
	store_bind_int(s, 2, now_us);
	store_bind_text(s, 3, why);
	return store_run(st, s, err);
}

enum rc
store_delivery_repeat(struct store *st, const char *alert, int64_t every_us,
    int64_t now_us, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, REPEAT);

	store_bind_text(s, 1, alert);
	store_bind_int(s, 2, every_us);
	store_bind_int(s, 3, now_us);
	return store_run(st, s, err);
}

enum rc
store_delivery_open(struct store *st, const char *alert, size_t max,
    struct delivery_list *out, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, TOLD_OPEN);

	store_bind_text(s, 1, alert);
	store_bind_int(s, 2, (int64_t)max);
	return read_list(st, s, out, err);
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
	struct delivery_list list = { 0 };
	enum rc rc = store_begin(st, err);

	*n_given_up = 0;
	if (rc != RC_OK)
		return rc;
	rc = read_list(st, store_stmt(st, WAITING), &list, err);
	for (size_t i = 0; rc == RC_OK && i < list.n; i++) {
		if (is_one_of(list.rows[i].alert, alerts, n))
			continue;
		rc = put_and_mark(st, list.rows[i].id, &why, err);
		++*n_given_up;
	}
	free(list.rows);
	return store_end(st, rc, err);
}
