/*
 * rtt.h - a round trip that a stepping clock cannot falsify.         (pure)
 *
 * Uses     schema/record.h
 * Used by  probe/port.c, flow.c, engine_*.c, tls_line, measure_text, ...
 *
 * The kernel stamps a packet with the wall clock, which may be set while we
 * wait.  So both clocks are read at both ends: where they disagree on the
 * time that went by, the wall clock was moved and the monotonic one counts.
 */
#ifndef PROBE_RTT_H
#define PROBE_RTT_H

#include <stdbool.h>
#include <stdint.h>

#include "schema/record.h"

struct moment { /* both clocks, read one after the other */
	int64_t at_us, mono_us;
};

struct departure {
	struct moment before; /* read just before the packet was handed over */
	int64_t kernel_ns;    /* when it left, Unix time; 0: not known */
};

struct arrival {
	struct moment read; /* when we took the packet from the socket */
	int64_t kernel_ns;  /* when it came, Unix time; 0: not known */
};

struct rtt {
	int64_t us; /* 0 or more, rounded */
	enum stamp stamp;
};

/* From the departure to the arrival, by the best clocks there are. */
struct rtt rtt_between(const struct departure *sent, const struct arrival *got);

/* The worse of two stamps: what a result of both rests on. */
enum stamp stamp_worse(enum stamp a, enum stamp b);

/* For qsort: the order of two int64_t of microseconds. */
int rtt_compare(const void *a, const void *b);

#endif
