#include "collector/interpret.h"

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
	{ "CHAOS where NSID is of no template", OUTCOME_OK, "gpdns-fra",
	    "nl-ams", 11, true },
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
	}
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
		cmocka_unit_test(test_a_ping_says_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
