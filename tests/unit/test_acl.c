/* test_acl.c - the host's lists: what they say, and how errors are told. */
#include "probe/acl.h"

#include <string.h>

#include "probe/lists.h"
#include "tests/unit/scratch.h"

static struct addr
address(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(&a, text), RC_OK);
	return a;
}

static struct acl
parsed(const char *text)
{
	struct acl acl;

	assert_int_equal(acl_parse(&acl, text, strlen(text), "t", NULL), RC_OK);
	return acl;
}

static void
a_prefix_holds_its_addresses_only(void **state)
{
	static const struct {
		const char *list, *address;
		bool is_inside;
	} cases[] = {
		{ "192.0.2.0/24", "192.0.2.255", true },
		{ "192.0.2.0/24", "192.0.3.0", false },
		{ "192.0.2.64/26", "192.0.2.127", true },
		{ "192.0.2.64/26", "192.0.2.128", false },
		{ "192.0.2.7", "192.0.2.7", true },
		{ "192.0.2.7", "192.0.2.6", false },
		{ "0.0.0.0/0", "203.0.113.1", true },
		{ "0.0.0.0/0", "2001:db8::1", false },
		{ "::/0", "192.0.2.1", false },
		{ "2001:db8::/33", "2001:db8:7fff::1", true },
		{ "2001:db8::/33", "2001:db8:8000::1", false },
		{ "2001:db8::1", "2001:db8::1", true },
		{ "192.0.2.0/24", "::ffff:192.0.2.9", true },
		{ "10.0.0.0/8\n192.0.2.0/24\n", "192.0.2.9", true },
		{ "", "192.0.2.9", false },
	};

	(void)state;
	for (size_t i = 0; i < T_LEN(cases); i++) {
		struct acl acl = parsed(cases[i].list);
		struct addr a = address(cases[i].address);

		T_CHECK(acl_contains(&acl, &a) == cases[i].is_inside,
		    "%s in %s", cases[i].address, cases[i].list);
		acl_fini(&acl);
	}
}

static void
comments_and_space_are_nothing(void **state)
{
	struct acl acl = parsed("# ours\n\n  192.0.2.0/24\t# lab \r\n"
				"#10.0.0.0/8\n2001:db8::/32");

	(void)state;
	assert_int_equal(acl.n, 2);
	acl_fini(&acl);
}

static void
a_bad_line_is_named(void **state)
{
	static const struct {
		const char *list, *says;
	} cases[] = {
		{ "192.0.2.0/24\nexample.org\n", "deny:2: 'example.org'" },
		{ "192.0.2.0/33", "deny:1: '192.0.2.0/33'" },
		{ "2001:db8::/129", "deny:1:" },
		{ "192.0.2.0/", "deny:1:" },
		{ "192.0.2.0/-1", "deny:1:" },
		{ "192.0.2.0/24 10.0.0.0/8", "deny:1:" },
		{ "\n\n192.0.2/24", "deny:3: '192.0.2/24'" },
		{ "/24", "deny:1: '/24'" },
		{ "1111111111111111111111111111111111111111111111111111111111"
		  "11111111111",
		    "deny:1: ''" },
	};

	(void)state;
	for (size_t i = 0; i < T_LEN(cases); i++) {
		struct err err = ERR_NONE;
		struct acl acl;
		enum rc rc = acl_parse(
		    &acl, cases[i].list, strlen(cases[i].list), "deny", &err);

		T_CHECK(
		    rc == RC_MALFORMED, "%s: %s", cases[i].list, rc_name(rc));
		T_CHECK(strncmp(err.text, cases[i].says,
			    strlen(cases[i].says)) == 0,
		    "%s: %s", cases[i].list, err.text);
		T_CHECK(strstr(err.text, "expected") != NULL, "%s", err.text);
	}
}

static void
deny_stands_above_allow_and_a_given_allow_list_is_complete(void **state)
{
	static const struct {
		const char *allow, *deny, *address; /* NULL: no such list */
		bool is_permitted;
	} cases[] = {
		{ NULL, NULL, "192.0.2.1", true },
		{ NULL, "192.0.2.0/24", "192.0.2.1", false },
		{ NULL, "192.0.2.0/24", "203.0.113.1", true },
		{ "192.0.2.0/24", NULL, "192.0.2.1", true },
		{ "192.0.2.0/24", NULL, "203.0.113.1", false },
		{ "192.0.2.0/24", "192.0.2.1", "192.0.2.1", false },
		{ "192.0.2.0/24", "192.0.2.1", "192.0.2.2", true },
		{ "# nothing", NULL, "192.0.2.1", false },
	};

	(void)state;
	for (size_t i = 0; i < T_LEN(cases); i++) {
		struct acl allow = parsed(cases[i].allow ? cases[i].allow : "");
		struct acl deny = parsed(cases[i].deny ? cases[i].deny : "");
		struct addr a = address(cases[i].address);

		T_CHECK(acl_permits(cases[i].allow ? &allow : NULL,
			    cases[i].deny ? &deny : NULL,
			    &a) == cases[i].is_permitted,
		    "case %zu", i);
		acl_fini(&allow);
		acl_fini(&deny);
	}
}

static void
files_are_read_again_and_an_error_keeps_the_old_lists(void **state)
{
	struct addr a = address("192.0.2.1");
	struct err err = ERR_NONE;
	struct scratch d;
	struct lists l;

	(void)state;
	scratch_make(&d);
	lists_init(&l, d.dir, NULL, NULL);
	assert_int_equal(lists_load(&l, NULL), RC_OK);
	assert_true(lists_permit(&l, &a));
	assert_false(lists_are_stale(&l));
	scratch_write(&d, "deny", "192.0.2.0/24\n");
	assert_true(lists_are_stale(&l));
	assert_int_equal(lists_load(&l, NULL), RC_OK);
	assert_false(lists_permit(&l, &a));
	scratch_write(&d, "deny", "oops\n");
	assert_int_equal(lists_load(&l, &err), RC_MALFORMED);
	assert_non_null(strstr(err.text, "/deny:1: 'oops'"));
	assert_false(lists_permit(&l, &a));
	unlink(scratch_path(&d, "deny"));
	assert_int_equal(lists_load(&l, NULL), RC_OK);
	assert_true(lists_permit(&l, &a));
	lists_fini(&l);
	scratch_remove(&d);
}

static void
no_role_stands_above_the_lists(void **state)
{
	struct assignment a = { 0 };
	struct addr first;
	struct scratch d;
	struct lists l;

	(void)state;
	scratch_make(&d);
	scratch_write(&d, "deny", "192.0.2.0/24\n");
	lists_init(&l, d.dir, NULL, NULL);
	assert_int_equal(lists_load(&l, NULL), RC_OK);
	/* A service, a control and a decoy inside, and one of each outside. */
	for (uint8_t i = 0; i < 6; i++) {
		struct assigned_target *t = assignment_add(&a);

		t->address = address(i % 2 == 0 ? "192.0.2.1" : "198.51.100.1");
		t->address.bytes[3] = i;
		t->is_control = i >= 2;
		t->is_decoy = i >= 4;
	}
	assert_int_equal(lists_apply(&l, &a, &first), 3);
	assert_int_equal(first.bytes[3], 0);
	assert_int_equal(a.n_targets, 3);
	for (size_t i = 0; i < 3; i++) {
		struct addr *left = &a.targets[i].address;

		assert_int_equal(left->bytes[3], 2 * i + 1);
		assert_int_equal(assignment_find(&a, left, 0), i);
	}
	lists_fini(&l);
	assignment_fini(&a);
	scratch_remove(&d);
}

/* With the same time of modification, and in the same place. */
static void
a_file_that_was_replaced_is_noticed(void **state)
{
	struct timespec same[2] = { { .tv_sec = 1000000000 },
		{ .tv_sec = 1000000000 } };
	char from[256], to[256];
	struct scratch d;
	struct lists l;

	(void)state;
	scratch_make(&d);
	scratch_write(&d, "deny", "192.0.2.0/24\n");
	scratch_write(&d, "new", "10.0.0.0/8\n");
	snprintf(from, sizeof from, "%s/new", d.dir);
	snprintf(to, sizeof to, "%s/deny", d.dir);
	assert_int_equal(utimensat(AT_FDCWD, from, same, 0), 0);
	assert_int_equal(utimensat(AT_FDCWD, to, same, 0), 0);
	lists_init(&l, d.dir, NULL, NULL);
	assert_int_equal(lists_load(&l, NULL), RC_OK);
	assert_false(lists_are_stale(&l));
	assert_int_equal(rename(from, to), 0);
	assert_true(lists_are_stale(&l));
	lists_fini(&l);
	scratch_remove(&d);
}

static void
a_list_named_by_the_operator_must_exist(void **state)
{
	struct scratch d;
	struct lists l;

	(void)state;
	scratch_make(&d);
	lists_init(&l, d.dir, NULL, scratch_path(&d, "no-such-file"));
	assert_int_equal(lists_load(&l, NULL), RC_NOTFOUND);
	lists_fini(&l);
	scratch_remove(&d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_prefix_holds_its_addresses_only),
		cmocka_unit_test(comments_and_space_are_nothing),
		cmocka_unit_test(a_bad_line_is_named),
		cmocka_unit_test(
		    deny_stands_above_allow_and_a_given_allow_list_is_complete),
		cmocka_unit_test(
		    files_are_read_again_and_an_error_keeps_the_old_lists),
		cmocka_unit_test(no_role_stands_above_the_lists),
		cmocka_unit_test(a_file_that_was_replaced_is_noticed),
		cmocka_unit_test(a_list_named_by_the_operator_must_exist),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
