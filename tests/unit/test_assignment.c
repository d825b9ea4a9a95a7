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
    "\"zone\":\"example.\",\"identity\":\"chaos\","
    "\"phase_us\":1500000,"
    "\"dns_every_us\":60000000,\"ping_every_us\":0,"
    "\"trace_every_us\":900000000},"
    "{\"address\":\"2001:db8::1\",\"port\":5353,\"role\":\"control\","
    "\"zone\":\".\",\"identity\":\"txt\","
    "\"identity_name\":\"id.example.\","
    "\"phase_us\":0,\"dns_every_us\":1000000,"
    "\"ping_every_us\":86400000000,\"trace_every_us\":0},"
    "{\"address\":\"198.51.100.53\",\"port\":53,\"role\":\"control\","
    "\"decoy\":true,\"zone\":\".\",\"phase_us\":0,"
    "\"dns_every_us\":21600000000,\"ping_every_us\":0,"
    "\"trace_every_us\":0}]}";

static struct assignment a, b;

static void
forget(void)
{
	assignment_fini(&a);
	assignment_fini(&b);
}

/* Both say the same of everything. */
static void
check_same(struct assignment *x, struct assignment *y)
{
	char *one = assignment_encode(x), *other = assignment_encode(y);

	assert_string_equal(one, other);
	free(one);
	free(other);
}

static void
what_was_encoded_comes_back(void **state)
{
	char *body;

	(void)state;
	assert_int_equal(
	    assignment_decode(&a, good, strlen(good), NULL), RC_OK);
	assert_int_equal(a.n_targets, 3);
	assert_int_equal(a.retry_after_us[1], 6000000);
	assert_true(!a.targets[0].is_control && a.targets[1].is_control);
	assert_int_equal(a.targets[1].address.family, 6);
	assert_true(!a.targets[0].is_decoy && !a.targets[1].is_decoy);
	assert_true(a.targets[2].is_decoy);
	assert_string_equal(a.targets[0].zone, "example.");
	assert_int_equal(a.targets[0].identity, ASSIGNED_CHAOS);
	assert_int_equal(a.targets[1].identity, ASSIGNED_NAME);
	assert_string_equal(a.targets[1].identity_name, "id.example.");
	assert_int_equal(a.targets[2].identity, ASSIGNED_NSID);
	assert_int_equal(a.targets[1].ping_every_us, INT64_C(86400000000));
	body = assignment_encode(&a);
	assert_string_equal(body, good);
	assert_int_equal(
	    assignment_decode(&b, body, strlen(body), NULL), RC_OK);
	check_same(&a, &b);
	assert_string_equal(a.etag, b.etag);
	free(body);
	forget();
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
	forget();
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
	forget();
}

static const struct {
	const char *name;
	const char *part, *instead;
	enum rc rc;
	const char *path;
} cases[] = {
	{ "as it is", "", "", RC_OK, "" },
	{ "an unknown key", "\"targets\"", "\"new\":1,\"targets\"", RC_OK, "" },
	{ "an unknown key of a target", "\"zone\"",
	    "\"new\":{\"a\":[1]},\"zone\"", RC_OK, "" },
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
	{ "a decoy that is a word", "\"role\":\"control\"",
	    "\"role\":\"control\",\"decoy\":\"yes\"", RC_MALFORMED,
	    "targets[1].decoy:" },
	{ "a zone without its dot", "\"example.\"", "\"example\"", RC_MALFORMED,
	    "targets[0].zone:" },
	{ "an empty zone", "\"example.\"", "\"\"", RC_MALFORMED,
	    "targets[0].zone:" },
	{ "a zone with a line feed", "\"example.\"", "\"exa\\nmple.\"",
	    RC_MALFORMED, "targets[0].zone:" },
	{ "a word for identities that is not known yet", "\"chaos\"",
	    "\"http\"", RC_OK, "" },
	{ "identities that are a number", "\"chaos\"", "7", RC_MALFORMED,
	    "targets[0].identity:" },
	{ "an identity without its name", "\"identity_name\"", "\"name\"",
	    RC_MALFORMED, "targets[1].identity_name:" },
	{ "an identity's name without its dot", "\"id.example.\"",
	    "\"id.example\"", RC_MALFORMED, "targets[1].identity_name:" },
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
		forget();
	}
}

static void
fill_longest(struct assignment *to, size_t n)
{
	to->upload_every_us = INT64_C(86400000000);
	to->timeout_us = 60000000;
	to->n_confirm = to->n_retry = ASSIGNMENT_TRIES_MAX;
	for (int i = 0; i < ASSIGNMENT_TRIES_MAX; i++)
		to->confirm_after_us[i] = to->retry_after_us[i] =
		    INT64_C(3600000000);
	for (size_t i = 0; i < n; i++) {
		struct assigned_target *t = assignment_add(to);
		char zone[ZONE_TEXT_MAX + 1];

		t->address.family = 6;
		memset(t->address.bytes, 0xff, 16);
		t->address.bytes[14] = (uint8_t)(0xf0 | i % 16);
		t->address.bytes[15] = (uint8_t)(0x80 | i / 16 % 128);
		t->port = (uint16_t)(65535 - i / 2048);
		memset(zone, 'a', sizeof zone);
		snprintf(zone + ZONE_TEXT_MAX - 9, 10, "%08zu.", i);
		t->zone = assignment_zone(to, zone);
		t->is_control = t->is_decoy = true;
		t->identity = ASSIGNED_NAME;
		t->identity_name = t->zone;
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
	check_same(&a, &b);
	more = calloc(1, ASSIGNMENT_BODY_MAX + 1);
	assert_non_null(more);
	at = strstr(body, "[{");
	assert_non_null(at);
	len = (size_t)snprintf(more, ASSIGNMENT_BODY_MAX, "%.*s[{},%s",
	    (int)(at - body), body, at + 1);
	forget();
	assert_int_equal(assignment_decode(&b, more, len, NULL), RC_LIMIT);
	assert_int_equal(
	    assignment_decode(&b, more, ASSIGNMENT_BODY_MAX + 1, NULL),
	    RC_LIMIT);
	free(more);
	free(body);
	forget();
}

static void
each_target_is_found_by_address_and_port(void **state)
{
	char *body;

	(void)state;
	fill_longest(&a, ASSIGNMENT_TARGETS_MAX);
	body = assignment_encode(&a);
	assert_int_equal(
	    assignment_decode(&b, body, strlen(body), NULL), RC_OK);
	assert_int_equal(b.n_indexed, b.n_targets);
	for (size_t i = 0; i < b.n_targets; i++) {
		const struct assigned_target *t = &b.targets[i];
		size_t found = assignment_find(&b, &t->address, 0);

		T_CHECK(assignment_find(&b, &t->address, t->port) == i,
		    "target %zu", i);
		T_CHECK(found < b.n_targets &&
			    addr_equal(&b.targets[found].address, &t->address),
		    "target %zu without its port", i);
		T_CHECK(assignment_find(&b, &t->address, 7) == b.n_targets,
		    "target %zu by another port", i);
		/* As it was written, before there is an index. */
		if (i % 512 == 0)
			T_CHECK(assignment_find(&a, &t->address, t->port) == i,
			    "target %zu", i);
	}
	free(body);
	forget();
}

static void
a_zone_is_kept_once(void **state)
{
	const char *one, *two;

	(void)state;
	one = assignment_zone(&a, "example.");
	two = assignment_zone(&a, ".");
	assert_ptr_equal(assignment_zone(&a, "example."), one);
	assert_ptr_not_equal(one, two);
	for (int i = 0; i < 100; i++) {
		char zone[16];

		snprintf(zone, sizeof zone, "z%d.", i);
		assert_string_equal(assignment_zone(&a, zone), zone);
	}
	assert_ptr_equal(assignment_zone(&a, "example."), one);
	assert_string_equal(one, "example.");
	assert_int_equal(a.n_zones, 102);
	forget();
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
		cmocka_unit_test(each_target_is_found_by_address_and_port),
		cmocka_unit_test(a_zone_is_kept_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
