/* test_shares.c - how many landed where, moment by moment. */
#include "tests/unit/check.h"

#include <stdlib.h>
#include <string.h>

#include "collector/shares.h"
#include "schema/base/clock.h"

#define S US_PER_S

static void
one_counts_from_when_it_came_to_before_it_left(void **state)
{
	static const int64_t want[] = { 0, 1, 2, 2, 1, 0 };
	struct shares s;
	struct err err;

	(void)state;
	assert_int_equal(
	    shares_init(&s, 1000 * S, 1050 * S, 10 * S, &err), RC_OK);
	assert_int_equal(s.n_moments, T_LEN(want));
	shares_add(&s, "web", "ams", 1010 * S, 1040 * S);
	shares_add(&s, "web", "ams", 1011 * S, 1041 * S);
	shares_add(&s, "web", "ams", 1011 * S, 1019 * S); /* between two */
	assert_int_equal(s.n_groups, 1);
	for (size_t i = 0; i < T_LEN(want); i++)
		T_CHECK(s.groups[0].n[i] == want[i], "moment %zu: %lld", i,
		    (long long)s.groups[0].n[i]);
	shares_fini(&s);
}

static void
what_reaches_beyond_the_time_counts_within_it(void **state)
{
	struct shares s;
	struct err err;

	(void)state;
	assert_int_equal(
	    shares_init(&s, 1000 * S, 1035 * S, 10 * S, &err), RC_OK);
	/* The last moment is the end; so the first is not the beginning. */
	assert_int_equal(s.first_us, 1005 * S);
	shares_add(&s, "web", "ams", 0, INT64_MAX);
	shares_add(&s, "web", "(dark)", 0, INT64_MAX);
	shares_add(&s, "shop", "ams", 0, INT64_MAX);
	shares_add(&s, "web", "fra", 1036 * S, INT64_MAX); /* after it */
	shares_add(&s, "web", "fra", 0, 1005 * S);         /* before it */
	assert_int_equal(s.n_groups, 3);
	for (size_t i = 0; i < s.n_moments; i++) {
		assert_int_equal(s.groups[0].n[i], 1);
		/* Who is dark did not land. */
		assert_int_equal(shares_n_landed(&s, "web", i), 1);
		assert_int_equal(shares_n_landed(&s, "other", i), 0);
	}
	shares_fini(&s);
}

static void
moments_are_some_hundreds_and_never_too_many(void **state)
{
	static const int64_t lengths_s[] = { 60, 3600, 86400, 7 * 86400,
		30 * 86400, 365 * 86400, INT64_C(10) * 365 * 86400 };
	struct shares s;
	struct err err = ERR_NONE;

	(void)state;
	for (size_t i = 0; i < T_LEN(lengths_s); i++) {
		assert_int_equal(
		    shares_init(&s, S, S + lengths_s[i] * S, 0, &err), RC_OK);
		T_CHECK(s.n_moments > 50 && s.n_moments <= 401, "%lld: %zu",
		    (long long)lengths_s[i], s.n_moments);
		assert_int_equal(
		    s.first_us + (int64_t)(s.n_moments - 1) * s.step_us,
		    S + lengths_s[i] * S);
		shares_fini(&s);
	}
	assert_int_equal(shares_init(&s, 0, 86400 * S, S, &err), RC_RANGE);
	assert_non_null(strstr(err.text, "longer step"));
	assert_int_equal(shares_init(&s, 0, S, S / 2, &err), RC_RANGE);
	assert_int_equal(shares_init(&s, S, S, 0, &err), RC_RANGE);
	assert_int_equal(shares_init(&s, -S, S, 0, &err), RC_RANGE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    one_counts_from_when_it_came_to_before_it_left),
		cmocka_unit_test(what_reaches_beyond_the_time_counts_within_it),
		cmocka_unit_test(moments_are_some_hundreds_and_never_too_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
