/*
 * store_verify.h - is the database whole, and does it agree with itself?
 *                                                                    (edge)
 * Uses     store_sqlite.h, verify_journal
 * Used by  the subcommand verify
 *
 * Everything is looked at as it was at one moment; a collector may go on
 * meanwhile.
 */
#ifndef COLLECTOR_STORE_VERIFY_H
#define COLLECTOR_STORE_VERIFY_H

#include "collector/store.h"

/* One thing that is not as it should be, or (fault NULL) the check's good end.
 * Lends both. */
typedef void store_verify_told(void *ctx, const char *check, const char *fault);

/* Runs every check in turn, within the caller's transaction
 * (store_begin_reading); at most ten faults of each are told.  A database so
 * damaged that a check cannot go on is a fault of that check. */
void store_verify(struct store *st, store_verify_told *told, void *ctx);

#endif
