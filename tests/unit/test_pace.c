/* test_pace.c - never more than the cap, whatever the order of calls. */
#include "tests/unit/check.h"

#include "probe/pace.h"

#define S INT64_C(1000000)

static const struct {
	const char *claim;
	unsigned rate, burst;
	int64_t every_us, for_us; /* how often somebody wants to send */
	unsigned sent;
} cases[] = {
	{ "no cap lets all through", 0, 0, 1000, S, 1000 },
	{ "a burst leaves at once", 20, 10, 1, 10, 10 },
	{ "the rate holds behind the burst", 20, 10, 1000, 10 * S, 10 + 199 },
	{ "a slow sender never waits", 20, 1, S / 10, 10 * S, 100 },
	{ "no burst counts as one", 20, 0, 1000, S, 20 },
};

static void
test_counts(void **state)
{
	(void)state;
	for (size_t i = 0; i < T_LEN(cases); i++) {
		struct pace p;
		unsigned n = 0;

		pace_init(&p, cases[i].rate, cases[i].burst);
		for (int64_t t = 0; t < cases[i].for_us; t += cases[i].every_us)
			n += pace_take(&p, 7 * S + t);
		T_CHECK(n == cases[i].sent, "%s: %u", cases[i].claim, n);
	}
}

/* Whoever waits until pace_ready_us is let through, and nobody before. */
static void
test_ready(void **state)
{
	struct pace p;
	int64_t now = 3 * S;

	(void)state;
	pace_init(&p, 7, 3);
	for (int i = 0; i < 100; i++) {
		int64_t ready = pace_ready_us(&p, now);

		if (ready > now)
			assert_false(pace_take(&p, ready - 1));
		assert_true(pace_take(&p, ready));
		now = ready;
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_counts),
		cmocka_unit_test(test_ready) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
