/* test_sites_check.c - the sites' verdicts as a monitoring plugin says them. */
#include "collector/sites_check.h"

#include <stdlib.h>
#include <string.h>

#include "schema/base/clock.h"
#include "tests/unit/check.h"

#define NOW_US (1772366400 * US_PER_S)
#define STALE_US (600 * US_PER_S)

static const struct {
	const char *why, *verdicts[3]; /* of ams, nyc, sin */
	int64_t received_us;
	int status;
	const char *printed;
} cases[] = {
	{ "all well", { "ok", "idle", "shadowed" }, NOW_US, CHECK_OK,
	    "CATCHWATER OK - 3 sites as they should be | critical=0;;0 "
	    "warning=0;0 unknown=0 ok=3 landings=21\n" },
	{ "what is not known of one site is no alarm",
	    { "ok", "unknown", NULL }, NOW_US, CHECK_OK,
	    "CATCHWATER OK - 1 sites as they should be | critical=0;;0 "
	    "warning=0;0 unknown=1 ok=1 landings=14\n" },
	{ "a warning", { "ok", "ghost", NULL }, NOW_US, CHECK_WARNING,
	    "CATCHWATER WARNING - nyc of root v4 is ghost: withdrawn, but "
	    "vantages still land there (7 vantages) | critical=0;;0 "
	    "warning=1;0 unknown=0 ok=1 landings=14\n" },
	{ "the worst comes first", { "ghost", "sick_attracting", "ok" }, NOW_US,
	    CHECK_CRITICAL,
	    "CATCHWATER CRITICAL - nyc of root v4 is sick_attracting: sick, "
	    "and still attracting traffic (7 vantages); ams of root v4 is "
	    "ghost: withdrawn, but vantages still land there (7 vantages) | "
	    "critical=1;;0 warning=1;0 unknown=0 ok=1 landings=21\n" },
	{ "nothing is known of any", { "unknown", NULL, NULL }, NOW_US,
	    CHECK_UNKNOWN,
	    "CATCHWATER UNKNOWN - of no site is enough known for a verdict | "
	    "critical=0;;0 warning=0;0 unknown=1 ok=0 landings=7\n" },
	{ "an old verdict is none", { "ok", NULL, NULL }, NOW_US - STALE_US - 1,
	    CHECK_UNKNOWN,
	    "CATCHWATER UNKNOWN - nothing received for 10m 0s | critical=0;;0 "
	    "warning=0;0 unknown=0 ok=1 landings=7\n" },
	{ "not even an alarm", { "sick_attracting", NULL, NULL }, 0,
	    CHECK_UNKNOWN,
	    "CATCHWATER UNKNOWN - no probe has sent anything yet | "
	    "critical=1;;0 warning=0;0 unknown=0 ok=0 landings=7\n" },
	{ "no sites", { NULL }, NOW_US, CHECK_UNKNOWN,
	    "CATCHWATER UNKNOWN - no sites; has 'catchwater serve' been "
	    "started with them? | critical=0;;0 warning=0;0 unknown=0 ok=0 "
	    "landings=0\n" },
};

static struct site_list
sites_of(struct site_now *rows, const char *const *verdicts)
{
	static const char *const names[] = { "ams", "nyc", "sin" };
	struct site_list list = { 0, rows };

	while (list.n < 3 && verdicts[list.n] != NULL) {
		struct site_now *s = &rows[list.n];

		*s = (struct site_now){ .family = 4, .n_vantages = 7 };
		strcpy(s->service, "root");
		strcpy(s->site, names[list.n]);
		strcpy(s->verdict, verdicts[list.n++]);
	}
	return list;
}

static void
one_line_and_a_status(void **state)
{
	(void)state;
	for (size_t i = 0; i < T_LEN(cases); i++) {
		struct site_now rows[3];
		struct site_list list = sites_of(rows, cases[i].verdicts);
		struct sites_check c = { &list, cases[i].received_us, NOW_US,
			STALE_US };
		char *text = NULL;
		size_t len;
		FILE *to = open_memstream(&text, &len);
		int status = sites_check_print(&c, to);

		fclose(to);
		T_CHECK(status == cases[i].status, "%s: status %d",
		    cases[i].why, status);
		T_CHECK(strcmp(text, cases[i].printed) == 0, "%s: %s",
		    cases[i].why, text);
		free(text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_line_and_a_status),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
