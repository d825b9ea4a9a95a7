/*
 * store_retention.h - deleting what is too old, a bounded step at a time.
 *                                                                    (edge)
 * Uses     store_sqlite.h
 * Used by  upkeep
 *
 * Every step is within the caller's transaction unless it says otherwise.
 */
#ifndef COLLECTOR_STORE_RETENTION_H
#define COLLECTOR_STORE_RETENTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collector/store.h"

/* When the oldest observation was received.  RC_NOTFOUND: there is none.
 * RC_DB. */
MUST_USE enum rc store_observation_oldest(
    struct store *st, int64_t *received_us, struct err *err);

/* Deletes up to n rows of each table that stands beside observations, whose
 * observations are gone.  *n_gone: the most of a table.  RC_DB. */
MUST_USE enum rc store_beside_expire(
    struct store *st, int64_t n, int64_t *n_gone, struct err *err);

/* Deletes up to n of the oldest observations that are not packed, those up to done_id that were
 * received before before_us; never the newest, so that ids go on.
 * *n_deleted says how many.  RC_DB. */
MUST_USE enum rc store_observation_expire(struct store *st, int64_t before_us,
    int64_t done_id, int64_t n, int64_t *n_deleted, struct err *err);

/* Deletes up to n deliveries, with their attempts, that came to an end and
 * belong to an event (or a test) that was over before before_us.  RC_DB. */
MUST_USE enum rc store_delivery_expire(struct store *st, int64_t before_us,
    int64_t n, int64_t *n_deleted, struct err *err);

/* What observations refer to. */
enum shared { SHARED_IDENTITY, SHARED_PATH, SHARED_CERTIFICATE };
#define SHARED_N 3

/* The largest id of each; 0: none.  RC_DB. */
MUST_USE enum rc
store_shared_last(struct store *st, int64_t id[SHARED_N], struct err *err);

/* Tells each row that up to n observations behind *after_id refer to, and
 * moves *after_id to the last of them.  RC_NOTFOUND: there is none.  RC_DB. */
typedef void store_shared_used(void *ctx, enum shared kind, int64_t id);
MUST_USE enum rc store_shared_each(struct store *st, int64_t *after_id,
    int64_t n, store_shared_used *used, void *ctx, struct err *err);

/* Up to n ids behind after_id, not beyond last_id.  RC_DB. */
MUST_USE enum rc store_shared_ids(struct store *st, enum shared kind,
    int64_t after_id, int64_t last_id, size_t n, int64_t *ids, size_t *n_ids,
    struct err *err);

/* Lets nobody look whether something still refers to what is deleted (no
 * index tells), or looks again.  In no transaction.  RC_DB. */
MUST_USE enum rc
store_references_on(struct store *st, bool is_on, struct err *err);

/* RC_DB. */
MUST_USE enum rc store_shared_delete(
    struct store *st, enum shared kind, int64_t id, struct err *err);

/* Gives free pages back to the file system, STORE_VACUUM_PAGES of them, in a
 * transaction of its own; a small part of the file stays for the rows to come.
 * RC_DB. */
#define STORE_VACUUM_PAGES 256
MUST_USE enum rc store_vacuum_some(struct store *st, struct err *err);

#endif
