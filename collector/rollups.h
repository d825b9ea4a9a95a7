/*
 * rollups.h - observations become statistics, a little at a time.  (wiring)
 *
 * Uses     rollup, store_rollup, clock
 * Used by  ingest (its ticks)
 *
 * What came in before the last full five minutes is looked through in order of
 * arrival, up to a quarter of a million observations at a time, sorted by hour
 * and series, and added to the rows of the hours, late ones too.  The rows and
 * how far they got are written together: after a crash each observation counts
 * once.  Hours older than the configured time are added up, each to one slot of
 * its day's row.
 *
 * Counted are the schedule's own questions and pings, not the further ones that
 * a change or a loss brings, which would count those twice; and of their
 * outcomes not those that are the probe's own fault.  Lost: no answer, or none
 * that could be read.
 */
#ifndef COLLECTOR_ROLLUPS_H
#define COLLECTOR_ROLLUPS_H

#include <stdbool.h>
#include <stdint.h>

#include "collector/store.h"

struct rollups;

struct rollups *rollups_new(void);
void rollups_free(struct rollups *r); /* NULL is fine */

/* About once a second, in no transaction; takes a twentieth of one at most.
 * keep_us: how long hours keep their five minutes; 0: for ever.  RC_DB. */
MUST_USE enum rc rollups_tick(struct rollups *r, struct store *st,
    int64_t keep_us, int64_t now_us, struct err *err);

/* Observations up to this one are in the rollups; 0: none, or not known yet. */
int64_t rollups_done_id(const struct rollups *r);

#endif
