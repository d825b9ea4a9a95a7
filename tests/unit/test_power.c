/* test_power.c - powers and roots, beside those of the maths library. */
#include "schema/base/power.h"

#include <math.h>

#include "tests/unit/check.h"

static void
a_reach_is_the_quotient_of_logarithms(void **state)
{
	(void)state;
	for (unsigned k = 1; k <= 64; k++)
		for (double e = 0.5; e > 1e-6; e /= 3) {
			double base = (double)k / (k + 1), limit = e / (k + 1);
			double exact = log(limit) / log(base);

			T_CHECK(power_reach(base, limit) ==
				    (unsigned)ceil(exact - 1e-6),
			    "%g to %g: %u, not %g", base, limit,
			    power_reach(base, limit), exact);
		}
}

static void
an_exact_power_is_reached(void **state)
{
	(void)state;
	assert_int_equal(power_reach(0.5, 0.125), 3);
	assert_int_equal(power_reach(0.9, 0.9 * 0.9 * 0.9), 3);
	assert_int_equal(power_reach(0.5, 1), 0);
	assert_int_equal(power_reach(0.999999999, 1e-300), 10000000);
}

static void
a_root_is_that_of_the_library(void **state)
{
	(void)state;
	for (unsigned n = 1; n <= 5000; n += 1 + n / 7)
		for (double x = 0.999; x > 1e-9; x /= 2.7)
			T_CHECK(
			    fabs(power_root(x, n) - pow(x, 1.0 / n)) < 1e-13,
			    "root %u of %g: %.17g", n, x, power_root(x, n));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_reach_is_the_quotient_of_logarithms),
		cmocka_unit_test(an_exact_power_is_reached),
		cmocka_unit_test(a_root_is_that_of_the_library),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
