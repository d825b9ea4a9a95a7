/* power.c - see power.h. */
#include "schema/base/power.h"

#define SLACK 1e-9
#define REACH_MAX 10000000
#define HALVINGS 60 /* more than a double has bits */

unsigned
power_reach(double base, double limit)
{
	double power = 1;
	unsigned n = 0;

	while (power > limit * (1 + SLACK) && n < REACH_MAX) {
		power *= base;
		n++;
	}
	return n;
}

static double
power_of(double x, unsigned n)
{
	double power = 1;

	for (; n > 0; n >>= 1) {
		if ((n & 1) != 0)
			power *= x;
		x *= x;
	}
	return power;
}

double
power_root(double x, unsigned n)
{
	double low = 0, high = 1;

	for (int i = 0; i < HALVINGS; i++) {
		double middle = (low + high) / 2;

		if (power_of(middle, n) < x)
			low = middle;
		else
			high = middle;
	}
	return high;
}
