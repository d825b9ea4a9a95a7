/* store_quarantine.c - see store_quarantine.h. */
#include "collector/store_quarantine.h"

#include <stdio.h>

#include "collector/store_audit.h"
#include "collector/store_sqlite.h"

static const char PUT[] =
    "INSERT INTO quarantine (vantage_id, reason, since_us, until_us, "
    "updated_us, ending, numbers) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) "
    "ON CONFLICT DO UPDATE SET until_us = excluded.until_us, "
    "updated_us = excluded.updated_us, ending = excluded.ending, "
    "numbers = excluded.numbers WHERE until_us IS NULL";
static const char IS_IN_FORCE[] =
    "SELECT 1 FROM quarantine WHERE vantage_id = ?1 AND since_us = ?2 "
    "AND until_us IS NULL";
static const char NAME[] = "SELECT p.id || '/' || v.family FROM vantage v "
			   "JOIN probe p ON p.id = v.probe_id WHERE v.id = ?1";
static const char RELEASE[] =
    "UPDATE quarantine SET until_us = max(since_us, ?3), ending = 'released', "
    "released_us = max(since_us, ?3) WHERE until_us IS NULL AND vantage_id IN "
    "(SELECT id FROM vantage WHERE probe_id = ?1 AND (?2 IS NULL OR "
    "family = ?2))";
static const char AUDIT_RELEASE[] =
    "INSERT INTO audit (at_us, action, subject, detail) "
    "SELECT ?3, 'released', ?1 || '/' || v.family, 'by hand: ' || q.reason "
    "FROM quarantine q JOIN vantage v ON v.id = q.vantage_id "
    "WHERE q.until_us IS NULL AND v.probe_id = ?1 "
    "AND (?2 IS NULL OR v.family = ?2)";
static const char RELEASES[] =
    "SELECT vantage_id, released_us FROM quarantine WHERE released_us > ?1 "
    "ORDER BY released_us, vantage_id";

static enum rc
put(struct store *st, const struct quarantine *q, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, PUT);

	store_bind_int(s, 1, q->vantage_id);
	store_bind_text(s, 2, distrust_name(q->reason));
	store_bind_int(s, 3, q->since_us);
	store_bind_int_or_null(s, 4, q->until_us != 0, q->until_us);
	store_bind_int(s, 5, q->updated_us);
	store_bind_text(s, 6, q->ending[0] != '\0' ? q->ending : NULL);
	store_bind_text(s, 7, q->numbers);
	return store_run(st, s, err);
}

static enum rc
find_in_force(struct store *st, const struct quarantine *q, bool *is_there,
    struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, IS_IN_FORCE);
	enum rc rc;

	store_bind_int(s, 1, q->vantage_id);
	store_bind_int(s, 2, q->since_us);
	rc = store_step(st, s, err);
	if (s != NULL)
		sqlite3_reset(s);
	*is_there = rc == RC_OK;
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

/* "by the detector: peers {...}", about "0123456789abcdef/4". */
static enum rc
note(struct store *st, const struct quarantine *q, const char *action,
    struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, NAME);
	char name[24] = "", detail[QUARANTINE_TEXT_MAX + 64];
	enum rc rc;

	store_bind_int(s, 1, q->vantage_id);
	rc = store_step(st, s, err);
	if (rc == RC_OK)
		snprintf(name, sizeof name, "%s", store_text(s, 0));
	if (s != NULL)
		sqlite3_reset(s);
	if (rc != RC_OK)
		return rc;
	snprintf(detail, sizeof detail, "by the detector: %s%s%s %s",
	    distrust_name(q->reason), q->ending[0] != '\0' ? ", " : "",
	    q->ending, q->numbers);
	return store_audit(st, q->updated_us, action, name, detail, err);
}

enum rc
store_quarantine_put(
    struct store *st, const struct quarantine *q, struct err *err)
{
	bool was_there, is_there;
	enum rc rc = find_in_force(st, q, &was_there, err);

	if (rc == RC_OK)
		rc = put(st, q, err);
	if (rc == RC_OK)
		rc = find_in_force(st, q, &is_there, err);
	if (rc != RC_OK || was_there == is_there)
		return rc;
	return note(st, q, is_there ? "quarantined" : "released", err);
}

static enum rc
run_release(struct store *st, const char *sql, const char *probe_id,
    uint8_t family, int64_t now_us, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, sql);

	store_bind_text(s, 1, probe_id);
	store_bind_int_or_null(s, 2, family != 0, family);
	store_bind_int(s, 3, now_us);
	return store_run(st, s, err);
}

enum rc
store_quarantine_release(struct store *st, const char *probe_id, uint8_t family,
    int64_t now_us, int64_t *n, struct err *err)
{
	enum rc rc =
	    run_release(st, AUDIT_RELEASE, probe_id, family, now_us, err);

	if (rc == RC_OK)
		rc = run_release(st, RELEASE, probe_id, family, now_us, err);
	if (rc == RC_OK)
		*n = sqlite3_changes64(store_handle(st));
	return rc;
}

enum rc
store_quarantine_releases(
    struct store *st, struct detect *d, int64_t *last_us, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, RELEASES);
	enum rc rc;

	store_bind_int(s, 1, *last_us);
	while ((rc = store_step(st, s, err)) == RC_OK) {
		*last_us = sqlite3_column_int64(s, 1);
		detect_release(d, sqlite3_column_int64(s, 0), *last_us);
	}
	if (s != NULL)
		sqlite3_reset(s);
	return rc == RC_NOTFOUND ? RC_OK : rc;
}
