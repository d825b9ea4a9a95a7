/* test_assignment.c - a probe takes only orders that it can read. */
#include "schema/assignment.h"

#include <stdlib.h>
#include <string.h>

#include "schema/base/file.h"
#include "tests/unit/check.h"

static const char good[] =
    "{\"upload_every_us\":30000000,\"timeout_us\":4000000,"
    "\"confirm_after_us\":[10000000,20000000],"
    "\"retry_after_us\":[2000000,6000000],\"targets\":["
    "{\"address\":\"192.0.2.53\",\"port\":53,\"role\":\"service\","
    "\"zone\":\"example.\",\"phase_us\":1500000,"
    "\"dns_every_us\":60000000,\"ping_every_us\":0,"
    "\"trace_every_us\":900000000},"
    "{\"address\":\"2001:db8::1\",\"port\":5353,\"role\":\"control\","
    "\"zone\":\".\",\"phase_us\":0,\"dns_every_us\":1000000,"
    "\"ping_every_us\":86400000000,\"trace_every_us\":0}]}";

static struct assignment a, b; /* too large for the stack */

static void
what_was_encoded_comes_back(void **state)
{
	char *body;

	(void)state;
	assert_int_equal(
	    assignment_decode(&a, good, strlen(good), NULL), RC_OK);
	assert_int_equal(a.n_targets, 2);
	assert_int_equal(a.retry_after_us[1], 6000000);
	assert_true(!a.targets[0].is_control && a.targets[1].is_control);
	assert_int_equal(a.targets[1].address.family, 6);
	assert_string_equal(a.targets[0].zone, "example.");
	assert_int_equal(a.targets[1].ping_every_us, INT64_C(86400000000));
	body = assignment_encode(&a);
	assert_string_equal(body, good);
	assert_int_equal(
	    assignment_decode(&b, body, strlen(body), NULL), RC_OK);
	assert_memory_equal(&a, &b, sizeof a);
	free(body);
}

static void
the_golden_file_comes_back_byte_for_byte(void **state)
{
	struct err err = ERR_NONE;
	char *text, *body;
	size_t len;

	(void)state;
	T_CHECK(file_read("schema/examples/assignment.json",
		    ASSIGNMENT_BODY_MAX, &text, &len, &err) == RC_OK,
	    "%s", err.text);
	T_CHECK(
	    assignment_decode(&a, text, len, &err) == RC_OK, "%s", err.text);
	body = assignment_encode(&a);
	T_CHECK(len == strlen(body) + 1 && memcmp(text, body, len - 1) == 0,
	    "%s", body);
	free(body);
	free(text);
}

static void
the_etag_is_the_bodys(void **state)
{
	char other[sizeof good];
	char *digit;

	(void)state;
	assert_int_equal(
	    assignment_decode(&a, good, strlen(good), NULL), RC_OK);
	assert_int_equal(strspn(a.etag, "0123456789abcdef"), 16);
	memcpy(other, good, sizeof good);
	digit = strstr(other, "1500000");
	assert_non_null(digit);
	*digit = '2';
	assert_int_equal(
	    assignment_decode(&b, other, strlen(other), NULL), RC_OK);
	assert_string_not_equal(a.etag, b.etag);
	free(assignment_encode(&b));
	assert_string_not_equal(a.etag, b.etag);
}

static const struct {
	const char *name;
	const char *part, *instead;
	enum rc rc;
	const char *path;
} cases[] = {
	{ "as it is", "", "", RC_OK, "" },
	{ "an unknown key", "\"targets\"", "\"new\":1,\"targets\"", RC_OK, "" },
	{ "no retries", "[2000000,6000000]", "[]", RC_OK, "" },
	{ "not JSON", "{", "", RC_MALFORMED, "not JSON" },
	{ "no targets", "\"targets\"", "\"target\"", RC_MALFORMED, "targets:" },
	{ "targets are no array", "\"targets\":[", "\"targets\":1,\"x\":[",
	    RC_MALFORMED, "targets:" },
	{ "a target is no object", "\"targets\":[", "\"targets\":[7,",
	    RC_MALFORMED, "targets:" },
	{ "five retries", "[2000000,6000000]",
	    "[2000000,2000000,2000000,2000000,2000000]", RC_LIMIT,
	    "retry_after_us:" },
	{ "a retry at once", "[2000000,6000000]", "[0]", RC_RANGE,
	    "retry_after_us:" },
	{ "upload all the time", "\"upload_every_us\":30000000",
	    "\"upload_every_us\":999999", RC_RANGE, "upload_every_us:" },
	{ "no patience", "\"timeout_us\":4000000", "\"timeout_us\":99999",
	    RC_RANGE, "timeout_us:" },
	{ "a host name", "192.0.2.53", "ns.example", RC_MALFORMED,
	    "targets[0].address:" },
	{ "no port", "\"port\":53,", "", RC_MALFORMED, "targets[0].port:" },
	{ "port 0", "\"port\":53,", "\"port\":0,", RC_RANGE,
	    "targets[0].port:" },
	{ "an unknown role", "\"control\"", "\"victim\"", RC_MALFORMED,
	    "targets[1].role:" },
	{ "a zone without its dot", "\"example.\"", "\"example\"", RC_MALFORMED,
	    "targets[0].zone:" },
	{ "an empty zone", "\"example.\"", "\"\"", RC_MALFORMED,
	    "targets[0].zone:" },
	{ "a zone with a line feed", "\"example.\"", "\"exa\\nmple.\"",
	    RC_MALFORMED, "targets[0].zone:" },
	{ "a flood", "\"dns_every_us\":60000000", "\"dns_every_us\":999999",
	    RC_RANGE, "targets[0].dns_every_us:" },
	{ "a period over a day", "86400000000", "86400000001", RC_RANGE,
	    "targets[1].ping_every_us:" },
	{ "a negative phase", "\"phase_us\":0", "\"phase_us\":-1", RC_RANGE,
	    "targets[1].phase_us:" },
};

static void
spoilt_assignments_are_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < T_LEN(cases); i++) {
		const char *at = strstr(good, cases[i].part);
		struct err err = ERR_NONE;
		char body[2048];
		int n;
		enum rc rc;

		assert_non_null(at);
		n = snprintf(body, sizeof body, "%.*s%s%s", (int)(at - good),
		    good, cases[i].instead, at + strlen(cases[i].part));
		rc = assignment_decode(&a, body, (size_t)n, &err);
		T_CHECK(rc == cases[i].rc, "%s: %s %s", cases[i].name,
		    rc_name(rc), err.text);
		T_CHECK(strncmp(err.text, cases[i].path,
			    strlen(cases[i].path)) == 0,
		    "%s: %s", cases[i].name, err.text);
	}
}

static void
fill_longest(struct assignment *to, size_t n)
{
	memset(to, 0, sizeof *to);
	to->upload_every_us = INT64_C(86400000000);
	to->timeout_us = 60000000;
	to->n_confirm = to->n_retry = ASSIGNMENT_TRIES_MAX;
	for (int i = 0; i < ASSIGNMENT_TRIES_MAX; i++)
		to->confirm_after_us[i] = to->retry_after_us[i] =
		    INT64_C(3600000000);
	to->n_targets = n;
	for (size_t i = 0; i < n; i++) {
		struct assigned_target *t = &to->targets[i];

		t->address.family = 6;
		memset(t->address.bytes, 0xff, 16);
		t->port = 65535;
		memset(t->zone, 'a', ZONE_TEXT_MAX - 1);
		t->zone[ZONE_TEXT_MAX - 1] = '.';
		t->phase_us = t->dns_every_us = INT64_C(86400000000);
		t->ping_every_us = t->trace_every_us = t->dns_every_us;
	}
}

static void
the_largest_fits_its_limit_and_no_more(void **state)
{
	char *body, *more, *at;
	size_t len;

	(void)state;
	fill_longest(&a, ASSIGNMENT_TARGETS_MAX);
	body = assignment_encode(&a);
	len = strlen(body);
	T_CHECK(len <= ASSIGNMENT_BODY_MAX, "%zu bytes", len);
	assert_int_equal(assignment_decode(&b, body, len, NULL), RC_OK);
	assert_memory_equal(&a, &b, sizeof a);
	more = calloc(1, ASSIGNMENT_BODY_MAX + 1);
	assert_non_null(more);
	at = strstr(body, "[{");
	assert_non_null(at);
	len = (size_t)snprintf(more, ASSIGNMENT_BODY_MAX, "%.*s[{},%s",
	    (int)(at - body), body, at + 1);
	assert_int_equal(assignment_decode(&b, more, len, NULL), RC_LIMIT);
	assert_int_equal(
	    assignment_decode(&b, more, ASSIGNMENT_BODY_MAX + 1, NULL),
	    RC_LIMIT);
	free(more);
	free(body);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_encoded_comes_back),
		cmocka_unit_test(the_golden_file_comes_back_byte_for_byte),
		cmocka_unit_test(the_etag_is_the_bodys),
		cmocka_unit_test(spoilt_assignments_are_named),
		cmocka_unit_test(the_largest_fits_its_limit_and_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
