/*
 * position.h - places on the globe, and how far apart they are.      (pure)
 *
 * Used by  detect (of vantages), confidence, detect_trust
 */
#ifndef COLLECTOR_POSITION_H
#define COLLECTOR_POSITION_H

#include <stdbool.h>

struct position {
	bool is_known;
	double latitude, longitude; /* degrees north and east */
};

/* Kilometres along the great circle. */
double position_km(const struct position *a, const struct position *b);

/* Do both say the same?  Of unknown ones: nothing more. */
bool position_equal(const struct position *a, const struct position *b);

#endif
