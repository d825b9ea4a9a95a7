/* test_region.c - countries by region. */
#include "collector/region.h"

#include <string.h>

#include "tests/unit/check.h"

static void
a_country_has_a_region(void **state)
{
	static const struct {
		const char *country, *region;
	} cases[] = {
		{ "DE", "Europe" },
		{ "AD", "Europe" }, /* the first of a list */
		{ "XK", "Europe" }, /* the last */
		{ "ZW", "Africa" },
		{ "US", "North America" },
		{ "MX", "Latin America and Caribbean" },
		{ "AU", "Asia and Oceania" },
		{ "SA", "Asia and Oceania" },
		{ "", REGION_UNKNOWN },
		{ "ZZ", REGION_UNKNOWN },
		{ "de", REGION_UNKNOWN },
		{ "E ", REGION_UNKNOWN },
		{ "DEU", REGION_UNKNOWN },
	};

	(void)state;
	for (size_t i = 0; i < T_LEN(cases); i++)
		T_CHECK(
		    strcmp(region_of(cases[i].country), cases[i].region) == 0,
		    "%s: %s", cases[i].country, region_of(cases[i].country));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_country_has_a_region),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
