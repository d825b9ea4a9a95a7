/* test_geo.c - AS, country and position from a MaxMind DB, and what becomes of
 * a vantage with them. */
#include "tests/unit/check.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collector/geo.h"
#include "collector/place.h"
#include "tests/unit/mmdb.h"

static char path[] = "/tmp/catchwater-test-XXXXXX";

static void
write_database(double latitude, size_t len)
{
	mmdb_write(path, latitude, "Example Network", len);
}

static struct addr
address(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(&a, text), RC_OK);
	return a;
}

static void
an_address_that_is_there_is_found(void **state)
{
	struct whereabouts w = { .country = "DE", .asn = 1 };
	struct addr in = address("192.0.2.77"), out = address("192.0.3.1"),
		    v6 = address("2001:db8::1");
	struct geo *g;
	struct err err;

	(void)state;
	write_database(52.5, 0);
	T_CHECK(geo_open(&g, path, path, &err) == RC_OK, "%s", err.text);
	geo_look_up(g, &out, &w);
	geo_look_up(g, &v6, &w);
	geo_look_up(NULL, &in, &w);
	assert_int_equal(w.asn, 1);
	assert_string_equal(w.country, "DE");
	assert_false(w.has_position);
	geo_look_up(g, &in, &w);
	assert_int_equal(w.asn, 64511);
	assert_string_equal(w.country, "NL");
	assert_true(w.has_position && w.latitude > 52.4 && w.latitude < 52.6 &&
		    w.longitude > 4.4 && w.longitude < 4.6);
	geo_close(g);
}

static void
an_absurd_position_is_left_out(void **state)
{
	struct whereabouts w = { 0 };
	struct addr in = address("192.0.2.77");
	struct geo *g;
	struct err err;

	(void)state;
	write_database(1e30, 0);
	assert_int_equal(geo_open(&g, NULL, path, &err), RC_OK);
	geo_look_up(g, &in, &w);
	assert_false(w.has_position);
	assert_int_equal(w.asn, 0);
	geo_close(g);
}

static void
what_is_no_database_is_refused_in_words(void **state)
{
	struct geo *g;
	struct err err;

	(void)state;
	assert_int_equal(
	    geo_open(&g, "/nonexistent.mmdb", NULL, &err), RC_NOTFOUND);
	assert_non_null(strstr(err.text, "/nonexistent.mmdb"));
	write_database(0, 100);
	assert_int_equal(geo_open(&g, path, NULL, &err), RC_MALFORMED);
}

static void
a_vantage_is_placed_by_the_best_that_is_known(void **state)
{
	static const struct {
		const char *name, *old, *connection, *own, *source;
		uint32_t asn;
	} cases[] = {
		{ "the connection's address", "", "192.0.2.1", "", "192.0.2.1",
		    64511 },
		{ "which counts more than its own", "", "192.0.2.1",
		    "203.0.113.1", "192.0.2.1", 64511 },
		{ "its own when the connection is of the other family", "",
		    "2001:db8::1", "192.0.2.1", "192.0.2.1", 64511 },
		{ "nothing of a private one", "", "10.0.0.1", "192.168.0.1", "",
		    64496 },
		{ "the last one known of a private one", "192.0.2.9",
		    "127.0.0.1", "10.0.0.1", "192.0.2.9", 64511 },
		{ "its own word outside the database", "", "203.0.113.5", "",
		    "203.0.113.5", 64496 },
	};
	const struct probe_row probe = { .declared = { .asn = 64496 } };
	struct geo *g;
	struct err err;

	(void)state;
	write_database(52.5, 0);
	assert_int_equal(geo_open(&g, path, NULL, &err), RC_OK);
	for (size_t i = 0; i < T_LEN(cases); i++) {
		const char *texts[] = { cases[i].old, cases[i].connection,
			cases[i].own, cases[i].source };
		struct addr a[4] = { 0 };
		struct vantage_row old = { .id = 3, .family = 4 }, row;

		for (size_t k = 0; k < 4; k++)
			if (texts[k][0] != '\0')
				a[k] = address(texts[k]);
		old.source = a[0];
		row = place_row(&old, &probe, 4, &a[1], &a[2], g);
		T_CHECK(addr_equal(&row.source, &a[3]), "%s", cases[i].name);
		T_CHECK(row.at.asn == cases[i].asn, "%s: AS%u", cases[i].name,
		    row.at.asn);
		T_CHECK(row.id == 3, "%s", cases[i].name);
	}
	geo_close(g);
}

static void
nat_is_told_by_the_two_addresses(void **state)
{
	static const struct {
		const char *seen, *own, *want;
	} cases[] = {
		{ "192.0.2.7", "192.0.2.7", "no" },
		{ "192.0.2.7", "10.0.0.7", "yes" },
		{ "192.0.2.7", "100.64.0.7", "yes" },
		{ "2001:db8::1", "2001:db8::99", "no" },
		{ "2001:db8:0:1::1", "fd00::1", "yes" },
		{ "127.0.0.1", "10.0.0.7", NULL }, /* a proxy here */
		{ "127.0.0.1", "127.0.0.1", "no" },
		{ "192.0.2.7", NULL, NULL },
		{ NULL, "10.0.0.7", NULL },
		{ "192.0.2.7", "2001:db8::1", NULL },
	};

	(void)state;
	for (size_t i = 0; i < T_LEN(cases); i++) {
		struct addr seen = { 0 }, own = { 0 };
		const char *got;

		if (cases[i].seen != NULL)
			assert_int_equal(addr_parse(&seen, cases[i].seen), 0);
		if (cases[i].own != NULL)
			assert_int_equal(addr_parse(&own, cases[i].own), 0);
		got = place_nat(&seen, &own);
		T_CHECK((got == NULL) == (cases[i].want == NULL) &&
			    (got == NULL || strcmp(got, cases[i].want) == 0),
		    "case %zu: %s", i, got == NULL ? "unknown" : got);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nat_is_told_by_the_two_addresses),
		cmocka_unit_test(an_address_that_is_there_is_found),
		cmocka_unit_test(an_absurd_position_is_left_out),
		cmocka_unit_test(what_is_no_database_is_refused_in_words),
		cmocka_unit_test(a_vantage_is_placed_by_the_best_that_is_known),
	};
	int fd = mkstemp(path), failed;

	if (fd < 0)
		return EXIT_FAILURE;
	close(fd);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(path);
	return failed;
}
