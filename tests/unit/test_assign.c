/* test_assign.c - what each probe of a fleet is asked, and when. */
#include "tests/unit/check.h"

#include <stdlib.h>
#include <string.h>

#include "collector/assign.h"
#include "schema/base/clock.h"
#include "schema/base/mem.h"

#define PERIOD (60 * US_PER_S)

/* One service with n targets, the first of which is a control. */
static struct services
make(struct service *service, struct target *targets, size_t n)
{
	*service = (struct service){ .name = "web",
		.zone = "example.",
		.dns_every_us = PERIOD,
		.ping_every_us = 2 * PERIOD,
		.n_confirm = 2,
		.confirm_after_us = { 10 * US_PER_S, 20 * US_PER_S },
		.timeout_us = 4 * US_PER_S };
	for (size_t i = 0; i < n; i++) {
		targets[i] = (struct target){
			.role = i == 0 ? ROLE_CONTROL : ROLE_SERVICE,
			.port = (uint16_t)(53 + i),
		};
		targets[i].address.family = i % 2 ? 6 : 4;
	}
	return (struct services){
		.n = 1, .n_targets = n, .list = service, .targets = targets
	};
}

static void
it_says_what_the_service_says(void **state)
{
	struct assignment made = { 0 }, *a = &made;
	struct target targets[3];
	struct service service;
	struct services s = make(&service, targets, 3);

	(void)state;
	assign(a, &s, 30 * US_PER_S, 0, 1);
	assert_int_equal(a->upload_every_us, 30 * US_PER_S);
	assert_int_equal(a->n_targets, 3);
	assert_int_equal(a->n_confirm, 2);
	assert_int_equal(a->confirm_after_us[1], 20 * US_PER_S);
	assert_int_equal(a->timeout_us, 4 * US_PER_S);
	assert_int_equal(a->targets[0].port, 54); /* services come first */
	assert_false(a->targets[0].is_control);
	assert_true(a->targets[2].is_control);
	assert_string_equal(a->targets[2].zone, "example.");
	assert_int_equal(a->targets[2].ping_every_us, 2 * PERIOD);
	assert_int_equal(a->targets[2].trace_every_us, 0);
	assignment_fini(a);
}

/* What tells the sites apart is asked every round; of controls nobody asks. */
static void
the_first_method_goes_to_the_probes(void **state)
{
	struct assignment made = { 0 }, *a = &made;
	struct target targets[3];
	struct service service;
	struct services s = make(&service, targets, 3);

	(void)state;
	service.n_methods = 2;
	service.methods[0] = METHOD_CHAOS;
	service.methods[1] = METHOD_NSID;
	assign(a, &s, US_PER_S, 0, 1);
	assert_int_equal(a->targets[0].identity, ASSIGNED_CHAOS);
	assert_int_equal(a->targets[2].identity, ASSIGNED_NSID);
	assignment_fini(a);
	service.methods[0] = METHOD_TXT;
	snprintf(service.txt_name, sizeof service.txt_name, "id.example.");
	assign(a, &s, US_PER_S, 0, 1);
	assert_int_equal(a->targets[0].identity, ASSIGNED_NAME);
	assert_string_equal(a->targets[0].identity_name, "id.example.");
	assert_null(a->targets[2].identity_name);
	assignment_fini(a);
}

static int
compare(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* For fleets of many sizes, the gaps between the probes' rounds of one target
 * are all the same, around the end of the period too. */
static void
the_fleet_is_spread_evenly(void **state)
{
	static const size_t sizes[] = { 1, 2, 3, 7, 60, 100 };
	struct assignment made = { 0 }, *a = &made;
	struct target targets[5];
	struct service service;
	struct services s = make(&service, targets, 5);

	(void)state;
	for (size_t k = 0; k < T_LEN(sizes); k++) {
		size_t n = sizes[k];
		int64_t phases[100], gap = PERIOD / (int64_t)n;

		for (size_t i = 0; i < n; i++) {
			assign(a, &s, US_PER_S, i, n);
			phases[i] = a->targets[3].phase_us;
			assignment_fini(a);
		}
		qsort(phases, n, sizeof phases[0], compare);
		for (size_t i = 0; i < n; i++) {
			int64_t next =
			    i + 1 < n ? phases[i + 1] : phases[0] + PERIOD;
			int64_t off = next - phases[i] - gap;

			T_CHECK(off >= -1 && off <= 1,
			    "fleet of %zu: a gap is off by %lld us", n,
			    (long long)off);
		}
	}
}

static void
one_probes_targets_take_turns(void **state)
{
	struct assignment made = { 0 }, *a = &made;
	struct target targets[5];
	struct service service;
	struct services s = make(&service, targets, 5);

	(void)state;
	assign(a, &s, US_PER_S, 3, 10);
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(a->targets[i].phase_us,
		    3 * PERIOD / 10 + (int64_t)i * PERIOD / 50);
	assignment_fini(a);
}

static void
too_many_targets_are_cut_behind_the_services(void **state)
{
	size_t n = ASSIGNMENT_TARGETS_MAX + 10;
	struct assignment made = { 0 }, *a = &made;
	struct target *targets = mem_new(n * sizeof *targets);
	struct service service;
	struct services s = make(&service, targets, n);

	(void)state;
	assign(a, &s, US_PER_S, 0, 1);
	assert_int_equal(a->n_targets, ASSIGNMENT_TARGETS_MAX);
	for (size_t i = 0; i < a->n_targets; i++)
		assert_false(a->targets[i].is_control);
	free(targets);
	assignment_fini(a);
}

static void
decoys_come_last_and_rarely(void **state)
{
	struct assignment a = { 0 };
	struct target targets[4];
	struct service service;
	struct services s = make(&service, targets, 4);
	const struct assigned_target *decoy;

	(void)state;
	targets[1].role = ROLE_DECOY;
	s.decoy_every_us = 360 * PERIOD;
	assign(&a, &s, US_PER_S, 1, 2);
	assert_int_equal(a.n_targets, 4);
	decoy = &a.targets[3];
	assert_true(decoy->is_decoy && decoy->is_control);
	assert_false(a.targets[2].is_decoy);
	assert_int_equal(decoy->port, 54);
	assert_string_equal(decoy->zone, "example.");
	assert_int_equal(decoy->dns_every_us, 360 * PERIOD);
	assert_int_equal(decoy->ping_every_us + decoy->trace_every_us, 0);
	/* Probe 1 of 2, target 3 of 4. */
	assert_int_equal(decoy->phase_us, 360 * PERIOD * 7 / 8);
	assignment_fini(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_says_what_the_service_says),
		cmocka_unit_test(the_first_method_goes_to_the_probes),
		cmocka_unit_test(the_fleet_is_spread_evenly),
		cmocka_unit_test(one_probes_targets_take_turns),
		cmocka_unit_test(too_many_targets_are_cut_behind_the_services),
		cmocka_unit_test(decoys_come_last_and_rarely),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
