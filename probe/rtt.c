/* rtt.c - see rtt.h. */
#include "probe/rtt.h"

#include <string.h>

#define NS_PER_US INT64_C(1000)

/* The two clocks of a moment are read apart, and NTP may slew the wall clock
 * by 500 ppm: that much disagreement is no step. */
#define STEP_MIN_US 500
#define SLEW_MAX 1000 /* one part in so many, twice what NTP does */

static int64_t
magnitude(int64_t v)
{
	return v < 0 ? -v : v;
}

/* Did both clocks go on alike between the two moments? */
static bool
is_steady(const struct moment *from, const struct moment *to)
{
	int64_t mono_us = to->mono_us - from->mono_us;
	int64_t wall_us = to->at_us - from->at_us;

	return magnitude(wall_us - mono_us) <= STEP_MIN_US + mono_us / SLEW_MAX;
}

/* Can a packet that was handed over then have left at that time? */
static bool
is_departure_believable(const struct departure *d, const struct arrival *got)
{
	return d->kernel_ns != 0 &&
	       d->kernel_ns >= d->before.at_us * NS_PER_US &&
	       d->kernel_ns <= got->kernel_ns;
}

struct rtt
rtt_between(const struct departure *sent, const struct arrival *got)
{
	int64_t mono_us = got->read.mono_us - sent->before.mono_us;
	int64_t user_ns = sent->before.at_us * NS_PER_US;
	int64_t latest_ns =
	    user_ns + (mono_us + STEP_MIN_US + mono_us / SLEW_MAX) * NS_PER_US;
	bool has_left = is_departure_believable(sent, got);
	int64_t from_ns = has_left ? sent->kernel_ns : user_ns;

	if (got->kernel_ns < user_ns || got->kernel_ns > latest_ns ||
	    !is_steady(&sent->before, &got->read))
		return (struct rtt){ .us = mono_us < 0 ? 0 : mono_us,
			.stamp = STAMP_USER };
	return (struct rtt){ .us = (got->kernel_ns - from_ns + NS_PER_US / 2) /
				   NS_PER_US,
		.stamp = has_left ? STAMP_KERNEL : STAMP_RECEIVE };
}

enum stamp
stamp_worse(enum stamp a, enum stamp b)
{
	if (a == STAMP_USER || b == STAMP_USER)
		return STAMP_USER;
	return a == STAMP_KERNEL ? b : a;
}

int
rtt_compare(const void *a, const void *b)
{
	int64_t x, y;

	memcpy(&x, a, sizeof x);
	memcpy(&y, b, sizeof y);
	return (x > y) - (x < y);
}
