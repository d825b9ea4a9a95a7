/* test_assigned.c - what an assigned target is asked. */
#include "probe/assigned.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/check.h"

#define PROBE "00112233445566aa"

static struct assignment *
assign(void)
{
	struct assignment *a = calloc(1, sizeof *a);
	struct assigned_target *t = assignment_add(a);

	t->address = (struct addr){ 4, { 192, 0, 2, 53 } };
	t->port = 5353;
	t->dns_every_us = 1;
	return a;
}

static const struct {
	const char *claim;
	enum proto proto;
	uint8_t ttl;
	uint16_t port;
	uint8_t first_ttl, last_ttl;
} looks[] = {
	{ "the whole way by DNS questions", PROTO_UDP, 0, 5353, 0, 0 },
	{ "two hops by DNS questions", PROTO_UDP, 4, 5353, 3, 4 },
	{ "the whole way by ICMP", PROTO_ICMP, 0, 5353, 0, 0 },
	{ "two hops by datagrams that are no questions, where no server is",
	    PROTO_PLAIN, 4, ASSIGNED_PLAIN_PORT, 3, 4 },
	{ "the first hop", PROTO_PLAIN, 1, ASSIGNED_PLAIN_PORT, 1, 1 },
};

static void
a_look_asks_what_it_says(void **state)
{
	struct assignment *a = assign();

	(void)state;
	for (size_t i = 0; i < T_LEN(looks); i++) {
		bool is_own_flow = looks[i].proto == PROTO_UDP;
		const struct reaction what = { .kind = KIND_TRACE,
			.why = WHY_CONFIRM,
			.is_any_port = !is_own_flow,
			.is_look = true,
			.proto = looks[i].proto,
			.ttl = looks[i].ttl };
		struct question q = assigned_reaction(a, &what, PROBE);

		T_CHECK(q.kind == KIND_TRACE && q.proto == looks[i].proto &&
			    q.why == WHY_CONFIRM,
		    "%s: kind, proto, why", looks[i].claim);
		T_CHECK(q.port == looks[i].port, "%s: port %u", looks[i].claim,
		    q.port);
		T_CHECK(q.source_port ==
			    (is_own_flow ? assigned_source_port(PROBE) : 0),
		    "%s: source port %u", looks[i].claim, q.source_port);
		T_CHECK(q.first_ttl == looks[i].first_ttl &&
			    q.last_ttl == looks[i].last_ttl,
		    "%s: TTL %u to %u", looks[i].claim, q.first_ttl,
		    q.last_ttl);
	}
	assignment_fini(a);
	free(a);
}

static void
other_reactions_are_on_the_targets_flow_or_by_tcp(void **state)
{
	struct assignment *a = assign();
	struct reaction what = { .kind = KIND_DNS, .why = WHY_RETRY };
	struct question q = assigned_reaction(a, &what, PROBE);

	(void)state;
	assert_int_equal(q.proto, PROTO_UDP);
	assert_int_equal(q.source_port, assigned_source_port(PROBE));
	what.is_tcp = what.is_any_port = true;
	q = assigned_reaction(a, &what, PROBE);
	assert_int_equal(q.proto, PROTO_TCP);
	assert_int_equal(q.source_port, 0);
	assert_int_equal(q.port, 5353);
	assignment_fini(a);
	free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_look_asks_what_it_says),
		cmocka_unit_test(
		    other_reactions_are_on_the_targets_flow_or_by_tcp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
