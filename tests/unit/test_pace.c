#include "collector/pace.h"

#include <stdlib.h>
#include <string.h>

#include "schema/base/clock.h"
#include "tests/unit/check.h"

#define MINUTE (60 * US_PER_S)

/* A round trip of base plus up to a tenth, and now and then a late one. */
static int64_t
round_trip(uint64_t *seed, int64_t base_us)
{
	uint64_t x;

	*seed = *seed * UINT64_C(6364136223846793005) + 1442695040888963407U;
	x = *seed >> 33;
	return base_us + (int64_t)(x % (uint64_t)(base_us / 10)) +
	       (x % 50 == 0 ? 5 * base_us : 0);
}

static void
run(struct pace *p, uint64_t *seed, int64_t *minute, int n, int64_t base_us)
{
	for (int i = 0; i < n; i++)
		(void)pace_see(p, 7, round_trip(seed, base_us),
		    ++*minute * MINUTE, MINUTE);
}

static void
test_the_habit_is_the_20th_percentile(void **state)
{
	uint64_t seed = 1;
	struct pace p = { 0 };
	int64_t minute = 0;

	(void)state;
	run(&p, &seed, &minute, 49, 50 * US_PER_MS);
	assert_false(pace_is_known(&p));
	run(&p, &seed, &minute, 30000, 50 * US_PER_MS);
	/* uniform over 50 to 55 ms */
	assert_in_range(pace_habit_us(&p), 50800, 51200);
	assert_in_range(pace_median_us(&p), 50000, 55000);
	assert_int_equal(p.slow_us, 0);
	assert_true(p.n < 2 * 10080); /* older ones fade */
}

static const struct {
	const char *name;
	int64_t before_us, after_us;
	bool is_slow;
} steps[] = {
	{ "20 ms and half are over", 30 * US_PER_MS, 60 * US_PER_MS, true },
	{ "under 20 ms", 10 * US_PER_MS, 25 * US_PER_MS, false },
	{ "under half", 200 * US_PER_MS, 260 * US_PER_MS, false },
	{ "over half", 200 * US_PER_MS, 330 * US_PER_MS, true },
	{ "quicker", 200 * US_PER_MS, 20 * US_PER_MS, false },
};

static void
test_what_is_slow(void **state)
{
	(void)state;
	for (size_t i = 0; i < T_LEN(steps); i++) {
		struct pace p = { 0 };
		uint64_t seed = i + 1;
		int64_t minute = 0;

		run(&p, &seed, &minute, 300, steps[i].before_us);
		T_CHECK(p.slow_us == 0, "%s: slow before", steps[i].name);
		run(&p, &seed, &minute, 10, steps[i].after_us);
		T_CHECK(
		    (p.slow_us != 0) == steps[i].is_slow, "%s", steps[i].name);
		if (p.slow_us != 0)
			T_CHECK(p.slow_us >= 295 * MINUTE &&
				    p.slow_us <= 302 * MINUTE,
			    "%s: since %lld", steps[i].name,
			    (long long)(p.slow_us / MINUTE));
		run(&p, &seed, &minute, 10, steps[i].before_us);
		T_CHECK(p.slow_us == 0, "%s: slow afterwards", steps[i].name);
	}
}

static void
test_another_site_begins_anew(void **state)
{
	struct pace p = { 0 };
	uint64_t seed = 1;
	int64_t minute = 0;

	(void)state;
	run(&p, &seed, &minute, 100, 20 * US_PER_MS);
	assert_true(pace_is_known(&p));
	(void)pace_see(&p, 8, 300 * US_PER_MS, ++minute * MINUTE, MINUTE);
	assert_false(pace_is_known(&p));
	assert_int_equal(p.slow_us, 0);
}

static void
test_bytes_bring_it_back(void **state)
{
	struct pace p = { 0 }, back = { 0 };
	uint8_t bytes[256];
	struct wbuf to = wbuf_over(bytes, sizeof bytes);
	struct rbuf from;
	uint64_t seed = 1;
	int64_t minute = 0;

	(void)state;
	run(&p, &seed, &minute, 100, 20 * US_PER_MS);
	run(&p, &seed, &minute, 8, 80 * US_PER_MS);
	pace_encode(&p, &to);
	assert_false(to.is_bad);
	from = rbuf_over(bytes, to.len);
	pace_decode(&back, &from);
	assert_false(from.is_bad);
	assert_int_equal(rbuf_left(&from), 0);
	for (int i = 0; i < 200; i++) { /* and they go on alike */
		int64_t rtt_us = round_trip(&seed, 20 * US_PER_MS);
		bool a = pace_see(&p, 7, rtt_us, ++minute * MINUTE, MINUTE);
		bool b = pace_see(&back, 7, rtt_us, minute * MINUTE, MINUTE);

		assert_true(a == b && p.slow_us == back.slow_us);
		assert_int_equal(pace_habit_us(&p), pace_habit_us(&back));
	}
	memset(bytes, 0xff, sizeof bytes); /* no numbers at all */
	from = rbuf_over(bytes, to.len);
	pace_decode(&back, &from);
	assert_true(from.is_bad);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_habit_is_the_20th_percentile),
		cmocka_unit_test(test_what_is_slow),
		cmocka_unit_test(test_another_site_begins_anew),
		cmocka_unit_test(test_bytes_bring_it_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
