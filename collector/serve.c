/*
 * serve.c - catchwater serve: the collector at work.               (wiring)
 *
 * Starts from the disk outwards (store, detector, writer, HTTP, alerts), and
 * stops from the outside in, so that whatever was accepted is written.  Reads
 * its configuration again on SIGHUP: serve_reload.c.
 */
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collector/commands.h"
#include "collector/confine.h"
#include "collector/serving.h"
#include "schema/base/clock.h"
#include "schema/base/log.h"
#include "schema/base/mem.h"
#include "schema/base/options.h"

/* What may wait for the writer: a few seconds of its work. */
#define QUEUE_BATCHES 1024
#define QUEUE_BYTES ((size_t)96 << 20)
#define DRAIN_US (5 * US_PER_S)
#define HEAP_KEPT (64 << 20)
#define DEFAULT_CONFIG "/etc/catchwater/catchwater.conf"

static const struct option_spec specs[] = {
	{ 'c', "config", OPTION_TEXT, offsetof(struct serve_options, config), 0,
	    0, "FILE", "configuration (default " DEFAULT_CONFIG ")" },
	{ 'l', "listen", OPTION_TEXT, offsetof(struct serve_options, listen), 0,
	    0, "ADDR:PORT", "instead of the configuration's \"listen\"" },
	{ 0 },
};

static const struct command_spec spec = { "catchwater", "serve", "", 0, 0,
	"take in what probes measure, detect, alert", specs };

/* Batches come and go: what they took is kept for the next, rather than given
 * back and faulted in again. */
static void
keep_heap(void)
{
	(void)mallopt(M_MMAP_THRESHOLD, HEAP_KEPT / 2);
	(void)mallopt(M_TRIM_THRESHOLD, HEAP_KEPT);
}

static unsigned
n_threads(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n < 2 ? 2 : n > 8 ? 8 : (unsigned)n;
}

static enum rc
start_httpd(struct serving *s, struct err *err)
{
	struct httpd_settings hs = { .n_threads = n_threads() };
	struct httpd_handlers handlers = api_handlers(s->api);
	struct addr address;
	uint16_t port = 0;
	enum rc rc = listen_check(&address, &port, s->settings->listen,
	    s->settings->tls_certificate != NULL, err);

	if (rc == RC_OK)
		rc = serving_identity(&hs.identity, s->settings, err);
	if (rc == RC_OK)
		rc = listen_open(&hs.listen_fd, s->where, &address, port, err);
	if (rc == RC_OK) {
		if (hs.identity != NULL)
			serving_note_identity(s, hs.identity);
		rc = httpd_start(&s->httpd, &hs, &handlers, err);
		if (rc != RC_OK)
			close(hs.listen_fd);
	}
	if (rc != RC_OK)
		tls_identity_free(hs.identity);
	return rc;
}

static enum rc
start_writing(struct serving *s, struct err *err)
{
	enum rc rc =
	    store_open(&s->store, s->settings->database, STORE_SERVE, err);

	if (rc == RC_OK)
		rc = geo_open(
		    &s->geo, s->settings->geo_asn, s->settings->geo_city, err);
	if (rc == RC_OK)
		rc = ingest_open(&s->ingest, s->store, s->settings, s->geo,
		    &s->metrics, clock_steady_us(), err);
	if (rc != RC_OK)
		return rc;
	s->metrics.rtts = rtts_new();
	rtts_set_services(s->metrics.rtts, &s->settings->services);
	s->queue = queue_new(QUEUE_BATCHES, QUEUE_BYTES);
	return writer_start(&s->writer, s->queue, s->ingest, err);
}

static enum rc
start_selfcheck(struct serving *s, struct err *err)
{
	const struct selfcheck_parts parts = { .settings = s->settings,
		.writer = s->writer,
		.queue = s->queue,
		.metrics = &s->metrics };

	s->troubles = troubles_new();
	return selfcheck_open(&s->selfcheck, &parts, err);
}

static enum rc
start(struct serving *s, struct err *err)
{
	struct api_parts parts = { .settings = s->settings,
		.metrics = &s->metrics };
	struct addr address;
	uint16_t port;
	enum rc rc = listen_check(&address, &port, s->settings->listen,
	    s->settings->tls_certificate != NULL, err);

	if (rc == RC_OK)
		rc = start_writing(s, err);
	if (rc != RC_OK)
		return rc;
	rc = start_selfcheck(s, err);
	parts.queue = s->queue;
	parts.selfcheck = s->selfcheck;
	if (rc == RC_OK)
		rc = api_open(&s->api, &parts, err);
	if (rc == RC_OK)
		rc = start_httpd(s, err);
	if (rc == RC_OK)
		rc = alert_start(
		    &s->alert, s->settings, s->troubles, s->helpers, err);
	return rc;
}

/* Every request that was let in gets its answer, every batch its row.  What a
 * request may look at stays until the last one has ended. */
static enum rc
stop(struct serving *s, struct err *err)
{
	enum rc rc = RC_OK;

	alert_stop(s->alert);
	helpers_free(s->helpers);
	if (s->httpd != NULL)
		httpd_quiesce(s->httpd);
	if (s->api != NULL)
		api_quiet(s->api);
	if (s->queue != NULL)
		queue_close(s->queue);
	if (s->writer != NULL)
		rc = writer_stop(s->writer, err);
	if (s->httpd != NULL)
		(void)httpd_wait_idle(s->httpd, DRAIN_US);
	httpd_stop(s->httpd);
	api_close(s->api);
	selfcheck_close(s->selfcheck);
	writer_free(s->writer);
	troubles_free(s->troubles);
	queue_free(s->queue);
	ingest_close(s->ingest);
	rtts_free(s->metrics.rtts);
	geo_close(s->geo);
	store_close(s->store);
	serving_free_settings(s->settings);
	return rc;
}

/* Blocked in every thread, so that only work sees them. */
static void
block_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGHUP);
	pthread_sigmask(SIG_BLOCK, set, NULL);
	signal(SIGPIPE, SIG_IGN);
}

/* Before the first thread: each has what the one that starts it has. */
static void
confine(const struct settings *settings)
{
	struct confined c;

	confine_enter(&c, settings->database);
	if (!c.has_filter)
		log_warn(
		    "serve: no system call is given up: %s", c.filter_reason);
	if (!c.has_landlock)
		log_warn("serve: files are kept only by their owner and mode: "
			 "%s",
		    c.landlock_reason);
	if (geteuid() == 0)
		log_warn("serve: running as root, which nothing here needs; "
			 "give it a user of its own");
}

/* What a reload could not start. */
static void
retry_alerts(struct serving *s)
{
	struct err err = ERR_NONE;

	if (s->alert == NULL && alert_start(&s->alert, s->settings, s->troubles,
				    s->helpers, &err) == RC_OK)
		log_info("serve: alerts are sent again");
}

/* What systemctl status shows is the first thing that is wrong.  A detector
 * that stands still is for the supervisor to end. */
static void
tell_supervisor(struct serving *s, const struct self_report *r)
{
	char status[sizeof s->status];
	unsigned i = 0;

	while (i < SELF_PARTS && r->is_well[i])
		i++;
	snprintf(status, sizeof status, "STATUS=%s: %s", s->where,
	    i == SELF_PARTS ? "well" : r->why[i]);
	if (strcmp(status, s->status) != 0)
		notify_say(&s->notify, status);
	memcpy(s->status, status, strlen(status) + 1);
	if (s->notify.watchdog_us == 0 || !r->is_well[SELF_DETECTOR] ||
	    r->sample.now_us - s->pinged_mono_us < s->notify.watchdog_us / 4)
		return;
	notify_say(&s->notify, "WATCHDOG=1");
	s->pinged_mono_us = r->sample.now_us;
}

/* Looks at the collector itself, and logs what the alerts are told. */
static void
watch_itself(struct serving *s)
{
	struct self_report r;
	unsigned began, ended;

	selfcheck_look(s->selfcheck, &r);
	troubles_step(s->troubles, &r, clock_steady_us(), &began, &ended);
	tell_supervisor(s, &r);
	for (unsigned i = 0; i < SELF_PARTS; i++) {
		const char *part = self_part_name((enum self_part)i);

		if ((began & 1u << i) != 0)
			log_error(
			    "serve: not well: %s check=%s", r.why[i], part);
		if ((ended & 1u << i) != 0)
			log_info("serve: well again check=%s", part);
	}
}

/* Until a signal says stop. */
static void
work(struct serving *s, const sigset_t *set)
{
	const struct timespec second = { .tv_sec = 1 };

	for (;;) {
		int signal_number = sigtimedwait(set, NULL, &second);

		if (signal_number == SIGHUP) {
			notify_reloading(&s->notify);
			serving_reload(s);
			notify_say(&s->notify, "READY=1");
		} else if (signal_number > 0) {
			log_info("serve: stopping signal=%d", signal_number);
			notify_say(&s->notify, "STOPPING=1");
			return;
		}
		retry_alerts(s);
		watch_itself(s);
	}
}

static enum rc
serve(const struct serve_options *o, struct err *err)
{
	struct serving *s = mem_new(sizeof *s);
	struct err stop_err = ERR_NONE;
	sigset_t set;
	enum rc rc;

	keep_heap();
	block_signals(&set);
	notify_open(&s->notify);
	s->options = o;
	rc = serving_load(&s->settings, o, err);
	if (rc == RC_OK)
		rc = helpers_fork(&s->helpers, s->settings, err);
	if (rc == RC_OK) {
		confine(s->settings);
		rc = start(s, err);
	}
	if (rc == RC_OK) {
		log_info("serve: listening address=%s tls=%s", s->where,
		    s->settings->tls_certificate != NULL ? "yes" : "no");
		notify_say(&s->notify, "READY=1");
		work(s, &set);
	}
	if (stop(s, &stop_err) != RC_OK && rc == RC_OK) {
		*err = stop_err;
		rc = stop_err.rc;
	}
	notify_close(&s->notify);
	free(s);
	return rc;
}

int
command_serve(int argc, char **argv)
{
	struct serve_options options = { .config = DEFAULT_CONFIG };
	struct err err = ERR_NONE;
	char **operands;
	int n_operands;
	enum rc rc = options_parse(
	    &spec, &options, argc, argv, &operands, &n_operands, &err);

	if (rc == RC_NOTFOUND)
		return 0;
	if (rc != RC_OK) {
		fprintf(stderr, "catchwater serve: %s\n", err.text);
		return 2;
	}
	if (serve(&options, &err) != RC_OK) {
		log_error("serve: %s", err.text);
		return 1;
	}
	return 0;
}
