/* test_queue.c - the bounded queue between threads. */
#include "tests/unit/check.h"

#include <pthread.h>
#include <sched.h>

#include "collector/queue.h"
#include "schema/base/clock.h"

static int items[8];

static void
it_is_first_in_first_out(void **state)
{
	struct queue *q = queue_new(4, 100);
	void *out[4];

	(void)state;
	for (int round = 0; round < 3; round++) { /* around the ring */
		for (int i = 0; i < 3; i++)
			assert_int_equal(queue_push(q, &items[i], 1), RC_OK);
		assert_int_equal(queue_depth(q), 3);
		assert_int_equal(queue_take(q, out, 4, 0), 3);
		for (int i = 0; i < 3; i++)
			assert_ptr_equal(out[i], &items[i]);
	}
	queue_free(q);
}

static void
it_is_bounded_by_number_and_by_bytes(void **state)
{
	struct queue *q = queue_new(2, 100);
	void *out[4];

	(void)state;
	assert_int_equal(queue_push(q, &items[0], 101), RC_LIMIT);
	assert_int_equal(queue_push(q, &items[0], 60), RC_OK);
	assert_int_equal(queue_push(q, &items[1], 41), RC_LIMIT);
	assert_int_equal(queue_push(q, &items[1], 40), RC_OK);
	assert_int_equal(queue_push(q, &items[2], 0), RC_LIMIT);
	assert_int_equal(queue_take(q, out, 1, 0), 1);
	assert_int_equal(queue_push(q, &items[2], 60), RC_OK);
	assert_int_equal(queue_take(q, out, 4, 0), 2);
	queue_free(q);
}

static void
closed_it_gives_but_does_not_take(void **state)
{
	struct queue *q = queue_new(2, 100);
	void *out[4];

	(void)state;
	assert_int_equal(queue_push(q, &items[0], 1), RC_OK);
	queue_close(q);
	assert_true(queue_is_closed(q));
	assert_int_equal(queue_push(q, &items[1], 1), RC_PEER);
	assert_int_equal(queue_take(q, out, 4, 60 * US_PER_S), 1);
	assert_int_equal(queue_take(q, out, 4, 60 * US_PER_S), 0);
	queue_free(q);
}

#define N_PUSHES 2000

static void *
push_many(void *arg)
{
	struct queue *q = arg;

	for (int i = 0; i < N_PUSHES; i++)
		while (queue_push(q, &items[0], 1) != RC_OK)
			sched_yield();
	return NULL;
}

static void
nothing_is_lost_between_threads(void **state)
{
	struct queue *q = queue_new(7, 100);
	pthread_t threads[3];
	size_t n = 0;
	void *out[5];

	(void)state;
	for (size_t i = 0; i < T_LEN(threads); i++)
		pthread_create(&threads[i], NULL, push_many, q);
	while (n < T_LEN(threads) * N_PUSHES)
		n += queue_take(q, out, T_LEN(out), US_PER_S);
	for (size_t i = 0; i < T_LEN(threads); i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(n, T_LEN(threads) * N_PUSHES);
	assert_int_equal(queue_depth(q), 0);
	queue_free(q);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_first_in_first_out),
		cmocka_unit_test(it_is_bounded_by_number_and_by_bytes),
		cmocka_unit_test(closed_it_gives_but_does_not_take),
		cmocka_unit_test(nothing_is_lost_between_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
