/*
 * backoff.h - how long to leave a collector alone that failed.       (pure)
 *
 * Used by  probe/resident
 */
#ifndef PROBE_BACKOFF_H
#define PROBE_BACKOFF_H

#include <stdint.h>

#define BACKOFF_FIRST_US INT64_C(1000000)
#define BACKOFF_MAX_US INT64_C(300000000)
#define BACKOFF_ASKED_MAX_US INT64_C(3600000000) /* of a Retry-After */

struct backoff {
	unsigned n_failures; /* in a row */
	int64_t not_before_us;
};

/* Doubles the wait, from 1 s to 5 min, less a random part of up to its half, so
 * that a fleet does not come back in one moment.  A longer wait that the
 * collector asked for (0: none) is obeyed. */
void backoff_failed(
    struct backoff *b, int64_t now_us, int64_t asked_us, uint64_t random);

void backoff_succeeded(struct backoff *b);

#endif
