/*
 * store_observation.h - raw observations, each distinct identity and path
 * once.                                                               (edge)
 *
 * Uses     store_sqlite.h, schema/record.h, jansson (hops)
 * Used by  ingest
 */
#ifndef COLLECTOR_STORE_OBSERVATION_H
#define COLLECTOR_STORE_OBSERVATION_H

#include <stdint.h>

#include "collector/store.h"
#include "schema/record.h"

/* What the collector knows of an observation beside what the probe said. */
struct observation_context {
	int64_t vantage_id, target_id;
	int64_t site_id; /* what the identity meant; 0: nothing */
	int64_t received_us;
	int64_t at_us; /* corrected by the probe's clock offset */
};

/* Remembers the ids of identities and paths lately seen, in bounded memory. */
struct observation_cache;
struct observation_cache *observation_cache_new(void);
void observation_cache_free(struct observation_cache *c); /* NULL is fine */

/* To be called after a rollback: the ids it holds may be gone. */
void observation_cache_forget(struct observation_cache *c);

/* Inserts *o within the caller's transaction.  *id is its row's.  RC_DB. */
MUST_USE enum rc store_observation_put(struct store *st,
    struct observation_cache *c, const struct observation *o,
    const struct observation_context *context, int64_t *id, struct err *err);

#endif
