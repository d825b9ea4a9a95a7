/* rtt.c - see rtt.h. */
#include "probe/rtt.h"

/* The two clocks of a moment are read apart, and NTP may slew the wall clock
 * by 500 ppm: that much disagreement is no step. */
#define STEP_MIN_US 500
#define SLEW_MAX 1000 /* one part in so many, twice what NTP does */

static int64_t
magnitude(int64_t v)
{
	return v < 0 ? -v : v;
}

struct rtt
rtt_between(const struct moment *sent, const struct arrival *got)
{
	int64_t mono_us = got->read.mono_us - sent->mono_us;
	int64_t wall_us = got->read.at_us - sent->at_us;
	int64_t kernel_us = got->kernel_at_us - sent->at_us;
	int64_t allowed_us = STEP_MIN_US + mono_us / SLEW_MAX;
	struct rtt rtt = { .us = mono_us < 0 ? 0 : mono_us,
		.stamp = STAMP_USER };

	if (!got->has_kernel_time || kernel_us < 0 ||
	    kernel_us > mono_us + allowed_us ||
	    magnitude(wall_us - mono_us) > allowed_us)
		return rtt;
	return (struct rtt){ .us = kernel_us, .stamp = STAMP_KERNEL };
}
