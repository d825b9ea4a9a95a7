/*
 * run.c - catchwater-probe run: measures what is assigned, for ever. (wiring)
 *
 * The order is the point: become the user, open the sockets, drop all
 * privilege, and only then read anything.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "probe/commands.h"
#include "probe/helper.h"
#include "probe/resident.h"
#include "probe/sandbox.h"
#include "probe/user.h"
#include "schema/base/clock.h"
#include "schema/base/log.h"
#include "schema/base/mem.h"
#include "schema/base/notify.h"
#include "schema/base/options.h"

#define N_SIGNALS 3
#define WATCHDOGS_MISSED 3 /* at most, before the supervisor ends us */

struct run_options {
	const char *state, *user, *allow, *deny;
	bool is_durable;
};

static const struct option_spec specs[] = {
	{ 0, "state", OPTION_TEXT, offsetof(struct run_options, state), 0, 0,
	    "DIR", "state directory" },
	{ 0, "user", OPTION_TEXT, offsetof(struct run_options, user), 0, 0,
	    "NAME", "started as root: become this user first" },
	{ 0, "allow", OPTION_TEXT, offsetof(struct run_options, allow), 0, 0,
	    "FILE", "measure only these prefixes (default: DIR/allow)" },
	{ 0, "deny", OPTION_TEXT, offsetof(struct run_options, deny), 0, 0,
	    "FILE", "never measure these prefixes (default: DIR/deny)" },
	{ 0, "durable", OPTION_FLAG, offsetof(struct run_options, is_durable),
	    0, 0, NULL, "write each observation to disk at once" },
	{ 0 },
};

static const struct command_spec spec = { "catchwater-probe", "run", "", 0, 0,
	"measure what the collector assigns, for ever", specs };

struct run {
	char dir[STATE_DIR_MAX];
	char helper[HELPER_PATH_MAX];
	struct enrolment enrolment;
	struct lists lists;
	struct socks socks;
	int lock;
	uv_loop_t loop;
	uv_signal_t signals[N_SIGNALS];
	struct notify notify; /* the supervisor */
	uv_timer_t watchdog;
	struct resident *resident;
};

static void
stop(struct run *run)
{
	resident_stop(run->resident);
	for (size_t i = 0; i < N_SIGNALS; i++)
		uv_close((uv_handle_t *)&run->signals[i], NULL);
	uv_close((uv_handle_t *)&run->watchdog, NULL);
	notify_say(&run->notify, "STOPPING=1");
}

static void
on_signal(uv_signal_t *handle, int signal)
{
	struct run *run = handle->data;

	if (signal == SIGHUP) {
		notify_reloading(&run->notify);
		resident_reload(run->resident);
		notify_say(&run->notify, "READY=1");
		return;
	}
	log_info("run: stopping, signal=%d", signal);
	stop(run);
}

static void
watch_signals(struct run *run)
{
	static const int numbers[N_SIGNALS] = { SIGTERM, SIGINT, SIGHUP };

	for (size_t i = 0; i < N_SIGNALS; i++) {
		uv_signal_init(&run->loop, &run->signals[i]);
		run->signals[i].data = run;
		uv_signal_start(&run->signals[i], on_signal, numbers[i]);
	}
}

static void
on_watchdog(uv_timer_t *timer)
{
	const struct run *run = timer->data;

	notify_say(&run->notify, "WATCHDOG=1");
}

/* Says that it runs, and goes on saying so when asked to. */
static void
tell_supervisor(struct run *run)
{
	uint64_t every_ms =
	    (uint64_t)(run->notify.watchdog_us / US_PER_MS / WATCHDOGS_MISSED);

	uv_timer_init(&run->loop, &run->watchdog);
	run->watchdog.data = run;
	if (every_ms > 0)
		uv_timer_start(&run->watchdog, on_watchdog, every_ms, every_ms);
	notify_say(&run->notify, "READY=1");
}

static enum rc
open_state(struct run *run, const struct run_options *o, struct err *err)
{
	struct signing_key key;
	enum rc rc = state_choose(run->dir, o->state, err);

	if (rc == RC_OK)
		rc = state_check(run->dir, err);
	if (rc == RC_OK)
		rc = state_read_enrolment(&run->enrolment, run->dir, err);
	if (rc == RC_OK)
		rc = state_make(run->dir, err); /* the spool may be gone */
	/* Only the uploader needs the key; but say now what it would say. */
	if (rc == RC_OK)
		rc = state_read_key(&key, run->dir, err);
	explicit_bzero(&key, sizeof key);
	if (rc == RC_OK)
		rc = helper_find(run->helper, err);
	if (rc != RC_OK)
		return rc;
	lists_init(&run->lists, run->dir, o->allow, o->deny);
	rc = lists_load(&run->lists, err);
	if (rc == RC_OK)
		rc = state_lock(&run->lock, run->dir, STATE_RUN_LOCK, err);
	return rc;
}

static enum rc
serve(struct run *run, bool is_durable, struct err *err)
{
	struct resident_setup setup = {
		.loop = &run->loop,
		.socks = &run->socks,
		.helper = run->helper,
		.state_dir = run->dir,
		.probe = run->enrolment.probe,
		.lists = &run->lists,
		.is_durable = is_durable,
	};
	enum rc rc;

	uv_loop_init(&run->loop);
	rc = resident_new(&run->resident, &setup, err);
	if (rc == RC_OK) {
		watch_signals(run);
		tell_supervisor(run);
		log_info("run: icmp v4=%s v6=%s collector=%s",
		    socks_mode_name(run->socks.v4.mode),
		    socks_mode_name(run->socks.v6.mode),
		    run->enrolment.collector);
		uv_run(&run->loop, UV_RUN_DEFAULT);
	}
	resident_free(run->resident);
	uv_loop_close(&run->loop);
	return rc;
}

static void
enter_sandbox(void)
{
	struct sandbox sandbox;

	sandbox_enter(&sandbox);
	if (!sandbox.is_on)
		log_warn("run: without a sandbox: %s", sandbox.reason);
}

static enum rc
run_as(const struct run_options *o, struct run *run, struct err *err)
{
	enum rc rc = o->user == NULL ? RC_OK : user_become(o->user, err);

	if (rc != RC_OK)
		return rc;
	rc = socks_open(&run->socks, err);
	if (rc != RC_OK)
		return rc;
	notify_open(&run->notify);
	enter_sandbox();
	rc = open_state(run, o, err);
	if (rc == RC_OK)
		rc = serve(run, o->is_durable, err);
	lists_fini(&run->lists);
	if (run->lock >= 0)
		close(run->lock);
	socks_close(&run->socks);
	notify_close(&run->notify);
	return rc;
}

int
command_run(int argc, char **argv)
{
	struct run_options options = { 0 };
	struct run *run;
	struct err err = ERR_NONE;
	char **operands;
	int n_operands;
	enum rc rc = options_parse(
	    &spec, &options, argc, argv, &operands, &n_operands, &err);

	if (rc == RC_NOTFOUND)
		return 0;
	if (rc != RC_OK) {
		fprintf(stderr, "catchwater-probe run: %s\n", err.text);
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	run = mem_new(sizeof *run);
	run->lock = -1;
	rc = run_as(&options, run, &err);
	if (rc != RC_OK)
		log_error("run: %s", err.text);
	free(run);
	return rc == RC_OK ? 0 : 1;
}
