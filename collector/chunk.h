/*
 * chunk.h - observations of one time, packed by columns.             (pure)
 *
 * Uses     chunk_stream, schema/pack.h (texts)
 * Used by  packing (writes), store_observed (reads), store_chunk
 *
 * A chunk holds up to CHUNK_ROWS_MAX rows of the table observation, every
 * column, and gives them back as they were: whatever a row holds.  Rows stand
 * by target, kind, vantage and id, so that the rows of a series are neighbours
 * and differ little.  The bytes are described in schema/README.md.
 */
#ifndef COLLECTOR_CHUNK_H
#define COLLECTOR_CHUNK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "schema/base/err.h"

#define CHUNK_ROWS_MAX 16384
#define CHUNK_TEXT_MAX (8U << 20) /* bytes of a column of texts */

/* The columns of observation, in its order, and what they hold: N numbers, T
 * text, B bytes. */
#define CHUNK_COLUMNS(X) \
	X(ID, id, N) \
	X(VANTAGE, vantage_id, N) \
	X(SEQ, seq, N) \
	X(RECEIVED, received_us, N) \
	X(AT, at_us, N) \
	X(TARGET, target_id, N) \
	X(KIND, kind, N) \
	X(WHY, why, N) \
	X(PROTO, proto, N) \
	X(STAMP, stamp, N) \
	X(OUTCOME, outcome, N) \
	X(SITE, site_id, N) \
	X(RTT, rtt_us, N) \
	X(REPLY_TTL, reply_ttl, N) \
	X(SOURCE_PORT, source_port, N) \
	X(RCODE, rcode, N) \
	X(FLAGS, flags, N) \
	X(SERIAL, serial, N) \
	X(SIZE, size_bytes, N) \
	X(EDE, ede, T) \
	X(LATE, n_late, N) \
	X(DUPLICATE, n_duplicate, N) \
	X(NSID, nsid_id, N) \
	X(CHAOS_NAME, chaos_name, N) \
	X(CHAOS_OUTCOME, chaos_outcome, N) \
	X(CHAOS_RCODE, chaos_rcode, N) \
	X(CHAOS_RTT, chaos_rtt_us, N) \
	X(CHAOS, chaos_id, N) \
	X(CHAOS_NSID, chaos_nsid_id, N) \
	X(SENT, n_sent, N) \
	X(RECEIVED_N, n_received, N) \
	X(RTT_MIN, rtt_min_us, N) \
	X(REACHED, is_reached, N) \
	X(PATH, path_id, N) \
	X(HOP_RTTS, hop_rtts, T) X(ZONEVERSION, zoneversion, B)

enum chunk_column {
#define X(column, name, holds) CHUNK_##column,
	CHUNK_COLUMNS(X)
#undef X
	    CHUNK_N_COLUMNS
};

enum chunk_holds { CHUNK_HOLDS_N, CHUNK_HOLDS_T, CHUNK_HOLDS_B };

/* What a column holds; its name in SQL. */
enum chunk_holds chunk_holds(enum chunk_column column);
const char *chunk_column_name(enum chunk_column column);

/* ---- packing ---- */

struct chunk_builder;
struct chunk_builder *chunk_builder_new(void);
void chunk_builder_free(struct chunk_builder *b); /* NULL is fine */

/* Forgets its rows. */
void chunk_builder_clear(struct chunk_builder *b);
size_t chunk_builder_n(const struct chunk_builder *b);

/* Has it as many rows, or as much text, as a chunk may? */
bool chunk_builder_is_full(const struct chunk_builder *b);

/* Begins a row; not when it is full.  Then its columns; the others are NULL.
 * Copies.  The columns from id to outcome must be there. */
void chunk_builder_row(struct chunk_builder *b);
void
chunk_builder_int(struct chunk_builder *b, enum chunk_column column, int64_t v);
void chunk_builder_bytes(struct chunk_builder *b, enum chunk_column column,
    const void *bytes, size_t len);

/* Packs its rows, at least one; they stay.  Gives *out: release with free().
 * RC_LIMIT: a text is larger than a chunk may hold. */
MUST_USE enum rc chunk_build(
    const struct chunk_builder *b, uint8_t **out, size_t *len, struct err *err);

/* ---- unpacking ---- */

struct chunk;

/* Reads the head of a chunk.  Lends bytes until chunk_free.  RC_MALFORMED: no
 * chunk; it may be found so only when a column is loaded. */
MUST_USE enum rc
chunk_open(struct chunk **out, const void *bytes, size_t len, struct err *err);
void chunk_free(struct chunk *c); /* NULL is fine */
size_t chunk_n(const struct chunk *c);

/* Unpacks a column, once.  RC_MALFORMED. */
MUST_USE enum rc
chunk_load(struct chunk *c, enum chunk_column column, struct err *err);

/* Is a column's value there, or NULL?  Of a loaded column: the value. */
bool chunk_has(const struct chunk *c, size_t row, enum chunk_column column);
int64_t chunk_int(const struct chunk *c, size_t row, enum chunk_column column);
const void *chunk_bytes(
    const struct chunk *c, size_t row, enum chunk_column column, size_t *len);

#endif
