/* Simulated fleets: the generator is true to its word, the detector tells what
 * happened and nothing else, and liars move nothing. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "schema/base/clock.h"
#include "tests/unit/check.h"
#include "tools/simulate.d/play.h"
#include "tools/simulate.d/score.h"

static void
print_mistake(void *ctx, const char *line)
{
	(void)ctx;
	print_error("%s\n", line);
}

static void
play(struct play *p, const char *name, uint64_t seed, size_t n_hosts)
{
	const struct scenario *s = scenario_find(name);
	struct internet_plan plan;

	T_CHECK(s != NULL, "no scenario %s", name);
	plan = scenario_plan(s, seed);
	if (n_hosts != 0) {
		plan.n_hosts = n_hosts;
		plan.n_asns = n_hosts * 7 / 10;
	}
	play_run(p, s, seed, &plan);
}

static void
check_no_mistake(const char *name, uint64_t seed, size_t n_hosts)
{
	static struct play p;
	struct score score = { 0 };

	play(&p, name, seed, n_hosts);
	score_add(&score, &p, print_mistake, NULL);
	for (size_t i = 0; i < SCORE_KINDS; i++)
		T_CHECK(score.kinds[i].n_false == 0 &&
			    score.kinds[i].n_found == score.kinds[i].n_must,
		    "%s seed %llu: a mistake", name, (unsigned long long)seed);
	T_CHECK(score.n_other == 0, "%s: another kind", name);
	score_fini(&score);
	play_fini(&p);
}

/* Published with the formula: T = 300 s, k = 3; then with 5 % of loss. */
static void
test_theory(void **state)
{
	static const struct {
		size_t n;
		double loss, delay_s;
	} cases[] = { { 3, 0, 225 }, { 5, 0, 150 }, { 10, 0, 82 },
		{ 3, 0.05, 260 }, { 5, 0.05, 158 }, { 10, 0.05, 87 } };

	(void)state;
	for (size_t i = 0; i < T_LEN(cases); i++) {
		struct theory x = { .period_s = 300,
			.loss = cases[i].loss,
			.n = cases[i].n,
			.k = 3 };
		double got;

		for (size_t k = 0; k < x.n; k++)
			x.n_vantages[k] = 1;
		got = theory_delay_s(&x);
		T_CHECK(fabs(got - cases[i].delay_s) < 1.5, "%zu: %g", i, got);
	}
}

/* The fleet is what the plan says, and who moves is who was there. */
static void
test_the_fleet_is_true(void **state)
{
	static struct story s;
	struct crowd before, moved;
	size_t n_lost = 0;

	(void)state;
	s = (struct story){ .random = 7 };
	s.plan = (struct internet_plan){ .seed = 7,
		.n_hosts = 200,
		.n_asns = 140,
		.n_sites = 5,
		.share = 0.25,
		.loss = 0.02,
		.every_us = 60 * US_PER_S };
	internet_init(&s.net, &s.plan);
	before = story_at_site(&s, 0, 0);
	T_CHECK(before.n_asns > 28 && before.n_asns <= 35, "%zu networks",
	    before.n_asns);
	story_run(&s, 600);
	for (size_t i = 0; i < s.net.world.inputs.n; i++) {
		const struct input *in = &s.net.world.inputs.list[i];

		n_lost += in->kind == INPUT_SIGHTING &&
			  in->sighting.why == WHY_ROUND &&
			  in->sighting.outcome == OUTCOME_TIMEOUT;
	}
	T_CHECK(n_lost > 200 && n_lost < 1000, "%zu lost", n_lost);
	s.net.is_withdrawn[0] = true;
	moved = story_converge(&s, 0, 0);
	assert_int_equal(moved.n_asns, before.n_asns);
	assert_int_equal(moved.n_vantages, before.n_vantages);
	story_run(&s, 2 * STORY_CONVERGE_MAX_S);
	assert_int_equal(story_at_site(&s, 0, 0).n_vantages, 0);
	internet_fini(&s.net);
}

/* The same seed gives the same, another one something else. */
static void
test_a_seed_is_a_story(void **state)
{
	static struct play a, b, c;

	(void)state;
	play(&a, "withdraw_30", 5, 40);
	play(&b, "withdraw_30", 5, 40);
	play(&c, "withdraw_30", 6, 40);
	assert_int_equal(a.n_sightings, b.n_sightings);
	assert_int_equal(a.n_events, b.n_events);
	assert_memory_equal(a.events, b.events, a.n_events * sizeof *a.events);
	assert_true(a.n_sightings != c.n_sightings);
	play_fini(&a);
	play_fini(&b);
	play_fini(&c);
}

static void
test_each_scenario(void **state)
{
	(void)state;
	for (size_t i = 0; i < n_scenarios; i++)
		check_no_mistake(scenarios[i].name, 1 + i, 60);
}

/* Fleets in which an earlier detector was wrong. */
static void
test_old_mistakes(void **state)
{
	(void)state;
	check_no_mistake("two", 19, 0);                /* a stray vote */
	check_no_mistake("blackhole_upstream", 25, 0); /* under half */
	check_no_mistake("sick_and_dark", 57, 0);      /* noise unknown */
	check_no_mistake("drain", 107, 0);             /* a long period */
	check_no_mistake("liar", 1098, 0);             /* a late control */
	check_no_mistake("loss", 1151, 0);             /* a storm */
	check_no_mistake("loss", 1155, 0);
}

/* One enrolment, all of one AS, or all that one host has enrolled, may report
 * what they like: nothing that a quorum decides comes of it. */
static void
test_liars(void **state)
{
	static const char *const names[] = { "liar", "liars_as", "sybil" };

	(void)state;
	for (uint64_t seed = 1; seed <= 20; seed++) {
		for (size_t i = 0; i < T_LEN(names); i++) {
			static struct play p;

			play(&p, names[i], seed, 24 + 8 * (seed % 3));
			for (size_t k = 0; k < p.n_events; k++)
				T_CHECK(
				    p.events[k].kind != EVENT_SHIFT &&
					p.events[k].kind != EVENT_BLACKHOLE &&
					p.events[k].kind != EVENT_IMPOSTOR,
				    "%s seed %llu, lie %d: event %s", names[i],
				    (unsigned long long)seed,
				    (int)p.story.net.vantages[0].lie,
				    event_kind_name(p.events[k].kind));
			play_fini(&p);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_theory),
		cmocka_unit_test(test_the_fleet_is_true),
		cmocka_unit_test(test_a_seed_is_a_story),
		cmocka_unit_test(test_each_scenario),
		cmocka_unit_test(test_old_mistakes),
		cmocka_unit_test(test_liars),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
