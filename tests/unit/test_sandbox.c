/* test_sandbox.c - what the filter lets through, and what it does not. */
#include "tests/unit/check.h"

#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>

#include "probe/sandbox.h"

#define CANNOT_TELL 100 /* exit status: the filter is off, with a reason */

struct forbidden {
	const char *name;
	long number;
	long args[3];
	int sys_errno; /* 0: it is death */
};

static const struct forbidden cases[] = {
	{ "ptrace", SYS_ptrace, { 0 }, 0 },
	{ "process_vm_readv", SYS_process_vm_readv, { 0 }, 0 },
	{ "mount", SYS_mount, { 0 }, 0 },
	{ "umount2", SYS_umount2, { 0 }, 0 },
	{ "bpf", SYS_bpf, { 0 }, 0 },
	{ "unshare", SYS_unshare, { CLONE_NEWUSER }, 0 },
	{ "setns", SYS_setns, { 0 }, 0 },
	{ "chroot", SYS_chroot, { 0 }, 0 },
	{ "kexec_load", SYS_kexec_load, { 0 }, 0 },
	{ "perf_event_open", SYS_perf_event_open, { 0 }, 0 },
	{ "userfaultfd", SYS_userfaultfd, { 0 }, 0 },
	{ "finit_module", SYS_finit_module, { -1 }, 0 },
	{ "clock_settime", SYS_clock_settime, { -1 }, 0 },
	{ "clone into a new user namespace", SYS_clone,
	    { CLONE_NEWUSER | SIGCHLD }, ENOSYS },
	{ "clone3", SYS_clone3, { 0 }, ENOSYS },
	{ "io_uring_setup", SYS_io_uring_setup, { 1 }, ENOSYS },
	{ "keyctl", SYS_keyctl, { 0 }, ENOSYS },
	{ "listen", SYS_listen, { 0, 1 }, ENOSYS },
	{ "accept4", SYS_accept4, { 0 }, ENOSYS },
	{ "setuid", SYS_setuid, { 0 }, ENOSYS },
	{ "fchownat", SYS_fchownat, { -1 }, ENOSYS },
	{ "packet socket", SYS_socket, { AF_PACKET, SOCK_RAW, 0 }, ENOSYS },
	{ "raw socket", SYS_socket, { AF_INET, SOCK_RAW, IPPROTO_ICMP },
	    ENOSYS },
	{ "raw socket, with flags", SYS_socket,
	    { AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMPV6 }, ENOSYS },
	{ "algorithm socket", SYS_socket, { AF_ALG, SOCK_STREAM, 0 }, ENOSYS },
	{ "typing into a terminal", SYS_ioctl, { 0, TIOCSTI, 0 }, ENOSYS },
	{ "the same, with bits above", SYS_ioctl,
	    { 0, (long)(TIOCSTI | (UINT64_C(1) << 32)), 0 }, ENOSYS },
};

/* Runs fn in a child inside the sandbox.  Returns waitpid's status. */
static int
run_inside(int (*fn)(const void *arg), const void *arg)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		struct sandbox s;

		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
			_exit(99);
		sandbox_enter(&s);
		_exit(s.is_on ? fn(arg) : CANNOT_TELL);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static int
call(const void *arg)
{
	const struct forbidden *f = arg;

	if (syscall(f->number, f->args[0], f->args[1], f->args[2]) != -1)
		return 1;
	return errno == f->sys_errno ? 0 : 2;
}

static bool
is_off(int status)
{
	return WIFEXITED(status) && WEXITSTATUS(status) == CANNOT_TELL;
}

static void
what_an_intruder_wants_is_forbidden(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		int status = run_inside(call, &cases[i]);
		bool is_right =
		    cases[i].sys_errno == 0
			? WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS
			: WIFEXITED(status) && WEXITSTATUS(status) == 0;

		if (is_off(status))
			skip();
		T_CHECK(
		    is_right, "%s: status %x", cases[i].name, (unsigned)status);
	}
}

static void *
set_flag(void *flag)
{
	*(int *)flag = 1;
	return NULL;
}

static int
start_a_thread(const void *arg)
{
	pthread_t thread;
	int flag = 0;

	(void)arg;
	if (pthread_create(&thread, NULL, set_flag, &flag) != 0 ||
	    pthread_join(thread, NULL) != 0)
		return 1;
	return flag == 1 ? 0 : 2;
}

static int
open_sockets(const void *arg)
{
	static const int domains[] = { AF_UNIX, AF_INET, AF_INET6 };
	int on = 1;

	(void)arg;
	for (size_t i = 0; i < 3; i++) {
		int a = socket(domains[i], SOCK_DGRAM | SOCK_NONBLOCK, 0);
		int b = socket(domains[i], SOCK_STREAM | SOCK_CLOEXEC, 0);

		if ((a < 0 || b < 0) && errno != EAFNOSUPPORT)
			return 1;
		if (a >= 0 && ioctl(a, FIONBIO, &on) != 0)
			return 2;
	}
	return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0) < 0 ? 3 : 0;
}

static void
end_loop(uv_process_t *process, int64_t status, int number)
{
	process->data = status == 0 && number == 0 ? process : NULL;
	uv_close((uv_handle_t *)process, NULL);
}

/* What the resident probe does for an upload; the program is the dynamic
 * loader and a shell that starts one more. */
static int
start_a_program(const void *arg)
{
	char sh[] = "/bin/sh", c[] = "-c",
	     script[] = "ls /proc/self >/dev/null";
	char *args[] = { sh, c, script, NULL };
	uv_process_options_t options = {
		.exit_cb = end_loop, .file = sh, .args = args
	};
	uv_process_t process;
	uv_loop_t loop;

	(void)arg;
	uv_loop_init(&loop);
	if (uv_spawn(&loop, &process, &options) != 0)
		return 1;
	uv_run(&loop, UV_RUN_DEFAULT);
	return process.data == NULL ? 2 : uv_loop_close(&loop);
}

/* The filter goes with a program that is started, and cannot be shed. */
static int
start_a_program_that_must_not(const void *arg)
{
	int status;
	pid_t pid = fork();

	(void)arg;
	if (pid == 0) {
		execl(
		    "/usr/bin/unshare", "unshare", "-U", "true", (char *)NULL);
		_exit(98);
	}
	if (waitpid(pid, &status, 0) != pid)
		return 1;
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS ? 0 : 2;
}

static void
assert_works(int (*fn)(const void *arg))
{
	int status = run_inside(fn, NULL);

	if (is_off(status))
		skip();
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void
threads_start(void **state)
{
	(void)state;
	assert_works(start_a_thread);
}

static void
ordinary_sockets_open(void **state)
{
	(void)state;
	assert_works(open_sockets);
}

static void
programs_start(void **state)
{
	(void)state;
	assert_works(start_a_program);
}

static void
a_program_started_inside_is_inside(void **state)
{
	(void)state;
	assert_works(start_a_program_that_must_not);
}

static int
enter_again(const void *arg)
{
	struct sandbox again;

	(void)arg;
	sandbox_enter(&again);
	return again.is_on && again.reason[0] != '\0' &&
		       sandbox_has_no_new_privileges()
		   ? 0
		   : 1;
}

static void
a_second_filter_is_possible(void **state)
{
	(void)state;
	assert_works(enter_again);
}

/* A kernel without filters, for this process. */
static int
forbid_filters(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	int rc;

	rc = seccomp_rule_add(
	    filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(seccomp), 0);
	if (rc == 0)
		rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EINVAL),
		    SCMP_SYS(prctl), 1,
		    SCMP_A0(SCMP_CMP_EQ, PR_SET_SECCOMP, 0));
	if (rc == 0)
		rc = seccomp_load(filter);
	seccomp_release(filter);
	return rc;
}

static void
without_filters_it_goes_on_and_says_so(void **state)
{
	int status;
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		struct sandbox s;

		if (forbid_filters() != 0)
			_exit(1);
		sandbox_enter(&s);
		_exit(!s.is_on && s.reason[0] != '\0' ? 0 : 2);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_an_intruder_wants_is_forbidden),
		cmocka_unit_test(threads_start),
		cmocka_unit_test(ordinary_sockets_open),
		cmocka_unit_test(programs_start),
		cmocka_unit_test(a_program_started_inside_is_inside),
		cmocka_unit_test(a_second_filter_is_possible),
		cmocka_unit_test(without_filters_it_goes_on_and_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
