/*
 * rollup.h - what many observations come to, slot by slot, as bytes. (pure)
 *
 * Uses     collector/sketch.h, schema/base/bytes.h
 * Used by  rollups (writes), history (reads), store_verify
 *
 * A row of the table rollup_hour holds the twelve slots of five minutes of an
 * hour, one of rollup_day the twenty-four hours of a day, each of one series: a
 * vantage, a target, and DNS questions or pings.
 *
 * The bytes: version 1, then each slot that has any, in order: its number; how
 * many questions or packets, how many of them lost; how many buckets, and if
 * any, the least round trip in microseconds and the first bucket's number; for
 * each bucket how far it is from the one before, less one (of the first: 0),
 * times four, plus how many are in it less one, at most 3; then 3 is followed
 * by how many more than four.  Numbers are in base 128, low digits first, all
 * but the last with the high bit.
 */
#ifndef COLLECTOR_ROLLUP_H
#define COLLECTOR_ROLLUP_H

#include <stddef.h>
#include <stdint.h>

#include "collector/sketch.h"
#include "schema/base/err.h"

#define ROLLUP_SLOTS 24 /* room; an hour uses twelve */
#define ROLLUP_OF_HOUR 12
#define ROLLUP_SLOT_US (INT64_C(300) * 1000000) /* in an hour's row */
#define ROLLUP_HOUR_US (INT64_C(3600) * 1000000)
#define ROLLUP_DAY_US (INT64_C(86400) * 1000000)

struct rollup_slot { /* all zero: nothing */
	uint64_t n, n_lost;
	struct sketch rtt; /* of what was answered */
};

struct rollup {
	struct rollup_slot slots[ROLLUP_SLOTS];
};

void rollup_fini(struct rollup *r); /* and it is empty */
void rollup_slot_fini(struct rollup_slot *s);
void rollup_slot_merge(struct rollup_slot *to, const struct rollup_slot *from);

/* Gives the bytes: release with free(). */
uint8_t *rollup_encode(const struct rollup *r, size_t *len);

/* Adds what the bytes hold to *r.  RC_MALFORMED: not of this program, or
 * damaged; some may have been added. */
MUST_USE enum rc rollup_decode(struct rollup *r, const void *bytes, size_t len);

#endif
