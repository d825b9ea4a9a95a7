/*
 * store_quarantine.h - vantages that the detector does not believe.  (edge)
 *
 * Uses     store_sqlite.h, store_audit.h, collector/detect.h
 * Used by  store_detect (writes), ingest (hears releases), vantages
 */
#ifndef COLLECTOR_STORE_QUARANTINE_H
#define COLLECTOR_STORE_QUARANTINE_H

#include <stdint.h>

#include "collector/detect.h"
#include "collector/store.h"

/* Inserts or replaces, with a row in the audit when one begins or ends.  One
 * that was released by hand stays so.  RC_DB. */
MUST_USE enum rc store_quarantine_put(
    struct store *st, const struct quarantine *q, struct err *err);

/* Ends those in force of a probe's vantages (family 0: of both), by hand, with
 * rows in the audit; *n: so many.  RC_DB. */
MUST_USE enum rc store_quarantine_release(struct store *st,
    const char *probe_id, uint8_t family, int64_t now_us, int64_t *n,
    struct err *err);

/* Tells the detector of the releases by hand after *last_us, in order; moves
 * *last_us on.  RC_DB. */
MUST_USE enum rc store_quarantine_releases(
    struct store *st, struct detect *d, int64_t *last_us, struct err *err);

#endif
