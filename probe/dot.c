/*
 * dot.c - catchwater-upload dot: DNS over TLS for the probe.       (wiring)
 *
 * Started by tls_child.c, for the probe itself has no TLS library in memory.
 * One question per line comes on standard input, one answer per line goes to
 * standard output in the order in which they end (tls_line.h); standard
 * input's end is the child's.  One thread, one poll, TLS_CONNS_MAX
 * connections: what comes on top waits in the pipe.
 */
#include <errno.h>
#include <gnutls/gnutls.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "probe/commands.h"
#include "probe/dot_confine.h"
#include "probe/dot_conn.h"
#include "schema/base/clock.h"
#include "schema/base/mem.h"
#include "schema/base/options.h"

#define FILES_SPARE 16 /* beside the connections' own */

struct dot_options {
	const char *ca;
};

struct dot {
	gnutls_certificate_credentials_t credentials;
	struct dot_conn *conns[TLS_CONNS_MAX];
	size_t n_conns;
	char in[TLS_ASK_LINE_MAX];
	size_t in_len;
};

static enum rc
load_authorities(struct dot *d, const char *file, struct err *err)
{
	int n = gnutls_certificate_allocate_credentials(&d->credentials);

	if (n == 0)
		n = file == NULL
			? gnutls_certificate_set_x509_system_trust(
			      d->credentials)
			: gnutls_certificate_set_x509_trust_file(
			      d->credentials, file, GNUTLS_X509_FMT_PEM);
	/* A system without authorities still measures; nothing verifies. */
	if (n < 0 && file != NULL)
		return err_set(
		    err, RC_MALFORMED, "--ca %s: %s", file, gnutls_strerror(n));
	return RC_OK;
}

static enum rc
write_all(const char *bytes, size_t n, struct err *err)
{
	while (n > 0) {
		ssize_t done = write(STDOUT_FILENO, bytes, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return err_sys(err, "standard output");
		bytes += done;
		n -= (size_t)done;
	}
	return RC_OK;
}

static enum rc
tell(const struct dot_conn *c, struct err *err)
{
	static char line[TLS_TOLD_LINE_MAX];
	size_t n = tls_line_tell(dot_conn_answer(c), dot_conn_id(c), line);

	return write_all(line, n, err);
}

/* Starts what the line asks for. */
static enum rc
take_line(struct dot *d, const char *line, size_t len, struct err *err)
{
	struct tls_question q;
	uint32_t id;
	enum rc rc = tls_line_read_ask(&q, &id, line, len, err);

	if (rc == RC_OK)
		d->conns[d->n_conns++] = dot_conn_new(&q, id, d->credentials);
	return rc;
}

/* Takes as many lines as there is room for.  The asker is our own parent: a
 * line that is not right ends us. */
static enum rc
take_lines(struct dot *d, struct err *err)
{
	while (d->n_conns < TLS_CONNS_MAX) {
		char *end = memchr(d->in, '\n', d->in_len);
		size_t n;
		enum rc rc;

		if (end == NULL)
			break;
		n = (size_t)(end - d->in);
		rc = take_line(d, d->in, n, err);
		if (rc != RC_OK)
			return rc;
		d->in_len -= n + 1;
		memmove(d->in, end + 1, d->in_len);
	}
	if (d->in_len == sizeof d->in && d->n_conns < TLS_CONNS_MAX)
		return err_set(err, RC_LIMIT, "a line that does not end");
	return RC_OK;
}

/* RC_NOTFOUND: its end. */
static enum rc
read_input(struct dot *d, struct err *err)
{
	ssize_t n =
	    read(STDIN_FILENO, d->in + d->in_len, sizeof d->in - d->in_len);

	if (n == 0)
		return RC_NOTFOUND;
	if (n < 0 && errno != EINTR && errno != EAGAIN)
		return err_sys(err, "standard input");
	if (n > 0)
		d->in_len += (size_t)n;
	return take_lines(d, err);
}

/* Steps every connection; tells and forgets those that are over. */
static enum rc
step_all(struct dot *d, struct err *err)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; i < d->n_conns && rc == RC_OK;) {
		if (!dot_conn_step(d->conns[i], clock_mono_us())) {
			i++;
			continue;
		}
		rc = tell(d->conns[i], err);
		dot_conn_free(d->conns[i]);
		d->conns[i] = d->conns[--d->n_conns];
	}
	return rc;
}

/* Fills the list: standard input first, with nothing to wait for but its end
 * when there is no room.  Returns how long to wait, in ms; -1: for ever. */
static int
prepare(const struct dot *d, struct pollfd list[static TLS_CONNS_MAX + 1])
{
	bool has_room = d->n_conns < TLS_CONNS_MAX && d->in_len < sizeof d->in;
	int64_t now = clock_mono_us(), wait = INT64_MAX;

	list[0] = (struct pollfd){ .fd = STDIN_FILENO,
		.events = has_room ? POLLIN : 0 };
	for (size_t i = 0; i < d->n_conns; i++) {
		const struct dot_conn *c = d->conns[i];
		int64_t left = dot_conn_has_more(c)
				   ? 0
				   : dot_conn_deadline_mono_us(c) - now;

		list[i + 1] = (struct pollfd){ .fd = dot_conn_fd(c),
			.events = dot_conn_events(c) };
		if (left < wait)
			wait = left > 0 ? left : 0;
	}
	if (wait == INT64_MAX)
		return -1;
	return (int)((wait + US_PER_MS - 1) / US_PER_MS);
}

/* Works until standard input ends.  RC_NOTFOUND: that. */
static enum rc
work(struct dot *d, struct err *err)
{
	struct pollfd list[TLS_CONNS_MAX + 1];
	enum rc rc = RC_OK;

	while (rc == RC_OK) {
		int wait = prepare(d, list);

		if (poll(list, (nfds_t)d->n_conns + 1, wait) < 0 &&
		    errno != EINTR)
			return err_sys(err, "poll");
		rc = step_all(d, err);
		if (rc != RC_OK)
			return rc;
		if ((list[0].revents & POLLIN) != 0)
			rc = read_input(d, err);
		else if ((list[0].revents & (POLLHUP | POLLERR)) != 0)
			return RC_NOTFOUND;
		else
			rc = take_lines(d, err);
	}
	return rc;
}

static int
dot(const char *ca)
{
	struct dot *d = mem_new(sizeof *d);
	struct err err = ERR_NONE;
	enum rc rc = load_authorities(d, ca, &err);

	(void)signal(SIGPIPE, SIG_IGN);
	if (rc == RC_OK)
		rc = dot_confine(TLS_CONNS_MAX + FILES_SPARE, &err);
	if (rc == RC_OK)
		rc = work(d, &err);
	while (d->n_conns > 0)
		dot_conn_free(d->conns[--d->n_conns]);
	gnutls_certificate_free_credentials(d->credentials);
	free(d);
	if (rc == RC_NOTFOUND)
		return 0;
	fprintf(stderr, "catchwater-upload dot: %s\n", err.text);
	return 1;
}

int
command_dot(int argc, char **argv)
{
	static const struct option_spec specs[] = {
		{ 0, "ca", OPTION_TEXT, offsetof(struct dot_options, ca), 0, 0,
		    "FILE", "authorities to trust (default: the system's)" },
		{ 0 },
	};
	static const struct command_spec spec = { "catchwater-upload", "dot",
		"", 0, 0, "ask the questions on standard input over TLS",
		specs };
	struct dot_options options = { 0 };
	struct err err = ERR_NONE;
	char **operands;
	int n_operands;
	enum rc rc = options_parse(
	    &spec, &options, argc, argv, &operands, &n_operands, &err);

	if (rc == RC_NOTFOUND)
		return 0;
	if (rc != RC_OK) {
		fprintf(stderr, "catchwater-upload dot: %s\n", err.text);
		return 2;
	}
	return dot(options.ca);
}
