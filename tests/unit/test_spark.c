/* test_spark.c - numbers as bars. */
#include "collector/spark.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/check.h"

#define NONE SPARK_NONE

static const struct {
	const char *why;
	int64_t values[8];
	size_t n, width;
	bool is_utf8;
	const char *printed;
} cases[] = {
	{ "lowest to highest", { 0, 1, 2, 3, 4, 5, 6, 7 }, 8, 80, false,
	    "_.,-~+*#" },
	{ "in Unicode", { 10, 45, 80 }, 3, 80, true,
	    "\xe2\x96\x81\xe2\x96\x85\xe2\x96\x88" },
	{ "a step without a number is blank", { 5, NONE, 9 }, 3, 80, false,
	    "_ #" },
	{ "all the same", { 5, 5, 5 }, 3, 80, false, "___" },
	{ "nothing known", { NONE, NONE }, 2, 80, false, "  " },
	{ "a spike stays when steps are taken together",
	    { 0, 0, 0, 7, 0, 0, NONE, NONE }, 8, 4, false, "_#_ " },
	{ "of negative numbers", { -7, 0 }, 2, 80, false, "_#" },
	{ "no steps", { 0 }, 0, 80, false, "" },
};

static void
numbers_become_bars(void **state)
{
	(void)state;
	for (size_t i = 0; i < T_LEN(cases); i++) {
		char *text = NULL;
		size_t len;
		FILE *to = open_memstream(&text, &len);

		spark_print(cases[i].values, cases[i].n, cases[i].width,
		    cases[i].is_utf8, to);
		fclose(to);
		T_CHECK(strcmp(text, cases[i].printed) == 0, "%s: '%s'",
		    cases[i].why, text);
		free(text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_become_bars),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
