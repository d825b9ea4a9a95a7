/* catchment_csv.c: lines that are replies, and lines that are not. */
#include "collector/catchment_csv.h"

#include <string.h>

#include "tests/unit/check.h"

#define HEADER \
	"client_id,receive_time,source_address,destination_address," \
	"send_receive_time_diff,ttl,source_address_country," \
	"source_address_asn,transmit_time"

static struct csv_columns columns;

static const char *
read_line(struct catchment_reply *out, const char *text)
{
	char line[CSV_LINE_MAX];

	snprintf(line, sizeof line, "%s", text);
	return csv_reply(out, &columns, line);
}

static const struct {
	const char *name, *line, *why;
} cases[] = {
	{ "all there",
	    "ams,1600000000123456789,192.0.2.1,198.51.100.1,"
	    "12.5,50,NL,64500,1\r\n",
	    NULL },
	{ "no more than is needed",
	    "ams,1600000000123456789,192.0.2.1,"
	    "198.51.100.1\n",
	    NULL },
	{ "of IPv6", "ams,1600000000123456789,2001:db8::1,2001:db8::2", NULL },
	{ "sent, not received",
	    "ams,0,192.0.2.1,198.51.100.1,,,,,"
	    "1600000000123456789",
	    NULL },
	{ "empty", "", "client_id: missing or too long" },
	{ "no receiver", ",1,192.0.2.1,198.51.100.1",
	    "client_id: missing or too long" },
	{ "no source", "ams,1,192.0.2,198.51.100.1",
	    "source_address: no address" },
	{ "no destination", "ams,1,192.0.2.1,",
	    "destination_address: no address" },
	{ "no time", "ams,soon,192.0.2.1,198.51.100.1",
	    "receive_time: missing or out of range" },
	{ "a time beyond all bounds",
	    "ams,99999999999999999999,192.0.2.1,198.51.100.1",
	    "receive_time: missing or out of range" },
	{ "an open quote", "\"ams,1,192.0.2.1,198.51.100.1",
	    "source_address: no address" },
};

static void
test_lines(void **state)
{
	char header[] = HEADER;
	struct catchment_reply r;
	const char *why;

	(void)state;
	assert_int_equal(csv_header(&columns, header, NULL), RC_OK);
	for (size_t i = 0; i < T_LEN(cases); i++) {
		why = read_line(&r, cases[i].line);
		T_CHECK((why == NULL) == (cases[i].why == NULL) &&
			    (why == NULL || strcmp(why, cases[i].why) == 0),
		    "%s: %s", cases[i].name, why);
		T_CHECK(why != NULL || r.at_us == INT64_C(1600000000123456),
		    "%s: at %lld", cases[i].name, (long long)r.at_us);
	}
}

static void
test_what_is_there_is_read(void **state)
{
	struct catchment_reply r;

	(void)state;
	assert_null(read_line(&r, cases[0].line));
	assert_string_equal(r.client, "ams");
	assert_true(r.has_rtt);
	assert_int_equal(r.rtt_us, 12500);
	assert_int_equal(r.ttl, 50);
	assert_string_equal(r.country, "NL");
	assert_int_equal(r.asn, 64500);
	assert_null(read_line(&r, cases[1].line));
	assert_false(r.has_rtt);
	assert_int_equal(r.ttl, 0);
	assert_string_equal(r.country, "");
	assert_int_equal(r.asn, 0);
}

static void
test_a_header_without_a_column_is_refused(void **state)
{
	char no_client[] = "receive_time,source_address,destination_address";
	char no_time[] = "client_id,source_address,destination_address";
	struct err err = ERR_NONE;
	struct csv_columns c;

	(void)state;
	assert_int_equal(csv_header(&c, no_client, &err), RC_MALFORMED);
	assert_non_null(strstr(err.text, "client_id"));
	assert_int_equal(csv_header(&c, no_time, &err), RC_MALFORMED);
	assert_non_null(strstr(err.text, "transmit_time"));
}

static void
test_more_fields_than_anybody_has(void **state)
{
	struct catchment_reply r;
	char line[CSV_LINE_MAX];

	(void)state;
	memset(line, ',', sizeof line - 1);
	line[sizeof line - 1] = '\0';
	assert_string_equal(
	    csv_reply(&r, &columns, line), "client_id: missing or too long");
}

static const struct {
	const char *line, *address;
	bool is_read, holds;
} routes[] = {
	{ "ams,192.0.2.0/24,64511,198.51.100.1,", "192.0.2.53", true, true },
	{ "ams,192.0.2.0/24,64511", "192.0.3.53", true, false },
	{ "ams,192.0.2.0/23,64511", "192.0.3.53", true, true },
	{ "ams,192.0.2.128/25,64511", "192.0.2.53", true, false },
	{ "ams,0.0.0.0/0,", "192.0.2.53", true, true },
	{ "ams,2001:db8::/47,", "2001:db8:1::1", true, true },
	{ "ams,2001:db8::/47,", "192.0.2.53", true, false },
	{ "#policy,192.0.2.0/24", "192.0.2.53", false, false },
	{ "site,prefix,peer_as", "192.0.2.53", false, false },
	{ "ams,192.0.2.0/33,", "192.0.2.53", false, false },
	{ "ams,192.0.2.0,", "192.0.2.53", false, false },
	{ "ams", "192.0.2.53", false, false },
};

static void
test_routes(void **state)
{
	struct addr prefix, address;
	char line[128], site[64];
	unsigned len;

	(void)state;
	for (size_t i = 0; i < T_LEN(routes); i++) {
		snprintf(line, sizeof line, "%s", routes[i].line);
		assert_int_equal(
		    addr_parse(&address, routes[i].address), RC_OK);
		T_CHECK(
		    csv_routing(site, &prefix, &len, line) == routes[i].is_read,
		    "%s", routes[i].line);
		T_CHECK(!routes[i].is_read || prefix_holds(&prefix, len,
						  &address) == routes[i].holds,
		    "%s holds %s?", routes[i].line, routes[i].address);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_what_is_there_is_read),
		cmocka_unit_test(test_a_header_without_a_column_is_refused),
		cmocka_unit_test(test_more_fields_than_anybody_has),
		cmocka_unit_test(test_routes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
