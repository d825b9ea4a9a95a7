#include "schema/site_report.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/check.h"

static struct site_report
full(void)
{
	struct site_report r = { .version = "0.1.0",
		.site = "ams",
		.service = "anycast-example",
		.lease_us = 30000000,
		.n = 2 };

	r.families[0] = (struct site_family){ .family = 4,
		.announced = { SAID_YES, 12, "up1 exports 192.0.2.0/24" },
		.healthy = { SAID_NO, 0, "192.0.2.53: REFUSED" },
		.has_serial = true,
		.serial = 4294967295 };
	r.families[1] = (struct site_family){ .family = 6,
		.announced = { SAID_UNKNOWN, 5000000, "" } };
	return r;
}

static void
what_was_written_is_read(void **state)
{
	struct site_report r = full(), back;
	char *text = site_report_encode(&r);

	(void)state;
	assert_int_equal(
	    site_report_decode(&back, text, strlen(text), NULL), RC_OK);
	free(text);
	assert_string_equal(back.version, r.version);
	assert_string_equal(back.site, r.site);
	assert_string_equal(back.service, r.service);
	assert_int_equal(back.lease_us, r.lease_us);
	assert_int_equal(back.n, 2);
	assert_int_equal(back.families[0].announced.said, SAID_YES);
	assert_int_equal(back.families[0].announced.for_us, 12);
	assert_string_equal(
	    back.families[0].healthy.why, r.families[0].healthy.why);
	assert_int_equal(back.families[0].serial, 4294967295);
	assert_int_equal(back.families[1].announced.said, SAID_UNKNOWN);
	assert_int_equal(back.families[1].healthy.said, SAID_NOTHING);
	assert_false(back.families[1].has_serial);
}

#define HEAD "{\"version\":\"1\",\"site\":\"ams\",\"lease_us\":1000000,"

static const struct {
	const char *name, *body, *path;
	enum rc rc;
} faults[] = {
	{ "not JSON", "[", "", RC_MALFORMED },
	{ "no site", "{\"version\":\"1\",\"lease_us\":1000000}", "site",
	    RC_MALFORMED },
	{ "blank in site",
	    "{\"version\":\"1\",\"site\":\"a b\",\"lease_us\":1000000}", "site",
	    RC_RANGE },
	{ "no lease", "{\"version\":\"1\",\"site\":\"ams\"}", "lease_us",
	    RC_MALFORMED },
	{ "lease of a year",
	    "{\"version\":\"1\",\"site\":\"ams\",\"lease_us\":31536000000000}",
	    "lease_us", RC_RANGE },
	{ "three families",
	    HEAD "\"families\":[{\"family\":4},{\"family\":6},{\"family\":4}]}",
	    "families", RC_LIMIT },
	{ "one family twice",
	    HEAD "\"families\":[{\"family\":4},{\"family\":4}]}", "families",
	    RC_RANGE },
	{ "family 5", HEAD "\"families\":[{\"family\":5}]}",
	    "families[0].family", RC_RANGE },
	{ "a word of another language",
	    HEAD "\"families\":[{\"family\":4,\"healthy\":{\"is\":\"ja\","
		 "\"for_us\":1}}]}",
	    "families[0].healthy.is", RC_MALFORMED },
	{ "a negative age",
	    HEAD "\"families\":[{\"family\":4,\"healthy\":{\"is\":\"yes\","
		 "\"for_us\":-1}}]}",
	    "families[0].healthy.for_us", RC_RANGE },
	{ "an escape in why",
	    HEAD "\"families\":[{\"family\":4,\"announced\":{\"is\":\"no\","
		 "\"for_us\":1,\"why\":\"\\u001b[2J\"}}]}",
	    "families[0].announced.why", RC_RANGE },
	{ "a serial of 33 bits",
	    HEAD "\"families\":[{\"family\":4,\"serial\":4294967296}]}",
	    "families[0].serial", RC_RANGE },
};

static void
what_is_wrong_is_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < T_LEN(faults); i++) {
		struct err err = ERR_NONE;
		struct site_report r;
		enum rc rc = site_report_decode(
		    &r, faults[i].body, strlen(faults[i].body), &err);

		T_CHECK(rc == faults[i].rc, "%s: rc %d", faults[i].name, rc);
		T_CHECK(strstr(err.text, faults[i].path) != NULL, "%s: %s",
		    faults[i].name, err.text);
	}
}

static void
a_reason_is_made_printable_and_cut(void **state)
{
	struct site_answer a;
	char longer[300];

	(void)state;
	site_answer_explain(&a, "bird\tsaid \x1b[2J\xc3\xa4");
	assert_string_equal(a.why, "bird?said ?[2J??");
	memset(longer, 'x', sizeof longer - 1);
	longer[sizeof longer - 1] = '\0';
	site_answer_explain(&a, longer);
	assert_int_equal(strlen(a.why), SITE_WHY_LEN - 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_written_is_read),
		cmocka_unit_test(what_is_wrong_is_named),
		cmocka_unit_test(a_reason_is_made_printable_and_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
