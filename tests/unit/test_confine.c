/* test_confine.c - what the collector has given up, and what it still has. */
#include "tests/unit/check.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "collector/confine.h"
#include "tests/unit/scratch.h"

#define CANNOT_TELL 100 /* exit status: it is off, with a reason */

static struct scratch scratch;

/* Runs fn in a child that is confined.  Returns waitpid's status. */
static int
run_inside(int (*fn)(const void *arg), const void *arg, bool needs_landlock)
{
	char database[300];
	int status;
	pid_t pid;

	snprintf(
	    database, sizeof database, "%s", scratch_path(&scratch, "c.db"));
	pid = fork();
	if (pid == 0) {
		struct confined c;

		confine_enter(&c, database);
		if (needs_landlock ? !c.has_landlock : !c.has_filter)
			_exit((needs_landlock ? c.landlock_reason
					      : c.filter_reason)[0] != '\0'
				  ? CANNOT_TELL
				  : 99);
		_exit(fn(arg));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == CANNOT_TELL)
		skip();
	return status;
}

static void
check_well(int status)
{
	T_CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %#x",
	    (unsigned)status);
}

static const struct forbidden {
	const char *name;
	long number;
	long args[3];
	int sys_errno; /* 0: it is death */
} cases[] = {
	{ "ptrace", SYS_ptrace, { 0 }, 0 },
	{ "mount", SYS_mount, { 0 }, 0 },
	{ "bpf", SYS_bpf, { 0 }, 0 },
	{ "unshare", SYS_unshare, { CLONE_NEWUSER }, 0 },
	{ "chroot", SYS_chroot, { 0 }, 0 },
	{ "process_vm_readv", SYS_process_vm_readv, { 0 }, 0 },
	{ "execve", SYS_execve, { 0 }, ENOSYS },
	{ "execveat", SYS_execveat, { 0 }, ENOSYS },
	{ "keyctl", SYS_keyctl, { 0 }, ENOSYS },
	{ "add_key", SYS_add_key, { 0 }, ENOSYS },
	{ "io_uring_setup", SYS_io_uring_setup, { 1 }, ENOSYS },
	{ "mknodat", SYS_mknodat, { -1 }, ENOSYS },
	{ "setuid", SYS_setuid, { 0 }, ENOSYS },
	{ "clone into a new user namespace", SYS_clone,
	    { CLONE_NEWUSER | SIGCHLD }, ENOSYS },
	{ "packet socket", SYS_socket, { AF_PACKET, SOCK_RAW, 0 }, ENOSYS },
	{ "algorithm socket", SYS_socket, { AF_ALG, SOCK_STREAM, 0 }, ENOSYS },
	{ "virtual socket", SYS_socket, { AF_VSOCK, SOCK_STREAM, 0 }, ENOSYS },
	{ "raw socket, with flags", SYS_socket,
	    { AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMPV6 }, ENOSYS },
	{ "typing into a terminal", SYS_ioctl, { 0, TIOCSTI, 0 }, ENOSYS },
};

static int
make_call(const void *arg)
{
	const struct forbidden *f = arg;
	long r;

	errno = 0;
	r = syscall(f->number, f->args[0], f->args[1], f->args[2], 0, 0, 0);
	return r == -1 && errno == f->sys_errno ? 0 : 1;
}

static void
what_no_collector_calls_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < T_LEN(cases); i++) {
		int status = run_inside(make_call, &cases[i], false);

		if (cases[i].sys_errno == 0)
			T_CHECK(
			    WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS,
			    "%s: status %#x", cases[i].name, (unsigned)status);
		else
			T_CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0,
			    "%s: status %#x", cases[i].name, (unsigned)status);
	}
}

static void *
nothing(void *arg)
{
	return arg;
}

static int
work(const void *arg)
{
	struct sockaddr_in any = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	pthread_t thread;

	(void)arg;
	any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (pthread_create(&thread, NULL, nothing, NULL) != 0 ||
	    pthread_join(thread, NULL) != 0)
		return 1;
	if (bind(fd, (struct sockaddr *)&any, sizeof any) != 0 ||
	    listen(fd, 1) != 0)
		return 2;
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? 0 : 3;
}

static void
threads_and_listening_sockets_are_left(void **state)
{
	(void)state;
	check_well(run_inside(work, NULL, false));
}

static int
write_to(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd < 0)
		return errno;
	close(fd);
	return unlink(path) == 0 ? 0 : errno;
}

static int
write_files(const void *arg)
{
	const char *elsewhere = arg;
	char path[300];

	snprintf(
	    path, sizeof path, "%s", scratch_path(&scratch, "c.db-journal"));
	if (write_to(path) != 0)
		return 1;
	if (write_to("/tmp/catchwater-test-confine") != 0)
		return 2; /* for SQLite */
	if (write_to(elsewhere) != EACCES)
		return 3;
	if (unlink(elsewhere) == 0 || mkdir(path, 0700) == 0)
		return 4;
	return access(elsewhere, R_OK) == 0 ? 0 : 5;
}

static void
files_are_written_beside_the_database_only(void **state)
{
	char elsewhere[] = "/dev/shm/catchwater-test-XXXXXX";
	int fd = mkstemp(elsewhere), status;

	(void)state;
	if (fd < 0)
		skip(); /* whoever runs this may not write here anyway */
	close(fd);
	status = run_inside(write_files, elsewhere, true);
	unlink(elsewhere);
	check_well(status);
}

static int
make(void **state)
{
	(void)state;
	scratch_make(&scratch);
	return 0;
}

static int
clear(void **state)
{
	(void)state;
	scratch_remove(&scratch);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_no_collector_calls_is_refused),
		cmocka_unit_test(threads_and_listening_sockets_are_left),
		cmocka_unit_test(files_are_written_beside_the_database_only),
	};

	return cmocka_run_group_tests(tests, make, clear);
}
