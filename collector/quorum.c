#include "collector/quorum.h"

#include <math.h>

#define MONTH_US (30.0 * 86400e6)
#define FALSE_EVENTS_PER_MONTH 0.1
#define BY_CHANCE 1e-4

/* P(Poisson(mean) >= k). */
static double
poisson_at_least(double mean, size_t k)
{
	double term = exp(-mean), below = 0;

	for (size_t i = 0; i < k; i++) {
		below += term;
		term *= mean / (double)(i + 1);
	}
	return below < 1 ? 1 - below : 0;
}

double
quorum_false_events(
    size_t k, unsigned n_false, int64_t span_us, int64_t window_us)
{
	double rate = (double)n_false / (double)span_us;

	return rate * MONTH_US *
	       poisson_at_least(rate * (double)window_us, k - 1);
}

size_t
quorum_needed(unsigned n_false, int64_t span_us, int64_t window_us)
{
	size_t k = QUORUM_MIN;

	while (k < QUORUM_MAX && quorum_false_events(k, n_false, span_us,
				     window_us) > FALSE_EVENTS_PER_MONTH)
		k++;
	return k;
}

size_t
quorum_over_chance(double mean)
{
	size_t k = QUORUM_MIN;

	while (k < QUORUM_MAX && poisson_at_least(mean, k) > BY_CHANCE)
		k++;
	return k;
}
