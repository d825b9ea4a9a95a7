/*
 * pace.h - how quickly one vantage is answered, against its own habit. (pure)
 *
 * Uses     schema/base/bytes.h
 * Used by  track (keeps one per vantage and target), detect_latency
 *
 * The habit is the 20th percentile of the round trips of seven days at one
 * site (in constant memory: P2, Jain and Chlamtac 1985), with the usual
 * distance from it and the spread of that, both of the logarithm.  What is
 * above it is summed (CUSUM, k = 0.5, h = 8 standard deviations; one round
 * trip adds 4 at most); slow is who reaches h while the median of its last
 * nine is above the habit by 20 ms and by half of it, and until that is under
 * half as much.  While it is slow nothing is learnt.  Before 50 round trips
 * nothing is said, and another site begins anew.
 */
#ifndef COLLECTOR_PACE_H
#define COLLECTOR_PACE_H

#include <stdbool.h>
#include <stdint.h>

#include "schema/base/bytes.h"

#define PACE_MARKS 5
#define PACE_LAST 9

struct pace {
	int64_t site_id; /* 0: nothing yet */
	uint32_t n;      /* round trips learnt; halved after seven days */
	float marks_ms[PACE_MARKS];
	uint32_t ranks[PACE_MARKS]; /* of the marks, among n */
	float above, spread;        /* of ln(rtt / habit) */
	float sum;                  /* CUSUM */
	int64_t rising_us;        /* when the sum was last small, under h / 4 */
	int64_t slow_us;          /* slow since; 0: it is not */
	float last_ms[PACE_LAST]; /* a ring; the newest at n_last % PACE_LAST */
	uint8_t n_last;           /* goes on from PACE_LAST after 2 PACE_LAST */
};

/* Takes a round trip to a site.  True: a restart must not forget it. */
bool pace_see(struct pace *p, int64_t site_id, int64_t rtt_us, int64_t at_us,
    int64_t period_us);

/* Has it learnt enough to judge? */
bool pace_is_known(const struct pace *p);

int64_t pace_habit_us(const struct pace *p);  /* 0: not known yet */
int64_t pace_median_us(const struct pace *p); /* of the last; 0: none */

void pace_encode(const struct pace *p, struct wbuf *to);
void pace_decode(struct pace *p, struct rbuf *from);

#endif
