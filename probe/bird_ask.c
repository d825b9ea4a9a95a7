/* bird_ask.c - see bird_ask.h. */
#include "probe/bird_ask.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "probe/bird.h"
#include "schema/base/clock.h"
#include "schema/base/mem.h"

#define CODE_WELCOME 1
#define CODE_RESTRICTED 16
#define CODE_ASKED_WRONG 9001

struct talk {
	int fd;
	int64_t deadline_us; /* monotonic */
	char *text;          /* of the reply */
	size_t len;
	unsigned code; /* of its last line */
	struct err err;
};

/* ---- the socket ---- */

static enum rc
open_socket(struct talk *t, const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof a.sun_path)
		return err_set(&t->err, RC_RANGE, "%s: too long", path);
	memcpy(a.sun_path, path, strlen(path) + 1);
	t->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (t->fd < 0)
		return err_sys(&t->err, "socket");
	if (connect(t->fd, (struct sockaddr *)&a, sizeof a) != 0)
		return err_sys(&t->err, "%s", path);
	return RC_OK;
}

static enum rc
wait_for(struct talk *t, short events)
{
	struct pollfd p = { .fd = t->fd, .events = events };
	int64_t left_us;

	do {
		left_us = t->deadline_us - clock_mono_us();
		if (left_us <= 0)
			return err_set(
			    &t->err, RC_PEER, "BIRD does not answer");
	} while (poll(&p, 1, (int)(left_us / US_PER_MS) + 1) <= 0);
	return RC_OK;
}

static enum rc
send_all(struct talk *t, const char *text)
{
	size_t len = strlen(text);

	while (len > 0) {
		ssize_t n = send(t->fd, text, len, MSG_NOSIGNAL);

		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return err_sys(&t->err, "BIRD");
		if (n > 0) {
			text += n;
			len -= (size_t)n;
		} else if (wait_for(t, POLLOUT) != RC_OK) {
			return RC_PEER;
		}
	}
	return RC_OK;
}

static enum rc
read_some(struct talk *t)
{
	ssize_t n;
	enum rc rc = wait_for(t, POLLIN);

	if (rc != RC_OK)
		return rc;
	if (t->len == BIRD_REPLY_MAX)
		return err_set(&t->err, RC_LIMIT, "BIRD's answer is too long");
	n = recv(t->fd, t->text + t->len, BIRD_REPLY_MAX - t->len, 0);
	if (n < 0 && errno != EAGAIN && errno != EINTR)
		return err_sys(&t->err, "BIRD");
	if (n == 0)
		return err_set(&t->err, RC_PEER, "BIRD hung up");
	if (n > 0)
		t->len += (size_t)n;
	return RC_OK;
}

/* Reads one reply.  Nothing was asked ahead, so nothing follows it. */
static enum rc
read_reply(struct talk *t)
{
	size_t used;
	enum rc rc;

	t->len = 0;
	while (
	    (rc = bird_reply(t->text, t->len, &used, &t->code)) == RC_AGAIN) {
		rc = read_some(t);
		if (rc != RC_OK)
			return rc;
	}
	if (rc != RC_OK || used != t->len)
		return err_set(
		    &t->err, RC_MALFORMED, "that is not how BIRD answers");
	return RC_OK;
}

static enum rc
ask(struct talk *t, const char *command)
{
	enum rc rc = send_all(t, command);

	return rc == RC_OK ? read_reply(t) : rc;
}

/* Greeting, and no right to change anything from here on. */
static enum rc
begin(struct talk *t, const char *path)
{
	enum rc rc = open_socket(t, path);

	if (rc == RC_OK)
		rc = read_reply(t);
	if (rc == RC_OK && t->code == CODE_WELCOME)
		rc = ask(t, "restrict\n");
	if (rc == RC_OK && t->code != CODE_RESTRICTED)
		rc = err_set(
		    &t->err, RC_MALFORMED, "that is not how BIRD answers");
	return rc;
}

/* ---- the questions ---- */

/* RC_OK: it exports the prefix, or does not. */
static enum rc
ask_session(
    struct talk *t, const char *name, const struct prefix *p, bool *is_exported)
{
	char prefix[PREFIX_TEXT_LEN], command[256];
	enum rc rc;

	snprintf(command, sizeof command, "show route %s export %s\n",
	    prefix_format(p, prefix), name);
	rc = ask(t, command);
	if (rc != RC_OK)
		return rc;
	*is_exported = false;
	/* "No valid tables": the session has no channel of the family. */
	if (t->code == CODE_ASKED_WRONG &&
	    memmem(t->text, t->len, "No valid tables", 15) != NULL)
		return RC_OK;
	if (bird_read_route(is_exported, p, t->text, t->len) != RC_OK)
		return err_set(&t->err, RC_MALFORMED, "BIRD said: %.*s",
		    (int)strcspn(t->text, "\n"), t->text);
	return RC_OK;
}

static bool
counts(const struct bird_session *s, char *const *peers, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(peers[i], s->name) == 0)
			return true;
	return n == 0;
}

/* Every peer that was named must be there: else the answer is to something
 * else than was meant. */
static enum rc
check_peers(struct talk *t, const struct bird_sessions *sessions,
    char *const *peers, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		size_t k = 0;

		while (k < sessions->n &&
		       strcmp(sessions->list[k].name, peers[i]) != 0)
			k++;
		if (k == sessions->n)
			return err_set(&t->err, RC_NOTFOUND,
			    "BIRD has no BGP protocol %s", peers[i]);
	}
	return RC_OK;
}

/* What was found out, one session after the other. */
struct findings {
	unsigned n_exporting, n_up, n_all;
	char exporting[64]; /* names */
	char last[BIRD_NAME_LEN + 40];
};

static void
note(struct findings *f, const struct bird_session *s, bool is_exported)
{
	size_t len = strlen(f->exporting);

	f->n_all++;
	f->n_up += s->is_up;
	f->n_exporting += is_exported;
	snprintf(f->last, sizeof f->last, "%s is %s", s->name, s->info);
	if (is_exported)
		snprintf(f->exporting + len, sizeof f->exporting - len, "%s%s",
		    len == 0 ? "" : " ", s->name);
}

static void
conclude(struct site_answer *out, const struct findings *f)
{
	char why[256];

	out->said = f->n_exporting > 0 ? SAID_YES : SAID_NO;
	if (f->n_exporting > 0)
		snprintf(
		    why, sizeof why, "BIRD exports it to %s", f->exporting);
	else if (f->n_all == 0)
		snprintf(why, sizeof why, "BIRD has no BGP session");
	else if (f->n_up == 0)
		snprintf(why, sizeof why, "no BGP session of BIRD is up: %s",
		    f->last);
	else
		snprintf(why, sizeof why,
		    "BIRD exports it to none of %u established sessions",
		    f->n_up);
	site_answer_explain(out, why);
}

static enum rc
ask_all(struct talk *t, struct site_answer *out, const struct prefix *p,
    char *const *peers, size_t n)
{
	struct bird_sessions *sessions = mem_new(sizeof *sessions);
	struct findings f = { 0 };
	enum rc rc = ask(t, "show protocols\n");

	if (rc == RC_OK &&
	    bird_read_sessions(sessions, t->text, t->len) != RC_OK)
		rc = err_set(&t->err, RC_MALFORMED,
		    "BIRD's list of protocols cannot be read");
	if (rc == RC_OK)
		rc = check_peers(t, sessions, peers, n);
	for (size_t i = 0; rc == RC_OK && i < sessions->n; i++) {
		const struct bird_session *s = &sessions->list[i];
		bool is_exported = false;

		if (!counts(s, peers, n))
			continue;
		if (s->is_up && bird_is_plain_name(s->name))
			rc = ask_session(t, s->name, p, &is_exported);
		if (rc == RC_OK)
			note(&f, s, is_exported);
	}
	free(sessions);
	/* One that exports it is enough, whatever the others would say. */
	if (rc != RC_OK && f.n_exporting == 0)
		return rc;
	conclude(out, &f);
	return RC_OK;
}

void
bird_ask(struct site_answer *out, const char *path, const struct prefix *p,
    char *const *peers, size_t n, int64_t deadline_mono_us)
{
	struct talk t = { .fd = -1,
		.deadline_us = deadline_mono_us,
		.text = mem_new(BIRD_REPLY_MAX + 1) };
	enum rc rc = begin(&t, path);

	if (rc == RC_OK)
		rc = ask_all(&t, out, p, peers, n);
	if (rc != RC_OK) {
		out->said = SAID_UNKNOWN;
		site_answer_explain(out, t.err.text);
	}
	if (t.fd >= 0)
		close(t.fd);
	free(t.text);
}
