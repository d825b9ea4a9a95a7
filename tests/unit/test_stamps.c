/* test_stamps.c - stamps are found where there are any, and nowhere else. */
#include "tests/unit/check.h"

#include <errno.h>
#include <seccomp.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probe/stamps.h"

static void
this_kernel_has_both(void **state)
{
	struct stamps s = stamps_try();

	(void)state;
	assert_true(s.has_departure);
	assert_true(s.has_arrival);
}

/* Makes this process' kernel refuse a call, where argument i is value. */
static int
refuse(int call, unsigned i, uint64_t value)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	struct scmp_arg_cmp argument = {
		.arg = i, .op = SCMP_CMP_EQ, .datum_a = value
	};
	int rc = seccomp_rule_add_array(
	    filter, SCMP_ACT_ERRNO(ENOPROTOOPT), call, 1, &argument);

	if (rc == 0)
		rc = seccomp_load(filter);
	seccomp_release(filter);
	return rc;
}

static void
assert_none_when_refused(int call, unsigned i, uint64_t value)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		struct stamps s;

		if (refuse(call, i, value) != 0)
			_exit(77); /* valgrind has no seccomp */
		s = stamps_try();
		_exit(s.has_departure || s.has_arrival ? 1 : 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77)
		skip();
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void
a_kernel_without_the_option_has_none(void **state)
{
	(void)state;
	assert_none_when_refused(SCMP_SYS(setsockopt), 2, SO_TIMESTAMPING);
}

static void
a_host_without_ipv4_has_none(void **state)
{
	(void)state;
	assert_none_when_refused(SCMP_SYS(socket), 0, AF_INET);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(this_kernel_has_both),
		cmocka_unit_test(a_kernel_without_the_option_has_none),
		cmocka_unit_test(a_host_without_ipv4_has_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
