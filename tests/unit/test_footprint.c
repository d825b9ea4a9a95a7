/* test_footprint.c - what one more target costs the resident probe. */
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "probe/react.h"
#include "probe/schedule.h"
#include "schema/base/clock.h"
#include "tests/unit/check.h"

#define BYTES_PER_TARGET 250
#define T0 (INT64_C(1763700000) * US_PER_S)

/* The body that a collector sends for n targets of one service. */
static char *
make_body(size_t n)
{
	struct assignment a = { .upload_every_us = 30 * US_PER_S,
		.timeout_us = 4 * US_PER_S };
	char *body;

	for (size_t i = 0; i < n; i++) {
		struct assigned_target *t = assignment_add(&a);

		t->address = (struct addr){ 4,
			{ 10, 0, (uint8_t)(i >> 8), (uint8_t)i } };
		t->port = 53;
		t->zone =
		    assignment_zone(&a, "a-zone-of-usual-length.example.");
		t->phase_us = (int64_t)i * US_PER_MS;
		t->dns_every_us = t->ping_every_us = 60 * US_PER_S;
		t->trace_every_us = 900 * US_PER_S;
	}
	body = assignment_encode(&a);
	assignment_fini(&a);
	return body;
}

/* Bytes that are in use for n targets once their assignment is in force and
 * each has been seen. */
static size_t
bytes_for(size_t n)
{
	char *body = make_body(n);
	struct assignment a;
	struct pace traces;
	struct schedule s;
	struct react *r;
	size_t before, after;

	pace_init(&traces, 1, 1);
	before = mallinfo2().uordblks;
	assert_int_equal(
	    assignment_decode(&a, body, strlen(body), NULL), RC_OK);
	assert_int_equal(a.n_targets, n);
	schedule_init(&s, 1, &traces);
	schedule_replace(&s, &a, T0);
	r = react_new(&traces);
	react_replace(r, &a);
	for (size_t i = 0; i < n; i++) {
		struct observation o = { .kind = KIND_DNS, .why = WHY_CONFIRM };

		identity_set(&o.dns.nsid, &i, sizeof i);
		react_observe(r, i, &o, T0 + (int64_t)i);
	}
	after = mallinfo2().uordblks;
	react_free(r);
	schedule_fini(&s);
	assignment_fini(&a);
	free(body);
	return after - before;
}

static void
a_target_costs_little(void **state)
{
	static const size_t n[] = { 1024, ASSIGNMENT_TARGETS_MAX };
	size_t few = bytes_for(n[0]), many = bytes_for(n[1]);
	size_t each;

	(void)state;
	if (few == 0)
		skip(); /* another allocator, which does not tell */
	each = (many - few) / (n[1] - n[0]);
	print_message("%zu bytes per target\n", each);
	T_CHECK(each <= BYTES_PER_TARGET, "%zu bytes", each);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_target_costs_little),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
