/*
 * metrics.h - counters of the running collector.                     (edge)
 *
 * Uses     exposition, histogram, rtts
 * Used by  api, ingest, writer (count); metrics_page (writes /metrics)
 *
 * Atomic, for any thread.
 */
#ifndef COLLECTOR_METRICS_H
#define COLLECTOR_METRICS_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "collector/exposition.h"
#include "collector/histogram.h"
#include "collector/rtts.h"

enum metric {
	METRIC_BATCHES,        /* committed, replayed ones too */
	METRIC_OBSERVATIONS,   /* stored */
	METRIC_REPLAYED,       /* observations stored before */
	METRIC_UNKNOWN_TARGET, /* observations of what is not configured */
	METRIC_COMMITS,
	METRIC_COMMIT_FAILURES,
	METRIC_REBUILDS, /* of the detector, from the store */
	METRIC_ENROLLED,
	METRIC_SITE_REPORTS,
	METRIC_REFUSED_TOO_LARGE,
	METRIC_REFUSED_ENCODING,
	METRIC_REFUSED_NO_SIGNATURE,
	METRIC_REFUSED_DIGEST,
	METRIC_REFUSED_UNKNOWN_PROBE,
	METRIC_REFUSED_REVOKED,
	METRIC_REFUSED_SIGNATURE,
	METRIC_REFUSED_MALFORMED,
	METRIC_REFUSED_OTHER_PROBE,
	METRIC_REFUSED_OTHER_SITE,
	METRIC_REFUSED_TOKEN,
	METRIC_REFUSED_TOO_OFTEN,
	METRIC_REFUSED_OVERLOAD,
	METRIC_REFUSED_NOT_STORED,
	METRIC_N
};

struct metrics {
	atomic_int_fast64_t heard_mono_us;       /* 0: not yet */
	atomic_int_fast64_t certificate_ends_us; /* Unix time; 0: no TLS */
	struct histogram ingest; /* from a batch's receipt to the disk */
	struct rtts *rtts;       /* lent; NULL: not counted */
	atomic_uint_fast64_t counts[METRIC_N];
};

void metrics_add(struct metrics *m, enum metric which, uint64_t n);
uint64_t metrics_get(struct metrics *m, enum metric which);

/* A probe or a site was heard, and it is on disk. */
void metrics_note_heard(struct metrics *m);
int64_t metrics_heard_us(struct metrics *m); /* monotonic; 0: not yet */

void metrics_note_ingest(struct metrics *m, int64_t took_us);

/* Writes every family that is counted here. */
void metrics_write(struct metrics *m, struct exposition *e);

#endif
