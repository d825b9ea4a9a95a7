/* test_options.c - one table makes parsing, help and suggestions. */
#include "schema/base/options.h"

#include <stdlib.h>
#include <string.h>

#include "schema/base/clock.h"
#include "tests/unit/check.h"

struct fields {
	bool json, v6;
	const char *zone;
	int64_t count;
	double lat;
	int64_t interval_us;
};

static const struct option_spec specs[] = {
	{ 'j', "json", OPTION_FLAG, offsetof(struct fields, json), 0, 0, NULL,
	    "JSON Lines instead of text" },
	{ '6', "ipv6", OPTION_FLAG, offsetof(struct fields, v6), 0, 0, NULL,
	    "IPv6 only" },
	{ 0, "zone", OPTION_TEXT, offsetof(struct fields, zone), 0, 0, "NAME",
	    "whose SOA is asked" },
	{ 'c', "count", OPTION_COUNT, offsetof(struct fields, count), 1, 1000,
	    "N", "measure N times" },
	{ 0, "lat", OPTION_DECIMAL, offsetof(struct fields, lat), -90, 90,
	    "DEGREES", "latitude" },
	{ 'i', "interval", OPTION_DURATION,
	    offsetof(struct fields, interval_us), 0, 0, "TIME", "pause" },
	{ 0 },
};
static const struct command_spec command = { "catchwater-probe", "measure",
	"TARGET...", 1, 3, "measure targets", specs };

#define ARGS_MAX 8

/* The words of a command line, split at spaces; argv[0] is the command. */
static int
split(char *line, char *argv[ARGS_MAX])
{
	static char name[] = "measure";
	int argc = 0;

	argv[argc++] = name;
	for (char *w = strtok_r(line, " ", &line); w != NULL;
	     w = strtok_r(NULL, " ", &line))
		argv[argc++] = w;
	argv[argc] = NULL;
	return argc;
}

static void
options_and_operands_mix(void **state)
{
	char name[] = "measure", a[] = "one", z[] = "--zone=example.",
	     c[] = "-c", n[] = "12", j[] = "-j6", b[] = "two", i[] = "-i90s",
	     lat[] = "--lat", deg[] = "-52.5", end[] = "--", minus[] = "-x";
	char *argv[] = { name, a, z, c, n, j, b, i, lat, deg, end, minus,
		NULL };
	struct fields f = { .count = 1 };
	struct err err = ERR_NONE;
	char **operands;
	int n_operands;

	(void)state;
	assert_int_equal(
	    options_parse(&command, &f, 12, argv, &operands, &n_operands, &err),
	    RC_OK);
	assert_true(f.json && f.v6);
	assert_string_equal(f.zone, "example.");
	assert_int_equal(f.count, 12);
	assert_int_equal(f.interval_us, 90 * US_PER_S);
	assert_true(f.lat > -52.6 && f.lat < -52.4);
	assert_int_equal(n_operands, 3);
	assert_string_equal(operands[0], "one");
	assert_string_equal(operands[1], "two");
	assert_string_equal(operands[2], "-x");
}

static const struct {
	const char *line;
	enum rc rc;
	const char *says; /* part of the error */
} lines[] = {
	{ "a", RC_OK, "" },
	{ "a b c", RC_OK, "" },
	{ "-i 2.5 a", RC_OK, "" },
	{ "--count 1000 a", RC_OK, "" },
	{ "--cou 7 a", RC_OK, "" },
	{ "", RC_MALFORMED, "usage: catchwater-probe measure" },
	{ "a b c d", RC_MALFORMED, "too many arguments" },
	{ "--jsn a", RC_MALFORMED, "did you mean --json?" },
	{ "--intervall=3s a", RC_MALFORMED, "unknown option --intervall=3s" },
	{ "--colour a", RC_MALFORMED, "unknown option --colour; 'catchwater" },
	{ "-z a", RC_MALFORMED, "unknown option -z" },
	{ "-jz a", RC_MALFORMED, "unknown option -z" },
	{ "-zj a", RC_MALFORMED, "unknown option -z" },
	{ "--ipv6 -zj a", RC_MALFORMED, "unknown option -z" },
	{ "--json=1 a", RC_MALFORMED, "--json=1" },
	{ "a --zone", RC_MALFORMED, "--zone needs an argument" },
	{ "a -c", RC_MALFORMED, "-c needs an argument" },
	{ "-c 0 a", RC_RANGE, "--count: 0 is outside 1 to 1000" },
	{ "-c 1001 a", RC_RANGE, "outside 1 to 1000" },
	{ "-c 1x a", RC_MALFORMED, "not a whole number" },
	{ "-c 99999999999999999999 a", RC_MALFORMED, "not a whole number" },
	{ "--lat 90.1 a", RC_RANGE, "outside -90 to 90" },
	{ "--lat nan a", RC_MALFORMED, "not a number" },
	{ "--lat north a", RC_MALFORMED, "not a number" },
	{ "-i 3y a", RC_MALFORMED, "--interval: '3y' is not a duration" },
	{ "-i -3 a", RC_MALFORMED, "not a duration" },
};

static void
wrong_lines_say_what_was_expected(void **state)
{
	(void)state;
	for (size_t i = 0; i < T_LEN(lines); i++) {
		struct fields f = { 0 };
		struct err err = ERR_NONE;
		char line[64], *argv[ARGS_MAX], **operands;
		int n_operands, argc;
		enum rc rc;

		snprintf(line, sizeof line, "%s", lines[i].line);
		argc = split(line, argv);
		rc = options_parse(
		    &command, &f, argc, argv, &operands, &n_operands, &err);
		T_CHECK(rc == lines[i].rc, "'%s': %s %s", lines[i].line,
		    rc_name(rc), err.text);
		T_CHECK(strstr(err.text, lines[i].says) != NULL, "'%s': %s",
		    lines[i].line, err.text);
	}
}

static void
help_lists_every_option(void **state)
{
	char *text = NULL;
	size_t len;
	FILE *to = open_memstream(&text, &len);

	(void)state;
	assert_non_null(to);
	options_help(&command, to);
	fclose(to);
	assert_non_null(strstr(text, "usage: catchwater-probe measure "
				     "[OPTION...] TARGET..."));
	for (const struct option_spec *o = specs; o->name != NULL; o++) {
		T_CHECK(strstr(text, o->name) != NULL, "%s", o->name);
		T_CHECK(strstr(text, o->help) != NULL, "%s", o->help);
	}
	assert_non_null(strstr(text, "-c, --count N"));
	free(text);
}

static const struct {
	const char *word, *near;
} words[] = {
	{ "drain", "drain" },
	{ "dran", "drain" },
	{ "drian", "drain" },
	{ "sits", "sites" },
	{ "evnets", "events" },
	{ "catchments", "catchment" },
	{ "x", NULL },
	{ "catch", NULL },
	{ "a-word-longer-than-any-that-could-be-meant-here", NULL },
};

static void
near_words_are_suggested(void **state)
{
	static const char *const names[] = { "catchment", "drain", "events",
		"sites" };

	(void)state;
	for (size_t i = 0; i < T_LEN(words); i++) {
		const char *got =
		    options_suggest(words[i].word, names, T_LEN(names));

		T_CHECK((got == NULL) == (words[i].near == NULL), "%s: %s",
		    words[i].word, got == NULL ? "nothing" : got);
		T_CHECK(got == NULL || strcmp(got, words[i].near) == 0,
		    "%s: %s", words[i].word, got);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_and_operands_mix),
		cmocka_unit_test(wrong_lines_say_what_was_expected),
		cmocka_unit_test(help_lists_every_option),
		cmocka_unit_test(near_words_are_suggested),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
