/* store_drain.c - see store_drain.h. */
#include "collector/store_drain.h"

#include <stdio.h>

#include "collector/store_row.h"
#include "collector/store_audit.h"
#include "collector/store_sqlite.h"
#include "schema/base/clock.h"
#include "schema/base/mem.h"

/* Who writes takes the time a little before it is on disk: the last minute is
 * read again, which the detector does not mind. */
#define OVERLAP_US (60 * US_PER_S)

#define COLUMNS \
	"id, site_id, since_us, until_us, ended_us, expected, changed_us"
#define IN_FORCE \
	"site_id = ?1 AND ended_us IS NULL AND since_us <= ?2 " \
	"AND (until_us IS NULL OR until_us > ?2)"

static const char FIND[] = "SELECT id FROM drain WHERE " IN_FORCE;
static const char PUT[] =
    "INSERT INTO drain (site_id, since_us, until_us, expected, changed_us) "
    "VALUES (?1, ?2, ?3, ?4, ?2)";
static const char UNDO[] =
    "UPDATE drain SET ended_us = ?2, changed_us = ?2 WHERE " IN_FORCE;
static const char LAST[] = "SELECT " COLUMNS " FROM drain WHERE site_id = ?1 "
			   "ORDER BY since_us DESC, id DESC LIMIT 1";
static const char NEWS[] =
    "SELECT " COLUMNS
    " FROM drain WHERE changed_us > ?1 ORDER BY changed_us, id";
/* The interval after each; of several the last counts (SQLite takes the other
 * columns from the row of the maximum). */
static const char COVERS[] =
    "SELECT 1 FROM event e JOIN drain d ON d.site_id = e.site_id "
    "WHERE e.id = ?1 AND d.since_us <= ?2 AND d.ended_us IS NULL "
    "AND (d.until_us IS NULL OR d.until_us > ?2)";
static const char LAST_STEPS[] =
    "WITH step AS (SELECT vantage_id, target_id, site_id, state, until_us, "
    "lead(site_id) OVER w AS next_site, lead(state) OVER w AS next_state, "
    "lead(since_us) OVER w AS at_us FROM landing "
    "WHERE since_us < ?2 AND target_id IN "
    "(SELECT t.id FROM target t JOIN site i ON i.service_id = t.service_id "
    "WHERE i.id = ?1 AND t.role = 'service') "
    "WINDOW w AS (PARTITION BY vantage_id, target_id ORDER BY since_us)) "
    "SELECT p.vantage_id, p.target_id, max(p.at_us), i.name FROM step p "
    "JOIN site i ON i.id = p.next_site WHERE p.site_id = ?1 "
    "AND p.state = 'stable' AND p.next_state = 'stable' "
    "AND p.next_site <> ?1 GROUP BY p.vantage_id, p.target_id";
static const char STEPS[] =
    "SELECT l.vantage_id, l.target_id, min(l.since_us), i.name "
    "FROM landing l JOIN site i ON i.id = l.site_id "
    "WHERE l.since_us >= ?2 AND l.state = 'stable' "
    "AND (l.site_id = ?1) = ?3 GROUP BY l.vantage_id, l.target_id";

/* RC_LIMIT: a drain of the site is in force. */
static enum rc
check_none(struct store *st, int64_t site_id, int64_t now_us, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, FIND);
	enum rc rc;

	store_bind_int(s, 1, site_id);
	store_bind_int(s, 2, now_us);
	rc = store_step(st, s, err);
	if (s != NULL)
		sqlite3_reset(s);
	if (rc == RC_NOTFOUND)
		return RC_OK;
	return rc == RC_OK ? err_set(err, RC_LIMIT, "the site is in drain")
			   : rc;
}

static enum rc
start(struct store *st, const struct drain_row *d, int64_t *id, struct err *err)
{
	enum rc rc = check_none(st, d->drain.site_id, d->drain.since_us, err);
	sqlite3_stmt *s;

	if (rc != RC_OK)
		return rc;
	s = store_stmt(st, PUT);
	store_bind_int(s, 1, d->drain.site_id);
	store_bind_int(s, 2, d->drain.since_us);
	store_bind_int_or_null(s, 3, d->drain.until_us != 0, d->drain.until_us);
	store_bind_text(s, 4, d->expected);
	rc = store_run(st, s, err);
	if (rc != RC_OK)
		return rc;
	*id = sqlite3_last_insert_rowid(store_handle(st));
	return store_audit_id(
	    st, d->drain.since_us, "drain", d->drain.site_id, NULL, err);
}

enum rc
store_drain_start(
    struct store *st, const struct drain_row *d, int64_t *id, struct err *err)
{
	enum rc rc = store_begin(st, err);

	return rc == RC_OK ? store_end(st, start(st, d, id, err), err) : rc;
}

static enum rc
undo(struct store *st, int64_t site_id, int64_t now_us, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, UNDO);
	enum rc rc;

	store_bind_int(s, 1, site_id);
	store_bind_int(s, 2, now_us);
	rc = store_run(st, s, err);
	if (rc != RC_OK)
		return rc;
	if (sqlite3_changes64(store_handle(st)) == 0)
		return err_set(err, RC_NOTFOUND, "the site is not in drain");
	return store_audit_id(st, now_us, "drain-undo", site_id, NULL, err);
}

enum rc
store_drain_undo(
    struct store *st, int64_t site_id, int64_t now_us, struct err *err)
{
	enum rc rc = store_begin(st, err);

	return rc == RC_OK ? store_end(st, undo(st, site_id, now_us, err), err)
			   : rc;
}

static void
read_drain(sqlite3_stmt *s, struct drain *d)
{
	*d = (struct drain){ .id = sqlite3_column_int64(s, 0),
		.site_id = sqlite3_column_int64(s, 1),
		.since_us = sqlite3_column_int64(s, 2),
		.until_us = sqlite3_column_int64(s, 3),
		.ended_us = sqlite3_column_int64(s, 4) };
}

enum rc
store_drain_last(
    struct store *st, int64_t site_id, struct drain_row *out, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, LAST);
	enum rc rc;

	store_bind_int(s, 1, site_id);
	rc = store_step(st, s, err);
	if (rc == RC_OK) {
		read_drain(s, &out->drain);
		out->expected = sqlite3_column_type(s, 5) == SQLITE_NULL
				    ? NULL
				    : mem_strdup(store_text(s, 5));
	}
	if (s != NULL)
		sqlite3_reset(s);
	return rc;
}

static void
fill_step(sqlite3_stmt *s, void *row)
{
	struct drain_step *p = row;

	p->vantage_id = sqlite3_column_int64(s, 0);
	p->target_id = sqlite3_column_int64(s, 1);
	p->at_us = sqlite3_column_int64(s, 2);
	ROW_TEXT(p->site, s, 3);
}

enum rc
store_drain_last_steps(struct store *st, int64_t site_id, int64_t before_us,
    struct drain_step_list *out, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, LAST_STEPS);

	store_bind_int(s, 1, site_id);
	store_bind_int(s, 2, before_us);
	return store_rows(st, s, sizeof *out->rows, fill_step,
	    (void **)&out->rows, &out->n, err);
}

enum rc
store_drain_steps(struct store *st, int64_t site_id, int64_t since_us,
    bool is_back, struct drain_step_list *out, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, STEPS);

	store_bind_int(s, 1, site_id);
	store_bind_int(s, 2, since_us);
	store_bind_int(s, 3, is_back);
	return store_rows(st, s, sizeof *out->rows, fill_step,
	    (void **)&out->rows, &out->n, err);
}

enum rc
store_drains(
    struct store *st, struct detect *d, int64_t *last_us, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, NEWS);
	struct drain x;
	enum rc rc;

	store_bind_int(s, 1, *last_us - OVERLAP_US);
	while ((rc = store_step(st, s, err)) == RC_OK) {
		read_drain(s, &x);
		*last_us = sqlite3_column_int64(s, 6);
		detect_drain(d, &x);
	}
	if (s != NULL)
		sqlite3_reset(s);
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

enum rc
store_drain_covers(struct store *st, int64_t event_id, int64_t at_us,
    bool *is_drained, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, COVERS);
	enum rc rc;

	store_bind_int(s, 1, event_id);
	store_bind_int(s, 2, at_us);
	rc = store_step(st, s, err);
	if (s != NULL)
		sqlite3_reset(s);
	if (rc != RC_OK && rc != RC_NOTFOUND)
		return rc;
	*is_drained = rc == RC_OK;
	return RC_OK;
}
