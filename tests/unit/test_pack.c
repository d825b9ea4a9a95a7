/* test_pack.c - packed lines come back byte for byte, and nothing else does. */
#include "schema/pack.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schema/base/mem.h"
#include "schema/wire.h"
#include "tests/unit/check.h"
#include "tests/unit/random_observation.h"

#define MAX_BYTES ((size_t)4 << 20)

static void
check_back(const char *name, const char *text, size_t len)
{
	size_t packed_len, out_len = 0;
	uint8_t *packed;
	char *out = NULL;

	T_CHECK(
	    pack_lines(&packed, &packed_len, text, len) == RC_OK, "%s", name);
	T_CHECK(pack_is_packed(packed, packed_len), "%s", name);
	T_CHECK(unpack_lines(&out, &out_len, packed, packed_len, len) == RC_OK,
	    "%s: does not unpack to %zu bytes", name, len);
	T_CHECK(out_len == len && memcmp(out, text, len) == 0, "%s: %.*s", name,
	    (int)out_len, out);
	free(out);
	T_CHECK(unpack_lines(&out, &out_len, packed, packed_len, len - 1) ==
		    RC_LIMIT,
	    "%s: one byte less", name);
	free(packed);
}

static void
any_text_of_lines_comes_back(void **state)
{
	static const struct {
		const char *name, *text;
	} cases[] = {
		{ "an empty line", "\n" },
		{ "numbers that rise and fall", "1,5\n2,9\n3,4\n4,4\n" },
		{ "the largest that are taken out",
		    "9999999999999999999\n1\n9999999999999999999\n" },
		{ "larger ones",
		    "10000000000000000000 99999999999999999999\n" },
		{ "leading zeros", "007 0 00 0.05 -0 1e007\n" },
		{ "signs, fractions, exponents",
		    "[-1,2.50,3e-5,+4]\n-2\n-3\n" },
		{ "digits in strings", "\"12\" 34 \"5\\\"6\" 7 \"8\\\\\" 9\n" },
		{ "an escape at the end", "\"\\\n" },
		{ "a string that does not end", "\"12\n34\n" },
		{ "shapes in turn", "a1\nb1\na2\nb2\nb3,3\na9\nb7\n" },
		{ "bytes beyond ASCII", "\xff\x80 12 \x02\n" },
		{ "no numbers at all", "a\nb\na\nc\n" },
	};

	(void)state;
	for (size_t i = 0; i < T_LEN(cases); i++)
		check_back(cases[i].name, cases[i].text, strlen(cases[i].text));
}

/* More numbers than are compared between shapes. */
static void
a_line_may_be_all_numbers(void **state)
{
	static char text[WIRE_LINE_MAX];

	(void)state;
	for (size_t i = 0; i + 1 < sizeof text; i++)
		text[i] = i % 2 == 0 ? (char)('1' + i % 9) : ',';
	text[sizeof text - 1] = '\n';
	check_back("all numbers", text, sizeof text);
}

static void
any_batch_comes_back(void **state)
{
	struct random r = random_seeded();
	char *text = mem_new(MAX_BYTES + WIRE_LINE_MAX);

	(void)state;
	for (int round = 0; round < 20; round++) {
		size_t len = 0;

		for (int i = 0; i < 50; i++) {
			struct observation o;

			random_observation(&r, &o);
			len += wire_encode_observation(&o, text + len);
		}
		check_back("random", text, len);
	}
	free(text);
}

static void
only_whole_lines_without_byte_1_are_packed(void **state)
{
	static char many[PACK_LINES_MAX + 1];
	uint8_t *packed;
	size_t len;

	(void)state;
	assert_int_equal(pack_lines(&packed, &len, "", 0), RC_MALFORMED);
	assert_int_equal(pack_lines(&packed, &len, "a", 1), RC_MALFORMED);
	assert_int_equal(pack_lines(&packed, &len, "a\nb", 3), RC_MALFORMED);
	assert_int_equal(pack_lines(&packed, &len, "\1\n", 2), RC_MALFORMED);
	memset(many, '\n', sizeof many);
	assert_int_equal(
	    pack_lines(&packed, &len, many, sizeof many), RC_LIMIT);
	check_back("as many lines as may be", many, PACK_LINES_MAX);
}

#define WIRE(s) s, sizeof(s) - 1

static void
what_is_not_packed_is_refused(void **state)
{
	static const struct {
		const char *name, *bytes;
		size_t len;
		enum rc rc;
	} cases[] = {
		{ "one line, one number",
		    WIRE("CWP1\0\0\0\1\0\0\0\2\1\n\0\0\1\2"), RC_OK },
		{ "nothing", WIRE(""), RC_MALFORMED },
		{ "another magic", WIRE("CWP2\0\0\0\1\0\0\0\2\1\n\0\0\1\2"),
		    RC_MALFORMED },
		{ "no lines", WIRE("CWP1\0\0\0\0\0\0\0\0"), RC_MALFORMED },
		{ "too many lines", WIRE("CWP1\xff\xff\xff\xff\0\0\0\2\1\n"),
		    RC_LIMIT },
		{ "shapes that do not end",
		    WIRE("CWP1\0\0\0\1\0\0\0\2\1x"
			 "\0\0\1\2"),
		    RC_MALFORMED },
		{ "shapes beyond the end", WIRE("CWP1\0\0\0\1\0\0\0\xff\1\n"),
		    RC_MALFORMED },
		{ "more shapes than lines",
		    WIRE("CWP1\0\0\0\1\0\0\0\3\1\n\n\0\0\1\2"), RC_MALFORMED },
		{ "a shape that is not there",
		    WIRE("CWP1\0\0\0\1\0\0\0\2\1\n\0\1\1\2"), RC_MALFORMED },
		{ "no lines' shapes", WIRE("CWP1\0\0\0\1\0\0\0\2\1\n\0"),
		    RC_MALFORMED },
		{ "no widths", WIRE("CWP1\0\0\0\1\0\0\0\2\1\n\0\0"),
		    RC_MALFORMED },
		{ "a width of nine",
		    WIRE("CWP1\0\0\0\1\0\0\0\2\1\n\0\0\x09"
			 "123456789"),
		    RC_MALFORMED },
		{ "no numbers", WIRE("CWP1\0\0\0\1\0\0\0\2\1\n\0\0\1"),
		    RC_MALFORMED },
		{ "something behind", WIRE("CWP1\0\0\0\1\0\0\0\2\1\n\0\0\1\2x"),
		    RC_MALFORMED },
	};

	(void)state;
	for (size_t i = 0; i < T_LEN(cases); i++) {
		char *out = NULL;
		size_t len;
		enum rc rc = unpack_lines(
		    &out, &len, cases[i].bytes, cases[i].len, MAX_BYTES);

		T_CHECK(
		    rc == cases[i].rc, "%s: %s", cases[i].name, rc_name(rc));
		if (rc == RC_OK)
			T_CHECK(len == 2 && memcmp(out, "2\n", 2) == 0, "%.*s",
			    (int)len, out);
		free(out);
	}
}

/* A few bytes that would be 16 MB of text. */
static void
a_bomb_is_found_before_it_goes_off(void **state)
{
	size_t n = 4000, shape = 4000;
	uint8_t *bomb = mem_new(12 + shape + 2 * n);
	char *out = NULL;
	size_t len;

	(void)state;
	memcpy(bomb, "CWP1\0\0\x0f\xa0\0\0\x0f\xa0", 12);
	memset(bomb + 12, 'x', shape);
	bomb[12 + shape - 1] = '\n';
	assert_int_equal(
	    unpack_lines(&out, &len, bomb, 12 + shape + 2 * n, MAX_BYTES),
	    RC_LIMIT);
	assert_int_equal(
	    unpack_lines(&out, &len, bomb, 12 + shape + 2 * n, n * shape),
	    RC_OK);
	assert_int_equal(len, n * shape);
	free(out);
	free(bomb);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_text_of_lines_comes_back),
		cmocka_unit_test(a_line_may_be_all_numbers),
		cmocka_unit_test(any_batch_comes_back),
		cmocka_unit_test(only_whole_lines_without_byte_1_are_packed),
		cmocka_unit_test(what_is_not_packed_is_refused),
		cmocka_unit_test(a_bomb_is_found_before_it_goes_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
