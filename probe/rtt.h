/*
 * rtt.h - a round trip that a stepping clock cannot falsify.         (pure)
 *
 * Uses     schema/record.h
 * Used by  probe/flow.c, probe/engine_*.c
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

struct arrival {
	struct moment read;   /* when we took the packet from the socket */
	bool has_kernel_time; /* else kernel_at_us is 0 */
	int64_t kernel_at_us;
};

struct rtt {
	int64_t us; /* 0 or more */
	enum stamp stamp;
};

/* From the moment before sending to the arrival. */
struct rtt rtt_between(const struct moment *sent, const struct arrival *got);

#endif
