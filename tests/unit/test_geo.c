/* test_geo.c - AS, country and position from a MaxMind DB, and what becomes of
 * a vantage with them.  The database is written here: one network, with
 * fields of both the ASN and the City edition. */
#include "tests/unit/check.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collector/geo.h"
#include "collector/place.h"
#include "schema/base/bytes.h"
#include "schema/base/file.h"

/* Types of the MaxMind DB format, version 2.0 ("Data Section"). */
enum { T_UTF8 = 2, T_DOUBLE = 3, T_U16 = 5, T_U32 = 6, T_MAP = 7 };
#define N_NODES 24u /* one per bit of 192.0.2.0/24 */

static void
put_control(struct wbuf *w, unsigned type, size_t size)
{
	wbuf_u8(w, (uint8_t)(type << 5 | size));
}

static void
put_text(struct wbuf *w, const char *text)
{
	put_control(w, T_UTF8, strlen(text));
	wbuf_put(w, text, strlen(text));
}

static void
put_u16(struct wbuf *w, const char *key, uint16_t v)
{
	put_text(w, key);
	put_control(w, T_U16, 2);
	wbuf_u16(w, v);
}

static void
put_u32(struct wbuf *w, const char *key, uint32_t v)
{
	put_text(w, key);
	put_control(w, T_U32, 4);
	wbuf_u32(w, v);
}

static void
put_map(struct wbuf *w, const char *key, size_t n)
{
	if (key != NULL)
		put_text(w, key);
	put_control(w, T_MAP, n);
}

static void
put_double(struct wbuf *w, const char *key, double v)
{
	uint64_t bits;

	memcpy(&bits, &v, sizeof bits);
	put_text(w, key);
	put_control(w, T_DOUBLE, 8);
	wbuf_u32(w, (uint32_t)(bits >> 32));
	wbuf_u32(w, (uint32_t)bits);
}

static void
put_u24(struct wbuf *w, uint32_t v)
{
	wbuf_u8(w, (uint8_t)(v >> 16));
	wbuf_u16(w, (uint16_t)v);
}

/* The path of 192.0.2.0/24; everything beside it is not found. */
static void
put_tree(struct wbuf *w)
{
	const uint32_t network = 0xc0000200;

	for (uint32_t i = 0; i < N_NODES; i++) {
		uint32_t next = i + 1 < N_NODES ? i + 1 : N_NODES + 16;
		bool bit = network >> (31 - i) & 1;

		put_u24(w, bit ? N_NODES : next);
		put_u24(w, bit ? next : N_NODES);
	}
	for (int i = 0; i < 16; i++)
		wbuf_u8(w, 0);
}

static void
put_data(struct wbuf *w, double latitude)
{
	put_map(w, NULL, 3);
	put_u32(w, "autonomous_system_number", 64511);
	put_map(w, "country", 1);
	put_text(w, "iso_code");
	put_text(w, "NL");
	put_map(w, "location", 2);
	put_double(w, "latitude", latitude);
	put_double(w, "longitude", 4.5);
}

static void
put_metadata(struct wbuf *w)
{
	wbuf_put(w, "\xab\xcd\xefMaxMind.com", 14);
	put_map(w, NULL, 9);
	put_u32(w, "node_count", N_NODES);
	put_u16(w, "record_size", 24);
	put_u16(w, "ip_version", 4);
	put_u16(w, "binary_format_major_version", 2);
	put_u16(w, "binary_format_minor_version", 0);
	put_text(w, "database_type");
	put_text(w, "Test");
	put_map(w, "description", 0);
	put_text(w, "languages");
	wbuf_u8(w, 0); /* an extended type with nothing in it ... */
	wbuf_u8(w, 4); /* ... 7 + 4: an array */
	put_text(w, "build_epoch");
	wbuf_u8(w, 1); /* an extended type of one byte ... */
	wbuf_u8(w, 2); /* ... 7 + 2: an unsigned 64-bit number */
	wbuf_u8(w, 1);
}

static char path[] = "/tmp/catchwater-test-XXXXXX";

/* Writes the database, of which only the first len bytes when len > 0. */
static void
write_database(double latitude, size_t len)
{
	uint8_t bytes[2048];
	struct wbuf w = wbuf_over(bytes, sizeof bytes);
	struct err err;

	put_tree(&w);
	put_data(&w, latitude);
	put_metadata(&w);
	assert_false(w.is_bad);
	assert_int_equal(
	    file_replace(path, 0600, bytes, len > 0 ? len : w.len, &err),
	    RC_OK);
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
