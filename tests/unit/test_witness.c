#include "collector/witness.h"

#include <stdio.h>
#include <string.h>

#include "collector/track.h"
#include "schema/base/clock.h"
#include "tests/unit/check.h"

#define MINUTE (60 * US_PER_S)
#define START (INT64_C(1800000000) * US_PER_S)

static void
see(struct witness *w, int64_t minute, int64_t site_id, const char *identity)
{
	struct sighting s = { .has_identity = true, .site_id = site_id };

	snprintf(s.identity, sizeof s.identity, "%s", identity);
	s.is_foreign = strchr(identity, '!') != NULL;
	(void)witness_see(&w[0], &s, START + minute * MINUTE, MINUTE);
}

/* One letter is one answer, a minute apart. */
static const struct {
	const char *name, *answers;
	bool is_flapping;
} histories[] = {
	{ "steady", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false },
	{ "a move", "aaaaaaaaaaaaaaaaaabbbbbbbbbbbb", false },
	{ "there and back", "aaaaaaaaaabbbbbaaaaaaaaaaaaaaa", false },
	{ "by way of a third, and back", "aaaaaaaacbbbbbcaaaaaaaaaaaaaaa",
	    false },
	{ "there, back and there", "aaaaaaabbbbaaaabbbbbbbbbbbbbbb", false },
	{ "every answer", "aaaaaaaaaaabababab", true },
	{ "every fourth", "aaaaaaaabbbbaaaabbbbaaaabbbb", true },
	{ "every seventh", "aaaaaaabbbbbbbaaaaaaabbbbbbbaaaaaaabbbbbbb",
	    false },
};

static void
test_flapping_is_going_back_and_forth(void **state)
{
	(void)state;
	for (size_t i = 0; i < T_LEN(histories); i++) {
		struct witness w = { 0 };

		for (int64_t k = 0; histories[i].answers[k] != '\0'; k++)
			see(&w, k, histories[i].answers[k] - 'a' + 1, "ns1.x");
		T_CHECK((w.flaps.since_us != 0) == histories[i].is_flapping,
		    "%s: share %f", histories[i].name, flaps_share(&w.flaps));
	}
}

static void
test_flapping_ends_when_both_measures_are_low(void **state)
{
	struct witness w = { 0 };
	int64_t k = 0;

	(void)state;
	while (k < 60) {
		see(&w, k, 1 + k % 2, "ns1.x");
		k++;
	}
	assert_true(w.flaps.since_us != 0);
	assert_int_equal(w.flaps.low, 1);
	assert_int_equal(w.flaps.high, 2);
	while (w.flaps.since_us != 0 && k < 200)
		see(&w, k++, 1, "ns1.x");
	/* 3000 points are 750 after two half-lives of 15 periods. */
	assert_in_range(k, 60 + 30, 60 + 33);
	assert_int_equal(w.flaps.place, 1);
}

static void
test_names_differ_by_more_than_numbers(void **state)
{
	(void)state;
	assert_true(witness_is_same_name("ns1.x", "ns12.x"));
	assert_true(witness_is_same_name("ns.x", "ns7.x"));
	assert_true(witness_is_same_name("", "5"));
	assert_false(witness_is_same_name("ns1.x", "ns1.y"));
	assert_false(witness_is_same_name("ns1.x", "ns1.x2y"));
}

static void
test_a_stranger_is_a_row_of_answers(void **state)
{
	struct witness w = { 0 };

	(void)state;
	see(&w, 0, 0, "bad1!");
	see(&w, 1, 0, "bad2!");
	assert_int_equal(witness_odd(&w)->stranger.n, 2);
	assert_int_equal(witness_odd(&w)->stranger.since_us, START);
	see(&w, 2, 0, "other!");
	assert_int_equal(witness_odd(&w)->stranger.n, 1);
	assert_int_equal(
	    witness_odd(&w)->stranger.since_us, START + 2 * MINUTE);
	assert_true(witness_odd(&w)->stranger.is_foreign);
	see(&w, 3, 1, "ns1.x");
	assert_int_equal(witness_odd(&w)->stranger.n, 0);
	witness_fini(&w);
}

static void
test_serials_wrap(void **state)
{
	(void)state;
	assert_true(serial_is_newer(1, 0));
	assert_true(serial_is_newer(0, UINT32_MAX));
	assert_true(serial_is_newer(5, UINT32_C(4294967290)));
	assert_false(serial_is_newer(7, 7));
	assert_false(serial_is_newer(0, 1));
	/* RFC 1982 3.2: undefined */
	assert_false(serial_is_newer(0, UINT32_C(1) << 31));
	assert_false(serial_is_newer(UINT32_C(1) << 31, 0));
}

static void
test_only_ways_that_arrive_count(void **state)
{
	struct way way = { .at_us = START, .is_reached = true };
	struct witness w = { 0 };

	(void)state;
	assert_true(addr_parse(&way.penultimate, "192.0.2.1") == RC_OK);
	assert_true(witness_way(&w, &way));
	w.way->taught_id = 3;
	way.at_us += MINUTE;
	assert_true(witness_way(&w, &way));
	assert_int_equal(w.way->taught_id, 3); /* the same router */
	way.is_reached = false;
	assert_false(witness_way(&w, &way));
	way.is_reached = true;
	way.at_us = START;
	assert_false(witness_way(&w, &way)); /* older */
	way.at_us = START + 2 * MINUTE;
	way.penultimate.bytes[3]++;
	assert_true(witness_way(&w, &way));
	assert_int_equal(w.way->taught_id, 0);
	witness_fini(&w);
}

static void
test_bytes_bring_it_back(void **state)
{
	struct witness w = { 0 }, back = { 0 };
	struct way way = { .at_us = START, .is_reached = true };
	uint8_t bytes[512];
	struct wbuf to = wbuf_over(bytes, sizeof bytes);
	struct rbuf from;

	(void)state;
	assert_true(addr_parse(&way.penultimate, "2001:db8::1") == RC_OK);
	(void)witness_way(&w, &way);
	for (int64_t k = 0; k < 30; k++)
		see(&w, k, 1 + k % 2, "ns1.x");
	see(&w, 30, 0, "a stranger!");
	witness_encode(&w, &to);
	assert_false(to.is_bad);
	from = rbuf_over(bytes, to.len);
	witness_decode(&back, &from);
	assert_false(from.is_bad);
	assert_int_equal(rbuf_left(&from), 0);
	assert_int_equal(memcmp(&w.flaps, &back.flaps, sizeof w.flaps), 0);
	assert_string_equal(
	    witness_odd(&back)->stranger.identity, "a stranger!");
	assert_true(addr_equal(&w.way->router, &back.way->router));
	for (size_t n = 0; n < to.len; n++) {
		from = rbuf_over(bytes, n);
		witness_decode(&back, &from);
		assert_true(from.is_bad);
	}
	witness_fini(&w);
	witness_fini(&back);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_flapping_is_going_back_and_forth),
		cmocka_unit_test(test_flapping_ends_when_both_measures_are_low),
		cmocka_unit_test(test_names_differ_by_more_than_numbers),
		cmocka_unit_test(test_a_stranger_is_a_row_of_answers),
		cmocka_unit_test(test_serials_wrap),
		cmocka_unit_test(test_only_ways_that_arrive_count),
		cmocka_unit_test(test_bytes_bring_it_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
