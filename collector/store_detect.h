/*
 * store_detect.h - what the detector decides, and its memory.        (edge)
 *
 * Uses     store_sqlite.h, collector/detect.h
 * Used by  ingest
 */
#ifndef COLLECTOR_STORE_DETECT_H
#define COLLECTOR_STORE_DETECT_H

#include <stdbool.h>
#include <stdint.h>

#include "collector/detect.h"
#include "collector/store.h"

/* Writes one effect within the caller's transaction.  A notice writes nothing
 * here: store_delivery_put is called per alert.  RC_DB. */
MUST_USE enum rc
store_effect_apply(struct store *st, const struct effect *e, struct err *err);

/* The ids that a new detector goes on with.  RC_DB. */
MUST_USE enum rc store_detect_next_ids(struct store *st, int64_t *next_event_id,
    int64_t *next_landing_id, struct err *err);

/* Hands the detector everything it needs of an earlier run, in the order that
 * it wants; vantages must be known to it already.
 * *n_afresh counts tracks of another version.  RC_DB. */
MUST_USE enum rc store_detect_restore(
    struct store *st, struct detect *d, unsigned *n_afresh, struct err *err);

/* Tells the detector, in order, what was announced with an id over *last_id
 * and is in force at now_us or was said in the hour before; moves *last_id
 * on.  RC_DB. */
MUST_USE enum rc store_announcements(struct store *st, struct detect *d,
    int64_t now_us, int64_t *last_id, struct err *err);

/* Puts a notice into the outbox of an alert; once, however often it is called.
 * A resolve only follows an opening that was put there.  RC_DB. */
MUST_USE enum rc store_delivery_put(struct store *st, int64_t event_id,
    bool is_resolve, const char *alert, int64_t now_us, struct err *err);

#endif
