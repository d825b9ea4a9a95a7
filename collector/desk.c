/* desk.c - see desk.h. */
#include "collector/desk.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/api_answer.h"
#include "collector/report.h"
#include "collector/store.h"
#include "collector/store_news.h"
#include "schema/base/clock.h"
#include "schema/base/mem.h"

#define LOOK_EVERY_US (US_PER_S / 2)
/* A browser that is gone is found out when it is answered. */
#define WAIT_US (15 * US_PER_S)
#define NEWS_WORD_LEN 100

struct order {
	struct exchange *x;
	view *view;
	struct view_query query;
	char *text;
};

struct waiter {
	struct exchange *x;
	char seen[NEWS_WORD_LEN];
	int64_t until_us; /* of the monotonic clock */
};

struct desk {
	struct store *store; /* the thread's */
	struct news news;    /* the thread's */
	pthread_t thread;
	pthread_mutex_t lock; /* of all that follows */
	pthread_cond_t changed;
	bool is_quiet;
	size_t first, n_orders, n_waiters;
	struct order orders[DESK_ORDERS_MAX]; /* a ring */
	struct waiter waiters[DESK_WAITERS_MAX];
};

static const char *
news_word(const struct news *n, char buf[static NEWS_WORD_LEN])
{
	snprintf(buf, NEWS_WORD_LEN,
	    "%" PRId64 ".%" PRId64 ".%" PRId64 ".%" PRId64, n->landings,
	    n->sites, n->events, n->events_us);
	return buf;
}

/* An event of a stream (WHATWG HTML, "Server-sent events") that ends with it:
 * the browser comes back, telling the id that it has seen. */
static void
tell_news(struct exchange *x, const struct news *n)
{
	char word[NEWS_WORD_LEN], body[512];
	int len = snprintf(body, sizeof body,
	    "id: %s\nretry: 250\nevent: news\ndata: {\"landings\":%" PRId64
	    ",\"sites\":%" PRId64 ",\"events\":\"%" PRId64 ".%" PRId64
	    "\"}\n\n",
	    news_word(n, word), n->landings, n->sites, n->events, n->events_us);

	exchange_answer(x, &(struct answer){ .status = 200,
			       .type = "text/event-stream",
			       .body = body,
			       .len = (size_t)len });
}

static void
tell_nothing(struct exchange *x)
{
	static const char body[] = ": no news\nretry: 250\n\n";

	exchange_answer(x, &(struct answer){ .status = 200,
			       .type = "text/event-stream",
			       .body = body,
			       .len = sizeof body - 1 });
}

static void
fill_order(struct desk *d, struct order *o)
{
	struct err err = ERR_NONE;
	json_t *json = NULL;
	enum rc rc = o->view(d->store, &o->query, &json, &err);

	if (rc == RC_OK)
		api_say(o->x, 200, json);
	else
		api_say(o->x,
		    rc == RC_NOTFOUND                      ? 404
		    : rc == RC_MALFORMED || rc == RC_RANGE ? 400
							   : 503,
		    json_pack("{s:o}", "error", report_json_text(err.text)));
	free(o->text);
}

/* Under the lock: takes the next order out. */
static bool
take_order(struct desk *d, struct order *out)
{
	if (d->n_orders == 0)
		return false;
	*out = d->orders[d->first];
	d->first = (d->first + 1) % DESK_ORDERS_MAX;
	d->n_orders--;
	return true;
}

/* Under the lock: answers whoever has not seen this, or waited long enough. */
static void
serve_waiters(struct desk *d)
{
	int64_t now_us = clock_mono_us();
	char word[NEWS_WORD_LEN];
	size_t n = 0;

	news_word(&d->news, word);
	for (size_t i = 0; i < d->n_waiters; i++) {
		struct waiter *w = &d->waiters[i];

		if (strcmp(w->seen, word) != 0 && !d->is_quiet)
			tell_news(w->x, &d->news);
		else if (d->is_quiet || now_us >= w->until_us)
			tell_nothing(w->x);
		else
			d->waiters[n++] = *w;
	}
	d->n_waiters = n;
}

static void
sleep_until_changed(struct desk *d)
{
	int64_t at_us = clock_awake_us() + LOOK_EVERY_US;
	struct timespec until = { .tv_sec = at_us / US_PER_S,
		.tv_nsec = at_us % US_PER_S * 1000 };

	if (d->n_waiters > 0)
		(void)pthread_cond_timedwait(&d->changed, &d->lock, &until);
	else
		(void)pthread_cond_wait(&d->changed, &d->lock);
}

/* Under the lock, which it lets go meanwhile. */
static void
look_for_news(struct desk *d)
{
	struct err err = ERR_NONE;

	pthread_mutex_unlock(&d->lock);
	/* What cannot be read now is no news. */
	(void)!store_news(d->store, &d->news, &err);
	pthread_mutex_lock(&d->lock);
	serve_waiters(d);
}

static void *
work(void *arg)
{
	struct desk *d = arg;
	struct order o;
	int64_t looked_us = 0;

	pthread_mutex_lock(&d->lock);
	for (;;) {
		if (take_order(d, &o)) {
			pthread_mutex_unlock(&d->lock);
			fill_order(d, &o);
			pthread_mutex_lock(&d->lock);
		} else if (d->is_quiet) {
			break;
		} else {
			sleep_until_changed(d);
		}
		if (d->n_waiters > 0 &&
		    (d->is_quiet ||
			clock_mono_us() - looked_us >= LOOK_EVERY_US)) {
			look_for_news(d);
			looked_us = clock_mono_us();
		}
	}
	serve_waiters(d);
	pthread_mutex_unlock(&d->lock);
	return NULL;
}

static void
init_waiting(struct desk *d)
{
	pthread_condattr_t attr;

	pthread_mutex_init(&d->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&d->changed, &attr);
	pthread_condattr_destroy(&attr);
}

static void
discard(struct desk *d)
{
	store_close(d->store);
	pthread_cond_destroy(&d->changed);
	pthread_mutex_destroy(&d->lock);
	free(d);
}

enum rc
desk_open(struct desk **out, const char *database, struct err *err)
{
	struct desk *d = mem_new(sizeof *d);
	enum rc rc;

	init_waiting(d);
	rc = store_open(&d->store, database, STORE_READ, err);
	if (rc == RC_OK &&
	    (errno = pthread_create(&d->thread, NULL, work, d)) != 0)
		rc = err_sys(err, "no thread to answer people");
	if (rc != RC_OK) {
		discard(d);
		return rc;
	}
	*out = d;
	return RC_OK;
}

bool
desk_ask(struct desk *d, struct exchange *x, view *v,
    const struct view_query *q, char *text)
{
	bool is_taken;

	pthread_mutex_lock(&d->lock);
	is_taken = !d->is_quiet && d->n_orders < DESK_ORDERS_MAX;
	if (is_taken) {
		size_t i = (d->first + d->n_orders++) % DESK_ORDERS_MAX;

		exchange_defer(x);
		d->orders[i] = (struct order){ x, v, *q, text };
		pthread_cond_signal(&d->changed);
	}
	pthread_mutex_unlock(&d->lock);
	if (!is_taken)
		free(text);
	return is_taken;
}

bool
desk_wait(struct desk *d, struct exchange *x, const char *seen)
{
	bool is_taken;

	pthread_mutex_lock(&d->lock);
	is_taken = !d->is_quiet && d->n_waiters < DESK_WAITERS_MAX;
	if (is_taken) {
		struct waiter *w = &d->waiters[d->n_waiters++];

		exchange_defer(x);
		*w = (struct waiter){ .x = x,
			.until_us = clock_mono_us() + WAIT_US };
		snprintf(
		    w->seen, sizeof w->seen, "%s", seen == NULL ? "" : seen);
		pthread_cond_signal(&d->changed);
	}
	pthread_mutex_unlock(&d->lock);
	return is_taken;
}

void
desk_quiet(struct desk *d)
{
	bool was_quiet;

	pthread_mutex_lock(&d->lock);
	was_quiet = d->is_quiet;
	d->is_quiet = true;
	pthread_cond_signal(&d->changed);
	pthread_mutex_unlock(&d->lock);
	if (!was_quiet)
		pthread_join(d->thread, NULL);
}

void
desk_close(struct desk *d)
{
	if (d == NULL)
		return;
	desk_quiet(d);
	discard(d);
}
