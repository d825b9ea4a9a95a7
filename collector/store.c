/* store.c - see store.h and store_sqlite.h. */
#include "collector/store.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collector/store_sqlite.h"
#include "schema/base/mem.h"
#include "schema/sql_text.h"

#define MAX_STATEMENTS 192

struct store {
	sqlite3 *db;
	int lock_fd; /* STORE_SERVE: one of them per database; -1: none */
	size_t n_statements;
	struct {
		const char *sql; /* its address is the key */
		sqlite3_stmt *stmt;
	} statements[MAX_STATEMENTS];
};

sqlite3 *
store_handle(struct store *st)
{
	return st->db;
}

/* What only a person can mend comes with what to do about it. */
enum rc
store_db_err(struct store *st, struct err *err, const char *what)
{
	int code = sqlite3_errcode(st->db) & 0xff;
	const char *why = sqlite3_errmsg(st->db);

	if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB) {
		(void)err_set(err, RC_DB,
		    "%s: the file is damaged (%s): put a copy made by "
		    "'catchwater backup' in its place; 'catchwater verify' "
		    "tells where",
		    what, why);
		if (err != NULL)
			err->sys_errno = EUCLEAN;
		return RC_DB;
	}
	if (code == SQLITE_IOERR)
		return err_set(err, RC_DB,
		    "%s: %s (code %d): is the disk read-only, or broken? The "
		    "kernel's log tells",
		    what, why, sqlite3_extended_errcode(st->db));
	return err_set(err, RC_DB, "%s: %s", what, why);
}

bool
store_is_damage(const struct err *err)
{
	return err->rc == RC_DB && err->sys_errno == EUCLEAN;
}

static enum rc
exec(struct store *st, const char *sql, struct err *err)
{
	if (sqlite3_exec(st->db, sql, NULL, NULL, NULL) != SQLITE_OK)
		return store_db_err(st, err, "database");
	return RC_OK;
}

static enum rc
user_version(struct store *st, unsigned *version, struct err *err)
{
	sqlite3_stmt *s;
	int r;

	if (sqlite3_prepare_v2(st->db, "PRAGMA user_version", -1, &s, NULL) !=
	    SQLITE_OK)
		return store_db_err(st, err, "database");
	r = sqlite3_step(s);
	*version = (unsigned)sqlite3_column_int(s, 0);
	sqlite3_finalize(s);
	return r == SQLITE_ROW ? RC_OK : store_db_err(st, err, "database");
}

/* References are not enforced while migrations run, for they may make tables
 * anew: what they leave must hold all the same. */
static enum rc
check_references(struct store *st, struct err *err)
{
	sqlite3_stmt *s;
	int r;

	if (sqlite3_prepare_v2(
		st->db, "PRAGMA foreign_key_check", -1, &s, NULL) != SQLITE_OK)
		return store_db_err(st, err, "database");
	r = sqlite3_step(s);
	sqlite3_finalize(s);
	if (r == SQLITE_ROW)
		return err_set(err, RC_DB,
		    "database: after its migration, rows would refer to rows "
		    "that are not there");
	return r == SQLITE_DONE ? RC_OK : store_db_err(st, err, "database");
}

/* Runs migration i and notes it, in one transaction. */
static enum rc
migrate_one(struct store *st, unsigned i, struct err *err)
{
	char note[40];
	enum rc rc;

	snprintf(note, sizeof note, "PRAGMA user_version=%u", i + 1);
	rc = store_begin(st, err);
	if (rc != RC_OK)
		return rc;
	rc = exec(st, sql_migrations[i], err);
	if (rc == RC_OK)
		rc = check_references(st, err);
	if (rc == RC_OK)
		rc = exec(st, note, err);
	return store_end(st, rc, err);
}

static enum rc
check_version(struct store *st, enum store_mode mode, struct err *err)
{
	unsigned version = 0;
	enum rc rc = user_version(st, &version, err);

	if (rc != RC_OK)
		return rc;
	if (version > sql_n_migrations)
		return err_set(err, RC_RANGE,
		    "the database's schema is version "
		    "%u, newer than this program's %u; use a newer catchwater",
		    version, sql_n_migrations);
	if (version < sql_n_migrations && mode != STORE_SERVE &&
	    mode != STORE_SCRATCH)
		return err_set(err, RC_RANGE,
		    "the database's schema is version "
		    "%u, older than this program's %u; start 'catchwater "
		    "serve' "
		    "once to migrate it",
		    version, sql_n_migrations);
	for (; rc == RC_OK && version < sql_n_migrations; version++)
		rc = migrate_one(st, version, err);
	return rc;
}

/* Each vantage's rows are written once a minute, so that they are gone from a
 * small cache when their turn comes. */
#define CACHE "PRAGMA cache_size=-65536;" /* KiB */

static enum rc
configure(struct store *st, enum store_mode mode, struct err *err)
{
	enum rc rc = RC_OK;

	sqlite3_busy_timeout(st->db, 10000);
	if (mode == STORE_SERVE)
		rc = exec(st,
		    "PRAGMA auto_vacuum=INCREMENTAL;"
		    "PRAGMA journal_mode=WAL;" CACHE,
		    err);
	if (rc == RC_OK && mode != STORE_READ)
		rc = exec(st, "PRAGMA synchronous=FULL", err);
	return rc;
}

/* Two collectors on one database would detect and alert twice. */
static enum rc
lock_database(struct store *st, const char *path, struct err *err)
{
	char lock[PATH_MAX];

	snprintf(lock, sizeof lock, "%s.lock", path);
	st->lock_fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (st->lock_fd < 0)
		return err_sys(err, "create %s", lock);
	if (flock(st->lock_fd, LOCK_EX | LOCK_NB) != 0)
		return err_set(err, RC_LIMIT,
		    "another 'catchwater serve' has %s; stop it first", path);
	return RC_OK;
}

static enum rc
open_file(
    struct store *st, const char *path, enum store_mode mode, struct err *err)
{
	int flags = mode == STORE_READ ? SQLITE_OPEN_READONLY
		    : mode == STORE_EDIT
			? SQLITE_OPEN_READWRITE
			: SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
	struct stat file;

	if ((mode == STORE_EDIT || mode == STORE_READ) &&
	    stat(path, &file) != 0)
		return err_set(err, RC_NOTFOUND,
		    "no database at %s; has "
		    "'catchwater serve' been started with this configuration?",
		    path);
	if (sqlite3_open_v2(path, &st->db, flags | SQLITE_OPEN_NOMUTEX, NULL) !=
	    SQLITE_OK)
		return store_db_err(st, err, path);
	return RC_OK;
}

/* Nobody asks SQLite how much memory it uses, and to count it takes a lock
 * around every allocation. */
static void
count_no_memory(void)
{
	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

enum rc
store_open(
    struct store **out, const char *path, enum store_mode mode, struct err *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct store *st = mem_new(sizeof *st);
	enum rc rc = RC_OK;

	pthread_once(&once, count_no_memory);
	st->lock_fd = -1;
	if (mode == STORE_SERVE)
		rc = lock_database(st, path, err);
	if (rc == RC_OK)
		rc = open_file(st, path, mode, err);
	if (rc == RC_OK)
		rc = configure(st, mode, err);
	if (rc == RC_OK)
		rc = check_version(st, mode, err);
	if (rc == RC_OK)
		rc = exec(st, "PRAGMA foreign_keys=ON", err);
	if (rc == RC_OK)
		rc = store_observed_open(st, err);
	if (rc != RC_OK) {
		store_close(st);
		return rc;
	}
	*out = st;
	return RC_OK;
}

void
store_close(struct store *st)
{
	if (st == NULL)
		return;
	for (size_t i = 0; i < st->n_statements; i++)
		sqlite3_finalize(st->statements[i].stmt);
	sqlite3_close(st->db);
	if (st->lock_fd >= 0)
		close(st->lock_fd);
	free(st);
}

enum rc
store_begin(struct store *st, struct err *err)
{
	return exec(st, "BEGIN IMMEDIATE", err);
}

enum rc
store_begin_reading(struct store *st, struct err *err)
{
	return exec(st, "BEGIN; SELECT 1 FROM sqlite_schema LIMIT 1", err);
}

enum rc
store_commit(struct store *st, struct err *err)
{
	enum rc rc = exec(st, "COMMIT", err);

	if (rc != RC_OK)
		store_rollback(st);
	return rc;
}

void
store_rollback(struct store *st)
{
	if (!sqlite3_get_autocommit(st->db))
		(void)exec(st, "ROLLBACK", NULL);
}

enum rc
store_end(struct store *st, enum rc rc, struct err *err)
{
	if (rc == RC_OK)
		return store_commit(st, err);
	store_rollback(st);
	return rc;
}

sqlite3_stmt *
store_stmt(struct store *st, const char *sql)
{
	sqlite3_stmt *s;

	for (size_t i = 0; i < st->n_statements; i++) {
		if (st->statements[i].sql != sql)
			continue;
		s = st->statements[i].stmt;
		sqlite3_reset(s);
		sqlite3_clear_bindings(s);
		return s;
	}
	if (st->n_statements == MAX_STATEMENTS ||
	    sqlite3_prepare_v3(st->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &s,
		NULL) != SQLITE_OK)
		return NULL;
	st->statements[st->n_statements].sql = sql;
	st->statements[st->n_statements++].stmt = s;
	return s;
}

void
store_bind_int(sqlite3_stmt *s, int i, int64_t v)
{
	sqlite3_bind_int64(s, i, v);
}

void
store_bind_int_or_null(sqlite3_stmt *s, int i, bool has, int64_t v)
{
	if (has)
		sqlite3_bind_int64(s, i, v);
}

void
store_bind_real_or_null(sqlite3_stmt *s, int i, bool has, double v)
{
	if (has)
		sqlite3_bind_double(s, i, v);
}

void
store_bind_text(sqlite3_stmt *s, int i, const char *v)
{
	if (v != NULL)
		sqlite3_bind_text(s, i, v, -1, SQLITE_TRANSIENT);
}

void
store_bind_blob(sqlite3_stmt *s, int i, const void *v, size_t len)
{
	sqlite3_bind_blob64(s, i, len > 0 ? v : "", len, SQLITE_TRANSIENT);
}

enum rc
store_step(struct store *st, sqlite3_stmt *s, struct err *err)
{
	int r = s == NULL ? SQLITE_ERROR : sqlite3_step(s);

	if (r == SQLITE_ROW)
		return RC_OK;
	if (r == SQLITE_DONE)
		return RC_NOTFOUND;
	return store_db_err(st, err, "database");
}

enum rc
store_run(struct store *st, sqlite3_stmt *s, struct err *err)
{
	enum rc rc = store_step(st, s, err);

	if (s != NULL)
		sqlite3_reset(s);
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

const char *
store_text(sqlite3_stmt *s, int column)
{
	const char *text = (const char *)sqlite3_column_text(s, column);

	return text == NULL ? "" : text;
}
