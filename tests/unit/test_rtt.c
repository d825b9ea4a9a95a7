/* test_rtt.c - no step of the wall clock changes a round trip. */
#include "tests/unit/check.h"

#include "probe/rtt.h"

#define SENT_AT 1000000000
#define NS INT64_C(1000)

static const struct {
	const char *claim;
	int64_t mono_us; /* from handing over until it was read */
	int64_t wall_us; /* the same, by the wall clock */
	int64_t left_ns; /* until the kernel sent it; 0: no stamp */
	int64_t came_ns; /* until the kernel had it; 0: no stamp */
	int64_t rtt_us;
	enum stamp stamp;
} cases[] = {
	{ "the kernel's stamps count", 20100, 20100, 30 * NS, 20030 * NS, 20000,
	    STAMP_KERNEL },
	{ "half a microsecond is rounded up", 20100, 20100, 1, 20000501, 20001,
	    STAMP_KERNEL },
	{ "less is rounded down", 20100, 20100, 1, 20000500, 20000,
	    STAMP_KERNEL },
	{ "one stamp counts too", 20100, 20100, 0, 20000 * NS, 20000,
	    STAMP_RECEIVE },
	{ "no departure before the packet was handed over", 20100, 20100,
	    -1 * NS, 20000 * NS, 20000, STAMP_RECEIVE },
	{ "no departure after the answer", 20100, 20100, 20001 * NS, 20000 * NS,
	    20000, STAMP_RECEIVE },
	{ "without a stamp the time of reading counts", 20100, 20100, 30 * NS,
	    0, 20100, STAMP_USER },
	{ "a step back does not shorten it", 20100, -5000000, 0, -4999900 * NS,
	    20100, STAMP_USER },
	{ "a step ahead does not lengthen it", 20100, 7020100, 30 * NS,
	    7020000 * NS, 20100, STAMP_USER },
	{ "a small step back is seen too", 20100, 10100, 0, 10000 * NS, 20100,
	    STAMP_USER },
	{ "a stamp before sending is not believed", 20100, 20100, 0, -1 * NS,
	    20100, STAMP_USER },
	{ "a stamp after reading is not believed", 20100, 20100, 0, 30000 * NS,
	    20100, STAMP_USER },
	{ "slewing over seconds is no step", 4000000, 4002000, 0, 4001000 * NS,
	    4001000, STAMP_RECEIVE },
	{ "a busy program that reads late does not lengthen it", 900000, 900000,
	    40 * NS, 20040 * NS, 20000, STAMP_KERNEL },
	{ "a monotonic clock that did not move gives zero", 0, 0, 0, 0, 0,
	    STAMP_USER },
};

static void
test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < T_LEN(cases); i++) {
		int64_t left_ns = cases[i].left_ns, came_ns = cases[i].came_ns;
		const struct departure sent = {
			.before = { .at_us = SENT_AT, .mono_us = 500 },
			.kernel_ns =
			    left_ns == 0 ? 0 : SENT_AT * 1000LL + left_ns,
		};
		const struct arrival got = {
			.read = { .at_us = SENT_AT + cases[i].wall_us,
			    .mono_us = 500 + cases[i].mono_us },
			.kernel_ns =
			    came_ns == 0 ? 0 : SENT_AT * 1000LL + came_ns,
		};
		struct rtt rtt = rtt_between(&sent, &got);

		T_CHECK(rtt.us == cases[i].rtt_us, "%s: %lld", cases[i].claim,
		    (long long)rtt.us);
		T_CHECK(rtt.stamp == cases[i].stamp, "%s", cases[i].claim);
	}
}

static void
test_worse(void **state)
{
	(void)state;
	assert_int_equal(stamp_worse(STAMP_KERNEL, STAMP_KERNEL), STAMP_KERNEL);
	assert_int_equal(
	    stamp_worse(STAMP_KERNEL, STAMP_RECEIVE), STAMP_RECEIVE);
	assert_int_equal(stamp_worse(STAMP_RECEIVE, STAMP_USER), STAMP_USER);
	assert_int_equal(stamp_worse(STAMP_USER, STAMP_KERNEL), STAMP_USER);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_cases),
		cmocka_unit_test(test_worse) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
