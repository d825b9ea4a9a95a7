/* test_schedule.c - rounds fall where they should, on simulated time. */
#include "probe/schedule.h"

#include <stdlib.h>

#include "schema/base/clock.h"
#include "tests/unit/check.h"

#define MINUTE (60 * US_PER_S)
#define START \
	(INT64_C(1763700000) * US_PER_S) /* a multiple of 60 s and 900 s */

static struct assignment *
assign(size_t n)
{
	struct assignment *a = calloc(1, sizeof *a);

	for (size_t i = 0; i < n; i++) {
		struct assigned_target *t = assignment_add(a);

		t->address = (struct addr){ 4,
			{ 192, 0, (uint8_t)(i >> 8), (uint8_t)i } };
		t->port = 53;
		t->dns_every_us = MINUTE;
		t->phase_us = (int64_t)i * 100 * US_PER_MS;
	}
	return a;
}

static void
discard(struct assignment *a)
{
	assignment_fini(a);
	free(a);
}

static struct pace traces; /* of the schedule that is looked at */

static void
begin(struct schedule *s, uint64_t seed)
{
	pace_init(&traces, 1, 1);
	schedule_init(s, seed, &traces);
}

/* Runs from start to end; calls back at each round's moment. */
typedef void seen(void *ctx, const struct round *r, int64_t now_us);

static unsigned
simulate(
    struct schedule *s, int64_t start_us, int64_t end_us, seen *cb, void *ctx)
{
	int64_t now_us = start_us;
	struct round r;
	unsigned n = 0;

	for (;;) {
		while (schedule_take(s, now_us, &r)) {
			n++;
			if (cb != NULL)
				cb(ctx, &r, now_us);
		}
		now_us = schedule_next_us(s);
		if (now_us >= end_us)
			return n;
	}
}

struct moments {
	unsigned n[3];
	int64_t at_us[3][128];
};

static void
note_moment(void *ctx, const struct round *r, int64_t now_us)
{
	struct moments *m = ctx;

	if (m->n[r->kind] < 128)
		m->at_us[r->kind][m->n[r->kind]++] = now_us;
}

static void
rounds_fall_on_period_plus_phase(void **state)
{
	static const int64_t phases[] = { 0, 1, 17 * US_PER_S,
		MINUTE - US_PER_S, 61 * US_PER_S };

	(void)state;
	for (size_t i = 0; i < T_LEN(phases); i++) {
		struct assignment *a = assign(1);
		struct moments m = { 0 };
		struct schedule s;

		a->targets[0].phase_us = phases[i];
		begin(&s, 42);
		schedule_replace(&s, a, START);
		simulate(&s, START, START + 60 * MINUTE, note_moment, &m);
		T_CHECK(m.n[KIND_DNS] == 60 || m.n[KIND_DNS] == 61,
		    "phase %lld: %u rounds", (long long)phases[i],
		    m.n[KIND_DNS]);
		for (unsigned k = 1; k < m.n[KIND_DNS]; k++) {
			int64_t off_us =
			    (m.at_us[KIND_DNS][k] - phases[i] % MINUTE) %
			    MINUTE;

			T_CHECK(off_us <= MINUTE / 100 + SCHEDULE_SLOT_US,
			    "phase %lld: off by %lld", (long long)phases[i],
			    (long long)off_us);
		}
		schedule_fini(&s);
		discard(a);
	}
}

static void
a_fleet_is_spread_over_every_kinds_period(void **state)
{
	enum { N_PROBES = 15 };
	unsigned n_in_minute[15] = { 0 };

	(void)state;
	/* Phases as a collector hands them out: over the DNS period. */
	for (int i = 0; i < N_PROBES; i++) {
		struct assignment *a = assign(1);
		struct moments m = { 0 };
		struct schedule s;

		a->targets[0].phase_us = i * MINUTE / N_PROBES;
		a->targets[0].trace_every_us = 15 * MINUTE;
		begin(&s, (uint64_t)i);
		schedule_replace(&s, a, START);
		simulate(&s, START, START + 31 * MINUTE, note_moment, &m);
		T_CHECK(m.n[KIND_TRACE] >= 1, "probe %d", i);
		n_in_minute[(m.at_us[KIND_TRACE][0] - START) / MINUTE % 15]++;
		schedule_fini(&s);
		discard(a);
	}
	for (int i = 0; i < 15; i++)
		T_CHECK(n_in_minute[i] <= 2, "minute %d: %u of 15 traces", i,
		    n_in_minute[i]);
}

static void
a_targets_kinds_do_not_meet(void **state)
{
	struct assignment *a = assign(1);
	struct moments m = { 0 };
	struct schedule s;

	(void)state;
	a->targets[0].ping_every_us = MINUTE;
	begin(&s, 7);
	schedule_replace(&s, a, START);
	simulate(&s, START, START + 10 * MINUTE, note_moment, &m);
	assert_true(m.n[KIND_PING] >= 9);
	for (unsigned i = 0; i < 9; i++) {
		int64_t apart_us =
		    llabs(m.at_us[KIND_PING][i] - m.at_us[KIND_DNS][i]);

		T_CHECK(apart_us > 20 * US_PER_S && apart_us < 40 * US_PER_S,
		    "round %u: %lld us apart", i, (long long)apart_us);
	}
	schedule_fini(&s);
	discard(a);
}

/* The host slept: each target's next round comes in its own turn. */
static void
missed_rounds_are_not_caught_up(void **state)
{
	static const int64_t sleeps[] = { 2 * MINUTE, 60 * MINUTE,
		30 * 24 * 60 * MINUTE };

	(void)state;
	for (size_t i = 0; i < T_LEN(sleeps); i++) {
		struct assignment *a = assign(300);
		int64_t now_us = START + MINUTE + sleeps[i] + 45 * US_PER_S;
		struct schedule s;
		struct round r;
		unsigned n = 0;

		begin(&s, 1);
		schedule_replace(&s, a, START);
		simulate(&s, START, START + MINUTE, NULL, NULL);
		while (schedule_take(&s, now_us, &r))
			n++;
		T_CHECK(n <= 60, "%u at once", n);
		n = simulate(&s, now_us, now_us + MINUTE, NULL, NULL);
		T_CHECK(n > 200 && n <= 360, "%u in the next minute", n);
		schedule_fini(&s);
		discard(a);
	}
}

static void
a_round_a_little_late_is_still_made(void **state)
{
	struct assignment *a = assign(1);
	struct schedule s;
	struct round r;

	(void)state;
	begin(&s, 1);
	schedule_replace(&s, a, START);
	assert_true(schedule_take(&s, schedule_next_us(&s) + 2 * US_PER_S, &r));
	schedule_fini(&s);
	discard(a);
}

static void
new_targets_are_looked_at_soon_one_after_the_other(void **state)
{
	struct assignment *a = assign(10);
	struct schedule s;

	(void)state;
	for (size_t i = 0; i < a->n_targets; i++)
		a->targets[i].dns_every_us = 60 * MINUTE;
	begin(&s, 1);
	schedule_replace(&s, a, START);
	assert_int_equal(
	    simulate(&s, START, START + US_PER_S - 1, NULL, NULL), 2);
	assert_int_equal(
	    simulate(&s, START + US_PER_S, START + MINUTE, NULL, NULL), 8);
	schedule_fini(&s);
	discard(a);
}

static void
what_is_due_within_a_slot_leaves_together(void **state)
{
	struct assignment *a = assign(2);
	struct schedule s;
	struct round r;
	int64_t next_us;

	(void)state;
	begin(&s, 1);
	schedule_replace(&s, a, START);
	s.tasks[0].due_at_us = START + 1000;
	s.tasks[1].due_at_us = START + 1000 + SCHEDULE_SLOT_US;
	next_us = schedule_next_us(&s);
	assert_int_equal(next_us, START + 1000);
	assert_true(schedule_take(&s, next_us, &r));
	assert_int_equal(r.target, 0);
	assert_true(schedule_take(&s, next_us, &r));
	assert_int_equal(r.target, 1);
	assert_false(schedule_take(&s, next_us, &r));
	/* Taken early, it does not come a second time at its own moment. */
	assert_false(schedule_take(&s, next_us + SCHEDULE_SLOT_US, &r));
	schedule_fini(&s);
	discard(a);
}

struct turns {
	unsigned n, n_chaos, n_varied;
	bool is_first_chaos;
};

static void
count_turns(void *ctx, const struct round *r, int64_t now_us)
{
	struct turns *t = ctx;

	(void)now_us;
	if (t->n++ == 0)
		t->is_first_chaos = r->with_chaos;
	t->n_chaos += r->with_chaos;
	t->n_varied += r->with_varied;
}

static void
chaos_and_varied_ports_have_their_turns(void **state)
{
	struct assignment *a = assign(1);
	struct turns t = { 0 };
	struct schedule s;

	(void)state;
	begin(&s, 3);
	schedule_replace(&s, a, START);
	simulate(&s, START, START + 61 * MINUTE, count_turns, &t);
	assert_true(t.is_first_chaos);
	T_CHECK(t.n >= 60, "%u rounds", t.n);
	assert_int_equal(t.n_chaos, (t.n + 9) / 10);
	assert_int_equal(t.n_varied, t.n / 30);
	schedule_fini(&s);
	discard(a);
}

static const struct schedule_task *
task_of(const struct schedule *s, size_t target)
{
	for (size_t i = 0; i < s->n_tasks; i++)
		if (s->tasks[i].target == target)
			return &s->tasks[i];
	fail_msg("target %zu has no task", target);
	return NULL;
}

static void
another_assignment_disturbs_only_what_it_changes(void **state)
{
	struct assignment *a = assign(3), *b = assign(2);
	int64_t due_us;
	struct schedule s;

	(void)state;
	begin(&s, 3);
	schedule_replace(&s, a, START);
	simulate(&s, START, START + 5 * MINUTE, NULL, NULL);
	due_us = task_of(&s, 2)->due_at_us;
	assert_true(task_of(&s, 2)->n_rounds > 0);
	/* Target 0 goes, target 2 is now the first, target 1 is slower. */
	b->targets[0] = a->targets[2];
	b->targets[1].dns_every_us = 2 * MINUTE;
	schedule_replace(&s, b, START + 5 * MINUTE);
	assert_int_equal(s.n_tasks, 2);
	assert_int_equal(task_of(&s, 0)->due_at_us, due_us);
	assert_int_equal(task_of(&s, 1)->n_rounds, 0);
	schedule_fini(&s);
	discard(a);
	discard(b);
}

/* ---- traces ---- */

struct starts {
	unsigned n, n_icmp;
	int64_t last_us, least_us;
	unsigned n_of[512];
};

static void
note_start(void *ctx, const struct round *r, int64_t now_us)
{
	struct starts *t = ctx;

	if (r->kind != KIND_TRACE)
		return;
	if (t->n++ > 0 && now_us - t->last_us < t->least_us)
		t->least_us = now_us - t->last_us;
	t->last_us = now_us;
	t->n_icmp += r->is_icmp;
	t->n_of[r->target] += !r->is_icmp;
}

static struct assignment *
assign_traces(size_t n, int64_t every_us)
{
	struct assignment *a = assign(n);

	for (size_t i = 0; i < n; i++) {
		a->targets[i].phase_us = 0; /* all at once */
		a->targets[i].trace_every_us = every_us;
	}
	return a;
}

static void
traces_of_many_targets_start_a_second_apart(void **state)
{
	static const struct {
		size_t n;
		unsigned n_least, n_most; /* of one target, in four hours */
	} cases[] = { { 2, 15, 16 }, { 300, 15, 16 }, { 440, 15, 16 } };

	(void)state;
	for (size_t k = 0; k < T_LEN(cases); k++) {
		struct assignment *a = assign_traces(cases[k].n, 15 * MINUTE);
		struct starts t = { .least_us = INT64_MAX };
		struct schedule s;

		begin(&s, 5);
		schedule_replace(&s, a, START);
		simulate(&s, START, START + 240 * MINUTE, note_start, &t);
		T_CHECK(t.least_us >= US_PER_S, "%zu targets: %lld us apart",
		    cases[k].n, (long long)t.least_us);
		for (size_t i = 0; i < cases[k].n; i++)
			T_CHECK(t.n_of[i] >= cases[k].n_least &&
				    t.n_of[i] <= cases[k].n_most,
			    "%zu targets: %u traces of target %zu", cases[k].n,
			    t.n_of[i], i);
		schedule_fini(&s);
		discard(a);
	}
}

/* More than one a second cannot be traced: rounds are skipped, and nobody is
 * forgotten. */
static void
too_many_traces_are_thinned_out(void **state)
{
	struct assignment *a = assign_traces(500, 5 * MINUTE);
	struct starts t = { .least_us = INT64_MAX };
	struct schedule s;

	(void)state;
	for (size_t i = 0; i < 500; i++)
		a->targets[i].phase_us = (int64_t)i * MINUTE / 500;
	begin(&s, 6);
	schedule_replace(&s, a, START);
	simulate(&s, START, START + 10 * 60 * MINUTE, note_start, &t);
	assert_true(t.least_us >= US_PER_S);
	T_CHECK(t.n > 30000, "%u traces in 36000 s", t.n);
	for (size_t i = 0; i < 500; i++)
		T_CHECK(t.n_of[i] >= 10, "%u of target %zu", t.n_of[i], i);
	schedule_fini(&s);
	discard(a);
}

/* ---- middleboxes ---- */

struct signals {
	unsigned n_tcp, n_icmp, n_varied, n_looks;
	int64_t tcp_us, icmp_us, udp_us; /* of the last */
};

static void
note_signal(void *ctx, const struct round *r, int64_t now_us)
{
	struct signals *t = ctx;

	t->n_tcp += r->with_tcp;
	t->n_varied += r->with_varied;
	t->n_looks += r->with_looks;
	T_CHECK(r->with_looks ==
		    (r->is_icmp || (r->kind == KIND_TRACE && t->udp_us == 0)),
	    "looks out of turn, kind %d", (int)r->kind);
	if (r->with_tcp)
		t->tcp_us = now_us;
	if (r->kind == KIND_TRACE && !r->is_icmp)
		t->udp_us = now_us;
	if (!r->is_icmp)
		return;
	t->n_icmp++;
	t->icmp_us = now_us;
	T_CHECK(now_us - t->udp_us >= US_PER_S &&
		    now_us - t->udp_us <= 2 * US_PER_S,
	    "%lld us behind the trace by DNS", (long long)(now_us - t->udp_us));
}

static void
every_six_hours_a_target_is_asked_by_tcp_and_traced_by_icmp(void **state)
{
	static const struct {
		int64_t dns_us, trace_us;
		unsigned n_tcp, n_icmp; /* in two days */
	} cases[] = {
		{ MINUTE, 15 * MINUTE, 8, 8 },
		{ 5 * US_PER_S, MINUTE, 8, 8 },
		{ 6 * 60 * MINUTE, 6 * 60 * MINUTE, 8, 8 },
		{ 24 * 60 * MINUTE, 24 * 60 * MINUTE, 2, 2 },
	};

	(void)state;
	for (size_t i = 0; i < T_LEN(cases); i++) {
		struct assignment *a = assign(1);
		struct signals t = { 0 };
		struct schedule s;

		a->targets[0].dns_every_us = cases[i].dns_us;
		a->targets[0].trace_every_us = cases[i].trace_us;
		begin(&s, i);
		schedule_replace(&s, a, START);
		simulate(
		    &s, START, START + 2 * 24 * 60 * MINUTE, note_signal, &t);
		T_CHECK(
		    t.n_tcp >= cases[i].n_tcp && t.n_tcp <= cases[i].n_tcp + 1,
		    "case %zu: %u by TCP", i, t.n_tcp);
		T_CHECK(t.n_icmp >= cases[i].n_icmp &&
			    t.n_icmp <= cases[i].n_icmp + 1,
		    "case %zu: %u by ICMP", i, t.n_icmp);
		T_CHECK(t.n_looks == t.n_icmp + 1, "case %zu: %u with looks", i,
		    t.n_looks);
		schedule_fini(&s);
		discard(a);
	}
}

static void
a_decoy_is_only_asked_now_and_then(void **state)
{
	struct assignment *a = assign(1);
	struct signals t = { 0 };
	struct schedule s;
	unsigned n;

	(void)state;
	a->targets[0].is_decoy = true;
	a->targets[0].dns_every_us = 10 * MINUTE;
	begin(&s, 1);
	schedule_replace(&s, a, START);
	n = simulate(&s, START, START + 24 * 60 * MINUTE, note_signal, &t);
	T_CHECK(n >= 143 && n <= 146, "%u rounds", n);
	assert_int_equal(t.n_tcp + t.n_icmp + t.n_varied, 0);
	schedule_fini(&s);
	discard(a);
}

/* The network is back: no target waits for its turn, and all turns stay. */
static void
a_look_comes_at_once_one_target_after_the_other(void **state)
{
	struct assignment *a = assign(6);
	struct schedule s;
	int64_t now_us = START + 61 * MINUTE;
	struct moments m = { 0 };

	(void)state;
	for (size_t i = 0; i < 6; i++) {
		a->targets[i].dns_every_us = 60 * MINUTE;
		a->targets[i].address.family = i < 4 ? 4 : 6;
	}
	a->targets[3].is_decoy = true;
	begin(&s, 1);
	schedule_replace(&s, a, START);
	simulate(&s, START, now_us, NULL, NULL);
	schedule_look(&s, 4, now_us);
	assert_int_equal(
	    simulate(&s, now_us, now_us + 2 * US_PER_S, note_moment, &m), 3);
	assert_true(m.at_us[KIND_DNS][2] - m.at_us[KIND_DNS][0] >= US_PER_S);
	assert_int_equal(
	    simulate(&s, now_us, START + 121 * MINUTE, NULL, NULL), 6);
	schedule_fini(&s);
	discard(a);
}

static void
an_empty_schedule_never_wakes(void **state)
{
	struct assignment *a = assign(2);
	struct schedule s;
	struct round r;

	(void)state;
	begin(&s, 3);
	assert_true(schedule_next_us(&s) == INT64_MAX);
	assert_false(schedule_take(&s, START, &r));
	a->targets[0].dns_every_us = a->targets[1].dns_every_us = 0;
	schedule_replace(&s, a, START);
	assert_true(schedule_next_us(&s) == INT64_MAX);
	schedule_fini(&s);
	discard(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rounds_fall_on_period_plus_phase),
		cmocka_unit_test(a_fleet_is_spread_over_every_kinds_period),
		cmocka_unit_test(a_targets_kinds_do_not_meet),
		cmocka_unit_test(missed_rounds_are_not_caught_up),
		cmocka_unit_test(a_round_a_little_late_is_still_made),
		cmocka_unit_test(
		    new_targets_are_looked_at_soon_one_after_the_other),
		cmocka_unit_test(what_is_due_within_a_slot_leaves_together),
		cmocka_unit_test(chaos_and_varied_ports_have_their_turns),
		cmocka_unit_test(
		    another_assignment_disturbs_only_what_it_changes),
		cmocka_unit_test(traces_of_many_targets_start_a_second_apart),
		cmocka_unit_test(too_many_traces_are_thinned_out),
		cmocka_unit_test(
		    every_six_hours_a_target_is_asked_by_tcp_and_traced_by_icmp),
		cmocka_unit_test(a_decoy_is_only_asked_now_and_then),
		cmocka_unit_test(
		    a_look_comes_at_once_one_target_after_the_other),
		cmocka_unit_test(an_empty_schedule_never_wakes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
