/*
 * sketch.h - quantiles of times, in little room, that can be added up. (pure)
 *
 * Used by  rollup, history
 *
 * A histogram whose buckets grow with the value, as in DDSketch (Masson, Rim,
 * Lee: DDSketch: a fast and fully-mergeable quantile sketch with relative-error
 * guarantees, PVLDB 12(12), 2019); between powers of two they are equally wide
 * (64 of each, as in HdrHistogram), so that no logarithm is needed and every
 * machine puts a value into the same one.
 *
 * Adding up loses nothing: it gives the sketch of all values together.  A
 * quantile is that of the values themselves but for 1 part in 128 (0.8 %), and
 * below 128 us exact; the least value is kept as it is.
 */
#ifndef COLLECTOR_SKETCH_H
#define COLLECTOR_SKETCH_H

#include <stddef.h>
#include <stdint.h>

#define SKETCH_MAX_US INT64_C(0xffffffff) /* larger ones count as this */
#define SKETCH_BUCKETS 1728

struct sketch_bucket {
	uint16_t index;
	uint64_t n; /* values in it: never 0 */
};

struct sketch { /* all zero: no values */
	uint64_t n;
	int64_t min_us; /* of any, when n > 0 */
	size_t n_buckets, cap;
	struct sketch_bucket *buckets; /* by index */
};

void sketch_fini(struct sketch *s); /* and it is empty */

/* n values of value_us; less than 0 counts as 0. */
void sketch_add(struct sketch *s, int64_t value_us, uint64_t n);
void sketch_merge(struct sketch *to, const struct sketch *from);

/* n values in the bucket index: for reading what was stored. */
void sketch_add_bucket(struct sketch *s, uint16_t index, uint64_t n);

/* The value that permille of the values, less one, are not above: of values in
 * order, from 0 on, that of rank permille (n - 1) / 1000.  0 when there is
 * none. */
int64_t sketch_quantile_us(const struct sketch *s, unsigned permille);

#endif
