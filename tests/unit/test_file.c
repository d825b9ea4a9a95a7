/* test_file.c - files are read with a limit and replaced whole. */
#include "schema/base/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/check.h"

static char dir[] = "/tmp/catchwater-test_file-XXXXXX";
static char path[sizeof dir + 16];

static int
make_dir(void **state)
{
	(void)state;
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(path, sizeof path, "%s/file", dir);
	return 0;
}

static int
remove_dir(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(dir); /* fails when a temporary file was left */
}

static void
replace(const char *bytes, size_t len, mode_t mode)
{
	struct err err = ERR_NONE;

	T_CHECK(file_replace(path, mode, bytes, len, &err) == RC_OK, "%s",
	    err.text);
}

static void
what_was_replaced_is_read(void **state)
{
	static const char bytes[] = "a\0b\n";
	struct stat st;
	char *got;
	size_t len;

	(void)state;
	replace("an older and longer text", 24, 0644);
	replace(bytes, 4, 0600);
	assert_int_equal(file_read(path, 4, &got, &len, NULL), RC_OK);
	assert_int_equal(len, 4);
	assert_memory_equal(got, bytes, 5); /* and a NUL behind */
	free(got);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

/* Around the size by which the buffer grows. */
static void
any_size_is_read_up_to_the_limit(void **state)
{
	static const size_t sizes[] = { 0, 1, 4095, 4096, 4097, 8192, 100000 };
	char *bytes = calloc(1, 100000), *got;
	size_t len;

	(void)state;
	assert_non_null(bytes);
	for (size_t i = 0; i < 100000; i++)
		bytes[i] = (char)(i % 251);
	for (size_t i = 0; i < T_LEN(sizes); i++) {
		replace(bytes, sizes[i], 0600);
		T_CHECK(file_read(path, sizes[i], &got, &len, NULL) == RC_OK,
		    "%zu", sizes[i]);
		T_CHECK(len == sizes[i] && memcmp(got, bytes, len) == 0, "%zu",
		    sizes[i]);
		free(got);
		if (sizes[i] == 0)
			continue;
		T_CHECK(
		    file_read(path, sizes[i] - 1, &got, &len, NULL) == RC_LIMIT,
		    "%zu over the limit", sizes[i]);
	}
	free(bytes);
}

static void
what_is_not_there_is_not_found(void **state)
{
	struct err err = ERR_NONE;
	char *got;
	size_t len;

	(void)state;
	assert_int_equal(
	    file_read("/nowhere/at/all", 9, &got, &len, &err), RC_NOTFOUND);
	assert_non_null(strstr(err.text, "/nowhere/at/all"));
	assert_int_equal(file_read(dir, 9, &got, &len, &err), RC_SYS);
	assert_int_equal(
	    file_replace("/nowhere/at/all", 0600, "", 0, &err), RC_SYS);
}

static void
a_failed_replace_leaves_the_old_file(void **state)
{
	struct err err = ERR_NONE;
	char inner[sizeof path + 8], *got;
	struct stat st;
	size_t len;

	(void)state;
	replace("old", 3, 0600);
	snprintf(inner, sizeof inner, "%s/x", path); /* below a file */
	assert_int_equal(file_replace(inner, 0600, "new", 3, &err), RC_SYS);
	/* A directory in the way: written, but cannot be renamed. */
	snprintf(inner, sizeof inner, "%s/sub", dir);
	assert_int_equal(mkdir(inner, 0700), 0);
	assert_int_equal(file_replace(inner, 0600, "new", 3, &err), RC_SYS);
	assert_int_equal(stat(inner, &st), 0);
	assert_true(S_ISDIR(st.st_mode));
	assert_int_equal(rmdir(inner), 0);
	assert_int_equal(file_read(path, 9, &got, &len, NULL), RC_OK);
	assert_string_equal(got, "old");
	free(got);
}

static void
no_temporary_file_is_left(void **state)
{
	struct dirent *e;
	DIR *d;

	(void)state;
	replace("x", 1, 0600);
	d = opendir(dir);
	assert_non_null(d);
	while ((e = readdir(d)) != NULL)
		T_CHECK(e->d_name[0] == '.' || strcmp(e->d_name, "file") == 0,
		    "%s", e->d_name);
	closedir(d);
}

static void
what_cannot_be_written_is_an_error(void **state)
{
	struct err err = ERR_NONE;
	int fds[2];
	char got[3];

	(void)state;
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	assert_int_equal(file_write_all(fds[1], "abc", 3, &err), RC_OK);
	assert_int_equal(read(fds[0], got, sizeof got), 3);
	assert_memory_equal(got, "abc", 3);
	close(fds[1]);
	assert_int_equal(file_write_all(fds[0], "abc", 3, &err), RC_SYS);
	close(fds[0]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_replaced_is_read),
		cmocka_unit_test(any_size_is_read_up_to_the_limit),
		cmocka_unit_test(what_is_not_there_is_not_found),
		cmocka_unit_test(a_failed_replace_leaves_the_old_file),
		cmocka_unit_test(no_temporary_file_is_left),
		cmocka_unit_test(what_cannot_be_written_is_an_error),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
