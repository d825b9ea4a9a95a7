/*
 * rate.h - how often may each of many do one thing?                  (pure)
 *
 * Uses     libsodium (SipHash)
 * Used by  gate
 *
 * Each key may do it n times at once and n times in a period on the average
 * (the generic cell rate algorithm).  The memory is fixed: when the table is
 * full, those who did least lately are forgotten, which is to let them do more,
 * never less.  Where a key stands is a secret of this run, so nobody can
 * choose keys that push out another's.
 */
#ifndef COLLECTOR_RATE_H
#define COLLECTOR_RATE_H

#include <stddef.h>
#include <stdint.h>

struct rate;

/* Gives a table: rate_free.  n 0: no limit.  Not from several threads at a
 * time. */
struct rate *rate_new(int64_t n, int64_t period_us);
void rate_free(struct rate *r); /* NULL is fine */

/* Counts one time at now_us, unless it is one too many: then it gives how long
 * to wait for the next, in microseconds above 0.  0: go on. */
int64_t rate_take(struct rate *r, const void *key, size_t len, int64_t now_us);

#endif
