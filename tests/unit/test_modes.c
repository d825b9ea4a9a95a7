/* test_modes.c - catchments: how similar, which mode, kept as bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "collector/modes.h"
#include "schema/base/mem.h"

#define N 20

/* Vantage i of network i / 2; the first `moved` of them at site 2. */
static struct catchment
catchment(size_t n, size_t moved)
{
	struct catchment c = { .n = n,
		.places = mem_new((n + 1) * sizeof *c.places) };

	for (size_t i = 0; i < n; i++)
		c.places[n - 1 - i] = (struct place){ (uint32_t)i + 1, 7,
			i < moved ? 2 : 1, (uint32_t)i / 2 };
	catchment_sort(&c);
	return c;
}

static double
similarity(size_t n, size_t moved)
{
	struct catchment a = catchment(N, 0), b = catchment(n, moved);
	double s = modes_similarity(&a, &b);

	free(a.places);
	free(b.places);
	return s;
}

static void
each_network_weighs_one(void **state)
{
	struct catchment a = catchment(N, 0), b = catchment(N, 0);

	(void)state;
	assert_true(similarity(N, 0) == 1);
	assert_true(similarity(N, 4) == 0.8);
	assert_true(similarity(N, N) == 0);
	/* One network with many vantages is still one of ten. */
	for (size_t i = 0; i < N; i++)
		b.places[i].network = i < 11 ? 0 : (uint32_t)i;
	for (size_t i = 0; i < 11; i++)
		b.places[i].site_id = 2;
	assert_true(modes_similarity(&a, &b) == 0.9);
	free(a.places);
	free(b.places);
}

static void
what_is_little_known_is_not_compared(void **state)
{
	(void)state;
	assert_true(similarity(2 * N, 0) == -1); /* half is known */
	assert_true(similarity(N + 4, 0) == 1);
	assert_true(similarity(N / 2, 0) == 1); /* all of it, of those there */
}

static void
a_mode_that_comes_back_is_the_same(void **state)
{
	struct modes m = { 0 };
	struct catchment c = catchment(N, 0);

	(void)state;
	assert_int_equal(modes_leave(&m, &c, 100)->id, 1);
	assert_null(c.places);
	c = catchment(N, 8);
	assert_int_equal(modes_enter(&m, &c, 100)->id, 2);
	c = catchment(N, 8);
	assert_int_equal(modes_leave(&m, &c, 400)->id, 2);
	assert_int_equal(modes_by_id(&m, 2)->stayed_us, 300);
	c = catchment(N, 0);
	assert_int_equal(modes_enter(&m, &c, 400)->id, 1);
	assert_int_equal(modes_by_id(&m, 1)->n_times, 2);
	assert_int_equal(m.n, 2);
	modes_fini(&m);
}

static void
the_shortest_stay_makes_room(void **state)
{
	struct modes m = { 0 };
	double s;

	(void)state;
	for (size_t i = 0; i <= MODES_MAX; i++) {
		struct catchment c = catchment(N, 0);

		for (size_t k = 0; k < N; k++)
			c.places[k].site_id = (uint32_t)(1000 * i + k);
		(void)modes_enter(&m, &c, (int64_t)i);
		c = catchment(N, 0);
		for (size_t k = 0; k < N; k++)
			c.places[k].site_id = (uint32_t)(1000 * i + k);
		/* The third stayed no time at all. */
		(void)modes_leave(&m, &c, (int64_t)(i == 2 ? i : i + 10));
	}
	assert_int_equal(m.n, MODES_MAX);
	assert_null(modes_by_id(&m, 3));
	assert_non_null(modes_by_id(&m, MODES_MAX + 1));
	assert_non_null(modes_nearest(&m, &modes_by_id(&m, 9)->catchment, &s));
	assert_true(s == 1);
	modes_fini(&m);
}

static void
bytes_bring_a_mode_back(void **state)
{
	struct modes m = { 0 }, back = { 0 };
	struct catchment c = catchment(N, 3), same = catchment(N, 3);
	uint8_t *bytes;
	size_t len;

	(void)state;
	(void)modes_enter(&m, &c, 5);
	bytes = mode_encode(&m.list[0], &len);
	for (size_t cut = 0; cut < len; cut++)
		assert_int_equal(
		    modes_restore(&back, 0, bytes, cut), RC_MALFORMED);
	assert_int_equal(
	    modes_restore(&back, MODES_MAX, bytes, len), RC_MALFORMED);
	assert_int_equal(modes_restore(&back, 0, bytes, len), RC_OK);
	assert_true(modes_similarity(&back.list[0].catchment, &same) == 1);
	assert_int_equal(back.list[0].first_us, 5);
	assert_int_equal(back.last_id, 1);
	bytes[0]++;
	assert_int_equal(modes_restore(&back, 0, bytes, len), RC_MALFORMED);
	free(bytes);
	free(same.places);
	modes_fini(&m);
	modes_fini(&back);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_network_weighs_one),
		cmocka_unit_test(what_is_little_known_is_not_compared),
		cmocka_unit_test(a_mode_that_comes_back_is_the_same),
		cmocka_unit_test(the_shortest_stay_makes_room),
		cmocka_unit_test(bytes_bring_a_mode_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
