/* test_measure_line.c - the short line of a trace. */
#include "probe/measure_line.h"

#include <string.h>

#include "tests/unit/check.h"

/* Behind the target's own answer stands what else came to that packet. */
static void
an_extra_reply_hides_no_round_trip(void **state)
{
	struct observation o = { .kind = KIND_TRACE,
		.outcome = OUTCOME_OK,
		.target = { .family = 4, .bytes = { 192, 0, 2, 1 } },
		.trace = { .is_reached = true,
		    .n_hops = 2,
		    .hops = { { .ttl = 7,
				  .address = { .family = 4,
				      .bytes = { 192, 0, 2, 1 } },
				  .rtt_us = 12345,
				  .is_target = true },
			{ .ttl = 7,
			    .address = { .family = 4,
				.bytes = { 192, 0, 2, 9 } },
			    .rtt_us = 99999,
			    .is_extra = true } } } };
	struct line_sites sites = { 0 };
	char line[LINE_TEXT_MAX];

	(void)state;
	line_format(line, &o, NULL, &sites);
	T_CHECK(strstr(line, "12.3") != NULL, "%s", line);
	T_CHECK(strstr(line, "7 hops") != NULL, "%s", line);
	o.trace.hops[0].is_extra = true;
	line_format(line, &o, NULL, &sites);
	T_CHECK(strstr(line, "12.3") == NULL, "%s", line);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_extra_reply_hides_no_round_trip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
