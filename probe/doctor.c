/*
 * doctor.c - catchwater-probe doctor: every step that can fail, tried and
 * named.                                                            (wiring)
 *
 * One line a step: "ok", "warn" or "FAIL", what was tried, what to do.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probe/anchor.h"
#include "probe/commands.h"
#include "probe/doctor_host.h"
#include "probe/doctor_line.h"
#include "probe/doctor_targets.h"
#include "probe/helper.h"
#include "probe/lists.h"
#include "probe/privacy.h"
#include "probe/socks.h"
#include "probe/ramdir.h"
#include "probe/spool.h"
#include "probe/spooldir.h"
#include "probe/state.h"
#include "schema/base/addr.h"
#include "schema/base/mem.h"
#include "schema/base/options.h"

#define DISK_LOW_BYTES (SPOOL_LIMITS_DEFAULT.max_bytes * 2)

struct doctor {
	const char *state; /* option, or NULL */
	bool is_privacy;   /* option: print the data sheet instead */
	char dir[STATE_DIR_MAX];
	struct socks socks;
	struct sandbox sandbox;
	struct lists lists;
	struct assignment assignment;
	bool has_assignment;
	bool is_enrolled;
	bool has_failed;
};

static void PRINTF_LIKE(4, 5) say(struct doctor *d, const char *verdict,
    const char *step, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	doctor_line_v(verdict, step, fmt, ap);
	va_end(ap);
	if (strcmp(verdict, "FAIL") == 0)
		d->has_failed = true;
}

static void
check_state(struct doctor *d)
{
	struct err err = ERR_NONE;

	if (state_choose(d->dir, d->state, &err) != RC_OK ||
	    state_check(d->dir, &err) != RC_OK)
		say(d, "FAIL", "state", "%s", err.text);
	else
		say(d, "ok", "state", "%s is ours alone", d->dir);
}

static void
check_key(struct doctor *d)
{
	struct err err = ERR_NONE;
	struct signing_key key;

	if (state_read_key(&key, d->dir, &err) != RC_OK)
		say(d, "FAIL", "key", "%s", err.text);
	else
		say(d, "ok", "key", "readable by us alone");
	explicit_bzero(&key, sizeof key);
}

static void
check_enrolment(struct doctor *d)
{
	struct err err = ERR_NONE;
	struct enrolment e;

	d->is_enrolled = state_read_enrolment(&e, d->dir, &err) == RC_OK;
	if (d->is_enrolled)
		say(d, "ok", "enrolment", "probe %s (%s) of %s", e.probe,
		    e.name, e.collector);
	else
		say(d, "FAIL", "enrolment", "%s", err.text);
}

static void
check_running(struct doctor *d)
{
	struct err err = ERR_NONE;
	int lock;
	enum rc rc = state_lock(&lock, d->dir, STATE_RUN_LOCK, &err);

	if (rc == RC_OK) {
		close(lock);
		say(d, "warn", "running", "no; start it: catchwater-probe run");
	} else if (rc == RC_LIMIT) {
		say(d, "ok", "running", "%s", err.text);
	} else {
		say(d, "FAIL", "running", "%s", err.text);
	}
}

/* Runs the helper, which prints its own lines. */
static int
run_reach(const char *helper, char *dir)
{
	char name[] = "reach", option[] = "--state";
	char *args[] = { name, option, dir, NULL };
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		execv(helper, args);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return 127;
	return WEXITSTATUS(status);
}

static void
check_collector(struct doctor *d)
{
	struct err err = ERR_NONE;
	char helper[HELPER_PATH_MAX];
	int status;

	if (!d->is_enrolled)
		return;
	if (helper_find(helper, &err) != RC_OK) {
		say(d, "FAIL", "helper", "%s", err.text);
		return;
	}
	status = run_reach(helper, d->dir);
	if (status == 127)
		say(d, "FAIL", "helper", "cannot start %s", helper);
	else if (status != 0)
		d->has_failed = true; /* it said why */
}

static void
check_clock(struct doctor *d)
{
	switch (anchor_clock_state()) {
	case CLOCK_SYNCHRONISED:
		say(d, "ok", "clock", "synchronised");
		break;
	case CLOCK_UNSYNCHRONISED:
		say(d, "warn", "clock",
		    "not synchronised; run an NTP client (the collector "
		    "corrects what it can)");
		break;
	case CLOCK_UNKNOWN:
		say(d, "warn", "clock",
		    "the kernel does not say whether it is synchronised");
		break;
	}
}

/* The address that packets of the family would leave from.  No packet is
 * sent: connecting a datagram socket only looks up the route. */
static bool
find_source(struct addr *source, const char *towards)
{
	struct sockaddr_storage ss;
	struct addr target;
	socklen_t len;
	bool is_found;
	int fd;

	if (addr_parse(&target, towards) != RC_OK)
		return false;
	fd = socket(addr_domain(&target), SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	len = addr_to_sockaddr(&target, 53, &ss);
	is_found = connect(fd, (struct sockaddr *)&ss, len) == 0;
	len = sizeof ss;
	is_found =
	    is_found && getsockname(fd, (struct sockaddr *)&ss, &len) == 0;
	close(fd);
	if (is_found)
		*source = addr_from_sockaddr((struct sockaddr *)&ss, NULL);
	return is_found;
}

/* A target of the family, or a well-known address to find a route to. */
static void
choose_destination(
    const struct doctor *d, int family, char out[static ADDR_TEXT_LEN])
{
	snprintf(out, ADDR_TEXT_LEN, "%s",
	    family == 4 ? "198.41.0.4" : "2001:503:ba3e::2:30");
	for (size_t i = 0; i < d->assignment.n_targets; i++)
		if (d->assignment.targets[i].address.family == family)
			addr_format(&d->assignment.targets[i].address, out);
}

static bool
check_family(struct doctor *d, int family)
{
	char step[16], towards[ADDR_TEXT_LEN], text[ADDR_TEXT_LEN];
	struct addr source;
	bool is_usable;

	snprintf(step, sizeof step, "IPv%d", family);
	choose_destination(d, family, towards);
	is_usable = find_source(&source, towards);
	if (is_usable)
		say(d, "ok", step, "from %s", addr_format(&source, text));
	else
		say(d, "warn", step,
		    "no address or route; targets of this family are not "
		    "measured");
	return is_usable;
}

static void
check_families(struct doctor *d)
{
	bool has_v4 = check_family(d, 4);
	bool has_v6 = check_family(d, 6);

	if (!has_v4 && !has_v6)
		say(d, "FAIL", "network",
		    "neither family has an address and a route");
}

static uint64_t
spooled_bytes(const char *spool)
{
	char path[SPOOL_PATH_MAX];
	struct spooldir dir;
	struct stat st;
	uint64_t n = 0;

	if (spooldir_list(&dir, spool, NULL) != RC_OK)
		return 0;
	for (size_t i = 0; i < dir.n; i++) {
		spooldir_path(path, spool, dir.first_seqs[i]);
		if (stat(path, &st) == 0)
			n += (uint64_t)st.st_size;
	}
	spooldir_fini(&dir);
	return n;
}

static void
check_spool(struct doctor *d)
{
	char spool[STATE_PATH_MAX];
	struct statvfs fs;
	uint64_t n_free, n_lost;

	state_path(spool, d->dir, STATE_SPOOL);
	if (statvfs(spool, &fs) != 0) {
		say(d, "FAIL", "spool", "%s: %s", spool, strerror(errno));
		return;
	}
	n_free = (uint64_t)fs.f_bavail * fs.f_frsize;
	n_lost = spooldir_read_count(spool, SPOOL_LOST) +
		 spooldir_read_count(spool, SPOOL_REJECTED);
	say(d, n_free < DISK_LOW_BYTES ? "warn" : "ok", "spool",
	    "%" PRIu64 " kB waiting or kept, %" PRIu64 " MB free on its disk, "
	    "collector has up to seq %" PRIu64 ", %" PRIu64 " lost%s",
	    spooled_bytes(spool) >> 10, n_free >> 20,
	    spooldir_read_count(spool, SPOOL_ACKED), n_lost,
	    n_free < DISK_LOW_BYTES ? "; make room" : "");
}

static void
check_memory(struct doctor *d)
{
	if (ramdir_is_possible())
		say(d, "ok", "memory",
		    "what waits for its upload is in /dev/shm; the disk is "
		    "spared");
	else
		say(d, "warn", "memory",
		    "/dev/shm is no memory, or not ours to write: all that is "
		    "measured is written to disk before each upload; mount a "
		    "tmpfs there");
}

static void
check_lists(struct doctor *d)
{
	struct err err = ERR_NONE;

	lists_init(&d->lists, d->dir, NULL, NULL);
	if (lists_load(&d->lists, &err) != RC_OK) {
		say(d, "FAIL", "lists", "%s", err.text);
		return;
	}
	if (d->lists.allow.is_given)
		say(d, "ok", "lists", "only %zu prefixes allowed, %zu denied",
		    d->lists.allow.acl.n, d->lists.deny.acl.n);
	else
		say(d, "ok", "lists", "everything allowed but %zu prefixes",
		    d->lists.deny.acl.n);
}

static void
check_assignment(struct doctor *d)
{
	struct err err = ERR_NONE;
	enum rc rc = state_read_assignment(&d->assignment, d->dir, &err);

	d->has_assignment = rc == RC_OK;
	if (rc == RC_OK)
		say(d, "ok", "assignment", "%s, %zu targets",
		    d->assignment.etag, d->assignment.n_targets);
	else if (rc == RC_NOTFOUND)
		say(d, "warn", "assignment",
		    "none came yet; 'catchwater-probe upload' asks for it");
	else
		say(d, "FAIL", "assignment", "%s", err.text);
}

static void
check_targets(struct doctor *d)
{
	struct doctor_answers answers;
	struct err err = ERR_NONE;

	if (!d->has_assignment)
		return;
	if (doctor_ask(&answers, &d->assignment, &d->socks, &d->lists, &err) !=
	    RC_OK) {
		say(d, "FAIL", "targets", "%s", err.text);
		return;
	}
	say(d,
	    answers.n_asked > 0 && answers.n_answered == 0 ? "FAIL"
	    : answers.n_answered < answers.n_asked || answers.n_forbidden > 0
		? "warn"
		: "ok",
	    "targets", "%u of %u answer%s%s, %u forbidden by the lists",
	    answers.n_answered, answers.n_asked,
	    answers.first_silent[0] != '\0' ? "; silent: " : "",
	    answers.first_silent, answers.n_forbidden);
}

static int
examine(struct doctor *d)
{
	static void (*const checks[])(struct doctor *) = { check_state,
		check_key, check_enrolment, check_running, check_collector,
		check_clock, check_spool, check_memory, check_lists,
		check_assignment };

	doctor_sandbox(&d->sandbox);
	for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++)
		checks[i](d);
	doctor_icmp(4, &d->socks.v4);
	doctor_icmp(6, &d->socks.v6);
	doctor_stamps();
	check_families(d);
	check_targets(d);
	return d->has_failed ? 1 : 0;
}

static enum rc
read_options(struct doctor *d, int argc, char **argv, struct err *err)
{
	static const struct option_spec specs[] = {
		{ 0, "state", OPTION_TEXT, offsetof(struct doctor, state), 0, 0,
		    "DIR", "state directory" },
		{ 0, "privacy", OPTION_FLAG,
		    offsetof(struct doctor, is_privacy), 0, 0, NULL,
		    "instead: what is sent to whom, and how to end that" },
		{ 0 },
	};
	static const struct command_spec spec = { "catchwater-probe", "doctor",
		"", 0, 0, "try every step that can fail, and name it", specs };
	char **operands;
	int n_operands;

	return options_parse(&spec, d, argc, argv, &operands, &n_operands, err);
}

static int
tell_privacy(struct doctor *d)
{
	struct err err = ERR_NONE;

	if (state_choose(d->dir, d->state, &err) == RC_OK &&
	    privacy_print(d->dir, &err) == RC_OK)
		return 0;
	fprintf(stderr, "catchwater-probe doctor: %s\n", err.text);
	return 1;
}

static int
run_doctor(struct doctor *d)
{
	int status;

	status = examine(d);
	lists_fini(&d->lists);
	assignment_fini(&d->assignment);
	return status;
}

int
command_doctor(int argc, char **argv)
{
	struct doctor d = { 0 };
	struct err err = ERR_NONE;
	int status = 0; /* --help */
	enum rc rc;

	if (socks_open(&d.socks, &err) != RC_OK) {
		printf("FAIL  privilege    %s\n", err.text);
		return 1;
	}
	sandbox_enter(&d.sandbox);
	rc = read_options(&d, argc, argv, &err);
	if (rc == RC_OK) {
		status = d.is_privacy ? tell_privacy(&d) : run_doctor(&d);
	} else if (rc != RC_NOTFOUND) {
		fprintf(stderr, "catchwater-probe doctor: %s\n", err.text);
		status = 2;
	}
	socks_close(&d.socks);
	return status;
}
