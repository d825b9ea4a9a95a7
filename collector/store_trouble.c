/* store_trouble.c - see store_trouble.h. */
#include "collector/store_trouble.h"

#include "collector/store_sqlite.h"

static const char PUT[] =
    "INSERT OR REPLACE INTO trouble (alert, part, since_us) VALUES (?1, ?2, "
    "?3)";
static const char DROP[] = "DELETE FROM trouble WHERE alert = ?1 AND part = ?2";
static const char FIND[] =
    "SELECT since_us FROM trouble WHERE alert = ?1 AND part = ?2";

enum rc
store_trouble_put(struct store *st, const char *alert, const char *part,
    int64_t since_us, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, PUT);

	store_bind_text(s, 1, alert);
	store_bind_text(s, 2, part);
	store_bind_int(s, 3, since_us);
	return store_run(st, s, err);
}

enum rc
store_trouble_drop(
    struct store *st, const char *alert, const char *part, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, DROP);

	store_bind_text(s, 1, alert);
	store_bind_text(s, 2, part);
	return store_run(st, s, err);
}

enum rc
store_trouble_find(struct store *st, const char *alert, const char *part,
    int64_t *since_us, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, FIND);
	enum rc rc;

	store_bind_text(s, 1, alert);
	store_bind_text(s, 2, part);
	rc = store_step(st, s, err);
	if (rc == RC_OK)
		*since_us = sqlite3_column_int64(s, 0);
	if (s != NULL)
		sqlite3_reset(s);
	return rc;
}
