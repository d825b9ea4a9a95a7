/*
 * store_row.h - the rows of a query as an array of structs.          (edge)
 *
 * Uses     store_sqlite.h
 * Used by  store_*.c
 */
#ifndef COLLECTOR_STORE_ROW_H
#define COLLECTOR_STORE_ROW_H

#include "collector/store_sqlite.h"

/* Fills one zeroed row from the statement's present one. */
typedef void store_fill_row(sqlite3_stmt *s, void *row);

/* Runs a statement to its end; size is that of one row.  Gives *rows: release
 * with free(), NULL when there are none.  RC_DB. */
MUST_USE enum rc store_rows(struct store *st, sqlite3_stmt *s, size_t size,
    store_fill_row *fill, void **rows, size_t *n, struct err *err);

/* A column of text into a char array, cut when it is too long. */
#define ROW_TEXT(array, s, column) row_text(array, sizeof(array), s, column)
void row_text(char *to, size_t cap, sqlite3_stmt *s, int column);

/* A column that may be NULL; says whether it was there. */
bool row_int(sqlite3_stmt *s, int column, int64_t *to);

struct vote_row; /* store_evidence.h */

/* The first columns of a vote, up to when it was confirmed.  Gives the number
 * of the next. */
int row_vote(sqlite3_stmt *s, struct vote_row *v);

#endif
