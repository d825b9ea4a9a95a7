/*
 * store_chunk.h - observations packed into chunks, and taken from them. (edge)
 *
 * Uses     store_sqlite.h, chunk
 * Used by  packing (writes), store_observed, store_retention,
 *          store_reinterpret
 *
 * Observations up to the packed id are in chunks, and those behind it are not:
 * what else there is of either does not count.  So a block of any size becomes
 * packed at the moment when that number is written, and what was there before
 * goes later.
 */
#ifndef COLLECTOR_STORE_CHUNK_H
#define COLLECTOR_STORE_CHUNK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collector/chunk.h"
#include "collector/store.h"

/* In SQL: the oldest observation's id; NULL: there is none. */
#define STORE_OLDEST_ID \
	"coalesce((SELECT first_id FROM chunk WHERE last_id <= " \
	"(SELECT packed_id FROM chunk_state) ORDER BY last_id LIMIT 1), " \
	"(SELECT min(id) FROM observation WHERE id > " \
	"(SELECT packed_id FROM chunk_state)))"

/* Neighbouring observations; at least one chunk. */
struct chunk_block {
	int64_t first_id, last_id;
	int64_t first_us, last_us; /* received */
};

/* How wide a block may be: last_id - first_id is less. */
#define CHUNK_BLOCK_IDS 1000000

/* Observations up to it are packed; 0: none.  RC_DB. */
MUST_USE enum rc
store_chunk_packed(struct store *st, int64_t *id, struct err *err);

/* ---- the writer ---- */

/* An observation that is not packed: what a block is made by. */
struct chunk_seen {
	int64_t id, vantage_id, received_us;
};

/* Tells up to n observations behind after_id, in order, until told says no;
 * never the newest, for ids go on from it.  *n_told: how many it was told,
 * also the one that it said no to.  RC_DB. */
typedef bool store_chunk_told(void *ctx, const struct chunk_seen *o);
MUST_USE enum rc store_chunk_look(struct store *st, int64_t after_id, int64_t n,
    store_chunk_told *told, void *ctx, int64_t *n_told, struct err *err);

/* Appends an observation that is not packed.  RC_NOTFOUND: there is none of
 * the id.  RC_DB. */
MUST_USE enum rc store_chunk_fetch(
    struct store *st, int64_t id, struct chunk_builder *b, struct err *err);

/* The following write, within the caller's transaction.  RC_DB. */
MUST_USE enum rc store_chunk_put(struct store *st, const struct chunk_block *of,
    size_t n, const uint8_t *body, size_t len, struct err *err);
MUST_USE enum rc
store_chunk_finish(struct store *st, int64_t packed_id, struct err *err);
/* Chunks of a block that was not finished. */
MUST_USE enum rc store_chunk_drop_rest(struct store *st, struct err *err);
/* Up to n observations that are packed; *n_gone: how many went. */
MUST_USE enum rc store_chunk_drop_raw(
    struct store *st, int64_t n, int64_t *n_gone, struct err *err);
/* The oldest block, if all of it was received before before_us; *n: the
 * observations in it, 0: it was not. */
MUST_USE enum rc store_chunk_expire(
    struct store *st, int64_t before_us, int64_t *n, struct err *err);

/* What observations say of their sites now: those of ids, in order, that are
 * packed.  0: no site. */
struct chunk_site {
	int64_t id, site_id;
};
MUST_USE enum rc store_chunk_sites(struct store *st,
    const struct chunk_site *sites, size_t n, struct err *err);

/* ---- readers ---- */

/* The first block with an id from id on, or behind it.  RC_NOTFOUND, RC_DB. */
MUST_USE enum rc store_chunk_block(
    struct store *st, int64_t id, struct chunk_block *out, struct err *err);

/* The same by time: the first that was received at a time or after it. */
MUST_USE enum rc store_chunk_block_at(struct store *st, int64_t received_us,
    struct chunk_block *out, struct err *err);

/* A block with its bytes. */
struct chunk_body {
	int64_t row_id;
	size_t n; /* observations, as the row says */
	size_t len;
	uint8_t *bytes;
};

struct chunk_bodies {
	size_t n;
	struct chunk_body *list;
};

/* Gives the chunks of a block: release with chunk_bodies_fini.  RC_DB. */
MUST_USE enum rc store_chunk_bodies(struct store *st,
    const struct chunk_block *of, struct chunk_bodies *out, struct err *err);
void chunk_bodies_fini(struct chunk_bodies *b);

/* How much is packed.  RC_DB. */
MUST_USE enum rc
store_chunk_size(struct store *st, int64_t *n, int64_t *bytes, struct err *err);

#endif
