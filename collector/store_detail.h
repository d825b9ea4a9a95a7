/*
 * store_detail.h - what few observations have: rows beside the observation's.
 *                                                                     (edge)
 * Uses     store_sqlite.h, hop_text.h
 * Used by  store_observation
 *
 * Second answers, connections over TLS with their certificates, and what a
 * trace brought beside its path.  The rows go with their observation.
 */
#ifndef COLLECTOR_STORE_DETAIL_H
#define COLLECTOR_STORE_DETAIL_H

#include <stdint.h>

#include "collector/store.h"
#include "schema/record.h"

/* Inserts what *o has of them, within the caller's transaction; nothing for
 * most.  observation_id: of its row.  second_nsid_id: of the second answer's
 * identity; 0: none.  RC_DB. */
MUST_USE enum rc store_detail_put(struct store *st, int64_t observation_id,
    const struct observation *o, int64_t second_nsid_id, struct err *err);

#endif
