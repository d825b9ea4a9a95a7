/*
 * store_sqlite.h - what the store_*.c files share of sqlite3.        (edge)
 *
 * Uses     sqlite3
 * Used by  store*.c only
 *
 * Statements are constants, prepared once per connection and kept by the
 * address of their text; parameters are bound by position, from 1.  What is
 * not bound is NULL.
 */
#ifndef COLLECTOR_STORE_SQLITE_H
#define COLLECTOR_STORE_SQLITE_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "schema/base/err.h"

struct store;

/* Makes the table `observed` known to a connection just opened: all
 * observations, packed or not, with the columns of observation, to be read, in
 * order of id, by any bounds on it.  A chunk that cannot be read ends the
 * statement with an error that names it.  In store_observed.c.  RC_DB. */
MUST_USE enum rc store_observed_open(struct store *st, struct err *err);

/* Lends the connection. */
sqlite3 *store_handle(struct store *st);

/* Fills *err from the connection's last error; returns RC_DB. */
enum rc store_db_err(struct store *st, struct err *err, const char *what);

/* Lends the prepared statement of a constant text, reset and unbound.  NULL
 * when it cannot be prepared: the functions below cope with NULL. */
sqlite3_stmt *store_stmt(struct store *st, const char *sql);

/* Bind parameter i (from 1). */
void store_bind_int(sqlite3_stmt *s, int i, int64_t v);
void store_bind_int_or_null(sqlite3_stmt *s, int i, bool has, int64_t v);
void store_bind_real_or_null(sqlite3_stmt *s, int i, bool has, double v);
void store_bind_text(sqlite3_stmt *s, int i, const char *v); /* NULL: NULL */
void store_bind_blob(sqlite3_stmt *s, int i, const void *v, size_t len);

/* RC_OK: a row is there.  RC_NOTFOUND: no (more) rows.  RC_DB. */
MUST_USE enum rc store_step(struct store *st, sqlite3_stmt *s, struct err *err);

/* Runs a statement that gives no rows, and resets it.  RC_DB. */
MUST_USE enum rc store_run(struct store *st, sqlite3_stmt *s, struct err *err);

/* A column of text; "" for NULL.  Valid until the next step. */
const char *store_text(sqlite3_stmt *s, int column);

#endif
