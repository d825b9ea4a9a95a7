/*
 * pack_rig.h - a database, packed.
 *
 * Used by  tests/unit
 */
#ifndef TESTS_UNIT_PACK_RIG_H
#define TESTS_UNIT_PACK_RIG_H

#include "collector/packing.h"
#include "collector/store_backup.h"
#include "collector/store_chunk.h"
#include "collector/store_sqlite.h"
#include "tests/unit/check.h"
#include "tests/unit/fixture.h"

#define PACK_NOW INT64_C(4000000000000000) /* long after everything */

/* One number by a connection of the store. */
static inline int64_t
pack_number(struct store *st, const char *sql)
{
	sqlite3_stmt *s;
	int64_t n = -1;

	T_CHECK(sqlite3_prepare_v2(store_handle(st), sql, -1, &s, NULL) ==
		    SQLITE_OK,
	    "%s: %s", sqlite3_errmsg(store_handle(st)), sql);
	if (sqlite3_step(s) == SQLITE_ROW)
		n = sqlite3_column_int64(s, 0);
	T_CHECK(sqlite3_reset(s) == SQLITE_OK, "%s: %s",
	    sqlite3_errmsg(store_handle(st)), sql);
	sqlite3_finalize(s);
	return n;
}

/* Packs every observation but the newest. */
static inline void
pack_all(struct store *st)
{
	struct packing *p = packing_new();
	struct err err = ERR_NONE;
	int64_t now_us = PACK_NOW;

	do {
		T_CHECK(packing_tick(p, st, INT64_MAX, now_us, &err) == RC_OK,
		    "%s", err.text);
		now_us += INT64_C(1000000);
	} while (pack_number(st, "SELECT count(*) FROM observation") > 1);
	packing_free(p);
}

/* Makes a copy, and packs that. */
static inline void
pack_copy(const char *path, const char *copy)
{
	struct backed_up done;
	struct err err = ERR_NONE;
	struct store *st;

	T_CHECK(store_backup(path, copy, &done, &err) == RC_OK, "%s", err.text);
	T_CHECK(
	    store_open(&st, copy, STORE_SERVE, &err) == RC_OK, "%s", err.text);
	pack_all(st);
	store_close(st);
}

#endif
