/* test_text.c - what a terminal or a log is given is printable ASCII. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "schema/base/err.h"
#include "schema/base/log.h"
#include "schema/base/text.h"
#include "tests/unit/check.h"

static void
every_other_byte_is_told_by_its_number(void **state)
{
	static const struct {
		const char *text, *safe;
		size_t cap;
	} cases[] = {
		{ "plain ~", "plain ~", 16 },
		{ "", "", 1 },
		{ "\x1b[2J", "\\x1b[2J", 16 },
		{ "a\r\n\x7f", "a\\x0d\\x0a\\x7f", 16 },
		{ "\xe2\x80\xae", "\\xe2\\x80\\xae", 16 },
		{ "cut", "cu", 3 },
		{ "ab\n", "ab", 6 }, /* never within a code */
		{ "ab\n", "ab\\x0a", 7 },
		{ "\n", "", 1 },
	};

	(void)state;
	for (size_t i = 0; i < T_LEN(cases); i++) {
		char out[32];

		memset(out, '#', sizeof out);
		text_safe(out, cases[i].cap, cases[i].text);
		T_CHECK(strcmp(out, cases[i].safe) == 0, "%s: %s",
		    cases[i].safe, out);
		T_CHECK(
		    out[cases[i].cap] == '#', "%s: too long", cases[i].safe);
	}
}

static void
lines_stay_lines(void **state)
{
	char *text = NULL;
	size_t len;
	FILE *to = open_memstream(&text, &len);

	(void)state;
	text_print_lines("a\n\x1b"
			 "b\r\n",
	    to);
	fclose(to);
	assert_string_equal(text, "a\n\\x1b"
				  "b\\x0d\n");
	free(text);
}

static void
an_error_is_one_printable_line(void **state)
{
	struct err err;

	(void)state;
	err_set(&err, RC_PEER, "it said: %s", "\x1b]0;x\a\n\xff");
	assert_string_equal(err.text, "it said: \\x1b]0;x\\x07\\x0a\\xff");
	err_at(&err, RC_PEER, "%s", "\xc2\x9b");
	assert_string_equal(
	    err.text, "\\xc2\\x9b: it said: \\x1b]0;x\\x07\\x0a\\xff");
}

static void
a_log_line_is_one_printable_line(void **state)
{
	int ends[2], old = dup(STDERR_FILENO);
	char got[100] = "";

	(void)state;
	assert_int_equal(pipe(ends), 0);
	dup2(ends[1], STDERR_FILENO);
	log_warn("%s", "a\n<3>b\x1b");
	dup2(old, STDERR_FILENO);
	close(old);
	close(ends[1]);
	assert_true(read(ends[0], got, sizeof got - 1) > 0);
	close(ends[0]);
	assert_string_equal(got, "<4>a\\x0a<3>b\\x1b\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_other_byte_is_told_by_its_number),
		cmocka_unit_test(lines_stay_lines),
		cmocka_unit_test(an_error_is_one_printable_line),
		cmocka_unit_test(a_log_line_is_one_printable_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
