/*
 * retention.h - what is too old goes, a little at a time.          (wiring)
 *
 * Uses     store_retention, store_heard, clock
 * Used by  ingest (its ticks)
 *
 * Observations go after the configured time, and with them what the detector
 * heard before the oldest that is left (of vantages, the last word on each
 * stays, for a replay begins with it).  Identities, paths and certificates go
 * when no observation refers to them any more; notices a year after their event
 * was over.  Nothing else does.
 *
 * Each step is a transaction of a bounded number of rows, and a tick makes
 * steps for a twentieth of a second at most: batches wait no longer for it.
 */
#ifndef COLLECTOR_RETENTION_H
#define COLLECTOR_RETENTION_H

#include <stdbool.h>
#include <stdint.h>

#include "collector/store.h"

#define RETENTION_NOTICES_US (INT64_C(365) * 86400 * 1000000)

struct retention;

struct retention *retention_new(void);
void retention_free(struct retention *r); /* NULL is fine */

/* About once a second, in no transaction.  keep_us: how long observations
 * stay; 0: for ever.  Those behind done_id stay longer, for they are still to
 * be added up.  *has_forgotten: rows that observations refer to went, so
 * ids kept in memory may be of none.  RC_DB. */
MUST_USE enum rc retention_tick(struct retention *r, struct store *st,
    int64_t keep_us, int64_t done_id, int64_t now_us, bool *has_forgotten,
    struct err *err);

#endif
