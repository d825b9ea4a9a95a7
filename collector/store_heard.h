/*
 * store_heard.h - what the detector heard, stored; and a database to hear it
 * again in.                                                            (edge)
 *
 * Uses     store_sqlite.h, collector/heard.h
 * Used by  ingest, replay, reinterpret_command
 */
#ifndef COLLECTOR_STORE_HEARD_H
#define COLLECTOR_STORE_HEARD_H

#include <stdint.h>

#include "collector/heard.h"
#include "collector/store.h"
#include "schema/record.h"

/* Appends a row, within the caller's transaction.  RC_DB. */
MUST_USE enum rc
store_heard_put(struct store *st, const struct heard *h, struct err *err);

/* Tells the detector of the vantages in the rows before this one, in order, but
 * for rows of another program.  RC_DB. */
MUST_USE enum rc store_heard_vantages(
    struct store *st, int64_t before_id, struct detect *d, struct err *err);

/* Until when the detector's time has passed; 0: never.  RC_DB. */
MUST_USE enum rc
store_heard_mark(struct store *st, int64_t passed_us, struct err *err);
MUST_USE enum rc
store_heard_until(struct store *st, int64_t *passed_us, struct err *err);

/* The newest observation's id; 0: none.  RC_DB. */
MUST_USE enum rc
store_observation_last(struct store *st, int64_t *id, struct err *err);

/* Forgets rows that stand before the oldest observation, but those of vantages:
 * up to n, the oldest.  *n_gone: how many.  RC_DB. */
MUST_USE enum rc store_heard_expire(
    struct store *st, int64_t n, int64_t *n_gone, struct err *err);

/* The same of vantages, but what was last said of each.  RC_DB. */
MUST_USE enum rc store_heard_expire_vantages(struct store *st, struct err *err);

/* A stored observation, as far as the detector hears it. */
struct observation_heard {
	int64_t id, vantage_id, target_id, site_id, at_us, received_us;
	unsigned doubts; /* confidence.h */
	struct observation observation;
};

/* The row with the next id over after_id.  RC_NOTFOUND: that was the last.
 * RC_DB.  RC_MALFORMED (heard): of another program. */
MUST_USE enum rc store_heard_next(
    struct store *st, int64_t after_id, struct heard *out, struct err *err);
/* The same, of those that tell by which times the services went: HEARD_START
 * (by their own), HEARD_TIMES. */
MUST_USE enum rc store_heard_next_times(
    struct store *st, int64_t after_id, struct heard *out, struct err *err);
MUST_USE enum rc store_observation_next(struct store *st, int64_t after_id,
    struct observation_heard *out, struct err *err);

/* Gives *out: a database in memory with the services, sites, targets, probes
 * and vantages of the database at path, and nothing else.  RC_DB. */
MUST_USE enum rc
store_open_scratch(struct store **out, const char *path, struct err *err);

#endif
