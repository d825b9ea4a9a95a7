#include "collector/interpret.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/check.h"

static struct site sites[] = { { .id = 11, .name = "nl-ams" },
	{ .id = 12, .name = "jp-tyo" } };
static const char *site_names[] = { "nl-ams", "jp-tyo" };
static struct identity_template templates[] = {
	{ .text = "ns{instance}.{site}.k.example" },
	{ .text = "{site}" },
};
static const struct service service = { .n_templates = 2,
	.templates = templates,
	.n_sites = 2,
	.sites = sites,
	.site_names = site_names };

static const struct {
	const char *name;
	enum outcome outcome;
	const char *nsid, *txt; /* NULL: none */
	int64_t site_id;
	bool has_identity;
} cases[] = {
	{ "NSID tells the site", OUTCOME_OK, "ns1.nl-ams.k.example", NULL, 11,
	    true },
	{ "another server of the site is the same site", OUTCOME_OK,
	    "ns2.nl-ams.k.example", NULL, 11, true },
	{ "the second template is tried too", OUTCOME_OK, "jp-tyo", NULL, 12,
	    true },
	{ "NSID comes before CHAOS", OUTCOME_OK, "jp-tyo", "nl-ams", 12, true },
	{ "CHAOS where there is no NSID", OUTCOME_OK, NULL, "nl-ams", 11,
	    true },
	{ "methods are not mixed: NSID decides, also when nobody has it",
	    OUTCOME_OK, "gpdns-fra", "nl-ams", 0, true },
	{ "CHAOS where NSID is empty", OUTCOME_OK, "", "nl-ams", 11, true },
	{ "nobody's identity is said to be there", OUTCOME_OK, "gpdns-fra",
	    NULL, 0, true },
	{ "both of them nobody's", OUTCOME_OK, "gpdns-fra", "res100", 0, true },
	{ "an empty NSID is none", OUTCOME_OK, "", NULL, 0, false },
	{ "no identity", OUTCOME_OK, NULL, NULL, 0, false },
	{ "SERVFAIL has one too", OUTCOME_RCODE, "nl-ams", NULL, 11, true },
	{ "without an answer, nothing", OUTCOME_TIMEOUT, "nl-ams", "nl-ams", 0,
	    false },
};

static void
test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < T_LEN(cases); i++) {
		struct observation o = { .kind = KIND_DNS,
			.outcome = cases[i].outcome };
		struct interpretation got;

		if (cases[i].nsid != NULL)
			identity_set(
			    &o.dns.nsid, cases[i].nsid, strlen(cases[i].nsid));
		if (cases[i].txt != NULL) {
			o.dns.chaos.is_asked = true;
			identity_set(&o.dns.chaos.txt, cases[i].txt,
			    strlen(cases[i].txt));
		}
		got = interpret_dns(&service, &o);
		T_CHECK(got.site_id == cases[i].site_id &&
			    got.has_identity == cases[i].has_identity,
		    "%s: site %d", cases[i].name, (int)got.site_id);
		if (cases[i].txt != NULL || cases[i].outcome == OUTCOME_TIMEOUT)
			continue;
		got = interpret_identity(&service, &o.dns.nsid);
		T_CHECK(got.site_id == cases[i].site_id, "%s, alone: site %d",
		    cases[i].name, (int)got.site_id);
	}
}

/* A service whose NSID is opaque at some sites, asked by CHAOS and by a name of
 * its own. */
static struct identity_template own_templates[] = {
	{ .text = "{number}m{number} -> ?" },
	{ .text = "{site}.cf.example -> {site}-cf" },
	{ .text = "server {site}" },
};
static char *own_names[][2] = { { 0 }, { "ams", 0 }, { "ams-cf", "fra" } };
static size_t own_sites[][2] = { { 0 }, { 0 }, { 0, 1 } };
static struct identity_rule own_rules[] = {
	{ &own_templates[0], 1u << METHOD_NSID, 0, NULL, NULL },
	{ &own_templates[1], 7, 1, own_names[1], own_sites[1] },
	{ &own_templates[2], 1u << METHOD_TXT, 2, own_names[2], own_sites[2] },
};
static struct site own_list[] = { { .id = 21, .name = "ams-cf" },
	{ .id = 22, .name = "fra" } };

static const struct {
	const char *name;
	const char *methods; /* first letters */
	const char *nsid, *chaos, *txt;
	int64_t site_id;
	bool has_identity;
	enum identity_method method;
} own_cases[] = {
	{ "an opaque NSID tells nothing", "", "543m151", NULL, NULL, 0, false,
	    METHOD_NSID },
	{ "nor does it stand in the way", "", "543m151", "AMS.cf.example", NULL,
	    21, true, METHOD_CHAOS },
	{ "NSID where it tells", "", "ams.cf.example", "fra", NULL, 21, true,
	    METHOD_NSID },
	{ "CHAOS first when so ordered", "cn", "ams.cf.example",
	    "fra.cf.example", NULL, 0, true, METHOD_CHAOS },
	{ "NSID second when so ordered", "cn", "ams.cf.example", NULL, NULL, 21,
	    true, METHOD_NSID },
	{ "CHAOS alone", "c", "ams.cf.example", NULL, NULL, 0, false,
	    METHOD_NSID },
	{ "a name of its own", "t", "ams.cf.example", NULL, "server fra", 22,
	    true, METHOD_TXT },
	{ "its template is not for CHAOS", "c", NULL, "server fra", NULL, 0,
	    true, METHOD_CHAOS },
	{ "CHAOS is not a name of its own", "t", NULL, "ams.cf.example", NULL,
	    0, false, METHOD_NSID },
};

static struct observation
own_observation(const char *nsid, const char *chaos, const char *txt)
{
	struct observation o = { .kind = KIND_DNS };
	const char *asked = chaos != NULL ? chaos : txt;

	if (nsid != NULL)
		identity_set(&o.dns.nsid, nsid, strlen(nsid));
	if (asked == NULL)
		return o;
	o.dns.chaos.is_asked = true;
	o.dns.chaos.name = txt != NULL ? CHAOS_GIVEN : CHAOS_ID_SERVER;
	identity_set(&o.dns.chaos.txt, asked, strlen(asked));
	return o;
}

static void
test_methods(void **state)
{
	(void)state;
	for (size_t i = 0; i < T_LEN(own_cases); i++) {
		struct service s = { .n_templates = 3,
			.templates = own_templates,
			.rules = own_rules,
			.n_sites = 2,
			.sites = own_list };
		struct observation o = own_observation(
		    own_cases[i].nsid, own_cases[i].chaos, own_cases[i].txt);
		struct interpretation got;

		for (const char *m = own_cases[i].methods; *m != '\0'; m++)
			s.methods[s.n_methods++] = *m == 'n'   ? METHOD_NSID
						   : *m == 'c' ? METHOD_CHAOS
							       : METHOD_TXT;
		got = interpret_dns(&s, &o);
		T_CHECK(got.site_id == own_cases[i].site_id &&
			    got.has_identity == own_cases[i].has_identity &&
			    got.method == own_cases[i].method,
		    "%s: site %d by %s", own_cases[i].name, (int)got.site_id,
		    identity_method_name(got.method));
	}
}

static void
test_standing(void **state)
{
	struct service s = { .n_templates = 3,
		.templates = own_templates,
		.rules = own_rules,
		.n_sites = 2,
		.sites = own_list };
	struct observation o = own_observation("7m9", NULL, NULL);

	(void)state;
	assert_int_equal(interpret_standing(&s, &o), STANDING_KNOWN);
	o = own_observation("new.cf.example", NULL, NULL);
	assert_int_equal(interpret_standing(&s, &o), STANDING_KNOWN);
	o = own_observation("dnsmasq", NULL, NULL);
	assert_int_equal(interpret_standing(&s, &o), STANDING_FOREIGN);
	/* A template that is nothing but a field is no form of anybody's. */
	o = own_observation("dnsmasq", NULL, NULL);
	assert_int_equal(interpret_standing(&service, &o), STANDING_FOREIGN);
	o = own_observation("nl-ams", NULL, NULL);
	assert_int_equal(interpret_standing(&service, &o), STANDING_KNOWN);
}

/* Known, opaque, of the form, foreign and long ones, again and again, and more
 * than it has places for. */
static void
test_a_memo_changes_nothing(void **state)
{
	static const char *const ends[][2] = { { "", "m9" }, { "c", ".nl-ams" },
		{ "new", ".cf.example" }, { "dnsmasq-", "" }, { "", "ams" },
		{ "a-name-for-which-a-place-of-the-memo-is-not-large-enough-",
		    ".example" } };
	struct service plain = { .n_templates = 3,
		.templates = own_templates,
		.rules = own_rules,
		.n_sites = 2,
		.sites = own_list };
	struct service with = plain;

	(void)state;
	with.memo = interpret_memo_new();
	for (unsigned i = 0; i < 4000; i++) {
		char text[80];
		struct observation o;
		struct interpretation a, b;

		snprintf(text, sizeof text, "%s%u%s", ends[i % T_LEN(ends)][0],
		    i / 2 % 173, ends[i % T_LEN(ends)][1]);
		o = own_observation(text, i % 3 == 0 ? text : NULL, NULL);
		a = interpret_dns(&plain, &o);
		b = interpret_dns(&with, &o);
		T_CHECK(a.site_id == b.site_id && a.method == b.method &&
			    a.has_identity == b.has_identity &&
			    interpret_standing(&plain, &o) ==
				interpret_standing(&with, &o),
		    "%s", text);
	}
	free(with.memo);
}

static void
test_a_ping_says_nothing(void **state)
{
	struct observation o = { .kind = KIND_PING };

	(void)state;
	assert_false(interpret_dns(&service, &o).has_identity);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_methods),
		cmocka_unit_test(test_standing),
		cmocka_unit_test(test_a_memo_changes_nothing),
		cmocka_unit_test(test_a_ping_says_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
