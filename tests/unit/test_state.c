/* test_state.c - the state directory: who may read it, and who has it. */
#include "probe/state.h"

#include <string.h>
#include <sys/wait.h>

#include "tests/unit/scratch.h"

static const struct enrolment someone = { "5d1c0a72e94b3f86",
	"https://collector.example:8420", "caf\xc3\xa9 probe", "" };

static void
what_is_written_is_read_back(void **state)
{
	struct enrolment e = { 0 };
	struct signing_key key, back = { 0 };
	struct scratch d;

	(void)state;
	scratch_make(&d);
	assert_int_equal(state_make(d.dir, NULL), RC_OK);
	assert_int_equal(state_write_enrolment(&someone, d.dir, NULL), RC_OK);
	assert_int_equal(state_read_enrolment(&e, d.dir, NULL), RC_OK);
	assert_memory_equal(&e, &someone, sizeof e);
	signature_new_key(&key);
	assert_int_equal(state_write_key(&key, d.dir, NULL), RC_OK);
	assert_int_equal(state_read_key(&back, d.dir, NULL), RC_OK);
	assert_memory_equal(&key, &back, sizeof key);
	scratch_remove(&d);
}

static void
a_key_open_to_others_is_refused(void **state)
{
	static const mode_t modes[] = { 0640, 0604, 0660, 0644 };
	struct signing_key key;
	struct scratch d;

	(void)state;
	scratch_make(&d);
	signature_new_key(&key);
	assert_int_equal(state_write_key(&key, d.dir, NULL), RC_OK);
	for (size_t i = 0; i < T_LEN(modes); i++) {
		struct err err = ERR_NONE;

		chmod(scratch_path(&d, "key"), modes[i]);
		T_CHECK(state_read_key(&key, d.dir, &err) == RC_RANGE,
		    "mode %o", modes[i]);
		T_CHECK(strstr(err.text, "chmod 0600") != NULL, "%s", err.text);
	}
	chmod(scratch_path(&d, "key"), 0600);
	assert_int_equal(state_read_key(&key, d.dir, NULL), RC_OK);
	scratch_remove(&d);
}

static void
damaged_files_are_told_from_missing_ones(void **state)
{
	static const char *const texts[] = { "", "{}", "[]", "{\"probe\":1}",
		"{\"probe\":\"x\",\"collector\":\"y\",\"name\":\"\","
		"\"ca_file\":\"\"}" };
	struct enrolment e;
	struct signing_key key;
	struct scratch d;

	(void)state;
	scratch_make(&d);
	assert_int_equal(state_read_enrolment(&e, d.dir, NULL), RC_NOTFOUND);
	assert_int_equal(state_read_key(&key, d.dir, NULL), RC_NOTFOUND);
	for (size_t i = 0; i < T_LEN(texts); i++) {
		scratch_write(&d, "probe.json", texts[i]);
		T_CHECK(state_read_enrolment(&e, d.dir, NULL) == RC_MALFORMED,
		    "%s", texts[i]);
	}
	scratch_write(&d, "key", "00ff\n");
	assert_int_equal(state_read_key(&key, d.dir, NULL), RC_MALFORMED);
	scratch_remove(&d);
}

static void
a_directory_open_to_others_is_refused(void **state)
{
	struct err err = ERR_NONE;
	struct scratch d;

	(void)state;
	scratch_make(&d);
	assert_int_equal(state_check(d.dir, NULL), RC_OK);
	chmod(d.dir, 0755);
	assert_int_equal(state_check(d.dir, &err), RC_RANGE);
	assert_non_null(strstr(err.text, "chmod 0700"));
	chmod(d.dir, 0700);
	assert_int_equal(
	    state_check(scratch_path(&d, "none"), NULL), RC_NOTFOUND);
	scratch_remove(&d);
}

static void
a_second_process_is_told_who_has_the_lock(void **state)
{
	struct err err = ERR_NONE;
	struct scratch d;
	int first, second;
	char pid[32];

	(void)state;
	scratch_make(&d);
	assert_int_equal(
	    state_lock(&first, d.dir, STATE_RUN_LOCK, NULL), RC_OK);
	assert_int_equal(
	    state_lock(&second, d.dir, STATE_RUN_LOCK, &err), RC_LIMIT);
	snprintf(pid, sizeof pid, "(pid %d)", (int)getpid());
	assert_non_null(strstr(err.text, pid));
	assert_int_equal(
	    state_lock(&second, d.dir, STATE_UPLOAD_LOCK, NULL), RC_OK);
	close(second);
	close(first);
	assert_int_equal(
	    state_lock(&second, d.dir, STATE_RUN_LOCK, NULL), RC_OK);
	close(second);
	scratch_remove(&d);
}

static void
erasing_leaves_only_the_hosts_own_lists(void **state)
{
	struct signing_key key;
	struct scratch d;

	(void)state;
	scratch_make(&d);
	assert_int_equal(state_make(d.dir, NULL), RC_OK);
	signature_new_key(&key);
	assert_int_equal(state_write_key(&key, d.dir, NULL), RC_OK);
	assert_int_equal(state_write_enrolment(&someone, d.dir, NULL), RC_OK);
	assert_int_equal(state_write_assignment("{}", 2, d.dir, NULL), RC_OK);
	scratch_write(&d, "spool/00000000000000000001.jsonl", "x\n");
	scratch_write(&d, "spool/acked", "1\n");
	scratch_write(&d, "deny", "192.0.2.0/24\n");
	assert_int_equal(state_erase(d.dir, NULL), RC_OK);
	assert_int_not_equal(access(scratch_path(&d, "key"), F_OK), 0);
	assert_int_not_equal(access(scratch_path(&d, "spool"), F_OK), 0);
	assert_int_equal(access(scratch_path(&d, "deny"), F_OK), 0);
	unlink(scratch_path(&d, "deny"));
	assert_int_equal(rmdir(d.dir), 0); /* nothing else was left */
}

static void
the_directory_is_chosen_from_option_or_home(void **state)
{
	char dir[STATE_DIR_MAX], endless[STATE_DIR_MAX + 1];

	(void)state;
	assert_int_equal(state_choose(dir, "/x/y", NULL), RC_OK);
	assert_string_equal(dir, "/x/y");
	assert_int_equal(state_choose(dir, "", NULL), RC_RANGE);
	memset(endless, 'a', sizeof endless - 1);
	endless[sizeof endless - 1] = '\0';
	assert_int_equal(state_choose(dir, endless, NULL), RC_RANGE);
	if (geteuid() == 0) {
		assert_int_equal(state_choose(dir, NULL, NULL), RC_OK);
		assert_string_equal(dir, "/var/lib/catchwater-probe");
		return;
	}
	state_set_home(NULL, NULL);
	assert_int_equal(state_choose(dir, NULL, NULL), RC_NOTFOUND);
	state_set_home(NULL, "/home/x");
	assert_int_equal(state_choose(dir, NULL, NULL), RC_OK);
	assert_string_equal(dir, "/home/x/.local/state/catchwater-probe");
	state_set_home("/s", "/home/x");
	assert_int_equal(state_choose(dir, NULL, NULL), RC_OK);
	assert_string_equal(dir, "/s/catchwater-probe");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read_back),
		cmocka_unit_test(a_key_open_to_others_is_refused),
		cmocka_unit_test(damaged_files_are_told_from_missing_ones),
		cmocka_unit_test(a_directory_open_to_others_is_refused),
		cmocka_unit_test(a_second_process_is_told_who_has_the_lock),
		cmocka_unit_test(erasing_leaves_only_the_hosts_own_lists),
		cmocka_unit_test(the_directory_is_chosen_from_option_or_home),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
