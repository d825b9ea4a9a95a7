/* store_retention.c - see store_retention.h. */
#include "collector/store_retention.h"

#include "collector/store_chunk.h"
#include "collector/store_sqlite.h"

/* Of the file's pages, those that stay free: what is deleted in an hour makes
 * room for what comes in the next. */
#define SPARE_PART 32

static const char OLDEST[] =
    "SELECT coalesce((SELECT first_us FROM chunk ORDER BY last_id LIMIT 1), "
    "(SELECT received_us FROM observation ORDER BY id LIMIT 1)) AS us "
    "WHERE us IS NOT NULL";
static const char EXPIRE[] = "DELETE FROM observation WHERE id IN "
			     "(SELECT id FROM observation ORDER BY id LIMIT "
			     "?2) AND received_us < ?1 "
			     "AND id <= ?3 AND id < (SELECT max(id) FROM "
			     "observation)"; /* ids never begin anew */
/* One bound for each table, by its key. */
#define BESIDE(table) \
	"DELETE FROM " table \
	" WHERE observation_id IN (SELECT observation_id " \
	"FROM " table " WHERE observation_id < " STORE_OLDEST_ID \
	" ORDER BY observation_id LIMIT ?1)"
static const char *const EXPIRE_BESIDE[] = { BESIDE("tls"),
	BESIDE("second_answer"), BESIDE("hop_note"), BESIDE("doubt") };
#define OLD_DELIVERIES \
	"(SELECT d.id FROM delivery d " \
	"LEFT JOIN event e ON e.id = d.event_id WHERE d.created_us < ?1 " \
	"AND (d.delivered_us IS NOT NULL OR d.given_up_us IS NOT NULL) " \
	"AND (d.event_id IS NULL OR e.resolved_us < ?1) " \
	"ORDER BY d.created_us, d.id LIMIT ?2)"
static const char EXPIRE_ATTEMPTS[] =
    "DELETE FROM attempt WHERE delivery_id IN " OLD_DELIVERIES;
static const char EXPIRE_DELIVERIES[] =
    "DELETE FROM delivery WHERE id IN " OLD_DELIVERIES;
static const char LAST[] =
    "SELECT (SELECT coalesce(max(id), 0) FROM identity), "
    "(SELECT coalesce(max(id), 0) FROM path), "
    "(SELECT coalesce(max(id), 0) FROM certificate)";
static const char USED[] =
    "SELECT id, nsid_id, chaos_id, chaos_nsid_id, path_id FROM observed "
    "WHERE id > ?1 ORDER BY id LIMIT ?2";
static const char USED_SECOND[] =
    "SELECT nsid_id FROM second_answer "
    "WHERE observation_id > ?1 AND observation_id <= ?2";
static const char USED_TLS[] =
    "SELECT certificate_id FROM tls "
    "WHERE observation_id > ?1 AND observation_id <= ?2";
static const char *const IDS[] = {
	[SHARED_IDENTITY] =
	    "SELECT id FROM identity WHERE id > ?1 AND id <= ?2 "
	    "ORDER BY id LIMIT ?3",
	[SHARED_PATH] = "SELECT id FROM path WHERE id > ?1 AND id <= ?2 "
			"ORDER BY id LIMIT ?3",
	[SHARED_CERTIFICATE] = "SELECT id FROM certificate WHERE id > ?1 "
			       "AND id <= ?2 ORDER BY id LIMIT ?3",
};
static const char *const DELETE[] = {
	[SHARED_IDENTITY] = "DELETE FROM identity WHERE id = ?1",
	[SHARED_PATH] = "DELETE FROM path WHERE id = ?1",
	[SHARED_CERTIFICATE] = "DELETE FROM certificate WHERE id = ?1",
};
static const char REFERENCES_ON[] = "PRAGMA foreign_keys = ON";
static const char REFERENCES_OFF[] = "PRAGMA foreign_keys = OFF";
static const char FREE[] =
    "SELECT (SELECT freelist_count FROM pragma_freelist_count), "
    "(SELECT page_count FROM pragma_page_count)";
static const char VACUUM[] = "PRAGMA incremental_vacuum(256)";

/* Runs a DELETE; *n says of how many rows. */
static enum rc delete (
    struct store *st, sqlite3_stmt *s, int64_t *n, struct err *err) {
	enum rc rc = store_run(st, s, err);

	if (rc == RC_OK) *n = sqlite3_changes64(store_handle(st));
	return rc;
}

enum rc
store_observation_oldest(
    struct store *st, int64_t *received_us, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, OLDEST);
	enum rc rc = store_step(st, s, err);

	if (rc == RC_OK)
		*received_us = sqlite3_column_int64(s, 0);
	if (s != NULL)
		sqlite3_reset(s);
	return rc;
}

enum rc
store_beside_expire(
    struct store *st, int64_t n, int64_t *n_gone, struct err *err)
{
	int64_t some = 0;
	enum rc rc = RC_OK;

	*n_gone = 0;
	for (size_t i = 0;
	     rc == RC_OK && i < sizeof EXPIRE_BESIDE / sizeof *EXPIRE_BESIDE;
	     i++) {
		sqlite3_stmt *s = store_stmt(st, EXPIRE_BESIDE[i]);

		store_bind_int(s, 1, n);
		rc = delete (st, s, &some, err);
		*n_gone = some > *n_gone ? some : *n_gone;
	}
	return rc;
}

enum rc
store_observation_expire(struct store *st, int64_t before_us, int64_t done_id,
    int64_t n, int64_t *n_deleted, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, EXPIRE);

	store_bind_int(s, 1, before_us);
	store_bind_int(s, 2, n);
	store_bind_int(s, 3, done_id);
	return delete (st, s, n_deleted, err);
}

enum rc
store_delivery_expire(struct store *st, int64_t before_us, int64_t n,
    int64_t *n_deleted, struct err *err)
{
	static const char *const both[] = { EXPIRE_ATTEMPTS,
		EXPIRE_DELIVERIES };
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && i < 2; i++) {
		sqlite3_stmt *s = store_stmt(st, both[i]);

		store_bind_int(s, 1, before_us);
		store_bind_int(s, 2, n);
		rc = delete (st, s, n_deleted, err);
	}
	return rc;
}

enum rc
store_shared_last(struct store *st, int64_t id[SHARED_N], struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, LAST);
	enum rc rc = store_step(st, s, err);

	for (int i = 0; rc == RC_OK && i < SHARED_N; i++)
		id[i] = sqlite3_column_int64(s, i);
	if (s != NULL)
		sqlite3_reset(s);
	return rc;
}

static void
tell(sqlite3_stmt *s, int column, enum shared kind, store_shared_used *used,
    void *ctx)
{
	if (sqlite3_column_type(s, column) != SQLITE_NULL)
		used(ctx, kind, sqlite3_column_int64(s, column));
}

/* Those that stand in a table of their own, by the observation's id. */
static enum rc
each_beside(struct store *st, const char *sql, enum shared kind,
    int64_t after_id, int64_t last_id, store_shared_used *used, void *ctx,
    struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, sql);
	enum rc rc;

	store_bind_int(s, 1, after_id);
	store_bind_int(s, 2, last_id);
	while ((rc = store_step(st, s, err)) == RC_OK)
		tell(s, 0, kind, used, ctx);
	if (s != NULL)
		sqlite3_reset(s);
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

enum rc
store_shared_each(struct store *st, int64_t *after_id, int64_t n,
    store_shared_used *used, void *ctx, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, USED);
	int64_t last_id = *after_id;
	enum rc rc;

	store_bind_int(s, 1, *after_id);
	store_bind_int(s, 2, n);
	while ((rc = store_step(st, s, err)) == RC_OK) {
		last_id = sqlite3_column_int64(s, 0);
		for (int i = 1; i <= 3; i++)
			tell(s, i, SHARED_IDENTITY, used, ctx);
		tell(s, 4, SHARED_PATH, used, ctx);
	}
	if (s != NULL)
		sqlite3_reset(s);
	if (rc != RC_NOTFOUND)
		return rc;
	if (last_id == *after_id)
		return RC_NOTFOUND;
	rc = each_beside(st, USED_SECOND, SHARED_IDENTITY, *after_id, last_id,
	    used, ctx, err);
	if (rc == RC_OK)
		rc = each_beside(st, USED_TLS, SHARED_CERTIFICATE, *after_id,
		    last_id, used, ctx, err);
	if (rc == RC_OK)
		*after_id = last_id;
	return rc;
}

enum rc
store_shared_ids(struct store *st, enum shared kind, int64_t after_id,
    int64_t last_id, size_t n, int64_t *ids, size_t *n_ids, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, IDS[kind]);
	enum rc rc;

	*n_ids = 0;
	store_bind_int(s, 1, after_id);
	store_bind_int(s, 2, last_id);
	store_bind_int(s, 3, (int64_t)n);
	while ((rc = store_step(st, s, err)) == RC_OK)
		ids[(*n_ids)++] = sqlite3_column_int64(s, 0);
	if (s != NULL)
		sqlite3_reset(s);
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

enum rc
store_references_on(struct store *st, bool is_on, struct err *err)
{
	/* Such a statement works when it is prepared: once, if it were kept. */
	if (sqlite3_exec(store_handle(st),
		is_on ? REFERENCES_ON : REFERENCES_OFF, NULL, NULL,
		NULL) != SQLITE_OK)
		return store_db_err(st, err, "database");
	return RC_OK;
}

enum rc
store_shared_delete(
    struct store *st, enum shared kind, int64_t id, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, DELETE[kind]);

	store_bind_int(s, 1, id);
	return store_run(st, s, err);
}

static enum rc
count_free(struct store *st, int64_t *n_free, int64_t *n_pages, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, FREE);
	enum rc rc = store_step(st, s, err);

	if (rc == RC_OK) {
		*n_free = sqlite3_column_int64(s, 0);
		*n_pages = sqlite3_column_int64(s, 1);
	}
	if (s != NULL)
		sqlite3_reset(s);
	return rc;
}

enum rc
store_vacuum_some(struct store *st, struct err *err)
{
	int64_t n_free = 0, n_pages = 0;
	enum rc rc = count_free(st, &n_free, &n_pages, err);
	sqlite3_stmt *s;

	if (rc != RC_OK || n_free - n_pages / SPARE_PART < STORE_VACUUM_PAGES)
		return rc;
	s = store_stmt(st, VACUUM);
	while ((rc = store_step(st, s, err)) == RC_OK) /* a page each */
		continue;
	if (s != NULL)
		sqlite3_reset(s);
	return rc == RC_NOTFOUND ? RC_OK : rc;
}
