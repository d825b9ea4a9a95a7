/*
 * packing.h - observations of past hours are packed, a little at a time.
 *                                                                  (wiring)
 * Uses     chunk, store_chunk, clock
 * Used by  ingest (its ticks)
 *
 * Observations become a block together that were received in one hour, up to a
 * million neighbours: an hour of a small fleet, when it has been over for one
 * (late enough for whoever looks at the table itself), three minutes of twelve
 * thousand vantages, when they are a quarter of an hour old.  A block is looked
 * through, its rows are packed vantage by vantage into chunks, each written by
 * itself, and then it counts as packed, which is one number in the database;
 * only after that do the rows go.  Whatever is killed when, each observation
 * counts once.
 */
#ifndef COLLECTOR_PACKING_H
#define COLLECTOR_PACKING_H

#include <stdint.h>

#include "collector/store.h"

#define PACKING_HOUR_US (INT64_C(3600) * 1000000)
#define PACKING_AFTER_US PACKING_HOUR_US               /* an hour's end */
#define PACKING_FULL_AFTER_US (INT64_C(900) * 1000000) /* of a full block */

struct packing;

struct packing *packing_new(void);
void packing_free(struct packing *p); /* NULL is fine */

/* About once a second, in no transaction; takes a twentieth of one, and the
 * time of packing one chunk.  Observations behind done_id wait, for they are
 * still to be added up.  RC_DB.  RC_LIMIT: one cannot be packed. */
MUST_USE enum rc packing_tick(struct packing *p, struct store *st,
    int64_t done_id, int64_t now_us, struct err *err);

#endif
