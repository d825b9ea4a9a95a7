/* Which vantages are one network. */
#include "collector/fleet.h"

#include "tests/unit/check.h"

struct host {
	uint32_t asn;
	uint64_t probe;
	uint64_t prefix;
};

/* How many networks a fleet of these is. */
static size_t
count(const struct host *hosts, size_t n)
{
	struct services none = { 0 };
	struct fleet f;
	size_t n_networks = 0;

	fleet_init(&f, &none);
	for (size_t i = 0; i < n; i++) {
		struct vantage v = { .id = (int64_t)i + 1,
			.family = 4,
			.asn = hosts[i].asn,
			.probe = hosts[i].probe,
			.prefix = hosts[i].prefix };

		fleet_put_vantage(&f, &v);
	}
	fleet_count_begin(&f);
	for (size_t i = 0; i < n; i++)
		n_networks +=
		    fleet_count_as(&f, fleet_member(&f, (int64_t)i + 1));
	fleet_fini(&f);
	return n_networks;
}

static void
test_an_as_is_one(void **state)
{
	const struct host same[] = { { 64500, 1, 1 }, { 64500, 2, 2 } };
	const struct host other[] = { { 64500, 1, 1 }, { 64501, 2, 2 } };

	(void)state;
	assert_int_equal(count(same, 2), 1);
	assert_int_equal(count(other, 2), 2);
}

static void
test_a_prefix_is_one_whatever_its_probes_say(void **state)
{
	const struct host unknown[] = { { 0, 1, 7 }, { 0, 2, 7 }, { 0, 3, 7 } };
	const struct host named[] = { { 1, 1, 7 }, { 2, 2, 7 }, { 3, 3, 7 } };
	const struct host apart[] = { { 0, 1, 7 }, { 0, 2, 8 }, { 0, 3, 9 } };

	(void)state;
	assert_int_equal(count(unknown, 3), 1);
	assert_int_equal(count(named, 3), 1);
	assert_int_equal(count(apart, 3), 3);
}

/* The family that the requests do not come by has its address from the probe's
 * own word. */
static void
test_a_probe_is_one_and_has_one_prefix(void **state)
{
	const struct host families[] = { { 64500, 1, 7 }, { 64501, 1, 0 } };
	const struct host claims[] = { { 64500, 1, 7 }, { 1, 2, 7 },
		{ 2, 2, 0 }, { 3, 3, 7 }, { 4, 3, 0 } };

	(void)state;
	assert_int_equal(count(families, 2), 1);
	assert_int_equal(count(claims, 5), 1);
}

/* Behind a proxy nothing is known but the enrolments. */
static void
test_without_a_prefix_probes_count(void **state)
{
	const struct host hidden[] = { { 0, 1, 0 }, { 0, 2, 0 } };

	(void)state;
	assert_int_equal(count(hidden, 2), 2);
}

static void
test_prefixes(void **state)
{
	static const struct {
		const char *a, *b;
		bool is_same;
	} cases[] = { { "192.0.2.1", "192.0.2.254", true },
		{ "192.0.2.1", "192.0.3.1", false },
		{ "2001:db8:1::1", "2001:db8:1:ffff::2", true },
		{ "2001:db8:1::1", "2001:db8:2::1", false } };
	struct addr none = { 0 }, a, b;

	(void)state;
	for (size_t i = 0; i < T_LEN(cases); i++) {
		assert_int_equal(addr_parse(&a, cases[i].a), RC_OK);
		assert_int_equal(addr_parse(&b, cases[i].b), RC_OK);
		assert_true(vantage_prefix(&a) != 0);
		T_CHECK((vantage_prefix(&a) == vantage_prefix(&b)) ==
			    cases[i].is_same,
		    "%s %s", cases[i].a, cases[i].b);
	}
	assert_int_equal(addr_parse(&a, "127.0.0.1"), RC_OK);
	assert_true(vantage_prefix(&a) == 0 && vantage_prefix(&none) == 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_as_is_one),
		cmocka_unit_test(test_a_prefix_is_one_whatever_its_probes_say),
		cmocka_unit_test(test_a_probe_is_one_and_has_one_prefix),
		cmocka_unit_test(test_without_a_prefix_probes_count),
		cmocka_unit_test(test_prefixes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
