/* test_lines.c - a list of targets, however it is cut into pieces. */
#include "probe/lines.h"

#include <string.h>

#include "tests/unit/check.h"

static const char list[] = "192.0.2.1\n"
			   "# a comment\n"
			   "\n"
			   "  2001:db8::1\t# with a comment\r\n"
			   "192.0.2.1 192.0.2.2\n"
			   "a\x01"
			   "b\n"
			   "   \n"
			   "k.example.net#\n"
			   "last";

static const struct {
	uint64_t number;
	enum lines_state state;
	const char *word;
} expected[] = {
	{ 1, LINES_WORD, "192.0.2.1" },
	{ 4, LINES_WORD, "2001:db8::1" },
	{ 5, LINES_BAD, "more than one word" },
	{ 6, LINES_BAD, "not printable" },
	{ 8, LINES_WORD, "k.example.net" },
	{ 9, LINES_WORD, "last" },
};

static void
check(const struct lines *l, enum lines_state state, size_t i, size_t piece)
{
	const char *text = state == LINES_WORD ? l->word : l->why;

	T_CHECK(i < T_LEN(expected), "pieces of %zu: one too many", piece);
	T_CHECK(state == expected[i].state && l->number == expected[i].number,
	    "pieces of %zu: line %d", piece, (int)l->number);
	T_CHECK(strstr(text, expected[i].word) != NULL, "pieces of %zu: %s",
	    piece, text);
}

static void
a_list_reads_the_same_in_any_pieces(void **state)
{
	(void)state;
	for (size_t piece = 1; piece <= sizeof list; piece++) {
		struct lines l = { 0 };
		enum lines_state found;
		size_t n = 0;

		for (size_t at = 0; at < sizeof list - 1; at += piece) {
			const char *p = list + at;
			const char *end = p + piece < list + sizeof list - 1
					      ? p + piece
					      : list + sizeof list - 1;

			while ((found = lines_take(&l, &p, end)) != LINES_MORE)
				check(&l, found, n++, piece);
			assert_ptr_equal(p, end);
		}
		found = lines_end(&l);
		if (found != LINES_MORE)
			check(&l, found, n++, piece);
		assert_int_equal(lines_end(&l), LINES_MORE);
		T_CHECK(n == T_LEN(expected), "pieces of %zu: %zu", piece, n);
	}
}

static void
a_line_without_end_takes_no_memory(void **state)
{
	struct lines l = { 0 };
	char many[5000];
	const char *p = many;

	(void)state;
	memset(many, 'x', sizeof many);
	assert_int_equal(lines_take(&l, &p, many + sizeof many), LINES_MORE);
	p = "\nnext\n";
	assert_int_equal(lines_take(&l, &p, p + 6), LINES_BAD);
	assert_non_null(strstr(l.why, "longer than a domain name"));
	assert_int_equal(l.number, 1);
	assert_int_equal(lines_take(&l, &p, p + 5), LINES_WORD);
	assert_string_equal(l.word, "next");
}

static const struct {
	const char *word;
	bool is_name;
} names[] = {
	{ "k.root-servers.net", true },
	{ "k.root-servers.net.", true },
	{ "localhost", true },
	{ "_x.a-1", true },
	{ "1.2.3.4.in-addr", true },
	{ "300.1.1.1", false },
	{ "1.2.3", false },
	{ "a..b", false },
	{ ".a", false },
	{ ".", false },
	{ "a/24", false },
	{ "http://a", false },
	{ "2001:db8::g", false },
	{ "a.64-letters-are-one-too-many-for-a-label-"
	  "xxxxxxxxxxxxxxxxxxxxxxxxx",
	    false },
};

static void
what_cannot_be_a_name_is_not_looked_up(void **state)
{
	(void)state;
	for (size_t i = 0; i < T_LEN(names); i++)
		T_CHECK(lines_is_name(names[i].word) == names[i].is_name, "%s",
		    names[i].word);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_reads_the_same_in_any_pieces),
		cmocka_unit_test(a_line_without_end_takes_no_memory),
		cmocka_unit_test(what_cannot_be_a_name_is_not_looked_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
