/* position.c - see position.h. */
#include "collector/position.h"

#include <math.h>

#define EARTH_DIAMETER_KM 12742.0
#define PI 3.14159265358979323846

static double
radians(double degrees)
{
	return degrees * PI / 180;
}

double
position_km(const struct position *a, const struct position *b)
{
	double north = sin(radians(b->latitude - a->latitude) / 2);
	double east = sin(radians(b->longitude - a->longitude) / 2);
	double x = north * north + cos(radians(a->latitude)) *
				       cos(radians(b->latitude)) * east * east;

	return EARTH_DIAMETER_KM * asin(fmin(1, sqrt(x)));
}

/* Both come from the same doubles, so they differ or are the same. */
bool
position_equal(const struct position *a, const struct position *b)
{
	if (a->is_known != b->is_known)
		return false;
	return !a->is_known ||
	       (!(a->latitude < b->latitude) && !(a->latitude > b->latitude) &&
		   !(a->longitude < b->longitude) &&
		   !(a->longitude > b->longitude));
}
