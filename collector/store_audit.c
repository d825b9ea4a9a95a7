/* store_audit.c - see store_audit.h. */
#include "collector/store_audit.h"

#include <inttypes.h>
#include <stdio.h>

#include "collector/store_sqlite.h"

static const char AUDIT[] =
    "INSERT INTO audit (at_us, action, subject, detail) "
    "VALUES (?1, ?2, ?3, ?4)";

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
