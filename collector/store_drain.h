/*
 * store_drain.h - sites emptied on purpose.                          (edge)
 *
 * Uses     store_sqlite.h, collector/detect.h
 * Used by  the subcommand drain (writes, reads), ingest (tells the detector)
 */
#ifndef COLLECTOR_STORE_DRAIN_H
#define COLLECTOR_STORE_DRAIN_H

#include <stdint.h>

#include "collector/detect.h"
#include "collector/store.h"

struct drain_row {
	struct drain drain;
	char *expected; /* JSON: site -> share of those who leave; NULL: none */
};

/* Starts a drain of a site at now_us (since, until and expected count), with a
 * row in the audit; *id is its number.  One transaction.  RC_LIMIT: one is in
 * force.  RC_DB. */
MUST_USE enum rc store_drain_start(
    struct store *st, const struct drain_row *d, int64_t *id, struct err *err);

/* Ends the drain that is in force, with a row in the audit.  RC_NOTFOUND: there
 * is none.  RC_DB. */
MUST_USE enum rc store_drain_undo(
    struct store *st, int64_t site_id, int64_t now_us, struct err *err);

/* The last drain of a site, over or not.  Gives out->expected: release with
 * free().  RC_NOTFOUND: it never had one.  RC_DB. */
MUST_USE enum rc store_drain_last(
    struct store *st, int64_t site_id, struct drain_row *out, struct err *err);

/* Tells the detector of the drains that changed about and after *last_us; moves it on.
 * RC_DB. */
MUST_USE enum rc store_drains(
    struct store *st, struct detect *d, int64_t *last_us, struct err *err);

#endif
