/* test_pace.c - never more than the cap, whatever the order of calls. */
#include "tests/unit/check.h"

#include <stdlib.h>

#include "probe/pace.h"
#include "probe/resident.h"
#include "probe/schedule.h"

#define S INT64_C(1000000)

static const struct {
	const char *claim;
	unsigned rate, burst;
	int64_t every_us, for_us; /* how often somebody wants to send */
	unsigned sent;
} cases[] = {
	{ "no cap lets all through", 0, 0, 1000, S, 1000 },
	{ "a burst leaves at once", 20, 10, 1, 10, 10 },
	{ "the rate holds behind the burst", 20, 10, 1000, 10 * S, 200 },
	{ "a slow sender never waits", 20, 1, S / 10, 10 * S, 100 },
	{ "no burst counts as one", 20, 0, 1000, S, 20 },
	{ "a burst over the cap is cut to it", 20, 40, 1000, S, 20 },
	{ "a cap that is not exact has its burst on top", 100, 10, 1000, S,
	    10 + 99 },
};

static void
test_counts(void **state)
{
	(void)state;
	for (size_t i = 0; i < T_LEN(cases); i++) {
		struct pace p;
		unsigned n = 0;

		pace_init(&p, cases[i].rate, cases[i].burst);
		for (int64_t t = 0; t < cases[i].for_us; t += cases[i].every_us)
			n += pace_take(&p, 7 * S + t);
		T_CHECK(n == cases[i].sent, "%s: %u", cases[i].claim, n);
	}
}

/* Whoever waits until pace_ready_us is let through, and nobody before. */
static void
test_ready(void **state)
{
	struct pace p;
	int64_t now = 3 * S;

	(void)state;
	pace_init(&p, 7, 3);
	for (int i = 0; i < 100; i++) {
		int64_t ready = pace_ready_us(&p, now);

		if (ready > now)
			assert_false(pace_take(&p, ready - 1));
		assert_true(pace_take(&p, ready));
		now = ready;
	}
}

/* ---- the host's cap, whatever is assigned ---- */

/* Far more than can be sent: everything of every target, all the time. */
static struct assignment *
assign_too_much(void)
{
	struct assignment *a = calloc(1, sizeof *a);

	for (unsigned i = 0; i < ASSIGNMENT_TARGETS_MAX; i++) {
		struct assigned_target *t = assignment_add(a);

		t->address = (struct addr){ 4,
			{ 10, 0, (uint8_t)(i >> 8), (uint8_t)i } };
		t->port = 53;
		t->dns_every_us = t->ping_every_us = t->trace_every_us = S;
		t->phase_us = (int64_t)i * 1000 % S;
	}
	return a;
}

/* What a round sends at most: the pair of questions, on other ports and by
 * TCP too; three echoes; a trace. */
static unsigned
packets_of(const struct round *r)
{
	if (r->kind == KIND_TRACE)
		return TRACE_TTL_MAX;
	if (r->kind == KIND_PING)
		return 3;
	return 2U + 3U * r->with_varied + 4U * r->with_tcp;
}

/* What waits has no end; it leaves as soon as the pace lets it. */
static void
no_second_has_more_than_the_cap(void **state)
{
	enum { CAP = RESIDENT_PACKETS_PER_S };
	struct assignment *a = assign_too_much();
	int64_t now_us = 1763700000 * S, end_us = now_us + 300 * S;
	int64_t left_us[CAP] = { 0 };
	uint64_t n_sent = 0, n_waiting = 0;
	struct pace pace, traces;
	struct schedule s;
	struct round r;

	(void)state;
	pace_init(&pace, CAP, RESIDENT_BURST_PACKETS);
	pace_init(&traces, RESIDENT_TRACES_PER_S, 1);
	schedule_init(&s, 11, &traces);
	schedule_replace(&s, a, now_us);
	while (now_us < end_us) {
		int64_t next_us = schedule_next_us(&s);

		while (schedule_take(&s, now_us, &r))
			n_waiting += packets_of(&r);
		while (n_waiting > 0 && pace_take(&pace, now_us)) {
			int64_t *before = &left_us[n_sent++ % CAP];

			T_CHECK(now_us - *before >= S,
			    "packet %llu: more than %d in a second",
			    (unsigned long long)n_sent, CAP);
			*before = now_us;
			n_waiting--;
		}
		if (n_waiting > 0 && pace_ready_us(&pace, now_us) < next_us)
			next_us = pace_ready_us(&pace, now_us);
		now_us = next_us > now_us ? next_us : now_us + 1;
	}
	T_CHECK(n_sent >= 299 * CAP, "%llu packets in 300 s",
	    (unsigned long long)n_sent);
	schedule_fini(&s);
	assignment_fini(a);
	free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_counts),
		cmocka_unit_test(test_ready),
		cmocka_unit_test(no_second_has_more_than_the_cap) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
