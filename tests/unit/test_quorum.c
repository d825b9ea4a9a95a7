#include "collector/quorum.h"

#include "tests/unit/check.h"

#define S INT64_C(1000000)
#define WEEK (7 * 86400 * S)
#define WINDOW (600 * S)

/* One false move of each vantage a week, a window of ten minutes: how many
 * events of chance a month, as published with the formula. */
static const struct {
	unsigned n;
	size_t k;
	double a_month;
} cases[] = {
	{ 20, 2, 1.7 },
	{ 20, 3, 0.017 },
	{ 50, 3, 0.26 },
	{ 100, 4, 0.065 },
	{ 200, 3, 15 },
	{ 200, 5, 0.047 },
};

static void
test_false_events(void **state)
{
	(void)state;
	for (size_t i = 0; i < T_LEN(cases); i++) {
		double got =
		    quorum_false_events(cases[i].k, cases[i].n, WEEK, WINDOW);

		T_CHECK(got > cases[i].a_month * 0.95 &&
			    got < cases[i].a_month * 1.05,
		    "n %u k %zu: %g", cases[i].n, cases[i].k, got);
	}
}

static void
test_the_quorum_grows_with_the_noise(void **state)
{
	(void)state;
	assert_int_equal(quorum_needed(0, WEEK, WINDOW), 3);
	assert_int_equal(quorum_needed(20, WEEK, WINDOW), 3);
	assert_int_equal(quorum_needed(50, WEEK, WINDOW), 4);
	assert_int_equal(quorum_needed(200, WEEK, WINDOW), 5);
	assert_int_equal(quorum_needed(100000000, WEEK, WINDOW), QUORUM_MAX);
}

static void
test_over_chance(void **state)
{
	(void)state;
	assert_int_equal(quorum_over_chance(0), 3);
	assert_int_equal(quorum_over_chance(0.08), 3); /* 0.00008 */
	assert_int_equal(quorum_over_chance(0.1), 4);  /* 3: 0.00015 */
	assert_int_equal(quorum_over_chance(1), 7);    /* 7: 0.00008 */
	assert_int_equal(quorum_over_chance(1e6), QUORUM_MAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_false_events),
		cmocka_unit_test(test_the_quorum_grows_with_the_noise),
		cmocka_unit_test(test_over_chance),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
