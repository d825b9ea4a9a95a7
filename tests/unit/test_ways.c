#include "collector/ways.h"

#include <string.h>

#include "schema/base/clock.h"
#include "tests/unit/check.h"

#define SITE 5
#define DAY_US (86400 * US_PER_S)

static struct track
traced(uint8_t router, uint32_t asn, int64_t at_us)
{
	static struct way_seen ways[64]; /* more than a test has */
	static unsigned n;
	struct way_seen *way = &ways[n++ % T_LEN(ways)];

	*way = (struct way_seen){ .at_us = at_us,
		.router = { .family = 4, .bytes = { 192, 0, 2, router } },
		.asn = asn };
	return (struct track){ .home = SITE, .witness.way = way };
}

static void
teach(struct ways *w, uint8_t router, uint32_t asn, int n)
{
	while (n-- > 0) {
		struct track t = traced(router, asn, DAY_US);

		assert_true(ways_learn(w, &t));
		assert_false(ways_learn(w, &t)); /* once a day */
	}
}

static void
test_two_vantages_make_a_way(void **state)
{
	struct ways w = { .site_id = SITE, .family = 4 };
	struct track known = traced(1, 65001, DAY_US);
	struct track same_as = traced(9, 65001, DAY_US);
	struct track other = traced(9, 65009, DAY_US);

	(void)state;
	assert_int_equal(ways_compare(&w, &other, 0), WAY_SAYS_NOTHING);
	teach(&w, 1, 65001, 1);
	assert_int_equal(ways_compare(&w, &known, 0), WAY_SAYS_NOTHING);
	teach(&w, 1, 65001, 1);
	assert_int_equal(ways_compare(&w, &known, 0), WAY_AS_BEFORE);
	assert_int_equal(ways_compare(&w, &same_as, 0), WAY_AS_BEFORE);
	assert_int_equal(ways_compare(&w, &other, 0), WAY_NEW);
	assert_int_equal(
	    ways_compare(&w, &other, DAY_US + 1), WAY_SAYS_NOTHING);
}

/* Where every vantage has its own router, another one is nothing new. */
static void
test_many_routers_say_nothing(void **state)
{
	struct ways w = { .site_id = SITE, .family = 4 };
	struct track other = traced(99, 0, DAY_US);

	(void)state;
	teach(&w, 1, 0, 4);
	teach(&w, 2, 0, 1);
	assert_int_equal(ways_compare(&w, &other, 0), WAY_NEW);
	teach(&w, 3, 0, 1);
	assert_int_equal(ways_compare(&w, &other, 0), WAY_SAYS_NOTHING);
}

static void
test_memory_is_bounded_and_comes_back(void **state)
{
	struct ways w = { .site_id = SITE, .family = 4 };
	struct ways back = { .site_id = SITE, .family = 4 };
	uint8_t bytes[WAYS_BYTES_MAX];
	size_t len;

	(void)state;
	for (int i = 0; i < 3 * WAYS_MAX; i++) {
		struct track t = traced((uint8_t)i, 0, DAY_US + i);

		assert_true(ways_learn(&w, &t));
	}
	assert_int_equal(w.n, WAYS_MAX);
	for (size_t i = 0; i < w.n; i++)
		assert_true(w.list[i].last_us >= DAY_US + 2 * WAYS_MAX);
	len = ways_encode(&w, bytes);
	ways_decode(&back, bytes, len);
	assert_int_equal(back.n, w.n);
	assert_true(addr_equal(&back.list[7].router, &w.list[7].router));
	assert_int_equal(back.list[7].last_us, w.list[7].last_us);
	ways_decode(&back, bytes, len - 1); /* the last is cut: left out */
	assert_int_equal(back.n, w.n - 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_two_vantages_make_a_way),
		cmocka_unit_test(test_many_routers_say_nothing),
		cmocka_unit_test(test_memory_is_bounded_and_comes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
