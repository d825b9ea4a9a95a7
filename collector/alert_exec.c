/* alert_exec.c - see alert_exec.h. */
#include "collector/alert_exec.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "schema/base/clock.h"
#include "schema/base/file.h"

#define LINE_LEN 120
#define FIRST_FD 3
#define CANNOT_RUN 127

struct child {
	pid_t pid;
	int output; /* what it writes, both ways */
	char line[LINE_LEN];
	size_t n;
};

enum rc
exec_input(int *fd, const char *text, struct err *err)
{
	int file = memfd_create("message", MFD_CLOEXEC);
	enum rc rc;

	if (file < 0)
		return err_sys(err, "memfd_create");
	rc = file_write_all(file, text, strlen(text), err);
	if (rc != RC_OK) {
		close(file);
		return rc;
	}
	*fd = file;
	return RC_OK;
}

/* In the child.  Never returns. */
static void
become(const struct exec_run *run, int output)
{
	char alert[128], key[256];
	char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:"
		      "/sbin:/bin";
	char *environment[] = { path, alert, key, NULL };
	sigset_t none;

	snprintf(alert, sizeof alert, "CATCHWATER_ALERT=%s", run->alert);
	snprintf(key, sizeof key, "CATCHWATER_KEY=%s", run->key);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	setpgid(0, 0);
	if (lseek(run->input, 0, SEEK_SET) == 0 &&
	    dup2(run->input, STDIN_FILENO) >= 0 &&
	    dup2(output, STDOUT_FILENO) >= 0 &&
	    dup2(output, STDERR_FILENO) >= 0 &&
	    close_range(FIRST_FD, ~0U, 0) == 0)
		execve(run->words[0], run->words, environment);
	dprintf(STDERR_FILENO, "%s", strerror(errno));
	_exit(CANNOT_RUN);
}

static enum rc
start(struct child *c, const struct exec_run *run, struct err *err)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) != 0)
		return err_sys(err, "pipe");
	c->pid = fork();
	if (c->pid < 0) {
		close(ends[0]);
		close(ends[1]);
		return err_sys(err, "fork");
	}
	if (c->pid == 0)
		become(run, ends[1]);
	setpgid(c->pid, c->pid);
	close(ends[1]);
	c->output = ends[0];
	return RC_OK;
}

/* Keeps the first line of what it writes, and throws the rest away.  False: it
 * will write no more. */
static bool
take_output(struct child *c)
{
	char bytes[4096];
	ssize_t n = read(c->output, bytes, sizeof bytes);
	bool is_full = c->n > 0 && c->line[c->n - 1] == '\n';

	if (n <= 0)
		return n < 0 && errno == EINTR;
	for (ssize_t i = 0; i < n && c->n + 1 < LINE_LEN && !is_full; i++) {
		c->line[c->n++] = bytes[i];
		is_full = bytes[i] == '\n';
	}
	return true;
}

/* Until it is over.  False: its time was, or nobody waits for it any more. */
static bool
attend(struct child *c, const struct exec_run *run, siginfo_t *how)
{
	int64_t end_us = clock_mono_us() + run->timeout_us;
	bool is_talking = true;

	while (clock_mono_us() < end_us) {
		struct pollfd fds[] = {
			{ .fd = is_talking ? c->output : -1, .events = POLLIN },
			{ .fd = run->watch },
		};

		if (poll(fds, 2, 50) < 0 && errno != EINTR)
			return false;
		if (fds[0].revents != 0)
			is_talking = take_output(c);
		if ((fds[1].revents & (POLLHUP | POLLERR)) != 0)
			return false;
		how->si_pid = 0;
		if (waitid(P_PID, (id_t)c->pid, how,
			WEXITED | WNOHANG | WNOWAIT) == 0 &&
		    how->si_pid != 0)
			return true;
	}
	return false;
}

/* The program without its folders: what an error has room for. */
static const char *
name_of(const struct exec_run *run)
{
	const char *slash = strrchr(run->words[0], '/');

	return slash != NULL ? slash + 1 : run->words[0];
}

static enum rc
judge(struct child *c, const struct exec_run *run, const siginfo_t *how,
    struct err *err)
{
	const char *name = name_of(run), *colon;

	c->line[strcspn(c->line, "\r\n")] = '\0';
	colon = c->line[0] != '\0' ? ": " : "";
	if (how->si_code != CLD_EXITED)
		return err_set(err, RC_PEER, "%.60s was ended by signal %d%s%s",
		    name, how->si_status, colon, c->line);
	if (how->si_status == CANNOT_RUN)
		return err_set(err, RC_PEER, "%.60s cannot be run%s%s", name,
		    colon, c->line);
	if (how->si_status != 0)
		return err_set(err, RC_PEER, "%.60s ended with status %d%s%s",
		    name, how->si_status, colon, c->line);
	return RC_OK;
}

enum rc
exec_run(const struct exec_run *run, int *status, struct err *err)
{
	struct child c = { 0 };
	siginfo_t how = { 0 };
	enum rc rc = start(&c, run, err);
	bool is_over;

	*status = 0;
	if (rc != RC_OK)
		return rc;
	is_over = attend(&c, run, &how);
	/* The group too: what it left behind has the same time. */
	kill(-c.pid, SIGKILL);
	while (waitpid(c.pid, NULL, 0) < 0 && errno == EINTR)
		continue;
	if (is_over)
		(void)(poll(&(struct pollfd){ c.output, POLLIN, 0 }, 1, 0) >
			   0 &&
		       take_output(&c));
	close(c.output);
	if (!is_over)
		return err_set(
		    err, RC_PEER, "%.60s was not done in time", name_of(run));
	*status = how.si_status;
	return judge(&c, run, &how, err);
}
