#include "collector/detect_mismatch.h"

#include <string.h>

#include "tests/unit/check.h"

#define Y TRI_YES
#define N TRI_NO
#define U TRI_UNKNOWN

static const struct {
	enum tri announced, healthy, receiving;
	const char *verdict;
} rows[] = {
	{ Y, Y, Y, "ok" },
	{ Y, Y, N, "shadowed" },
	{ Y, N, Y, "sick_attracting" },
	{ Y, N, N, "sick_announced" },
	{ N, Y, Y, "ghost" },
	{ N, Y, N, "idle" },
	{ N, N, Y, "ghost_sick" },
	{ N, N, N, "down" },
	{ U, N, Y, "sick_attracting" },
	{ U, Y, Y, "unknown" },
	{ Y, U, Y, "unknown" },
	{ Y, N, U, "sick_announced" },
	{ N, U, Y, "ghost" },
	{ N, N, U, "unknown" },
	{ U, N, N, "unknown" },
	{ U, N, U, "unknown" },
	{ N, Y, U, "unknown" },
	{ Y, Y, U, "unknown" },
	{ U, U, U, "unknown" },
};

static void
test_every_row_of_the_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < T_LEN(rows); i++) {
		const char *got = mismatch_verdict(
		    rows[i].announced, rows[i].healthy, rows[i].receiving);

		T_CHECK(strcmp(got, rows[i].verdict) == 0, "%s: %s",
		    rows[i].verdict, got);
	}
}

static void
test_words_go_both_ways(void **state)
{
	enum severity severity;
	enum event_kind kind;
	enum landing_state landing;
	enum tri tri;

	(void)state;
	for (int i = 0; i <= SEVERITY_CRITICAL; i++) {
		assert_int_equal(severity_from_name(&severity,
				     severity_name((enum severity)i)),
		    RC_OK);
		assert_int_equal(severity, i);
	}
	for (int i = 0; i <= EVENT_MISMATCH; i++) {
		assert_int_equal(event_kind_from_name(&kind,
				     event_kind_name((enum event_kind)i)),
		    RC_OK);
		assert_int_equal(kind, i);
	}
	assert_int_equal(landing_state_from_name(&landing, "dark"), RC_OK);
	assert_int_equal(landing, LANDING_DARK);
	assert_int_equal(tri_from_name(&tri, "yes"), RC_OK);
	assert_int_equal(tri, TRI_YES);
	assert_int_equal(tri_from_name(&tri, "?"), RC_MALFORMED);
	assert_int_equal(severity_from_name(&severity, ""), RC_MALFORMED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_row_of_the_table),
		cmocka_unit_test(test_words_go_both_ways),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
