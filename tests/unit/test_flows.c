#include "schema/flows.h"

#include <math.h>
#include <string.h>

#include "tests/unit/check.h"

#define S INT64_C(1000000)
#define MIN (60 * S)
#define ROOM 64

struct audit {
	struct flows f;
	struct flow_verdict v;
};

static void
begin(struct audit *a)
{
	flows_init(&a->f, NULL, ROOM);
}

static void
end(struct audit *a)
{
	flows_fini(&a->f);
}

/* key: a letter, or ' ' for none. */
static int
answer(struct audit *a, int64_t at_us, unsigned flow, char key)
{
	return flows_add(
	    &a->f, &(struct flow_answer){ .at_us = at_us,
		       .source_port = (uint16_t)flow,
		       .is_fixed_flow = flow == 0,
		       .outcome = OUTCOME_OK,
		       .key = key == ' ' ? 0 : flow_key(&key, 1) });
}

static enum flow_class
judge(struct audit *a)
{
	flows_judge(&a->f, &a->v);
	return a->v.class;
}

/* Answers in order: fixed[i] of the fixed flow, varied[i] of a new flow, step
 * apart; '-' in either: not asked, '.': asked and lost. */
static const struct {
	const char *name;
	const char *fixed, *varied;
	int64_t step_us;
	enum flow_class want;
	unsigned n_keys, n_changes;
} cases[] = {
	{ "nothing", "", "", S, FLOWS_UNKNOWN, 0, 0 },
	{ "too few flows", "aaaaaa", "aaaa--", S, FLOWS_UNKNOWN, 1, 0 },
	{ "six flows alike", "aaaaaa", "aaaaa-", S, FLOWS_SINGLE, 1, 0 },
	{ "balanced by flow", "aaaaaa", "ababba", S, FLOWS_PER_FLOW, 2, 0 },
	{ "three sites", "aaaaaa", "abcbbc", S, FLOWS_PER_FLOW, 3, 0 },
	{ "nobody was asked again", "a-----", "ababba", S, FLOWS_UNKNOWN, 2,
	    0 },
	{ "one flow goes to and fro", "abaabb", "------", S, FLOWS_PER_PACKET,
	    2, 3 },
	{ "... among many sites", "abcdbe", "------", S / 4, FLOWS_PER_PACKET,
	    5, 5 },
	{ "... slowly: once may be routes", "aaabaa", "------", 20 * S,
	    FLOWS_MOVING, 2, 2 },
	{ "... and again", "aabaaba", "-------", 20 * S, FLOWS_PER_PACKET, 2,
	    4 },
	{ "withdrawn for a moment, and again", "aabbbaaabbbaaa",
	    "--------------", 5 * S, FLOWS_MOVING, 2, 4 },
	{ "a shift", "aaabbb", "aaabbb", S, FLOWS_MOVING, 2, 1 },
	{ "back after minutes", "aaaabbbbbaaaa", "-------------", 20 * S,
	    FLOWS_MOVING, 2, 2 },
	{ "losses", "a..aa.aaa", "a.ab..bba", S, FLOWS_PER_FLOW, 2, 0 },
	{ "all lost", "......", "......", S, FLOWS_UNKNOWN, 0, 0 },
};

static void
test_classes(void **state)
{
	(void)state;
	for (size_t i = 0; i < T_LEN(cases); i++) {
		struct audit a;
		int64_t at = 1000 * S;

		begin(&a);
		for (unsigned k = 0; k < strlen(cases[i].fixed); k++) {
			char f = cases[i].fixed[k], v = cases[i].varied[k];

			if (f != '-')
				answer(&a, at, 0, f == '.' ? ' ' : f);
			if (v != '-')
				answer(
				    &a, at + 1, 5000 + k, v == '.' ? ' ' : v);
			at += cases[i].step_us;
		}
		T_CHECK(judge(&a) == cases[i].want, "%s: %s", cases[i].name,
		    flow_class_name(a.v.class));
		T_CHECK(a.v.n_keys == cases[i].n_keys, "%s: %u keys",
		    cases[i].name, a.v.n_keys);
		T_CHECK(a.v.n_changes == cases[i].n_changes, "%s: %u changes",
		    cases[i].name, a.v.n_changes);
		end(&a);
	}
}

/* The same record twice, and one that comes after its successor. */
static void
test_copies_and_late_answers_change_nothing(void **state)
{
	struct audit a;

	(void)state;
	begin(&a);
	for (unsigned i = 0; i < 8; i++) {
		answer(&a, 1000 * S + i * S, 0, i < 4 ? 'a' : 'b');
		answer(&a, 1000 * S + i * S, 0, i < 4 ? 'a' : 'b');
	}
	answer(&a, 1002 * S + 1, 0, 'a');
	answer(&a, 1005 * S + 1, 0, 'a');
	assert_int_equal(judge(&a), FLOWS_MOVING);
	assert_int_equal(a.v.n_answers, 8);
	assert_int_equal(a.v.n_changes, 1);
	end(&a);
}

/* A vantage is audited three flows every half hour, as the schedule has it:
 * six are reached in time; after a shift only what came later is compared. */
static void
test_audits_add_up_until_routes_change(void **state)
{
	struct audit a;
	int64_t at = 1000 * S;
	unsigned port = 6000;
	enum flow_class want[] = { FLOWS_UNKNOWN, FLOWS_SINGLE, FLOWS_SINGLE };

	(void)state;
	begin(&a);
	for (unsigned round = 0; round < 90; round++, at += MIN) {
		answer(&a, at, 0, 'a');
		for (unsigned k = 0; round % 30 == 29 && k < 3; k++)
			answer(&a, at + k + 1, port++, 'a');
		if (round % 30 == 29)
			assert_int_equal(judge(&a), want[round / 30]);
	}
	answer(&a, at, 0, 'b');
	assert_int_equal(judge(&a), FLOWS_MOVING);
	for (unsigned round = 1; round < 90; round++) {
		answer(&a, at + round * MIN, 0, 'b');
		for (unsigned k = 0; round % 30 == 0 && k < 3; k++)
			answer(&a, at + round * MIN + k + 1, port++, 'b');
	}
	assert_int_equal(judge(&a), FLOWS_SINGLE);
	assert_int_equal(a.v.n_keys, 1);
	assert_int_equal(a.v.n_changes, 0);
	end(&a);
}

/* Old answers of other flows do not make a balanced vantage of a moved one. */
static void
test_flows_are_compared_at_one_time_only(void **state)
{
	struct audit a;

	(void)state;
	begin(&a);
	for (unsigned i = 0; i < 6; i++)
		answer(&a, 1000 * S + i, 5000 + i, 'a');
	for (unsigned i = 0; i < 6; i++)
		answer(&a, 1000 * S + 40 * MIN + i, 6000 + i, 'b');
	for (unsigned i = 0; i < 6; i++)
		answer(&a, 1000 * S + 41 * MIN + i, 6000 + i, 'b');
	assert_int_not_equal(judge(&a), FLOWS_PER_FLOW);
	end(&a);
}

static void
test_a_class_stays_until_there_is_reason(void **state)
{
	struct flow_verdict v = { .class = FLOWS_UNKNOWN, .n_repeats = 5 };

	(void)state;
	assert_int_equal(flows_next(FLOWS_PER_FLOW, &v), FLOWS_PER_FLOW);
	assert_int_equal(flows_next(FLOWS_PER_PACKET, &v), FLOWS_PER_PACKET);
	v.n_repeats = 20;
	assert_int_equal(flows_next(FLOWS_PER_FLOW, &v), FLOWS_PER_FLOW);
	assert_int_equal(flows_next(FLOWS_PER_PACKET, &v), FLOWS_UNKNOWN);
	assert_int_equal(flows_next(FLOWS_MOVING, &v), FLOWS_UNKNOWN);
	v.n_changes = 1;
	assert_int_equal(flows_next(FLOWS_PER_PACKET, &v), FLOWS_PER_PACKET);
	v.class = FLOWS_SINGLE;
	assert_int_equal(flows_next(FLOWS_PER_PACKET, &v), FLOWS_SINGLE);
}

/* 1 / share numbers, as published. */
static void
test_how_many_flows(void **state)
{
	(void)state;
	assert_int_equal(flows_needed(0.5, 0.05), 5);
	assert_int_equal(flows_needed(0.25, 0.05), 11);
	assert_int_equal(flows_needed(0.1, 0.05), 29);
	assert_int_equal(flows_needed(0.4, 0.05), 6);
	assert_int_equal(flows_needed(0.5, 0.125), 3);
}

static void
test_which_flows_met_a_key(void **state)
{
	struct audit a;

	(void)state;
	begin(&a);
	assert_int_equal(answer(&a, 1 * S, 7, 'x'), 0);
	assert_int_equal(answer(&a, 2 * S, 8, 'y'), 1);
	assert_int_equal(answer(&a, 3 * S, 9, 'x'), 0);
	assert_int_equal(answer(&a, 4 * S, 7, 'y'), 1);
	assert_int_equal(answer(&a, 5 * S, 7, 'x'), 0);
	assert_int_equal(answer(&a, 6 * S, 7, ' '), -1);
	assert_int_equal(flows_of_key(&a.f, 0), 2);
	assert_int_equal(flows_of_key(&a.f, 1), 2);
	assert_int_equal(flows_of_key(&a.f, 2), 0);
	flows_judge(&a.f, &a.v);
	assert_true(
	    fabs(flows_missed_share(NULL, &a.v) - (1 - cbrt(0.05))) < 1e-9);
	end(&a);
}

static uint64_t
next(uint64_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 7;
	*x ^= *x << 17;
	return *x;
}

/* Of 2000 vantages asked 11 flows and 11 times the first, balanced over two
 * equal sites by flow, by packet, or not at all, with 10 % loss. */
static void
test_right_by_chance_as_said(void **state)
{
	static const enum flow_class truth[] = { FLOWS_SINGLE, FLOWS_PER_FLOW,
		FLOWS_PER_PACKET };
	uint64_t x = 20261121;

	(void)state;
	for (unsigned t = 0; t < 3; t++) {
		unsigned n_right = 0, n_false = 0;

		for (unsigned run = 0; run < 2000; run++) {
			struct audit a;
			uint64_t hash = next(&x);

			begin(&a);
			for (unsigned i = 0; i < 22; i++) {
				unsigned flow = i % 2 == 0 ? 0 : i;
				bool is_b = t == 1   ? hash >> flow & 1
					    : t == 2 ? next(&x) >> 20 & 1
						     : false;
				bool is_lost = next(&x) >> 20 % 10 == 0;

				answer(&a, 1000 * S + i * S / 20, flow,
				    is_lost ? ' '
				    : is_b  ? 'b'
					    : 'a');
			}
			n_right += judge(&a) == truth[t];
			n_false +=
			    a.v.class != truth[t] && a.v.class != FLOWS_UNKNOWN;
			end(&a);
		}
		T_CHECK(n_right >= 1940, "%s: %u of 2000",
		    flow_class_name(truth[t]), n_right);
		T_CHECK(n_false <= 60, "%s: %u of 2000 are something else",
		    flow_class_name(truth[t]), n_false);
	}
}

/* Whatever comes, memory and keys stay in bounds. */
static void
test_noise_stays_in_bounds(void **state)
{
	uint64_t x = 7;
	struct flows f;
	struct flow_verdict v;

	(void)state;
	flows_init(&f, NULL, 5);
	for (unsigned i = 0; i < 20000; i++) {
		struct flow_answer a = { .at_us =
					     (int64_t)(next(&x) % 100000) * S,
			.source_port = (uint16_t)(next(&x) % 50),
			.is_fixed_flow = next(&x) % 2,
			.outcome = (enum outcome)(next(&x) % 3),
			.key = next(&x) % 40 };

		assert_true(flows_add(&f, &a) < FLOWS_KEYS_MAX);
		flows_judge(&f, &v);
		assert_true(f.n_seen <= 5);
		assert_true(v.n_flows <= 5);
		assert_true(v.n_keys <= FLOWS_KEYS_MAX);
	}
	flows_fini(&f);
}

static void
test_names(void **state)
{
	enum flow_class c;

	(void)state;
	for (int i = FLOWS_UNKNOWN; i <= FLOWS_MOVING; i++) {
		assert_int_equal(flow_class_from_name(
				     &c, flow_class_name((enum flow_class)i)),
		    RC_OK);
		assert_int_equal((int)c, i);
	}
	assert_int_equal(flow_class_from_name(&c, "?"), RC_MALFORMED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_classes),
		cmocka_unit_test(test_copies_and_late_answers_change_nothing),
		cmocka_unit_test(test_audits_add_up_until_routes_change),
		cmocka_unit_test(test_flows_are_compared_at_one_time_only),
		cmocka_unit_test(test_a_class_stays_until_there_is_reason),
		cmocka_unit_test(test_how_many_flows),
		cmocka_unit_test(test_which_flows_met_a_key),
		cmocka_unit_test(test_right_by_chance_as_said),
		cmocka_unit_test(test_noise_stays_in_bounds),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
