/*
 * test_availability.c - RSSAC047's availability and latency, on the examples
 * that its text works out: 13 servers, k 8, 30 days, 20 vantages.
 */
#include "collector/availability.h"

#include <stdbool.h>

#include "schema/base/clock.h"
#include "tests/unit/check.h"

#define FROM_US (1772323200 * US_PER_S) /* 2026-03-01T00:00:00Z */
#define SLOT ROLLUP_SLOT_US
#define DAYS_30 (30 * INT64_C(86400) * US_PER_S)
#define N_INTERVALS (DAYS_30 / SLOT)

static void
ask(struct availability *a, size_t server, int64_t interval, uint64_t n,
    uint64_t n_lost, int64_t rtt_us)
{
	struct rollup_slot s = { .n = n, .n_lost = n_lost };

	if (n > n_lost)
		sketch_add(&s.rtt, rtt_us, n - n_lost);
	availability_add(a, server, FROM_US + interval * SLOT, SLOT, &s);
	rollup_slot_fini(&s);
}

/* A vantage that gets an answer of every server but n_dead in the intervals
 * from first on, n of them. */
static void
play_vantage(struct availability *a, size_t n_dead, int64_t first, int64_t n)
{
	for (int64_t t = 0; t < N_INTERVALS; t++) {
		bool is_bad = t >= first && t < first + n;

		for (size_t i = 0; i < a->n_servers; i++)
			ask(a, i, t, 1, is_bad && i < n_dead,
			    10000 * (int64_t)(i + 1));
	}
	availability_end_vantage(a);
}

static void
the_examples_of_the_text_hold(void **state)
{
	static const struct {
		const char *why;
		int n_vantages, n_hit;
		size_t n_dead;
		int64_t n_bad;
		int64_t ppm;
	} cases[] = {
		{ "all answer", 2, 0, 0, 0, 1000000 },
		{ "five of 13 dead: eight are left", 2, 2, 5, N_INTERVALS,
		    1000000 },
		{ "six letters dead", 2, 2, 6, N_INTERVALS, 875000 },
		{ "one vantage at r = 7 once", 20, 1, 6, 1, 999999 },
		{ "seven vantages at r = 7 for two intervals", 20, 7, 6, 2,
		    999989 },
	};

	(void)state;
	for (size_t c = 0; c < T_LEN(cases); c++) {
		struct availability a;
		int64_t ppm;

		availability_init(&a, 13, 0, FROM_US, FROM_US + DAYS_30);
		assert_int_equal(a.k, 8);
		for (int v = 0; v < cases[c].n_vantages; v++)
			play_vantage(&a,
			    v < cases[c].n_hit ? cases[c].n_dead : 0, 0,
			    cases[c].n_bad);
		ppm = availability_system_ppm(&a);
		T_CHECK(ppm == cases[c].ppm, "%s: %lld", cases[c].why,
		    (long long)ppm);
		availability_fini(&a);
	}
}

static void
of_an_interval_the_k_quickest_count(void **state)
{
	struct availability a;

	(void)state;
	availability_init(&a, 4, 0, FROM_US, FROM_US + DAYS_30);
	assert_int_equal(a.k, 2);      /* ceil(2/3 x 3) */
	for (size_t i = 0; i < 4; i++) /* 40, 30, 20, 10 us: exact */
		ask(&a, i, 0, 1, 0, 40 - 10 * (int64_t)i);
	availability_end_vantage(&a);
	assert_int_equal(a.rtt.n, 2);
	assert_int_equal(sketch_quantile_us(&a.rtt, 0), 10);
	assert_int_equal(sketch_quantile_us(&a.rtt, 1000), 20);
	availability_fini(&a);
}

static void
a_server_is_judged_by_all_questions(void **state)
{
	struct availability a;

	(void)state;
	availability_init(&a, 1, 0, FROM_US, FROM_US + DAYS_30);
	assert_int_equal(a.k, 1);
	assert_int_equal(availability_server_ppm(&a.servers[0]), -1);
	ask(&a, 0, 0, 5, 1, 100);
	ask(&a, 0, 1, 5, 0, 120);
	ask(&a, 0, N_INTERVALS, 5, 5, 0); /* next month's */
	ask(&a, 0, -1, 5, 5, 0);
	availability_end_vantage(&a);
	assert_int_equal(availability_server_ppm(&a.servers[0]), 900000);
	assert_int_equal(availability_system_ppm(&a), 900000);
	availability_fini(&a);
}

static void
who_asked_not_all_does_not_judge_the_system(void **state)
{
	struct availability a;

	(void)state;
	availability_init(&a, 3, 0, FROM_US, FROM_US + DAYS_30);
	ask(&a, 0, 7, 1, 1, 0);
	ask(&a, 1, 7, 1, 0, 100);
	availability_end_vantage(&a);
	assert_int_equal(availability_system_ppm(&a), -1);
	assert_int_equal(a.n_partial, 1);
	availability_fini(&a);
}

static void
an_hour_counts_for_its_twelve_intervals(void **state)
{
	struct rollup_slot s = { .n = 60, .n_lost = 30 };
	struct availability a;

	(void)state;
	availability_init(&a, 1, 0, FROM_US, FROM_US + DAYS_30);
	sketch_add(&s.rtt, 100, 30);
	availability_add(&a, 0, FROM_US, ROLLUP_HOUR_US, &s);
	availability_end_vantage(&a);
	assert_int_equal(a.n_judged, 12);
	assert_int_equal(availability_system_ppm(&a), 500000);
	rollup_slot_fini(&s);
	availability_fini(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_examples_of_the_text_hold),
		cmocka_unit_test(of_an_interval_the_k_quickest_count),
		cmocka_unit_test(a_server_is_judged_by_all_questions),
		cmocka_unit_test(who_asked_not_all_does_not_judge_the_system),
		cmocka_unit_test(an_hour_counts_for_its_twelve_intervals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
