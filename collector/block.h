/*
 * block.h - a block of packed observations, row by row in order of id. (pure)
 *
 * Uses     chunk
 * Used by  store_observed, store_verify_chunk
 */
#ifndef COLLECTOR_BLOCK_H
#define COLLECTOR_BLOCK_H

#include <stddef.h>
#include <stdint.h>

#include "collector/store_chunk.h"

struct block;

/* Reads which rows there are.  Takes the bodies over, whatever it says.
 * RC_MALFORMED: a chunk is damaged, or they do not belong together. */
MUST_USE enum rc block_open(struct block **out, const struct chunk_block *of,
    struct chunk_bodies *bodies, struct err *err);
void block_free(struct block *b); /* NULL is fine */

/* The place of the first row with an id from id on; block_end: none. */
size_t block_find(const struct block *b, int64_t id);

/* The place behind; of the last: block_end. */
size_t block_next(const struct block *b, size_t place);
size_t block_end(const struct block *b);

/* The row at a place: its chunk with the column loaded.  RC_MALFORMED. */
struct block_row {
	struct chunk *chunk;
	size_t row;
};
MUST_USE enum rc block_row(struct block *b, size_t place,
    enum chunk_column column, struct block_row *out, struct err *err);

int64_t block_id(const struct block *b, size_t place);

#endif
