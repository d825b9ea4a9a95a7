/* test_idname.c - the identity name that an operator gives. */
#include "tests/unit/check.h"

#include <string.h>

#include "probe/idname.h"

static const struct {
	const char *claim, *text;
	enum rc rc;
	const char *name;
	enum name_class class;
} cases[] = {
	{ "CHAOS is a class", "id.server CHAOS", RC_OK, "id.server", NAME_CH },
	{ "CH is the same", "id.server CH", RC_OK, "id.server", NAME_CH },
	{ "small letters do", "id.server chaos", RC_OK, "id.server", NAME_CH },
	{ "IN is a class", "identity.l.root-servers.org IN", RC_OK,
	    "identity.l.root-servers.org", NAME_IN },
	{ "blanks around are no matter", "  a.example \t in ", RC_OK,
	    "a.example", NAME_IN },
	{ "a name under bind is CH", "version.bind", RC_OK, "version.bind",
	    NAME_CH },
	{ "a name under server is CH", "Version.SERVER.", RC_OK,
	    "Version.SERVER.", NAME_CH },
	{ "any other is IN", "whoami.example.net", RC_OK, "whoami.example.net",
	    NAME_IN },
	{ "the end of a label is no label", "x.rebind", RC_OK, "x.rebind",
	    NAME_IN },
	{ "a name alone under nothing is IN", "server", RC_OK, "server",
	    NAME_IN },
	{ "a given class wins", "id.server IN", RC_OK, "id.server", NAME_IN },
	{ "HS is refused", "id.server HS", RC_MALFORMED, NULL, NAME_CH },
	{ "part of a class is refused", "id.server C", RC_MALFORMED, NULL,
	    NAME_CH },
	{ "two classes are refused", "id.server CH IN", RC_MALFORMED, NULL,
	    NAME_CH },
	{ "nothing is refused", "", RC_MALFORMED, NULL, NAME_CH },
	{ "the root is refused", ". CH", RC_MALFORMED, NULL, NAME_CH },
	{ "an empty label is refused", "a..b CH", RC_MALFORMED, NULL, NAME_CH },
};

static void
test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < T_LEN(cases); i++) {
		char name[ZONE_TEXT_MAX + 1] = "untouched";
		enum name_class class = NAME_CH;
		enum rc rc = idname_parse(name, &class, cases[i].text);

		T_CHECK(
		    rc == cases[i].rc, "%s: %s", cases[i].claim, rc_name(rc));
		T_CHECK(strcmp(name,
			    rc == RC_OK ? cases[i].name : "untouched") == 0,
		    "%s: %s", cases[i].claim, name);
		T_CHECK(class == cases[i].class, "%s", cases[i].claim);
	}
}

/* What fits a wire name fits our text, and nothing longer gets in. */
static void
test_long(void **state)
{
	char text[400], name[ZONE_TEXT_MAX + 1];
	enum name_class class;

	(void)state;
	memset(text, 'a', sizeof text);
	for (size_t i = 49; i < sizeof text; i += 50)
		text[i] = '.';
	strcpy(text + 253, " IN");
	assert_int_equal(idname_parse(name, &class, text), RC_OK);
	assert_int_equal(strlen(name), 253);
	memset(text + 250, 'a', sizeof text - 250);
	text[sizeof text - 1] = '\0';
	assert_int_equal(idname_parse(name, &class, text), RC_MALFORMED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
