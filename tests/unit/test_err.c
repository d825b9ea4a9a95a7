/* test_err.c - the first cause and its place survive. */
#include "schema/base/err.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/check.h"

static void
set_fills_and_returns_the_code(void **state)
{
	struct err e = ERR_NONE;

	(void)state;
	assert_int_equal(
	    err_set(&e, RC_RANGE, "port %d > 65535", 70000), RC_RANGE);
	assert_int_equal(e.rc, RC_RANGE);
	assert_string_equal(e.text, "port 70000 > 65535");
	assert_int_equal(err_set(NULL, RC_DB, "nobody listens"), RC_DB);
}

static void
sys_keeps_errno(void **state)
{
	struct err e = ERR_NONE;

	(void)state;
	errno = ENOENT;
	assert_int_equal(err_sys(&e, "open %s", "x"), RC_SYS);
	assert_int_equal(e.sys_errno, ENOENT);
	assert_string_equal(e.text, "open x: No such file or directory");
	assert_int_equal(err_sys(NULL, "nobody listens"), RC_SYS);
}

static void
at_puts_the_place_in_front(void **state)
{
	struct err e = ERR_NONE;

	(void)state;
	errno = EACCES;
	(void)err_sys(&e, "read");
	assert_int_equal(err_at(&e, RC_SYS, "%s:%d", "a.conf", 7), RC_SYS);
	assert_string_equal(e.text, "a.conf:7: read: Permission denied");
	assert_int_equal(e.sys_errno, EACCES);
	assert_int_equal(err_at(NULL, RC_DB, "nobody"), RC_DB);
}

static void
long_texts_are_cut(void **state)
{
	struct err e = ERR_NONE;
	char text[2 * sizeof e.text];

	(void)state;
	memset(text, 'x', sizeof text);
	text[sizeof text - 1] = '\0';
	(void)err_set(&e, RC_RANGE, "%s", text);
	assert_int_equal(strlen(e.text), sizeof e.text - 1);
	(void)err_at(&e, RC_RANGE, "place");
	assert_int_equal(strlen(e.text), sizeof e.text - 1);
	assert_memory_equal(e.text, "place: xxx", 10);
	(void)err_sys(&e, "%s", text);
	assert_int_equal(strlen(e.text), sizeof e.text - 1);
}

static void
every_code_has_its_own_name(void **state)
{
	(void)state;
	for (int i = RC_OK; i <= RC_PEER; i++) {
		assert_string_not_equal(rc_name((enum rc)i), "?");
		for (int k = RC_OK; k < i; k++)
			assert_string_not_equal(
			    rc_name((enum rc)i), rc_name((enum rc)k));
	}
	assert_string_equal(rc_name((enum rc)(RC_PEER + 1)), "?");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(set_fills_and_returns_the_code),
		cmocka_unit_test(sys_keeps_errno),
		cmocka_unit_test(at_puts_the_place_in_front),
		cmocka_unit_test(long_texts_are_cut),
		cmocka_unit_test(every_code_has_its_own_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
