/*
 * site.c - catchwater-probe site: at an anycast site, is the prefix announced,
 * is the service healthy?                                          (wiring)
 *
 * One thing after the other: look, tell when there is news or the lease wants
 * it, sleep.  While the collector keeps us waiting nothing is looked at, but
 * then there is nobody to tell either: the wait ends well before the lease.
 */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "probe/commands.h"
#include "probe/route.h"
#include "probe/sandbox.h"
#include "probe/session.h"
#include "probe/site_check.h"
#include "probe/site_settings.h"
#include "probe/steady.h"
#include "probe/user.h"
#include "schema/base/clock.h"
#include "schema/base/log.h"
#include "schema/base/mem.h"

#define COMPLAIN_EVERY_US (60 * US_PER_S)
#define POST_TIMEOUT_US (5 * US_PER_S)

struct voice { /* what is said in one family */
	struct steady announced, healthy;
	bool has_serial;
	uint32_t serial;
};

struct site {
	struct site_settings settings;
	struct session session;
	struct sandbox sandbox;
	struct voice voices[2]; /* IPv4, IPv6 */
	int64_t seq;
	struct site_report told; /* that the collector has */
	int64_t told_mono_us;    /* 0: nothing yet */
	int64_t complained_mono_us;
	sigset_t signals;
};

/* ---- looking ---- */

static void
note_change(
    uint8_t family, const char *what, const struct steady *s, enum said before)
{
	if (s->said != before)
		log_info("site: v%u %s=%s why=\"%s\"", family, what,
		    said_name(s->said), s->why);
}

static void
hear(struct site *s, uint8_t family, const struct site_family *found,
    bool is_quiet)
{
	const struct site_options *o = &s->settings.o;
	struct voice *v = &s->voices[family == 6];
	int64_t now_us = clock_mono_us();
	enum said announced = v->announced.said, healthy = v->healthy.said;

	steady_hear(&v->announced, &found->announced, 1, 1, now_us);
	steady_hear(&v->healthy, &found->healthy, (unsigned)o->fall,
	    (unsigned)o->rise, now_us);
	v->has_serial = found->has_serial;
	v->serial = found->serial;
	if (is_quiet)
		return;
	note_change(family, "announced", &v->announced, announced);
	note_change(family, "healthy", &v->healthy, healthy);
}

static void
look(struct site *s, bool is_quiet)
{
	for (uint8_t family = 4; family <= 6; family += 2) {
		struct site_family found = { .family = family };

		if (!site_has_family(&s->settings, family))
			continue;
		route_ask(&found.announced, &s->settings, family);
		site_check(&found, &s->settings);
		hear(s, family, &found, is_quiet);
	}
}

static struct site_report
make_report(const struct site *s)
{
	const struct site_options *o = &s->settings.o;
	struct site_report r = { .version = CATCHWATER_VERSION,
		.lease_us = o->lease_us };
	int64_t now_us = clock_mono_us();

	snprintf(r.site, sizeof r.site, "%s", o->site == NULL ? "-" : o->site);
	if (o->service != NULL)
		snprintf(r.service, sizeof r.service, "%s", o->service);
	for (uint8_t family = 4; family <= 6; family += 2) {
		const struct voice *v = &s->voices[family == 6];
		struct site_family *f = &r.families[r.n];

		if (!site_has_family(&s->settings, family))
			continue;
		r.n++;
		f->family = family;
		f->announced = steady_answer(&v->announced, now_us);
		f->healthy = steady_answer(&v->healthy, now_us);
		f->has_serial = v->has_serial;
		f->serial = v->serial;
	}
	return r;
}

/* ---- telling ---- */

/* The same answers, whatever their age and reasons? */
static bool
is_same(const struct site_report *a, const struct site_report *b)
{
	for (size_t i = 0; i < a->n; i++)
		if (a->families[i].announced.said !=
			b->families[i].announced.said ||
		    a->families[i].healthy.said != b->families[i].healthy.said)
			return false;
	return a->n == b->n;
}

/* Renewed in the second half of its time, so that a few failures are no
 * silence. */
static bool
is_due(const struct site *s, const struct site_report *r)
{
	const struct site_options *o = &s->settings.o;

	return s->told_mono_us == 0 || !is_same(r, &s->told) ||
	       clock_mono_us() - s->told_mono_us + o->every_us >
		   o->lease_us / 2;
}

/* Rises from report to report, and from run to run: the time, as long as that
 * does, else the last number and one. */
static uint64_t
next_seq(struct site *s)
{
	int64_t now_us = clock_wall_us();

	s->seq = now_us > s->seq ? now_us : s->seq + 1;
	return (uint64_t)s->seq;
}

/* Another number than the collector wants: a clock that was set back. */
static void
take_last_seq(struct site *s, const struct post_reply *reply)
{
	json_t *root = json_loadb(reply->body, reply->len, 0, NULL);
	json_int_t last = json_integer_value(json_object_get(root, "last_seq"));

	if (last > s->seq)
		s->seq = last;
	json_decref(root);
}

/* RC_OK: told.  RC_AGAIN: with another number.  RC_PEER: not now.  RC_RANGE:
 * never. */
static enum rc
judge_reply(struct site *s, const struct post_reply *reply, struct err *err)
{
	char reason[POST_REASON_LEN];

	if (reply->status == 200)
		return RC_OK;
	post_reason(reply, reason);
	if (reply->status == 409) {
		take_last_seq(s, reply);
		return err_set(err, RC_AGAIN, "%s", reason);
	}
	return err_set(err,
	    reply->status >= 400 && reply->status < 500 && reply->status != 429
		? RC_RANGE
		: RC_PEER,
	    "the collector answered HTTP %ld: %s", reply->status, reason);
}

static enum rc
post_report(struct site *s, const struct site_report *r, struct err *err)
{
	struct post_reply reply = { 0 };
	char *body = site_report_encode(r);
	enum rc rc = post_send(s->session.post,
	    &(struct post_request){ .method = "POST",
		.path = "/v1/site",
		.body = body,
		.len = strlen(body),
		.content_type = "application/json",
		.seq = next_seq(s) },
	    &reply, err);

	if (rc == RC_OK)
		rc = judge_reply(s, &reply, err);
	post_reply_fini(&reply);
	free(body);
	return rc;
}

/* What is wrong for minutes is said once a minute. */
static void
complain(struct site *s, const struct err *err)
{
	int64_t now_us = clock_mono_us();

	if (s->complained_mono_us != 0 &&
	    now_us - s->complained_mono_us < COMPLAIN_EVERY_US)
		return;
	s->complained_mono_us = now_us;
	log_warn("site: not told: %s", err->text);
}

/* RC_RANGE: the collector will never hear us. */
static enum rc
tell(struct site *s, const struct site_report *r, struct err *err)
{
	enum rc rc = post_report(s, r, err);

	if (rc == RC_AGAIN)
		rc = post_report(s, r, err);
	if (rc == RC_RANGE)
		return rc;
	if (rc != RC_OK) {
		complain(s, err);
		return RC_OK;
	}
	if (s->complained_mono_us != 0)
		log_info("site: told again");
	s->complained_mono_us = 0;
	s->told = *r;
	s->told_mono_us = clock_mono_us();
	return RC_OK;
}

/* Nobody looks any more: said at once, it need not wait for the lease. */
static void
tell_the_end(struct site *s)
{
	struct site_report r = make_report(s);
	struct err err = ERR_NONE;

	for (size_t i = 0; i < r.n; i++) {
		struct site_answer *both[] = { &r.families[i].announced,
			&r.families[i].healthy };

		for (size_t k = 0; k < 2; k++) {
			if (both[k]->said == SAID_NOTHING)
				continue;
			both[k]->said = SAID_UNKNOWN;
			both[k]->for_us = 0;
			site_answer_explain(
			    both[k], "catchwater-probe site was stopped");
		}
	}
	(void)tell(s, &r, &err);
}

/* ---- the program ---- */

/* True: a signal wants us to stop. */
static bool
sleep_until(const struct site *s, int64_t mono_us)
{
	for (;;) {
		int64_t left_us = mono_us - clock_mono_us();
		struct timespec wait = { .tv_sec = left_us / US_PER_S,
			.tv_nsec = left_us % US_PER_S * 1000 };

		if (left_us <= 0)
			wait = (struct timespec){ 0 };
		if (sigtimedwait(&s->signals, NULL, &wait) > 0)
			return true;
		if (left_us <= 0)
			return false;
	}
}

static enum rc
watch(struct site *s, struct err *err)
{
	const struct site_options *o = &s->settings.o;
	int64_t next_us = clock_mono_us();
	enum rc rc = RC_OK;

	log_info("site: speaking site=%s every_us=%" PRId64 " lease_us=%" PRId64
		 " sandbox=%s",
	    o->site, o->every_us, o->lease_us, s->sandbox.is_on ? "on" : "off");
	while (rc == RC_OK) {
		struct site_report r;

		look(s, false);
		r = make_report(s);
		if (is_due(s, &r))
			rc = tell(s, &r, err);
		next_us += o->every_us;
		if (next_us < clock_mono_us())
			next_us = clock_mono_us(); /* no catching up */
		if (rc == RC_OK && sleep_until(s, next_us)) {
			tell_the_end(s);
			break;
		}
	}
	return rc;
}

static void
print_answer(const char *what, const struct site_answer *a)
{
	if (a->said != SAID_NOTHING)
		printf("  %-9s  %-7s  %s\n", what, said_name(a->said), a->why);
}

/* 0: everything that was looked at is as it should be. */
static int
look_once(struct site *s)
{
	struct site_report r;
	bool is_good = true;
	char *text;

	s->settings.o.fall = s->settings.o.rise = 1;
	look(s, true);
	r = make_report(s);
	for (size_t i = 0; i < r.n; i++) {
		const struct site_family *f = &r.families[i];

		is_good = is_good && f->announced.said != SAID_NO &&
			  f->announced.said != SAID_UNKNOWN &&
			  f->healthy.said != SAID_NO &&
			  f->healthy.said != SAID_UNKNOWN;
		if (s->settings.o.is_json)
			continue;
		printf("IPv%u\n", f->family);
		print_answer("announced", &f->announced);
		print_answer("healthy", &f->healthy);
		if (f->has_serial)
			printf("  %-9s  %" PRIu32 "\n", "serial", f->serial);
	}
	text = site_report_encode(&r);
	if (s->settings.o.is_json)
		puts(text);
	free(text);
	return is_good ? 0 : 1;
}

/* From here on an ordinary user, shut in; what we start is too. */
static enum rc
confine(struct site *s, struct err *err)
{
	const char *user = s->settings.o.user;
	enum rc rc = RC_OK;

	if (user != NULL)
		rc = user_become(user, err);
	if (rc == RC_OK && user != NULL)
		rc = user_forget_capabilities(err);
	if (rc != RC_OK)
		return rc;
	if (geteuid() == 0)
		log_warn("site: running as root; a user in the router's group "
			 "is enough: --user NAME");
	sandbox_enter(&s->sandbox);
	if (!s->sandbox.is_on)
		log_warn("site: no sandbox: %s", s->sandbox.reason);
	return RC_OK;
}

static enum rc
speak(struct site *s, struct err *err)
{
	enum rc rc;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&s->signals);
	sigaddset(&s->signals, SIGTERM);
	sigaddset(&s->signals, SIGINT);
	sigprocmask(SIG_BLOCK, &s->signals, NULL);
	rc = session_open(&s->session, s->settings.o.state, err);
	if (rc == RC_OK) {
		post_limit(s->session.post,
		    s->settings.o.lease_us / 4 < POST_TIMEOUT_US
			? s->settings.o.lease_us / 4
			: POST_TIMEOUT_US);
		rc = watch(s, err);
	}
	session_close(&s->session);
	return rc;
}

static int
run(struct site *s, int argc, char **argv)
{
	struct err err = ERR_NONE;
	enum rc rc = site_settings_read(&s->settings, argc, argv, &err);

	if (rc == RC_NOTFOUND)
		return 0; /* --help */
	if (rc != RC_OK) {
		fprintf(stderr, "catchwater-probe site: %s\n", err.text);
		return 2;
	}
	rc = confine(s, &err);
	if (rc == RC_OK && s->settings.o.is_once)
		return look_once(s);
	if (rc == RC_OK)
		rc = speak(s, &err);
	if (rc != RC_OK)
		log_error("site: %s", err.text);
	return rc == RC_OK ? 0 : 1;
}

int
command_site(int argc, char **argv)
{
	struct site *s = mem_new(sizeof *s);
	int status = run(s, argc, argv);

	site_settings_fini(&s->settings);
	free(s);
	return status;
}
