/* alert_helper.c - see alert_helper.h. */
#include "collector/alert_helper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "collector/alert_exec.h"
#include "schema/base/clock.h"
#include "schema/base/mem.h"

#define KEY_LEN 200
#define PATIENCE_US (5 * US_PER_S) /* with the helper, beside the command's */

struct helper {
	char name[NAME_MAX_LEN + 1];
	char **words; /* as it knows them */
	int64_t timeout_us;
	pid_t pid;
	int fd;
	uint32_t n_asked; /* answers to what was broken off are not mixed up */
};

struct helpers {
	size_t n;
	struct helper *list;
};

struct request { /* the message comes as a file beside it */
	uint32_t number;
	char key[KEY_LEN];
};

struct reply {
	uint32_t number;
	enum rc rc;
	int status;
	char text[200];
};

static char **
copy_words(char *const *words)
{
	size_t n = 0;
	char **copy;

	while (words[n] != NULL)
		n++;
	copy = mem_new((n + 1) * sizeof *copy);
	for (size_t i = 0; i < n; i++)
		copy[i] = mem_strdup(words[i]);
	return copy;
}

static bool
are_same_words(char *const *a, char *const *b)
{
	for (; *a != NULL && *b != NULL; a++, b++)
		if (strcmp(*a, *b) != 0)
			return false;
	return *a == *b;
}

/* RC_NOTFOUND: nobody is there any more. */
static enum rc
receive(int fd, struct request *r, int *input)
{
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec part = { r, sizeof *r };
	struct msghdr m = { .msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof control };
	ssize_t n;

	do
		n = recvmsg(fd, &m, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n != (ssize_t)sizeof *r || m.msg_controllen < sizeof control.head ||
	    control.head.cmsg_type != SCM_RIGHTS)
		return RC_NOTFOUND;
	memcpy(input, CMSG_DATA(&control.head), sizeof *input);
	r->key[sizeof r->key - 1] = '\0';
	return RC_OK;
}

/* The helper's life. */
static void
help(const struct helper *h, int fd)
{
	struct request request;
	int input;

	while (receive(fd, &request, &input) == RC_OK) {
		const struct exec_run run = { .words = h->words,
			.alert = h->name,
			.key = request.key,
			.input = input,
			.timeout_us = h->timeout_us,
			.watch = fd };
		struct reply reply = { .number = request.number };
		struct err err = ERR_NONE;

		reply.rc = exec_run(&run, &reply.status, &err);
		memcpy(reply.text, err.text, sizeof reply.text - 1);
		close(input);
		if (send(fd, &reply, sizeof reply, MSG_NOSIGNAL) < 0)
			return;
	}
}

/* In the child: of all that is open it keeps its socket and the log.  Signals
 * are the collector's to take: the helper ends when the socket does. */
static void
become_helper(const struct helper *h, int fd)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	if (fd > STDERR_FILENO + 1)
		(void)close_range(STDERR_FILENO + 1, (unsigned)fd - 1, 0);
	(void)close_range((unsigned)fd + 1, ~0U, 0);
	help(h, fd);
	_exit(0);
}

static enum rc
fork_helper(struct helper *h, struct err *err)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
		return err_sys(err, "socketpair");
	h->fd = ends[0];
	h->pid = fork();
	if (h->pid == 0)
		become_helper(h, ends[1]);
	close(ends[1]);
	return h->pid > 0 ? RC_OK : err_sys(err, "fork");
}

enum rc
helpers_fork(
    struct helpers **out, const struct settings *settings, struct err *err)
{
	struct helpers *h = mem_new(sizeof *h);
	enum rc rc = RC_OK;

	h->list = mem_new((settings->n_alerts + 1) * sizeof *h->list);
	for (size_t i = 0; rc == RC_OK && i < settings->n_alerts; i++) {
		const struct alert_settings *a = &settings->alerts[i];
		struct helper *x = &h->list[h->n];

		if (a->channel != CHANNEL_EXEC)
			continue;
		h->n++;
		memcpy(x->name, a->name, sizeof x->name);
		x->words = copy_words(a->words);
		x->timeout_us = a->timeout_us;
		x->fd = -1;
		rc = fork_helper(x, err);
	}
	if (rc == RC_OK)
		*out = h;
	else
		helpers_free(h);
	return rc;
}

void
helpers_free(struct helpers *h)
{
	for (size_t i = 0; h != NULL && i < h->n; i++) {
		struct helper *x = &h->list[i];

		if (x->fd >= 0)
			close(x->fd);
		while (x->pid > 0 && waitpid(x->pid, NULL, 0) < 0 &&
		       errno == EINTR)
			continue;
		for (char **word = x->words; *word != NULL; word++)
			free(*word);
		free(x->words);
	}
	if (h != NULL)
		free(h->list);
	free(h);
}

static struct helper *
find(const struct helpers *h, const char *alert)
{
	for (size_t i = 0; h != NULL && i < h->n; i++)
		if (strcmp(h->list[i].name, alert) == 0)
			return &h->list[i];
	return NULL;
}

enum rc
helpers_serve(
    const struct helpers *h, const struct settings *settings, struct err *err)
{
	for (size_t i = 0; i < settings->n_alerts; i++) {
		const struct alert_settings *a = &settings->alerts[i];
		const struct helper *x = find(h, a->name);

		if (a->channel != CHANNEL_EXEC)
			continue;
		if (x == NULL || !are_same_words(x->words, a->words) ||
		    x->timeout_us != a->timeout_us)
			return err_set(err, RC_RANGE,
			    "alert '%s': a command that is new or other, or "
			    "its timeout, takes a restart: a collector that "
			    "serves can start no program",
			    a->name);
	}
	return RC_OK;
}

static enum rc
ask(struct helper *h, const char *key, int input, struct err *err)
{
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct request r = { .number = ++h->n_asked };
	struct iovec part = { &r, sizeof r };
	struct msghdr m = { .msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof control };

	control.head.cmsg_level = SOL_SOCKET;
	control.head.cmsg_type = SCM_RIGHTS;
	control.head.cmsg_len = CMSG_LEN(sizeof input);
	memcpy(CMSG_DATA(&control.head), &input, sizeof input);
	memcpy(r.key, key, strnlen(key, sizeof r.key - 1));
	if (sendmsg(h->fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT) !=
	    (ssize_t)sizeof r)
		return err_set(err, RC_PEER,
		    "the helper that runs commands is gone or stuck; a restart "
		    "brings it back");
	return RC_OK;
}

static enum rc
await(struct helper *h, const atomic_bool *is_stopped, struct reply *reply,
    struct err *err)
{
	int64_t end_us = clock_mono_us() + h->timeout_us + PATIENCE_US;

	while (clock_mono_us() < end_us) {
		struct pollfd p = { .fd = h->fd, .events = POLLIN };

		if (is_stopped != NULL && atomic_load(is_stopped))
			return err_set(err, RC_AGAIN, "broken off");
		if (poll(&p, 1, 50) <= 0)
			continue;
		if (recv(h->fd, reply, sizeof *reply, 0) !=
		    (ssize_t)sizeof *reply)
			return err_set(err, RC_PEER,
			    "the helper that runs commands is gone; a restart "
			    "brings it back");
		if (reply->number == h->n_asked)
			return RC_OK;
	}
	return err_set(err, RC_PEER, "the helper that runs commands is stuck");
}

enum rc
helpers_run(struct helpers *h, const char *alert, const char *key,
    const char *body, const atomic_bool *is_stopped, long *status,
    struct err *err)
{
	struct helper *x = find(h, alert);
	struct reply reply;
	int input;
	enum rc rc;

	*status = 0;
	if (x == NULL)
		return err_set(err, RC_PEER, "no helper runs this command");
	rc = exec_input(&input, body, err);
	if (rc != RC_OK)
		return rc;
	rc = ask(x, key, input, err);
	close(input);
	if (rc == RC_OK)
		rc = await(x, is_stopped, &reply, err);
	if (rc != RC_OK)
		return rc;
	*status = reply.status;
	reply.text[sizeof reply.text - 1] = '\0';
	return reply.rc == RC_OK ? RC_OK
				 : err_set(err, reply.rc, "%s", reply.text);
}
