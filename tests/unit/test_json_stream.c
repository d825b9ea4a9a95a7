/* json_stream.c: values are found without parsing them. */
#include "collector/json_stream.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/scratch.h"

static const struct {
	const char *name, *text;
	size_t n;     /* values */
	enum rc last; /* what comes after them */
	const char *values[4];
} cases[] = {
	{ "nothing", " \n", 0, RC_NOTFOUND, { 0 } },
	{ "an empty array", "[ ]", 0, RC_NOTFOUND, { 0 } },
	{ "an array", "[{\"a\":1},\n [2,[3]] , 4 ]", 3, RC_NOTFOUND,
	    { "{\"a\":1}", "[2,[3]]", "4" } },
	{ "lines", "{\"a\":1}\n{\"b\":2}\n", 2, RC_NOTFOUND,
	    { "{\"a\":1}", "{\"b\":2}" } },
	{ "lines without an end", "{}\n12", 2, RC_NOTFOUND, { "{}", "12" } },
	{ "brackets and quotes in texts", "[\"]\\\"[\", {\"}\":\"{\"}]", 2,
	    RC_NOTFOUND, { "\"]\\\"[\"", "{\"}\":\"{\"}" } },
	{ "what follows an array is not looked at", "[1] x", 1, RC_NOTFOUND,
	    { "1" } },
	{ "the file ends within a value", "{\"a\":1}\n{\"b\"", 1, RC_MALFORMED,
	    { "{\"a\":1}" } },
	{ "the array has no end", "[1, 2", 1, RC_MALFORMED, { "1" } },
	{ "the array has no end after its comma", "[{},", 1, RC_MALFORMED,
	    { "{}" } },
	{ "no comma", "[{} {}]", 1, RC_MALFORMED, { "{}" } },
};

static void
check_case(size_t i, struct scratch *dir)
{
	struct json_stream *s;
	struct err err = ERR_NONE;
	const char *text;
	size_t len;
	enum rc rc;

	scratch_write(dir, "values.json", cases[i].text);
	assert_int_equal(json_stream_open(&s, dir->path, &err), RC_OK);
	for (size_t k = 0; k < cases[i].n; k++) {
		rc = json_stream_next(s, &text, &len, &err);
		T_CHECK(rc == RC_OK, "%s: value %zu: %s", cases[i].name, k,
		    rc_name(rc));
		T_CHECK(len == strlen(cases[i].values[k]) &&
			    memcmp(text, cases[i].values[k], len) == 0,
		    "%s: value %zu is %.*s", cases[i].name, k, (int)len, text);
	}
	for (int k = 0; k < 2; k++) {
		rc = json_stream_next(s, &text, &len, &err);
		T_CHECK(rc == (k == 0 ? cases[i].last : RC_NOTFOUND),
		    "%s: end %d is %s", cases[i].name, k, rc_name(rc));
	}
	json_stream_close(s);
}

static void
test_values_are_found(void **state)
{
	struct scratch dir;

	(void)state;
	scratch_make(&dir);
	for (size_t i = 0; i < T_LEN(cases); i++)
		check_case(i, &dir);
	scratch_remove(&dir);
}

/* One that is too long is left out; the next is found. */
static void
test_a_value_is_bounded(void **state)
{
	size_t n = JSON_STREAM_VALUE_MAX + 10, len;
	struct scratch dir;
	char *text;
	struct json_stream *s;
	struct err err = ERR_NONE;
	const char *got;

	(void)state;
	text = malloc(n + 8);
	assert_non_null(text);
	memset(text, 'a', n);
	text[0] = text[n - 1] = '"';
	memcpy(text + n, "\n7\n", 3);
	scratch_make(&dir);
	scratch_append(&dir, "long.json", text, n + 3);
	assert_int_equal(json_stream_open(&s, dir.path, &err), RC_OK);
	assert_int_equal(json_stream_next(s, &got, &len, &err), RC_LIMIT);
	assert_int_equal(json_stream_next(s, &got, &len, &err), RC_OK);
	assert_int_equal(len, 1);
	assert_int_equal(json_stream_next(s, &got, &len, &err), RC_NOTFOUND);
	json_stream_close(s);
	free(text);
	scratch_remove(&dir);
}

static void
test_a_file_that_is_not_there_is_said(void **state)
{
	struct err err = ERR_NONE;
	struct json_stream *s;

	(void)state;
	assert_int_equal(
	    json_stream_open(&s, "/nonexistent/a.json", &err), RC_SYS);
	assert_non_null(strstr(err.text, "/nonexistent/a.json"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values_are_found),
		cmocka_unit_test(test_a_value_is_bounded),
		cmocka_unit_test(test_a_file_that_is_not_there_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
