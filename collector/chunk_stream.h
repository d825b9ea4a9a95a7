/*
 * chunk_stream.h - columns of numbers and of bytes, small.           (pure)
 *
 * Uses     zstd, schema/base/bytes.h
 * Used by  chunk_build (writes), chunk (reads)
 *
 * A number is in base 128, low digits first, all but the last with the high
 * bit.  A run of bytes is a byte that says how it is written, then: 0, the one
 * byte that all of them are; 1, themselves; 2, their length once compressed and
 * a zstd frame.  A column of numbers is a byte that says how they are told, the
 * number to count from, the bytes that each takes, and a run of bytes for each
 * of these, the highest of all numbers first.  Told are 0, by how much each is
 * over the least; 1, by how much it differs from the one before, the sign in
 * the lowest bit.  Signed numbers of 64 bits go round at their ends.
 */
#ifndef COLLECTOR_CHUNK_STREAM_H
#define COLLECTOR_CHUNK_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "schema/base/bytes.h"

struct chunk_out { /* {0} is empty; release bytes with free() */
	uint8_t *bytes;
	size_t len, cap;
};

void chunk_put(struct chunk_out *to, const void *bytes, size_t n);
void chunk_put_byte(struct chunk_out *to, uint8_t v);
void chunk_put_number(struct chunk_out *to, uint64_t v);

/* What reads it back knows n. */
void chunk_put_bytes(struct chunk_out *to, const uint8_t *v, size_t n);
void chunk_put_numbers(struct chunk_out *to, const int64_t *v, size_t n);

/* False, or a bad cursor: it is not what those above write. */
uint64_t chunk_take_number(struct rbuf *r);
bool chunk_take_bytes(struct rbuf *r, uint8_t *v, size_t n);
bool chunk_take_numbers(struct rbuf *r, int64_t *v, size_t n);

#endif
