/*
 * store_verify_rollup.h - do the statistics add up to the observations?
 *                                                                    (edge)
 * Uses     store_sqlite.h, rollup
 * Used by  store_verify
 */
#ifndef COLLECTOR_STORE_VERIFY_ROLLUP_H
#define COLLECTOR_STORE_VERIFY_ROLLUP_H

#include <stdint.h>

#include "collector/store.h"

/* Told of each fault, lent. */
typedef void store_verify_fault(void *ctx, const char *text);

/* Reads every row of statistics, and compares hour by hour what they come to
 * with the observations that are in them; first_us: those made later are all
 * there.  RC_DB. */
MUST_USE enum rc store_verify_rollups(struct store *st, int64_t first_us,
    store_verify_fault *fault, void *ctx, struct err *err);

#endif
