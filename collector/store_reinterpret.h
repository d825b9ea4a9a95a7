/*
 * store_reinterpret.h - what is stored, for reading it again.        (edge)
 *
 * Uses     store_sqlite.h, collector/reinterpret.h (values)
 * Used by  reinterpret_command
 */
#ifndef COLLECTOR_STORE_REINTERPRET_H
#define COLLECTOR_STORE_REINTERPRET_H

#include "collector/reinterpret.h"
#include "collector/store.h"
#include "collector/store_chunk.h"

/* Calls row for every stored DNS observation, in order of arrival; lends it.
 * RC_DB. */
MUST_USE enum rc store_answer_each(struct store *st,
    void (*row)(void *ctx, const struct stored_answer *a), void *ctx,
    struct err *err);

/* Calls row for every interval of the journal.  RC_DB. */
MUST_USE enum rc store_landing_each(struct store *st,
    void (*row)(void *ctx, const struct landing *l), void *ctx,
    struct err *err);

/* The following write, within the caller's transaction.  RC_DB.  Sites in order
 * of the observations' ids. */
MUST_USE enum rc store_answer_sites(struct store *st,
    const struct chunk_site *sites, size_t n, struct err *err);
MUST_USE enum rc
store_landing_delete(struct store *st, int64_t id, struct err *err);
MUST_USE enum rc store_moves_delete(struct store *st, int64_t vantage_id,
    int64_t target_id, int64_t from_us, struct err *err);

/* Names the site of an id; "" when there is none.  RC_DB. */
MUST_USE enum rc store_site_name(struct store *st, int64_t id,
    char out[static NAME_MAX_LEN + 1], struct err *err);

#endif
