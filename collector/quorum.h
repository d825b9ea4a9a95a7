/*
 * quorum.h - how many networks must agree before it is an event.     (pure)
 *
 * Used by  detect_shift, detect_blackhole, tools/simulate.d
 *
 * Vantages move now and then for reasons of their own.  When such false moves
 * come independently at a total rate L, the events that chance alone makes of
 * k moves within a window W come at
 *
 *	R = L * P(Poisson(L W) >= k - 1)
 *
 * and the quorum is the smallest k, 3 or more, that keeps R under one event
 * in ten months.  A fixed quorum is wrong at every other size of fleet.
 */
#ifndef COLLECTOR_QUORUM_H
#define COLLECTOR_QUORUM_H

#include <stddef.h>
#include <stdint.h>

#define QUORUM_MIN 3
#define QUORUM_MAX 64

/* Events by chance in 30 days, for n_false false moves in span_us. */
double quorum_false_events(
    size_t k, unsigned n_false, int64_t span_us, int64_t window_us);

/* The quorum for a measured number of false moves. */
size_t quorum_needed(unsigned n_false, int64_t span_us, int64_t window_us);

/* The quorum, 3 or more, that chance alone reaches with less than 1 in 10000,
 * when it would give so many on average. */
size_t quorum_over_chance(double mean);

#endif
