/* child.c - see child.h. */
#include "probe/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "schema/base/clock.h"
#include "schema/base/mem.h"

#define STEP_US (20 * US_PER_MS)

/* In the child.  Does not return. */
static void
become(
    char *const argv[], const struct child_setting *settings, size_t n, int out)
{
	int null = open("/dev/null", O_RDONLY);
	sigset_t none;

	setsid(); /* the sandbox has no setpgid */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	if (null >= 0)
		dup2(null, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	for (size_t i = 0; i < n; i++)
		setenv(settings[i].name, settings[i].value, 1);
	execvp(argv[0], argv);
	_exit(127);
}

/* Appends what is there to read; RC_NOTFOUND at the end of the output. */
static enum rc
take(struct child_output *o, int fd, struct err *err)
{
	char bytes[4096];
	ssize_t n = read(fd, bytes, sizeof bytes);

	if (n < 0)
		return errno == EINTR || errno == EAGAIN
			   ? RC_OK
			   : err_sys(err, "read its output");
	if (n == 0)
		return RC_NOTFOUND;
	if ((size_t)n > CHILD_OUTPUT_MAX - o->len)
		return err_set(err, RC_LIMIT, "it wrote too much");
	o->text = mem_grow(o->text, o->len + (size_t)n + 1, 1);
	memcpy(o->text + o->len, bytes, (size_t)n);
	o->len += (size_t)n;
	return RC_OK;
}

/* Reads until the end of the output. */
static enum rc
listen_to(struct child_output *o, int fd, int64_t deadline_us, struct err *err)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	enum rc rc = RC_OK;

	while (rc == RC_OK) {
		int64_t left_us = deadline_us - clock_mono_us();
		int n;

		if (left_us <= 0)
			return err_set(err, RC_PEER, "it took too long");
		n = poll(&p, 1, (int)(left_us / US_PER_MS) + 1);
		if (n > 0)
			rc = take(o, fd, err);
	}
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

/* Waits for its end, which the end of its output mostly is. */
static enum rc
reap(
    pid_t pid, bool *is_over, int *status, int64_t deadline_us, struct err *err)
{
	const struct timespec step = { .tv_nsec = STEP_US * 1000 };
	int how;
	pid_t done;

	while ((done = waitpid(pid, &how, WNOHANG)) == 0 &&
	       clock_mono_us() < deadline_us)
		nanosleep(&step, NULL);
	*is_over = done == pid;
	if (!*is_over)
		return err_set(err, RC_PEER, "it took too long");
	if (!WIFEXITED(how))
		return err_set(
		    err, RC_PEER, "signal %d ended it", WTERMSIG(how));
	*status = WEXITSTATUS(how);
	if (*status == 127)
		return err_set(err, RC_SYS, "it cannot be started");
	return RC_OK;
}

static enum rc
follow(struct child_output *o, pid_t pid, int fd, int64_t deadline_us,
    struct err *err)
{
	bool is_over = false;
	enum rc rc = listen_to(o, fd, deadline_us, err);

	if (rc == RC_OK)
		rc = reap(pid, &is_over, &o->status, deadline_us, err);
	/* Also what it has started, and left behind. */
	kill(-pid, SIGKILL);
	if (!is_over) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	return rc;
}

enum rc
child_run(struct child_output *out, char *const argv[],
    const struct child_setting *settings, size_t n, int64_t timeout_us,
    struct err *err)
{
	int64_t deadline_us = clock_mono_us() + timeout_us;
	struct child_output o = { .text = mem_strdup("") };
	int pipe_fds[2];
	pid_t pid;
	enum rc rc;

	if (pipe2(pipe_fds, O_CLOEXEC) != 0) {
		free(o.text);
		return err_sys(err, "%s: pipe", argv[0]);
	}
	pid = fork();
	if (pid == 0)
		become(argv, settings, n, pipe_fds[1]);
	close(pipe_fds[1]);
	rc = pid < 0 ? err_sys(err, "fork")
		     : follow(&o, pid, pipe_fds[0], deadline_us, err);
	close(pipe_fds[0]);
	if (rc != RC_OK) {
		free(o.text);
		return err_at(err, rc, "%s", argv[0]);
	}
	o.text[o.len] = '\0';
	*out = o;
	return RC_OK;
}
