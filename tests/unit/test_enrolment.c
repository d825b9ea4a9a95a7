/* test_enrolment.c - what a new probe says of itself. */
#include "tests/unit/check.h"

#include <string.h>

#include "collector/enrolment.h"

#define KEY "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define HEAD "{\"token\":\"t\",\"public_key\":\"" KEY "\""

static const struct {
	const char *name, *body;
	enum rc rc;
	const char *key; /* that the error names */
} cases[] = {
	{ "the least", HEAD "}", RC_OK, "" },
	{ "all there is",
	    HEAD ",\"name\":\"a.b_c-1\",\"version\":\"0.1.0\",\"country\":"
		 "\"NL\",\"lat\":-90,\"lon\":180.0,\"asn\":4294967295}",
	    RC_OK, "" },
	{ "unknown keys", HEAD ",\"later\":[1]}", RC_OK, "" },
	{ "nothing", "", RC_MALFORMED, "object" },
	{ "an array", "[]", RC_MALFORMED, "object" },
	{ "no token", "{\"public_key\":\"" KEY "\"}", RC_MALFORMED, "token" },
	{ "a token that is a number",
	    "{\"token\":1,\"public_key\":\"" KEY "\"}", RC_MALFORMED, "token" },
	{ "no key", "{\"token\":\"t\"}", RC_MALFORMED, "public_key" },
	{ "a short key", "{\"token\":\"t\",\"public_key\":\"0123\"}",
	    RC_MALFORMED, "public_key" },
	{ "a key with other digits",
	    "{\"token\":\"t\",\"public_key\":\"zz" KEY "\"}", RC_MALFORMED,
	    "public_key" },
	{ "a key twice", HEAD ",\"token\":\"u\"}", RC_MALFORMED, "object" },
	{ "an empty name", HEAD ",\"name\":\"\"}", RC_RANGE, "name" },
	{ "a name with an escape", HEAD ",\"name\":\"\\u001b[2J\"}", RC_RANGE,
	    "name" },
	{ "a name with a NUL", HEAD ",\"name\":\"a\\u0000\"}", RC_MALFORMED,
	    "object" },
	{ "a long name", HEAD ",\"name\":\"" KEY "\"}", RC_RANGE, "name" },
	{ "a long version", HEAD ",\"version\":\"" KEY "\"}", RC_RANGE,
	    "version" },
	{ "a country of three", HEAD ",\"country\":\"NLD\"}", RC_RANGE,
	    "country" },
	{ "a small country", HEAD ",\"country\":\"nl\"}", RC_RANGE, "country" },
	{ "lat alone", HEAD ",\"lat\":1}", RC_RANGE, "lat" },
	{ "a pole passed", HEAD ",\"lat\":90.1,\"lon\":0}", RC_RANGE, "lat" },
	{ "AS 0", HEAD ",\"asn\":0}", RC_RANGE, "asn" },
	{ "an AS over 32 bits", HEAD ",\"asn\":4294967296}", RC_RANGE, "asn" },
	{ "an AS that is text", HEAD ",\"asn\":\"1\"}", RC_RANGE, "asn" },
};

static void
bodies_are_judged_key_by_key(void **state)
{
	(void)state;
	for (size_t i = 0; i < T_LEN(cases); i++) {
		struct err err = ERR_NONE;
		struct enrolment e;
		enum rc rc = enrolment_decode(
		    &e, cases[i].body, strlen(cases[i].body), &err);

		T_CHECK(rc == cases[i].rc, "%s: %s", cases[i].name, err.text);
		T_CHECK(rc == RC_OK || strstr(err.text, cases[i].key) != NULL,
		    "%s: %s", cases[i].name, err.text);
	}
}

static void
a_probe_without_a_name_is_called_by_its_id(void **state)
{
	struct enrolment e;
	struct err err;

	(void)state;
	assert_int_equal(
	    enrolment_decode(&e, HEAD "}", strlen(HEAD "}"), &err), RC_OK);
	assert_int_equal(strlen(e.probe.id), PROBE_ID_LEN);
	assert_string_equal(e.probe.name, e.probe.id);
}

static void
a_token_is_kept_as_its_hash(void **state)
{
	/* printf t | b2sum -l 256 */
	static const uint8_t want[TOKEN_HASH_BYTES] = { 0xbe, 0xa4, 0xbb, 0xfe,
		0x44, 0xf2, 0xdb, 0x4c, 0x9e, 0x32, 0x77, 0x5c, 0x11, 0x78,
		0xc3, 0x91, 0xee, 0x22, 0x15, 0x53, 0x16, 0xbe, 0x75, 0x0b,
		0xe8, 0xc9, 0xd1, 0x56, 0x06, 0xe5, 0xdf, 0x10 };
	uint8_t got[TOKEN_HASH_BYTES];

	(void)state;
	token_hash("t", got);
	assert_memory_equal(got, want, sizeof want);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bodies_are_judged_key_by_key),
		cmocka_unit_test(a_probe_without_a_name_is_called_by_its_id),
		cmocka_unit_test(a_token_is_kept_as_its_hash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
