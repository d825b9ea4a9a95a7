/* test_clock.c - times as people write them. */
#include "schema/base/clock.h"

#include <string.h>

#include "tests/unit/check.h"

#define NOW INT64_C(1763712345678901) /* 2025-11-21T08:05:45.678901Z */
#define MIDNIGHT INT64_C(1763683200000000)

static const struct {
	const char *text;
	enum rc rc;
	int64_t at_us;
} times[] = {
	{ "now", RC_OK, NOW },
	{ "today", RC_OK, MIDNIGHT },
	{ "yesterday", RC_OK, MIDNIGHT - 86400 * US_PER_S },
	{ "-2h", RC_OK, NOW - 7200 * US_PER_S },
	{ "-90s", RC_OK, NOW - 90 * US_PER_S },
	{ "-3d", RC_OK, NOW - 3 * 86400 * US_PER_S },
	{ "2025-11-21T08:05:45.678901Z", RC_OK, NOW },
	{ "2025-11-21T10:05:45.678901+02:00", RC_OK, NOW },
	{ "2025-11-21T02:35:45.678901-0530", RC_OK, NOW },
	{ "2025-11-21 08:05:45.678901", RC_OK, NOW },
	{ "2025-11-21T08:05:45.6789019Z", RC_OK, NOW },
	{ "2025-11-21t08:05:45z", RC_OK, NOW - 678901 },
	{ "2025-11-21T08:05Z", RC_OK, NOW - 45678901 },
	{ "2025-11-21", RC_OK, MIDNIGHT },
	{ "2024-02-29", RC_OK, INT64_C(1709164800000000) },
	{ "1970-01-01T00:00:00Z", RC_OK, 0 },
	{ "", RC_MALFORMED, 0 },
	{ "tomorrow", RC_MALFORMED, 0 },
	{ "2h", RC_MALFORMED, 0 },
	{ "--2h", RC_MALFORMED, 0 },
	{ "-2", RC_MALFORMED, 0 },
	{ "2025-13-01", RC_MALFORMED, 0 },
	{ "2025-02-30", RC_MALFORMED, 0 },
	{ "2023-02-29", RC_MALFORMED, 0 },
	{ "2025-11-21T", RC_MALFORMED, 0 },
	{ "2025-11-21T25:00:00Z", RC_MALFORMED, 0 },
	{ "2025-11-21T08:05:45Zx", RC_MALFORMED, 0 },
	{ "2025-11-21T08:05:45+2", RC_MALFORMED, 0 },
	{ "2025-11-21T08:05:45+24:00", RC_MALFORMED, 0 },
	{ "2025-11-21T08:05:45+-1:30", RC_MALFORMED, 0 },
	{ "2025-11-21T08:05:45*02:00", RC_MALFORMED, 0 },
	{ "1763712345", RC_MALFORMED, 0 },
};

static void
times_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < T_LEN(times); i++) {
		struct err err = ERR_NONE;
		int64_t at_us = 0;
		enum rc rc = clock_parse(&at_us, times[i].text, NOW, &err);

		T_CHECK(rc == times[i].rc, "%s: %s", times[i].text, err.text);
		T_CHECK(at_us == times[i].at_us, "%s: %lld", times[i].text,
		    (long long)at_us);
		if (rc != RC_OK)
			T_CHECK(strstr(err.text, "expected") != NULL, "%s",
			    err.text);
	}
}

static const struct {
	const char *text;
	enum rc rc;
	int64_t us;
} durations[] = {
	{ "0s", RC_OK, 0 },
	{ "250ms", RC_OK, 250000 },
	{ "90s", RC_OK, 90 * US_PER_S },
	{ "5m", RC_OK, 300 * US_PER_S },
	{ "2h", RC_OK, 7200 * US_PER_S },
	{ "7d", RC_OK, 7 * 86400 * US_PER_S },
	{ "1w", RC_OK, 7 * 86400 * US_PER_S },
	{ "36525d", RC_OK, INT64_C(36525) * 86400 * US_PER_S },
	{ "36526d", RC_RANGE, 0 },
	{ "99999999999999999999s", RC_RANGE, 0 },
	{ "", RC_MALFORMED, 0 },
	{ "s", RC_MALFORMED, 0 },
	{ "90", RC_MALFORMED, 0 },
	{ "-90s", RC_MALFORMED, 0 },
	{ "+90s", RC_MALFORMED, 0 },
	{ " 90s", RC_MALFORMED, 0 },
	{ "90 s", RC_MALFORMED, 0 },
	{ "1.5h", RC_MALFORMED, 0 },
	{ "90S", RC_MALFORMED, 0 },
	{ "1y", RC_MALFORMED, 0 },
};

static void
durations_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < T_LEN(durations); i++) {
		struct err err = ERR_NONE;
		int64_t us = 0;
		enum rc rc = clock_parse_duration(&us, durations[i].text, &err);

		T_CHECK(rc == durations[i].rc, "%s: %s", durations[i].text,
		    err.text);
		T_CHECK(us == durations[i].us, "%s: %lld", durations[i].text,
		    (long long)us);
	}
}

static void
times_are_written_to_the_second(void **state)
{
	char text[CLOCK_TEXT_LEN];

	(void)state;
	assert_string_equal(clock_format(NOW, text), "2025-11-21T08:05:45Z");
	assert_string_equal(clock_format(0, text), "1970-01-01T00:00:00Z");
	assert_string_equal(
	    clock_format_exact(NOW, text), "2025-11-21T08:05:45.678901Z");
	assert_string_equal(
	    clock_format_exact(-1, text), "1969-12-31T23:59:59.999999Z");
	assert_string_equal(clock_format(-1, text), "1969-12-31T23:59:59Z");
	assert_string_equal(
	    clock_format(-US_PER_S, text), "1969-12-31T23:59:59Z");
}

static void
the_monotonic_clock_never_goes_back(void **state)
{
	int64_t last = clock_mono_us();

	(void)state;
	for (int i = 0; i < 1000; i++) {
		int64_t now = clock_mono_us();

		assert_true(now >= last);
		last = now;
	}
	assert_int_equal(
	    clock_from_timespec(&(struct timespec){ 3, 4999 }), 3000004);
}

static void
steady_time_is_the_wall_clock_of_the_start_carried_on(void **state)
{
	int64_t mono_us = clock_mono_us(), at_us = clock_steady_at(mono_us);

	(void)state;
	assert_true(at_us <= clock_wall_us() + US_PER_S);
	assert_true(at_us > clock_wall_us() - 60 * US_PER_S);
	assert_int_equal(clock_steady_at(mono_us + 5) - at_us, 5);
	assert_true(clock_steady_us() >= at_us);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    steady_time_is_the_wall_clock_of_the_start_carried_on),
		cmocka_unit_test(times_are_read),
		cmocka_unit_test(durations_are_read),
		cmocka_unit_test(times_are_written_to_the_second),
		cmocka_unit_test(the_monotonic_clock_never_goes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
