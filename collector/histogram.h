/*
 * histogram.h - how durations are spread, for /metrics.              (edge)
 *
 * Uses     exposition
 * Used by  metrics, rtts
 *
 * Atomic: any thread adds, any thread writes.  Eight bounds and what is over
 * the last; a family costs eleven lines per set of labels.
 */
#ifndef COLLECTOR_HISTOGRAM_H
#define COLLECTOR_HISTOGRAM_H

#include <stdatomic.h>
#include <stdint.h>

#include "collector/exposition.h"

#define HISTOGRAM_BOUNDS 8
#define HISTOGRAM_LABELS_MAX 4

struct histogram_bound {
	int64_t us;
	const char *le; /* in seconds, as OpenMetrics wants it: "1.0" */
};

struct histogram {
	atomic_uint_fast64_t counts[HISTOGRAM_BOUNDS + 1];
	atomic_uint_fast64_t sum_us;
};

/* A duration below 0 counts as 0. */
void histogram_add(struct histogram *h,
    const struct histogram_bound bounds[static HISTOGRAM_BOUNDS], int64_t us);

/* Copies the counts, adding them to what is in to. */
void histogram_carry(struct histogram *to, struct histogram *from);

uint64_t histogram_count(struct histogram *h);

/* Writes the samples of one set of up to HISTOGRAM_LABELS_MAX labels. */
void histogram_write(struct histogram *h,
    const struct histogram_bound bounds[static HISTOGRAM_BOUNDS],
    struct exposition *e, const struct exposition_label *labels, size_t n);

#endif
