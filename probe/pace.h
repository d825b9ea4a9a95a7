/*
 * pace.h - a token bucket: the hard cap on what the probe sends.     (pure)
 *
 * Used by  probe/engine.c
 */
#ifndef PROBE_PACE_H
#define PROBE_PACE_H

#include <stdbool.h>
#include <stdint.h>

struct pace {
	int64_t per_packet_us; /* 0: no cap */
	int64_t depth_us;      /* what a full bucket holds */
	int64_t empty_mono_us; /* when the bucket was, or will be, empty */
};

/* packets_per_s 0: no cap.  A burst of 0 counts as 1. */
void pace_init(struct pace *p, unsigned packets_per_s, unsigned burst_packets);

/* Takes the right to send one packet; false: not before pace_ready_us. */
bool pace_take(struct pace *p, int64_t now_mono_us);

/* When the next packet may leave; now_mono_us or later. */
int64_t pace_ready_us(const struct pace *p, int64_t now_mono_us);

#endif
