/* test_measure_text.c - what a person is told about one address. */
#include "tests/unit/check.h"

#include <stdlib.h>
#include <string.h>

#include "probe/measure_text.h"

static struct observation
dns(const char *nsid, const char *chaos, enum outcome outcome)
{
	struct observation o = { .kind = KIND_DNS,
		.proto = PROTO_UDP,
		.outcome = outcome,
		.target = { .family = 6, .bytes = { 0x20, 1, 0xd, 0xb8 } } };

	o.dns.rtt_us = 1500;
	if (nsid != NULL)
		identity_set(&o.dns.nsid, nsid, strlen(nsid));
	if (chaos == NULL)
		return o;
	o.dns.chaos.is_asked = true;
	o.dns.chaos.nsid = o.dns.nsid;
	identity_set(&o.dns.chaos.txt, chaos, strlen(chaos));
	return o;
}

static const struct {
	const char *claim, *nsid, *chaos;
	enum outcome outcome;
	const char *says, *says_not;
} cases[] = {
	{ "the site and the template are named", "ns1.ams.k.ripe.net", NULL,
	    OUTCOME_OK, "ams, instance 1  (by template ns{instance}.{site}.k",
	    "unknown" },
	{ "an unknown form is called so", "opaque", NULL, OUTCOME_OK,
	    "unknown (no template matches)", "instance" },
	{ "agreement is told", "a", "a", OUTCOME_OK, "the same as NSID",
	    "DIFFERS" },
	{ "disagreement is told", "a", "b", OUTCOME_OK, "DIFFERS from NSID",
	    "the same" },
	{ "no terminal escape gets through", "x\033[31m", NULL, OUTCOME_OK,
	    "x\\x1b[31m", "\033" },
	{ "silence is told in words", NULL, NULL, OUTCOME_TIMEOUT,
	    "1 x no answer within 4 s", "min/median/max" },
	{ "a missing route is one line", NULL, NULL, OUTCOME_NO_FAMILY,
	    "no IPv6 address or route", "answered" },
};

static void
test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < T_LEN(cases); i++) {
		struct observation o =
		    dns(cases[i].nsid, cases[i].chaos, cases[i].outcome);
		struct summary *s = calloc(1, sizeof *s);
		char *text;
		size_t len;
		FILE *to = open_memstream(&text, &len);

		s->name = "name.example";
		s->zone = ".";
		s->target = o.target;
		s->timeout_us = 4000000;
		summary_add(s, &o);
		summary_print(s, to);
		fclose(to);
		T_CHECK(strstr(text, cases[i].says) != NULL, "%s: %s",
		    cases[i].claim, text);
		T_CHECK(strstr(text, cases[i].says_not) == NULL, "%s: %s",
		    cases[i].claim, text);
		T_CHECK(
		    summary_is_answered(s) == (cases[i].outcome == OUTCOME_OK),
		    "%s", cases[i].claim);
		free(text);
		free(s);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_cases) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
