/* test_doc.c - scanned or parsed, a document says the same. */
#include "schema/doc.h"

#include <stdlib.h>

#include "schema/wire.h"
#include "tests/unit/check.h"
#include "tests/unit/doc_same.h"
#include "tests/unit/random_observation.h"

#define LINES 2000
#define CHANGES 100 /* of a line */

static const struct {
	const char *text;
	bool is_plain, is_good;
} cases[] = {
	{ "{}", true, true },
	{ " {\t\"a\" : [ 1 , -2,[],{} ] }\r\n", true, true },
	{ "{\"a\":true,\"b\":false,\"c\":null}", true, true },
	{ "{\"a\":9223372036854775807}", true, true },
	{ "{\"a\":-0}", true, true },
	{ "{\"ab\":1,\"ba\":2,\"\":3}", true, true },
	{ "{\"a\":1.5}", false, true },
	{ "{\"a\":1e2}", false, true },
	{ "{\"a\":-9223372036854775808}", false, true },
	{ "{\"a\":\"\\u00e9\\n\"}", false, true },
	{ "{\"a\":\"\xc3\xa9\"}", false, true },
	{ "{\"a\":[[[[[[[[[[1]]]]]]]]]]}", false, true },
	{ "{\"a\":9223372036854775808}", false, false },
	{ "{\"a\":1,\"a\":2}", false, false },
	{ "{\"a\":1,\"\\u0061\":2}", false, false },
	{ "{\"a\":\"\xc3\"}", false, false },
	{ "{\"a\":\"\t\"}", false, false },
	{ "{\"a\":01}", false, false },
	{ "{\"a\":-}", false, false },
	{ "{\"a\":+1}", false, false },
	{ "{\"a\":truest}", false, false },
	{ "{\"a\":1,}", false, false },
	{ "{\"a\":[1,]}", false, false },
	{ "{\"a\" 1}", false, false },
	{ "{a:1}", false, false },
	{ "{\"a\":1", false, false },
	{ "{\"a", false, false },
	{ "{}{}", false, false },
	{ "[]", false, false },
	{ "1", false, false },
	{ "", false, false },
};

static void
each_form_is_plain_or_left_to_jansson(void **state)
{
	(void)state;
	for (size_t i = 0; i < T_LEN(cases); i++) {
		size_t len = strlen(cases[i].text);
		struct doc d = { 0 };
		bool is_plain;

		T_CHECK(doc_same(cases[i].text, len, &is_plain) &&
			    is_plain == cases[i].is_plain,
		    "%s: plain %d", cases[i].text, (int)is_plain);
		T_CHECK((doc_load(&d, cases[i].text, len, NULL) == RC_OK) ==
			    cases[i].is_good,
		    "%s", cases[i].text);
		doc_fini(&d);
	}
}

static void
a_character_behind_the_end_is_not_read(void **state)
{
	struct doc d = { 0 };

	(void)state;
	T_CHECK(doc_load(&d, "{}}", 2, NULL) == RC_OK, "cut");
	T_CHECK(doc_load(&d, "{}\0", 3, NULL) == RC_MALFORMED, "NUL");
	doc_fini(&d);
}

/* As many members as make looking at all of them slow are jansson's. */
static void
many_members_are_read(void **state)
{
	char text[8192] = "{", *p = text + 1;
	struct doc d = { 0 };
	const struct doc_value *v;

	(void)state;
	for (int i = 0; i < 500; i++)
		p += snprintf(p, 20, "\"k%d\":%d,", i, i);
	strcpy(p, "\"last\":7}");
	assert_int_equal(doc_load(&d, text, strlen(text), NULL), RC_OK);
	assert_non_null(d.root);
	v = doc_member(&d, &d.values[0], "last", 0);
	assert_non_null(v);
	assert_int_equal(v->integer, 7);
	assert_null(doc_member(&d, &d.values[0], "lost", 0));
	assert_int_equal(
	    doc_member(&d, &d.values[0], "k3", doc_place(&d, v))->integer, 3);
	doc_fini(&d);
}

/* One byte of a line becomes another, is lost, or comes twice. */
static size_t
mutate(struct random *r, char *text, size_t len)
{
	static const char bytes[] = "\"\\{}[],:0159-.eE tfn\n\t\x01\x7f\xc3\xa9"
				    "a";
	size_t at = (size_t)pick(r, 0, (int64_t)len - 1);

	switch (pick(r, 0, 2)) {
	case 0:
		memmove(text + at, text + at + 1, len - at - 1);
		return len - 1;
	case 1:
		memmove(text + at + 1, text + at, len - at);
		return len + 1;
	default:
		text[at] = bytes[pick(r, 0, sizeof bytes - 2)];
		return len;
	}
}

/* Changes a line more and more; how many were plain. */
static size_t
check_changed(struct random *r, const struct observation *o, char *text)
{
	size_t len = 0, n_plain = 0;

	for (int k = 0; k < CHANGES; k++) {
		bool is_plain;

		if (k % 4 == 0)
			len = wire_encode_observation(o, text);
		len = mutate(r, text, len);
		T_CHECK(doc_same(text, len, &is_plain), "%.*s", (int)len, text);
		n_plain += is_plain;
	}
	return n_plain;
}

static void
what_probes_write_is_plain_and_what_is_near_it_reads_the_same(void **state)
{
	static char text[WIRE_LINE_MAX + CHANGES];
	struct random r = random_seeded();
	size_t n_plain = 0;

	(void)state;
	for (int i = 0; i < LINES; i++) {
		struct observation o;
		bool is_plain;
		size_t len;

		random_observation(&r, &o);
		len = wire_encode_observation(&o, text);
		T_CHECK(doc_same(text, len, &is_plain) &&
			    is_plain == (memchr(text, '\\', len) == NULL),
		    "%.*s", (int)len, text);
		if (len < 2000) /* most of the time goes to the long ones */
			n_plain += check_changed(&r, &o, text);
	}
	assert_true(n_plain > LINES);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_form_is_plain_or_left_to_jansson),
		cmocka_unit_test(a_character_behind_the_end_is_not_read),
		cmocka_unit_test(many_members_are_read),
		cmocka_unit_test(
		    what_probes_write_is_plain_and_what_is_near_it_reads_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
