/* test_troubles.c - what is wrong with the collector for long enough. */
#include "tests/unit/check.h"

#include <stdio.h>
#include <stdlib.h>

#include "collector/troubles.h"
#include "schema/base/clock.h"

#define S US_PER_S
#define WALL (INT64_C(1800000000) * S)

/* Looks at every second from first to last; gives how often p began and
 * ended. */
static void
look(struct troubles *t, enum self_part p, struct self_sample s, bool is_well,
    int64_t first, int64_t last, int *n_began, int *n_ended)
{
	*n_began = *n_ended = 0;
	for (int64_t i = first; i <= last; i++) {
		struct self_report r = { .sample = s };
		unsigned began, ended;

		r.sample.now_us = i * S;
		for (unsigned k = 0; k < SELF_PARTS; k++)
			r.is_well[k] = k != p || is_well;
		if (!is_well)
			snprintf(r.why[p], SELF_WHY_LEN, "why %d", (int)i);
		troubles_step(t, &r, WALL + i * S, &began, &ended);
		*n_began += began == 1u << p;
		*n_ended += ended == 1u << p;
		assert_true(began == 0 || began == 1u << p);
	}
}

#define LOOK(well, first, last, want_began, want_ended) \
	do { \
		int began_, ended_; \
		look(t, p, sample, well, first, last, &began_, &ended_); \
		T_CHECK(began_ == (want_began) && ended_ == (want_ended), \
		    "%s %d-%d: %d %d", self_part_name(p), (int)(first), \
		    (int)(last), began_, ended_); \
	} while (0)

static void
a_moment_is_no_trouble_and_a_while_is_one(void **state)
{
	static const enum self_part parts[] = { SELF_STORE, SELF_DETECTOR,
		SELF_QUEUE };
	const struct self_sample sample = { 0 };

	(void)state;
	for (size_t i = 0; i < T_LEN(parts); i++) {
		struct troubles *t = troubles_new();
		enum self_part p = parts[i];

		LOOK(true, 1, 100, 0, 0);
		LOOK(false, 101, 110, 0, 0);
		LOOK(true, 111, 120, 0, 0);
		LOOK(false, 121, 500, 1, 0);
		assert_int_equal(troubles_get(t, p).since_us, WALL + 121 * S);
		assert_int_equal(
		    troubles_get(t, p).detected_us, WALL + 131 * S);
		assert_string_equal(troubles_get(t, p).why, "why 500");
		LOOK(true, 501, 509, 0, 0);
		LOOK(false, 510, 510, 0, 0);
		LOOK(true, 511, 600, 0, 1);
		assert_int_equal(troubles_get(t, p).over_us, WALL + 521 * S);
		troubles_free(t);
	}
}

/* It hovers about the mark: that is one trouble, not fifty. */
static void
a_disk_on_the_edge_is_told_once(void **state)
{
	struct troubles *t = troubles_new();
	const struct self_sample sample = { 0 };
	enum self_part p = SELF_DISK;

	(void)state;
	LOOK(false, 1, 20, 1, 0);
	for (int64_t i = 20; i < 2000; i += 40) {
		LOOK(true, i, i + 19, 0, 0);
		LOOK(false, i + 20, i + 39, 0, 0);
	}
	LOOK(true, 3000, 3299, 0, 0);
	LOOK(true, 3300, 3310, 0, 1);
	troubles_free(t);
}

static void
a_silence_ends_when_something_is_heard_and_not_before(void **state)
{
	struct troubles *t = troubles_new();
	struct self_sample sample = { .n_probes = 3, .last_heard_us = 50 * S };
	enum self_part p = SELF_HEARD;

	(void)state;
	LOOK(true, 51, 60, 0, 0);
	LOOK(false, 400, 410, 1, 0);
	LOOK(true, 411, 500, 0, 0); /* its clock began anew, no more */
	sample.last_heard_us = 501 * S;
	LOOK(true, 501, 502, 0, 1);
	LOOK(false, 900, 901, 1, 0);
	sample.n_probes = 0; /* all were revoked */
	LOOK(true, 902, 903, 0, 1);
	troubles_free(t);
}

static void
what_was_told_before_a_restart_is_known_after_it(void **state)
{
	struct troubles *t = troubles_new();
	struct self_sample sample = { .n_probes = 3 };
	enum self_part p = SELF_HEARD;

	(void)state;
	troubles_restore(t, p, WALL - 500 * S, 1000 * S);
	troubles_restore(t, p, WALL - 400 * S, 1000 * S); /* another alert's */
	assert_true(troubles_get(t, p).is_open);
	assert_int_equal(troubles_get(t, p).since_us, WALL - 500 * S);
	LOOK(true, 1001, 1200, 0, 0);
	LOOK(false, 1201, 1300, 0, 0);
	sample.last_heard_us = 1301 * S;
	LOOK(true, 1301, 1302, 0, 1);
	troubles_free(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_moment_is_no_trouble_and_a_while_is_one),
		cmocka_unit_test(a_disk_on_the_edge_is_told_once),
		cmocka_unit_test(
		    a_silence_ends_when_something_is_heard_and_not_before),
		cmocka_unit_test(
		    what_was_told_before_a_restart_is_known_after_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
