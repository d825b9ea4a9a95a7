/*
 * pace.h - a token bucket: the hard cap on what the probe sends.     (pure)
 *
 * Used by  probe/engine.c, resident (traces)
 *
 * A burst may leave at once, and then one packet whenever its share of a
 * second is over.  Up to PACE_EXACT_MAX packets a second the cap is exact:
 * no second, wherever it begins, has more than that, burst or not.
 */
#ifndef PROBE_PACE_H
#define PROBE_PACE_H

#include <stdbool.h>
#include <stdint.h>

#define PACE_EXACT_MAX 64

struct pace {
	int64_t per_packet_us; /* 0: no cap */
	int64_t depth_us;      /* what a full bucket holds */
	int64_t empty_mono_us; /* when the bucket was, or will be, empty */
	unsigned n_exact;      /* packets a second; 0: the cap is not exact */
	unsigned oldest;       /* index into left_mono_us */
	int64_t left_mono_us[PACE_EXACT_MAX]; /* of the last n_exact */
};

/* packets_per_s 0: no cap.  A burst of 0 counts as 1. */
void pace_init(struct pace *p, unsigned packets_per_s, unsigned burst_packets);

/* Takes the right to send one packet; false: not before pace_ready_us. */
bool pace_take(struct pace *p, int64_t now_mono_us);

/* When the next packet may leave; now_mono_us or later. */
int64_t pace_ready_us(const struct pace *p, int64_t now_mono_us);

#endif
