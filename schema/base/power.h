/*
 * power.h - powers and roots of probabilities, without the maths library.
 *                                                                    (pure)
 * Used by  schema/flows, probe/mda
 *
 * That library would be a tenth of what the resident probe has in memory.
 */
#ifndef SCHEMA_BASE_POWER_H
#define SCHEMA_BASE_POWER_H

/* The smallest n with base^n <= limit, for 0 < base < 1 and 0 < limit <= 1;
 * equal within a part of 10^9 is equal.  At most 10,000,000. */
unsigned power_reach(double base, double limit);

/* The n-th root of x, for 0 < x < 1 and n > 0, to about 15 digits. */
double power_root(double x, unsigned n);

#endif
