/* test_rate.c - how often one of many may do a thing, and what the gate makes
 * of it. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collector/gate.h"
#include "collector/rate.h"
#include "schema/base/clock.h"
#include "tests/unit/check.h"
#include "tests/unit/mmdb.h"

#define S US_PER_S

static char path[] = "/tmp/catchwater-test-XXXXXX";

static struct addr
address(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(&a, text), RC_OK);
	return a;
}

static void
so_many_at_once_and_then_one_by_one(void **state)
{
	struct rate *r = rate_new(6, 60 * S);

	(void)state;
	for (int i = 0; i < 6; i++)
		assert_int_equal(rate_take(r, "a", 1, 5 * S), 0);
	assert_int_equal(rate_take(r, "a", 1, 5 * S), 10 * S);
	assert_int_equal(rate_take(r, "a", 1, 14 * S), 1 * S);
	assert_int_equal(rate_take(r, "a", 1, 15 * S), 0);
	assert_int_equal(rate_take(r, "a", 1, 15 * S), 10 * S);
	for (int i = 0; i < 6; i++)
		assert_int_equal(rate_take(r, "a", 1, 1000 * S), 0);
	assert_true(rate_take(r, "a", 1, 1000 * S) > 0);
	rate_free(r);
}

static void
one_does_not_use_up_what_another_may(void **state)
{
	struct rate *r = rate_new(1, 60 * S);

	(void)state;
	assert_int_equal(rate_take(r, "a", 1, S), 0);
	assert_true(rate_take(r, "a", 1, S) > 0);
	assert_int_equal(rate_take(r, "b", 1, S), 0);
	assert_int_equal(rate_take(r, "aa", 2, S), 0);
	rate_free(r);
}

static void
without_a_limit_nobody_waits(void **state)
{
	struct rate *r = rate_new(0, 60 * S);

	(void)state;
	for (int i = 0; i < 10000; i++)
		assert_int_equal(rate_take(r, "a", 1, S), 0);
	rate_free(r);
}

/* A million of them, in memory that does not grow; and whoever is at his limit
 * is not forgotten for those who came once. */
static void
a_flood_of_keys_frees_nobody_at_his_limit(void **state)
{
	struct rate *r = rate_new(100, 60 * S);
	unsigned n_let_in = 0;

	(void)state;
	for (int i = 0; i < 100; i++)
		assert_int_equal(rate_take(r, "a", 1, S), 0);
	for (uint32_t i = 0; i < 1000000; i++)
		n_let_in += rate_take(r, &i, sizeof i, S) == 0;
	assert_int_equal(n_let_in, 1000000);
	assert_true(rate_take(r, "a", 1, S) > 0);
	rate_free(r);
}

static struct gate *
open_gate(const struct limit_settings *limits)
{
	struct settings settings = { .geo_asn = path, .limits = *limits };
	struct gate *g;
	struct err err;

	mmdb_write(path, 52.5, "Example Network", 0);
	T_CHECK(gate_open(&g, &settings, &err) == RC_OK, "%s", err.text);
	return g;
}

static void
an_address_has_its_limit(void **state)
{
	struct limit_settings limits = { .requests_per_address = 2,
		.enrolments_per_address = 1 };
	struct gate *g = open_gate(&limits);
	struct addr one = address("198.51.100.1"),
		    two = address("198.51.100.2");

	(void)state;
	assert_int_equal(gate_request(g, &one, S), 0);
	assert_int_equal(gate_request(g, &one, S), 0);
	assert_int_equal(gate_request(g, &one, S), 30);
	assert_int_equal(gate_request(g, &two, S), 0);
	assert_int_equal(gate_enrolment(g, &one, S), 0);
	assert_int_equal(gate_enrolment(g, &one, S), 3600);
	assert_int_equal(gate_enrolment(g, &two, S), 0);
	gate_close(g);
}

static void
an_ipv6_address_counts_with_its_network(void **state)
{
	struct limit_settings limits = { .requests_per_address = 1 };
	struct gate *g = open_gate(&limits);
	struct addr one = address("2001:db8:1:2:3::4"),
		    near = address("2001:db8:1:2::5"),
		    far = address("2001:db8:1:3::4");

	(void)state;
	assert_int_equal(gate_request(g, &one, S), 0);
	assert_true(gate_request(g, &near, S) > 0);
	assert_int_equal(gate_request(g, &far, S), 0);
	gate_close(g);
}

/* 192.0.2.0/24 is AS 64511 in mmdb.h; what is not in it has no AS. */
static void
a_network_has_its_limit(void **state)
{
	struct limit_settings limits = { .requests_per_asn = 2,
		.enrolments_per_asn = 2 };
	struct gate *g = open_gate(&limits);
	struct addr in[3] = { address("192.0.2.1"), address("192.0.2.2"),
		address("192.0.2.3") };
	struct addr out = address("198.51.100.1");

	(void)state;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(gate_request(g, &in[i], S), i < 2 ? 0 : 30);
		assert_int_equal(
		    gate_enrolment(g, &in[i], S), i < 2 ? 0 : 1800);
		assert_int_equal(gate_request(g, &out, S), 0);
	}
	gate_close(g);
}

static void
new_limits_hold_from_then_on(void **state)
{
	struct limit_settings limits = { .requests_per_address = 1 };
	struct settings settings = { .geo_asn = path,
		.limits = { .requests_per_address = 3 } };
	struct settings wrong = { .geo_asn = "/nowhere" };
	struct gate *g = open_gate(&limits);
	struct addr one = address("198.51.100.1");
	struct err err;

	(void)state;
	assert_int_equal(gate_request(g, &one, S), 0);
	assert_int_equal(gate_request(g, &one, S), 60);
	assert_int_equal(gate_reload(g, &wrong, &err), RC_NOTFOUND);
	assert_int_equal(gate_request(g, &one, S), 60);
	assert_int_equal(gate_reload(g, &settings, &err), RC_OK);
	for (int i = 0; i < 3; i++)
		assert_int_equal(gate_request(g, &one, S), 0);
	assert_int_equal(gate_request(g, &one, S), 20);
	gate_close(g);
}

static void
a_proxy_is_nobody_and_its_probes_are_somebody(void **state)
{
	struct limit_settings limits = { .requests_per_address = 1,
		.requests_per_probe = 1 };
	struct gate *g = open_gate(&limits);
	struct addr proxy = address("127.0.0.1");

	(void)state;
	for (int i = 0; i < 10; i++)
		assert_int_equal(gate_request(g, &proxy, S), 0);
	assert_int_equal(gate_probe(g, "0000000000000001", S), 0);
	assert_int_equal(gate_probe(g, "0000000000000001", S), 60);
	assert_int_equal(gate_probe(g, "0000000000000002", S), 0);
	gate_close(g);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(so_many_at_once_and_then_one_by_one),
		cmocka_unit_test(one_does_not_use_up_what_another_may),
		cmocka_unit_test(without_a_limit_nobody_waits),
		cmocka_unit_test(a_flood_of_keys_frees_nobody_at_his_limit),
		cmocka_unit_test(an_address_has_its_limit),
		cmocka_unit_test(an_ipv6_address_counts_with_its_network),
		cmocka_unit_test(a_network_has_its_limit),
		cmocka_unit_test(new_limits_hold_from_then_on),
		cmocka_unit_test(a_proxy_is_nobody_and_its_probes_are_somebody),
	};
	int status;

	close(mkstemp(path));
	status = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(path);
	return status;
}
