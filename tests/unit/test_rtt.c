/* test_rtt.c - no step of the wall clock changes a round trip. */
#include "tests/unit/check.h"

#include "probe/rtt.h"

#define SENT_AT 1000000000

static const struct {
	const char *claim;
	int64_t mono_us;   /* until it was read */
	int64_t wall_us;   /* the same, by the wall clock */
	int64_t kernel_us; /* until the kernel had it; 0: no stamp */
	int64_t rtt_us;
	enum stamp stamp;
} cases[] = {
	{ "the kernel's stamp counts", 20100, 20100, 20000, 20000,
	    STAMP_KERNEL },
	{ "without a stamp the time of reading counts", 20100, 20100, 0, 20100,
	    STAMP_USER },
	{ "a step back does not shorten it", 20100, -5000000, -4999900, 20100,
	    STAMP_USER },
	{ "a step ahead does not lengthen it", 20100, 7020100, 7020000, 20100,
	    STAMP_USER },
	{ "a small step back is seen too", 20100, 10100, 10000, 20100,
	    STAMP_USER },
	{ "a stamp before sending is not believed", 20100, 20100, -1, 20100,
	    STAMP_USER },
	{ "a stamp after reading is not believed", 20100, 20100, 30000, 20100,
	    STAMP_USER },
	{ "slewing over seconds is no step", 4000000, 4002000, 4001000, 4001000,
	    STAMP_KERNEL },
	{ "a monotonic clock that did not move gives zero", 0, 0, 0, 0,
	    STAMP_USER },
};

static void
test_cases(void **state)
{
	const struct moment sent = { .at_us = SENT_AT, .mono_us = 500 };

	(void)state;
	for (size_t i = 0; i < T_LEN(cases); i++) {
		const struct arrival got = {
			.read = { .at_us = SENT_AT + cases[i].wall_us,
			    .mono_us = 500 + cases[i].mono_us },
			.has_kernel_time = cases[i].kernel_us != 0,
			.kernel_at_us = SENT_AT + cases[i].kernel_us,
		};
		struct rtt rtt = rtt_between(&sent, &got);

		T_CHECK(rtt.us == cases[i].rtt_us, "%s: %lld", cases[i].claim,
		    (long long)rtt.us);
		T_CHECK(rtt.stamp == cases[i].stamp, "%s", cases[i].claim);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_cases) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
