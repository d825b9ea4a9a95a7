/* store_audit.c - see store_audit.h. */
#include "collector/store_audit.h"

#include <inttypes.h>
#include <stdio.h>

#include "collector/store_sqlite.h"

static const char AUDIT[] =
    "INSERT INTO audit (at_us, action, subject, detail) "
    "VALUES (?1, ?2, ?3, ?4)";
static const char LAST[] = "SELECT coalesce(max(id), 0) FROM audit";
static const char AFTER[] =
    "SELECT id, action, subject, coalesce(detail, '') FROM audit "
    "WHERE id > ?1 ORDER BY id";

enum rc
store_audit(struct store *st, int64_t at_us, const char *action,
    const char *subject, const char *detail, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, AUDIT);

	store_bind_int(s, 1, at_us);
	store_bind_text(s, 2, action);
	store_bind_text(s, 3, subject);
	store_bind_text(s, 4, detail);
	return store_run(st, s, err);
}

enum rc
store_audit_id(struct store *st, int64_t at_us, const char *action, int64_t id,
    const char *detail, struct err *err)
{
	char subject[24];

	snprintf(subject, sizeof subject, "%" PRId64, id);
	return store_audit(st, at_us, action, subject, detail, err);
}

enum rc
store_audit_last(struct store *st, int64_t *last_id, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, LAST);
	enum rc rc = store_step(st, s, err);

	if (rc == RC_OK)
		*last_id = sqlite3_column_int64(s, 0);
	if (s != NULL)
		sqlite3_reset(s);
	return rc;
}

enum rc
store_audit_after(struct store *st, int64_t *last_id, store_audit_tell *tell,
    void *ctx, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, AFTER);
	enum rc rc;

	store_bind_int(s, 1, *last_id);
	while ((rc = store_step(st, s, err)) == RC_OK) {
		*last_id = sqlite3_column_int64(s, 0);
		tell(ctx, store_text(s, 1), store_text(s, 2), store_text(s, 3));
	}
	if (s != NULL)
		sqlite3_reset(s);
	return rc == RC_NOTFOUND ? RC_OK : rc;
}
