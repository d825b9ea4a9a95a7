/*
 * store_compare.h - does a replay come to what is stored?            (edge)
 *
 * Uses     store_sqlite.h
 * Used by  the subcommand verify
 */
#ifndef COLLECTOR_STORE_COMPARE_H
#define COLLECTOR_STORE_COMPARE_H

#include "collector/store.h"

/* Told of the first row of a table that differs, lent. */
typedef void store_compare_told(void *ctx, const char *fault);

/* Compares the journal, the moves, the events and their votes of two databases,
 * row by row.  RC_DB: of either. */
MUST_USE enum rc store_compare(struct store *live, struct store *again,
    store_compare_told *told, void *ctx, struct err *err);

#endif
