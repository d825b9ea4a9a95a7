/* site_check.c - see site_check.h. */
#include "probe/site_check.h"

#include <errno.h>
#include <fnmatch.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "probe/child.h"
#include "probe/route.h"
#include "schema/base/clock.h"
#include "schema/base/mem.h"
#include "schema/dnswire.h"

enum stage { STAGE_SOA, STAGE_CHAOS, STAGE_DONE };

/* One address, while it is asked. */
struct asked {
	const struct site_address *address;
	int fd; /* -1: none */
	enum stage stage;
	uint16_t id;
	struct dnsmsg_question question;
	const char *fault;   /* NULL: none so far; lent constants */
	bool is_local_fault; /* ours, not the service's: nobody knows */
	bool has_serial;
	uint32_t serial;
};

/* ---- judging ---- */

const char *
site_judge_answer(const struct dnsmsg_reply *r, const struct site_settings *s)
{
	if (r->rcode != 0)
		return dnswire_rcode_name(r->rcode);
	if (!r->is_aa && !s->o.is_resolver)
		return "not authoritative";
	if (!r->has_serial && !r->is_tc)
		return "no SOA";
	return NULL;
}

bool
site_is_identity(const struct identity *id, const struct site_settings *s)
{
	char text[IDENTITY_TEXT_LEN];

	return s->o.identity == NULL ||
	       fnmatch(s->o.identity, identity_format(id, text),
		   FNM_CASEFOLD | FNM_NOESCAPE) == 0;
}

/* ---- asking ---- */

static void
finish(struct asked *a, const char *fault)
{
	a->fault = fault;
	a->stage = STAGE_DONE;
}

static void
fail(struct asked *a, const char *what)
{
	finish(a, what);
	a->is_local_fault = true;
}

static void
send_question(struct asked *a, const char *name, enum dnsmsg_type type,
    enum dnsmsg_class class)
{
	uint8_t query[DNSMSG_QUERY_MAX];
	size_t len;

	if (dnsmsg_question_set(&a->question, name, type, class) != RC_OK ||
	    getrandom(&a->id, sizeof a->id, 0) != sizeof a->id) {
		fail(a, "cannot ask");
		return;
	}
	len = dnsmsg_write_query(query, a->id, &a->question, NULL);
	if (send(a->fd, query, len, 0) >= 0)
		return;
	if (errno == ECONNREFUSED)
		finish(a, "refused: nothing listens there");
	else
		fail(a, "cannot send");
}

/* Is an anycast address this host's own?  If not, another site may answer. */
static bool
is_here(const struct addr *address)
{
	struct sockaddr_storage ss;
	socklen_t len = addr_to_sockaddr(address, 0, &ss);
	int fd = socket(
	    addr_domain(address), SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool is_bound = fd >= 0 && bind(fd, (struct sockaddr *)&ss, len) == 0;

	if (fd >= 0)
		close(fd);
	return is_bound;
}

static void
start(struct asked *a, const struct site_settings *s)
{
	struct sockaddr_storage ss;
	socklen_t len =
	    addr_to_sockaddr(&a->address->addr, (uint16_t)s->o.port, &ss);

	if (a->address->is_anycast && !s->o.is_elsewhere &&
	    !is_here(&a->address->addr)) {
		finish(a, "is not an address of this host");
		return;
	}
	a->fd = socket(addr_domain(&a->address->addr),
	    SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (a->fd < 0 || connect(a->fd, (struct sockaddr *)&ss, len) != 0) {
		fail(a, "no route to it");
		return;
	}
	send_question(a, s->o.zone, DNSMSG_SOA, DNSMSG_IN);
}

static void
take_soa(struct asked *a, const struct dnsmsg_reply *r,
    const struct site_settings *s)
{
	const char *fault = site_judge_answer(r, s);

	a->has_serial = r->has_serial;
	a->serial = r->serial;
	if (fault != NULL || s->o.identity == NULL) {
		finish(a, fault);
	} else if (r->nsid.is_present) {
		finish(a, site_is_identity(&r->nsid, s)
			      ? NULL
			      : "another identity than this site's");
	} else {
		a->stage = STAGE_CHAOS;
		send_question(a, "hostname.bind", DNSMSG_TXT, DNSMSG_CH);
	}
}

static void
take_reply(struct asked *a, const struct site_settings *s)
{
	uint8_t bytes[4096];
	struct dnsmsg_reply r;
	ssize_t n = recv(a->fd, bytes, sizeof bytes, 0);

	if (n < 0) {
		if (errno == ECONNREFUSED)
			finish(a, "refused: nothing listens there");
		else if (errno != EAGAIN && errno != EINTR)
			fail(a, "unreachable");
		return;
	}
	if (dnsmsg_parse(&r, bytes, (size_t)n) != RC_OK || !r.is_response ||
	    !dnsmsg_is_reply_to(&r, a->id, &a->question))
		return;
	if (a->stage == STAGE_SOA)
		take_soa(a, &r, s);
	else
		finish(a, r.txt.is_present && site_is_identity(&r.txt, s)
			      ? NULL
			      : "another identity than this site's, or none");
}

/* False: nobody is waited for any more. */
static bool
wait_for_some(struct asked *list, size_t n, const struct site_settings *s,
    int64_t deadline_us)
{
	struct pollfd fds[2 * SITE_LIST_MAX];
	struct asked *whose[2 * SITE_LIST_MAX];
	int64_t left_us = deadline_us - clock_mono_us();
	nfds_t n_fds = 0;

	for (size_t i = 0; i < n; i++) {
		if (list[i].stage == STAGE_DONE)
			continue;
		whose[n_fds] = &list[i];
		fds[n_fds++] =
		    (struct pollfd){ .fd = list[i].fd, .events = POLLIN };
	}
	if (n_fds == 0 || left_us <= 0)
		return false;
	if (poll(fds, n_fds, (int)(left_us / US_PER_MS) + 1) > 0)
		for (nfds_t i = 0; i < n_fds; i++)
			if (fds[i].revents != 0)
				take_reply(whose[i], s);
	return true;
}

/* ---- the sum ---- */

/* The worst of what was found counts; of equals the first. */
static void
add(struct site_answer *to, enum said said, const char *why)
{
	static const int order[] = { [SAID_NOTHING] = 3,
		[SAID_YES] = 2,
		[SAID_UNKNOWN] = 1,
		[SAID_NO] = 0 };

	if (order[said] >= order[to->said])
		return;
	to->said = said;
	site_answer_explain(to, why);
}

static void
add_asked(struct site_family *out, const struct asked *a)
{
	char text[ADDR_TEXT_LEN], why[192];
	const char *fault =
	    a->stage == STAGE_DONE ? a->fault : "does not answer";

	snprintf(why, sizeof why, "%s %s", addr_format(&a->address->addr, text),
	    fault == NULL ? "answers" : fault);
	add(&out->healthy,
	    fault == NULL       ? SAID_YES
	    : a->is_local_fault ? SAID_UNKNOWN
				: SAID_NO,
	    why);
	/* The lowest: a site is as stale as its stalest server. */
	if (a->has_serial &&
	    (!out->has_serial || (int32_t)(a->serial - out->serial) < 0)) {
		out->has_serial = true;
		out->serial = a->serial;
	}
}

static void
ask_addresses(struct site_family *out, const struct site_settings *s)
{
	struct asked list[2 * SITE_LIST_MAX];
	int64_t deadline_us = clock_mono_us() + s->o.timeout_us;
	size_t n = 0;

	for (size_t i = 0; i < s->n_addresses; i++) {
		if (s->addresses[i].addr.family != out->family)
			continue;
		list[n] =
		    (struct asked){ .address = &s->addresses[i], .fd = -1 };
		start(&list[n++], s);
	}
	while (wait_for_some(list, n, s, deadline_us))
		continue;
	for (size_t i = 0; i < n; i++) {
		add_asked(out, &list[i]);
		if (list[i].fd >= 0)
			close(list[i].fd);
	}
}

static void
run_check(struct site_family *out, const struct site_settings *s)
{
	char shell[] = "/bin/sh", option[] = "-c", family[4];
	char *text = mem_strdup(s->o.check);
	char *argv[] = { shell, option, text, NULL };
	const struct child_setting setting = { "CATCHWATER_FAMILY", family };
	struct site_answer found = { 0 };
	struct child_output o;
	struct err err = ERR_NONE;

	snprintf(family, sizeof family, "%d", out->family);
	if (child_run(&o, argv, &setting, 1, s->o.timeout_us, &err) != RC_OK) {
		add(&out->healthy, SAID_UNKNOWN, err.text);
	} else {
		route_judge_command(&found, o.status, o.text);
		add(&out->healthy, found.said, found.why);
		free(o.text);
	}
	free(text);
}

void
site_check(struct site_family *out, const struct site_settings *s)
{
	out->healthy.said = SAID_NOTHING;
	out->healthy.why[0] = '\0';
	out->has_serial = false;
	ask_addresses(out, s);
	if (s->o.check != NULL)
		run_check(out, s);
}
