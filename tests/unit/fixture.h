/*
 * fixture.h - a database for tests of what reads one.
 *
 * Used by  tests/unit
 *
 * Tests run from the top of the source tree.
 */
#ifndef TESTS_UNIT_FIXTURE_H
#define TESTS_UNIT_FIXTURE_H

#include <stdlib.h>

#include <sqlite3.h>

#include "collector/store.h"
#include "schema/base/file.h"
#include "tests/unit/check.h"

/* Runs SQL on a database by a connection of its own. */
static inline void
fixture_run(const char *path, const char *sql)
{
	sqlite3 *db;
	char *why = NULL;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	sqlite3_busy_timeout(db, 10000);
	T_CHECK(
	    sqlite3_exec(db, sql, NULL, NULL, &why) == SQLITE_OK, "%s", why);
	sqlite3_close(db);
}

/* One number of a database; -1 when there is no row. */
static inline int64_t
fixture_number(const char *path, const char *sql)
{
	sqlite3 *db;
	sqlite3_stmt *s;
	int64_t n = -1;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	sqlite3_busy_timeout(db, 10000);
	T_CHECK(sqlite3_prepare_v2(db, sql, -1, &s, NULL) == SQLITE_OK, "%s",
	    sqlite3_errmsg(db));
	if (sqlite3_step(s) == SQLITE_ROW)
		n = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	sqlite3_close(db);
	return n;
}

/* Makes an empty database with the schema, and runs a file of SQL in it. */
static inline void
fixture_make(const char *path, const char *sql_path)
{
	struct err err = ERR_NONE;
	struct store *st;
	char *sql;
	size_t len;

	T_CHECK(
	    store_open(&st, path, STORE_SERVE, &err) == RC_OK, "%s", err.text);
	store_close(st);
	T_CHECK(file_read(sql_path, 1 << 20, &sql, &len, &err) == RC_OK, "%s",
	    err.text);
	fixture_run(path, sql);
	free(sql);
}

#endif
