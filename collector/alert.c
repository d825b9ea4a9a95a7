/* alert.c - see alert.h. */
#include "collector/alert.h"

#include <poll.h>
#include <pthread.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "collector/alert_parcel.h"
#include "collector/alert_self.h"
#include "collector/alert_send.h"
#include "collector/alert_webhook.h"
#include "collector/store_alert.h"
#include "schema/base/clock.h"
#include "schema/base/log.h"
#include "schema/base/mem.h"

#define REPEAT_LOOK_US (5 * US_PER_S)

struct channel {
	struct alert *alert;
	const struct alert_settings *settings;
	struct store *store;
	struct sending sending;
	struct self_channel self;
	int64_t next_repeat_mono_us;
	bool is_refused; /* the last refresh, which was said */
	pthread_t thread;
	bool is_running;
};

struct alert {
	atomic_bool is_stopped;
	int wake; /* eventfd: readable once stopped */
	size_t n;
	struct channel *channels;
};

/* From three quarters to five quarters of it. */
static int64_t
jitter(int64_t us)
{
	return us / 4 * 3 + (int64_t)randombytes_uniform((uint32_t)(us / 2));
}

/* Decides what follows from an attempt, and says so. */
static void
conclude(const struct channel *c, const struct delivery *d, enum rc rc,
    struct attempt *a)
{
	int64_t wait_us = jitter(webhook_backoff_us(d->n_tries));

	a->next_try_us = a->at_us + wait_us;
	a->result = ATTEMPT_LATER;
	if (rc == RC_OK) {
		a->error = NULL;
		a->result = ATTEMPT_DELIVERED;
		log_info("alert: delivered alert=%s key=%s", d->alert, d->key);
	} else if (a->next_try_us > d->created_us + c->settings->open_for_us +
					c->settings->give_up_after_us) {
		a->result = ATTEMPT_GIVEN_UP;
		log_error("alert: gave up: %s alert=%s key=%s tries=%lld",
		    a->error, d->alert, d->key, (long long)d->n_tries + 1);
	} else if (d->n_tries == 0) {
		log_warn("alert: will try again: %s alert=%s key=%s", a->error,
		    d->alert, d->key);
	}
}

/* RC_AGAIN: broken off by alert_stop. */
static enum rc
deliver(struct channel *c, const struct parcel *p, struct err *err)
{
	const struct message m = { p->deliveries.n, p->notices };
	struct err reason = ERR_NONE;
	struct attempt a = { .error = reason.text };
	enum rc rc = alert_send(&c->sending, &m, &a.status, &reason);

	if (rc == RC_AGAIN)
		return rc;
	a.at_us = clock_steady_us();
	conclude(c, &p->deliveries.rows[0], rc, &a);
	return store_delivery_attempt(c->store, &p->deliveries, &a, err);
}

/* Everything that is due.  RC_NOTFOUND: nothing more. */
static enum rc
deliver_due(struct channel *c, struct err *err)
{
	enum rc rc = RC_OK;

	while (rc == RC_OK && !atomic_load(&c->alert->is_stopped)) {
		struct parcel p;

		rc = parcel_take(
		    &p, c->store, c->settings, clock_steady_us(), err);
		if (rc != RC_OK)
			break;
		rc = deliver(c, &p, err);
		parcel_fini(&p);
	}
	return rc;
}

/* Tells an Alertmanager all that is open.  One that is not there says so at
 * the next delivery too; here once is enough. */
static void
say_refreshed(struct channel *c, enum rc rc, const struct err *err)
{
	bool is_refused = rc != RC_OK && rc != RC_AGAIN;

	if (is_refused && !c->is_refused)
		log_warn("alert: what is open was not told again: %s alert=%s",
		    err->text, c->settings->name);
	c->is_refused = is_refused;
}

static enum rc
refresh(struct channel *c, struct err *err)
{
	struct alert_notice own[SELF_PARTS];
	struct message m = { self_channel_open(&c->self, own), own };
	struct err reason = ERR_NONE;
	struct parcel p;
	long status;
	enum rc rc;

	if (m.n > 0)
		say_refreshed(
		    c, alert_send(&c->sending, &m, &status, &reason), &reason);
	rc = parcel_take_open(&p, c->store, c->settings, err);
	if (rc != RC_OK)
		return rc == RC_NOTFOUND ? RC_OK : rc;
	m = (struct message){ p.deliveries.n, p.notices };
	say_refreshed(
	    c, alert_send(&c->sending, &m, &status, &reason), &reason);
	parcel_fini(&p);
	return RC_OK;
}

/* What is still open, when its time has come. */
static enum rc
repeat(struct channel *c, struct err *err)
{
	const struct alert_settings *s = c->settings;
	bool is_manager = s->channel == CHANNEL_ALERTMANAGER;
	int64_t now_us = clock_mono_us();

	if (s->repeat_every_us == 0 || now_us < c->next_repeat_mono_us)
		return RC_OK;
	c->next_repeat_mono_us =
	    now_us + (is_manager ? s->repeat_every_us : REPEAT_LOOK_US);
	if (is_manager)
		return refresh(c, err);
	return store_delivery_repeat(
	    c->store, s->name, s->repeat_every_us, clock_steady_us(), err);
}

static void
wait_a_second(const struct alert *a)
{
	struct pollfd wake = { .fd = a->wake, .events = POLLIN };

	poll(&wake, 1, 1000);
}

/* A database that fails is said once until it works again. */
static void *
run_channel(void *ctx)
{
	struct channel *c = ctx;
	bool is_failing = false;

	while (!atomic_load(&c->alert->is_stopped)) {
		struct err err = ERR_NONE;
		enum rc rc = repeat(c, &err);
		bool has_failed;

		if (rc == RC_OK)
			rc = deliver_due(c, &err);
		has_failed = rc != RC_OK && rc != RC_NOTFOUND && rc != RC_AGAIN;
		if (has_failed && !is_failing)
			log_error(
			    "alert: %s alert=%s", err.text, c->settings->name);
		is_failing = has_failed;
		self_channel_tell(&c->self);
		wait_a_second(c->alert);
	}
	return NULL;
}

static enum rc
start_channel(struct channel *c, const struct settings *settings,
    struct troubles *troubles, struct err *err)
{
	enum rc rc = store_open(&c->store, settings->database, STORE_EDIT, err);
	int r;

	c->self = (struct self_channel){ .settings = c->settings,
		.store = c->store,
		.troubles = troubles,
		.sending = &c->sending };
	if (rc == RC_OK && troubles != NULL)
		rc = self_channel_restore(&c->self, err);
	if (rc != RC_OK)
		return rc;
	r = pthread_create(&c->thread, NULL, run_channel, c);
	if (r != 0)
		return err_set(
		    err, RC_SYS, "a thread for alerts: %s", strerror(r));
	c->is_running = true;
	return RC_OK;
}

static enum rc
give_up_orphans(const struct settings *s, struct err *err)
{
	const char **names = mem_new((s->n_alerts + 1) * sizeof *names);
	struct store *st = NULL;
	size_t n_given_up = 0;
	enum rc rc = store_open(&st, s->database, STORE_EDIT, err);

	for (size_t i = 0; i < s->n_alerts; i++)
		names[i] = s->alerts[i].name;
	if (rc == RC_OK)
		rc = store_delivery_orphans(st, names, s->n_alerts,
		    clock_steady_us(), &n_given_up, err);
	if (n_given_up > 0)
		log_warn("alert: gave up what was waiting for alerts that are "
			 "not configured n=%zu",
		    n_given_up);
	store_close(st);
	free(names);
	return rc;
}

static struct alert *
new_alert(const struct settings *s, struct helpers *helpers)
{
	struct alert *a = mem_new(sizeof *a);

	a->wake = eventfd(0, EFD_CLOEXEC);
	a->channels = mem_new((s->n_alerts + 1) * sizeof *a->channels);
	for (; a->n < s->n_alerts; a->n++)
		a->channels[a->n] = (struct channel){ .alert = a,
			.settings = &s->alerts[a->n],
			.sending = { .alert = &s->alerts[a->n],
			    .url = s->url,
			    .helpers = helpers,
			    .is_stopped = &a->is_stopped } };
	return a;
}

enum rc
alert_start(struct alert **out, const struct settings *settings,
    struct troubles *troubles, struct helpers *helpers, struct err *err)
{
	struct alert *a = new_alert(settings, helpers);
	enum rc rc = webhook_init(err);

	if (rc == RC_OK && a->wake < 0)
		rc = err_sys(err, "eventfd");
	if (rc == RC_OK && sodium_init() < 0)
		rc = err_set(err, RC_SYS, "no randomness");
	if (rc == RC_OK)
		rc = give_up_orphans(settings, err);
	for (size_t i = 0; rc == RC_OK && i < a->n; i++)
		rc = start_channel(&a->channels[i], settings, troubles, err);
	if (rc != RC_OK) {
		alert_stop(a);
		return rc;
	}
	*out = a;
	return RC_OK;
}

void
alert_stop(struct alert *a)
{
	if (a == NULL)
		return;
	atomic_store(&a->is_stopped, true);
	if (a->wake >= 0)
		eventfd_write(a->wake, 1);
	for (size_t i = 0; i < a->n; i++) {
		if (a->channels[i].is_running)
			pthread_join(a->channels[i].thread, NULL);
		store_close(a->channels[i].store);
	}
	if (a->wake >= 0)
		close(a->wake);
	free(a->channels);
	free(a);
}
