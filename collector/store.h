/*
 * store.h - the SQLite database: opening, migrating, transactions.   (edge)
 *
 * Uses     sqlite3, schema/sql_text.h
 * Used by  ingest (writes), the subcommands (read, small edits)
 *
 * What is stored and asked is in store_services.h, store_observation.h,
 * store_probe.h, store_detect.h, store_alert.h and store_report.h; these,
 * with store_sqlite.h, are the only files that know sqlite3.h.
 */
#ifndef COLLECTOR_STORE_H
#define COLLECTOR_STORE_H

#include <stdbool.h>

#include "schema/base/err.h"

struct store;

enum store_mode {
	STORE_SERVE, /* creates and migrates: the collector, the one writer */
	STORE_EDIT, /* small writes of a subcommand, beside a running collector */
	STORE_READ,   /* reports: cannot write; works on a copy elsewhere */
	STORE_SCRATCH /* path ":memory:": to replay in, gone when closed */
};

/* Gives *out: release with store_close.  RC_NOTFOUND: no such file (not for
 * STORE_SERVE).  RC_LIMIT: another STORE_SERVE has it.  RC_RANGE: the schema is newer than this program, or older and
 * the mode is not STORE_SERVE.  RC_DB. */
MUST_USE enum rc store_open(struct store **out, const char *path,
    enum store_mode mode, struct err *err);
void store_close(struct store *st); /* NULL is fine */

/* One write transaction: begin takes the write lock (BEGIN IMMEDIATE), commit
 * makes it durable (synchronous=FULL).  After a failed commit the transaction
 * is rolled back.  RC_DB. */
MUST_USE enum rc store_begin(struct store *st, struct err *err);

/* Everything read until store_rollback is of one moment; nobody waits.  RC_DB. */
MUST_USE enum rc store_begin_reading(struct store *st, struct err *err);

/* Did SQLite find the file itself damaged?  err: what a function of the store
 * has filled in. */
bool store_is_damage(const struct err *err);

MUST_USE enum rc store_commit(struct store *st, struct err *err);
void store_rollback(struct store *st);

/* Ends it: commits when rc is RC_OK, else rolls back and gives rc.  RC_DB. */
MUST_USE enum rc store_end(struct store *st, enum rc rc, struct err *err);

#endif
