/* sketch.c - see sketch.h. */
#include "collector/sketch.h"

#include <stdlib.h>
#include <string.h>

#include "schema/base/mem.h"

#define PART_BITS 6 /* 64 buckets from one power of two to the next */

void
sketch_fini(struct sketch *s)
{
	free(s->buckets);
	*s = (struct sketch){ 0 };
}

static uint16_t
index_of(uint32_t value)
{
	unsigned shift = 0;

	while (value >> shift >= 2u << PART_BITS)
		shift++;
	return (uint16_t)((shift << PART_BITS) + (value >> shift));
}

/* The middle of a bucket. */
static int64_t
value_of(uint16_t index)
{
	unsigned shift = 0;
	int64_t least = index;

	if (index >= 2u << PART_BITS) {
		shift = (index >> PART_BITS) - 1u;
		least = (int64_t)(index - (shift << PART_BITS)) << shift;
	}
	return least + ((INT64_C(1) << shift) - 1) / 2;
}

/* Where the bucket stands, or would. */
static size_t
place_of(const struct sketch *s, uint16_t index)
{
	size_t low = 0, high = s->n_buckets;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (s->buckets[middle].index < index)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void
sketch_add_bucket(struct sketch *s, uint16_t index, uint64_t n)
{
	size_t at = place_of(s, index);

	if (n == 0)
		return;
	s->n += n;
	if (at < s->n_buckets && s->buckets[at].index == index) {
		s->buckets[at].n += n;
		return;
	}
	if (s->n_buckets == s->cap) {
		s->cap = s->cap == 0 ? 4 : 2 * s->cap;
		s->buckets = mem_grow(s->buckets, s->cap, sizeof *s->buckets);
	}
	memmove(s->buckets + at + 1, s->buckets + at,
	    (s->n_buckets - at) * sizeof *s->buckets);
	s->buckets[at] = (struct sketch_bucket){ index, n };
	s->n_buckets++;
}

void
sketch_add(struct sketch *s, int64_t value_us, uint64_t n)
{
	if (value_us < 0)
		value_us = 0;
	if (value_us > SKETCH_MAX_US)
		value_us = SKETCH_MAX_US;
	if (n > 0 && (s->n == 0 || value_us < s->min_us))
		s->min_us = value_us;
	sketch_add_bucket(s, index_of((uint32_t)value_us), n);
}

void
sketch_merge(struct sketch *to, const struct sketch *from)
{
	if (from->n > 0 && (to->n == 0 || from->min_us < to->min_us))
		to->min_us = from->min_us;
	for (size_t i = 0; i < from->n_buckets; i++)
		sketch_add_bucket(
		    to, from->buckets[i].index, from->buckets[i].n);
}

int64_t
sketch_quantile_us(const struct sketch *s, unsigned permille)
{
	uint64_t rank, seen = 0;

	if (s->n == 0)
		return 0;
	rank =
	    (s->n - 1) / 1000 * permille + (s->n - 1) % 1000 * permille / 1000;
	for (size_t i = 0; i < s->n_buckets; i++) {
		int64_t value_us = value_of(s->buckets[i].index);

		seen += s->buckets[i].n;
		if (seen > rank)
			return value_us < s->min_us ? s->min_us : value_us;
	}
	return 0;
}
