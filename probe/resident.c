/* resident.c - see resident.h. */
#include "probe/resident.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "probe/anchor.h"
#include "probe/assigned.h"
#include "probe/backoff.h"
#include "probe/courier.h"
#include "probe/engine.h"
#include "probe/react.h"
#include "probe/schedule.h"
#include "probe/spool.h"
#include "schema/base/clock.h"
#include "schema/base/log.h"
#include "schema/base/mem.h"

#define NEWS_DELAY_US \
	(250 * US_PER_MS) /* so that what comes together goes so */
#define WAIT_FOR_ASSIGNMENT_US (5 * US_PER_S)
#define WARN_EVERY_US (60 * US_PER_S)

/* A warning that may come often: counted, and said once a minute. */
struct warning {
	unsigned n;
	int64_t said_us;
};

struct resident {
	struct resident_setup setup;
	struct anchor anchor;
	struct engine *engine;
	struct spool *spool;
	struct schedule schedule;
	struct react *react;
	struct assignment *assignment; /* what the lists left of it */
	struct courier *courier;
	struct backoff backoff;
	uv_timer_t ask_timer;
	uv_timer_t upload_timer;
	int64_t upload_at_us;
	bool is_news_waiting; /* came while the courier was away */
	bool has_assignment;
	bool is_family_said[2]; /* "no IPv4", "no IPv6" was logged */
	struct warning disk, busy, collector, lists;
};

static int64_t
now_us(const struct resident *r)
{
	return anchor_now_us(&r->anchor);
}

/* Only spreads things in time; when there is none, 0 does. */
static uint64_t
random_u64(void)
{
	uint64_t v = 0;

	if (getrandom(&v, sizeof v, GRND_NONBLOCK) != (ssize_t)sizeof v)
		return 0;
	return v;
}

/* Is it time to say the warning?  Then *n is how often it came since. */
static bool
is_due(struct warning *w, int64_t at_us, unsigned *n)
{
	w->n++;
	if (w->said_us != 0 && at_us - w->said_us < WARN_EVERY_US)
		return false;
	*n = w->n;
	*w = (struct warning){ .said_us = at_us };
	return true;
}

static void
warn(struct resident *r, struct warning *w, const char *what, const char *text)
{
	unsigned n;

	if (is_due(w, now_us(r), &n))
		log_warn("%s: %s n=%u", what, text, n);
}

/* At least a millisecond: libuv would run a timer of none again and again
 * before it looks at a socket. */
static void
start_timer(uv_timer_t *timer, uv_timer_cb cb, int64_t in_us)
{
	uint64_t in_ms = in_us < US_PER_MS ? 1 : (uint64_t)(in_us / US_PER_MS);

	uv_timer_start(timer, cb, in_ms, 0);
}

/* ---- uploading ---- */

static void on_upload_timer(uv_timer_t *timer);

static void
upload_in(struct resident *r, int64_t in_us)
{
	r->upload_at_us = now_us(r) + in_us;
	start_timer(&r->upload_timer, on_upload_timer, in_us);
}

/* The ordinary wait: what was assigned, give or take a tenth. */
static int64_t
upload_interval_us(const struct resident *r)
{
	int64_t every_us = r->has_assignment ? r->assignment->upload_every_us
					     : WAIT_FOR_ASSIGNMENT_US;

	return every_us - every_us / 10 +
	       (int64_t)(random_u64() % (uint64_t)(every_us / 5 + 1));
}

/* Somebody waits for what was just seen. */
static void
upload_soon(struct resident *r)
{
	r->is_news_waiting = true;
	if (r->upload_at_us > now_us(r) + NEWS_DELAY_US)
		upload_in(r, NEWS_DELAY_US);
}

static void
plan_next_upload(struct resident *r)
{
	int64_t in_us = upload_interval_us(r);
	int64_t held_us = r->backoff.not_before_us - now_us(r);

	/* Once the hold is over the courier is on its way, and plans anew. */
	if (held_us > 0 && held_us < in_us)
		in_us = held_us;
	upload_in(r, in_us);
}

static void
flush(struct resident *r)
{
	struct err err = ERR_NONE;

	if (spool_flush(r->spool, &err) != RC_OK)
		warn(r, &r->disk, "spool", err.text);
}

static void
on_upload_timer(uv_timer_t *timer)
{
	struct resident *r = timer->data;

	flush(r);
	if (now_us(r) >= r->backoff.not_before_us && courier_go(r->courier))
		r->is_news_waiting = false;
	if (lists_are_stale(r->setup.lists))
		resident_reload(r);
	plan_next_upload(r);
}

static void load_assignment(struct resident *r);

static void
take_success(struct resident *r, const struct courier_news *news)
{
	if (r->backoff.n_failures > 0)
		log_info("upload: works again after n=%u failures",
		    r->backoff.n_failures);
	backoff_succeeded(&r->backoff);
	if (news->n_sent > 0)
		log_info("upload: acked n=%" PRIu64 " seq=%" PRIu64,
		    news->n_sent, news->acked);
	if (news->is_assignment_changed)
		load_assignment(r);
}

static void
on_courier_back(void *ctx, const struct courier_news *news)
{
	struct resident *r = ctx;
	struct err err = ERR_NONE;

	if (news->acked > 0 && spool_ack(r->spool, news->acked, &err) != RC_OK)
		warn(r, &r->disk, "spool", err.text);
	if (news->is_ok) {
		take_success(r, news);
	} else {
		backoff_failed(
		    &r->backoff, now_us(r), news->retry_after_us, random_u64());
		warn(r, &r->collector, "upload", news->error);
	}
	plan_next_upload(r);
	if (r->is_news_waiting)
		upload_soon(r);
}

/* ---- asking ---- */

static void plan_next_ask(struct resident *r);

/* The engine's times begin at the program's start, ours at the anchor; no step
 * of the wall clock moves either. */
static int64_t
to_anchor_us(const struct resident *r, int64_t at_us)
{
	return at_us + (now_us(r) - clock_steady_us());
}

static void
say_own_fault(struct resident *r, const struct observation *o)
{
	bool *is_said = &r->is_family_said[o->target.family == 6];

	if (o->outcome != OUTCOME_NO_FAMILY || *is_said)
		return;
	*is_said = true;
	log_warn(
	    "run: this host has no IPv%d address or route; targets of that "
	    "family are not measured",
	    o->target.family);
}

static void
on_observation(void *ctx, const struct observation *seen)
{
	struct resident *r = ctx;
	struct observation o = *seen;
	struct err err = ERR_NONE;
	size_t target = assigned_find(r->assignment, &o);

	o.at_us = to_anchor_us(r, o.at_us);
	if (spool_append(r->spool, &o, &err) != RC_OK)
		warn(r, &r->disk, "spool", err.text);
	say_own_fault(r, &o);
	if (target < r->assignment->n_targets &&
	    react_observe(r->react, target, &o, now_us(r)))
		upload_soon(r);
	plan_next_ask(r);
}

static void
ask(struct resident *r, const struct question *q)
{
	if (engine_ask(r->engine, q, on_observation, r) != RC_OK)
		warn(r, &r->busy, "run",
		    "too much under way, a question was left out");
}

static void
ask_round(struct resident *r, struct round *round)
{
	struct question q;

	if (round->kind == KIND_DNS &&
	    react_wants_chaos(r->react, round->target))
		round->with_chaos = true;
	q = assigned_round(r->assignment, round, r->setup.probe);
	ask(r, &q);
	if (!round->with_varied)
		return;
	q.why = WHY_VARIED;
	q.source_port = 0;
	q.with_chaos = false;
	for (int i = 0; i < REACT_VARIED_PORTS; i++)
		ask(r, &q);
}

static void
on_ask_timer(uv_timer_t *timer)
{
	struct resident *r = timer->data;
	struct reaction what;
	struct round round;

	while (react_take(r->react, now_us(r), &what)) {
		struct question q =
		    assigned_reaction(r->assignment, &what, r->setup.probe);

		ask(r, &q);
	}
	while (schedule_take(&r->schedule, now_us(r), &round))
		ask_round(r, &round);
	plan_next_ask(r);
}

static void
plan_next_ask(struct resident *r)
{
	int64_t next_us = schedule_next_us(&r->schedule);
	int64_t reaction_us = react_next_us(r->react);

	if (reaction_us < next_us)
		next_us = reaction_us;
	if (next_us == INT64_MAX)
		uv_timer_stop(&r->ask_timer);
	else
		start_timer(&r->ask_timer, on_ask_timer, next_us - now_us(r));
}

/* ---- what is assigned ---- */

/* Takes out what the host's lists forbid. */
static void
apply_lists(const struct resident *r, struct assignment *a)
{
	size_t n = 0;

	for (size_t i = 0; i < a->n_targets; i++) {
		char text[ADDR_TEXT_LEN];

		if (lists_permit(r->setup.lists, &a->targets[i].address))
			a->targets[n++] = a->targets[i];
		else
			log_warn("run: target %s is assigned, but this host's "
				 "lists forbid it",
			    addr_format(&a->targets[i].address, text));
	}
	a->n_targets = n;
}

static void
load_assignment(struct resident *r)
{
	struct assignment *a = mem_new(sizeof *a);
	struct err err = ERR_NONE;
	enum rc rc = state_read_assignment(a, r->setup.state_dir, &err);

	if (rc != RC_OK) {
		free(a);
		if (rc != RC_NOTFOUND)
			log_error("run: %s", err.text);
		return;
	}
	apply_lists(r, a);
	schedule_replace(&r->schedule, a, now_us(r));
	react_replace(r->react, a);
	log_info("run: assignment=%s targets=%zu", a->etag, a->n_targets);
	free(r->assignment);
	r->assignment = a;
	r->has_assignment = true;
	plan_next_ask(r);
}

void
resident_reload(struct resident *r)
{
	struct err err = ERR_NONE;

	if (lists_load(r->setup.lists, &err) != RC_OK) {
		warn(
		    r, &r->lists, "run: the old lists stay in force", err.text);
		return;
	}
	log_info("run: lists read again");
	load_assignment(r);
}

/* ---- life ---- */

static enum rc
open_parts(struct resident *r, struct err *err)
{
	static const struct engine_limits engine_limits = {
		.packets_per_s = RESIDENT_PACKETS_PER_S,
		.burst_packets = RESIDENT_BURST_PACKETS
	};
	char spool_dir[STATE_PATH_MAX];
	struct spool_limits limits = SPOOL_LIMITS_DEFAULT;
	enum rc rc;

	state_path(spool_dir, r->setup.state_dir, STATE_SPOOL);
	rc = spool_open(&r->spool, spool_dir, &r->anchor, &limits, err);
	if (rc != RC_OK)
		return rc;
	return engine_new(
	    &r->engine, r->setup.loop, r->setup.socks, &engine_limits, err);
}

static void
start(struct resident *r)
{
	struct spool_facts facts = spool_facts(r->spool);

	schedule_init(&r->schedule, random_u64());
	r->react = react_new();
	r->assignment = mem_new(sizeof *r->assignment);
	r->courier = courier_new(r->setup.loop, r->setup.helper,
	    r->setup.state_dir, on_courier_back, r);
	uv_timer_init(r->setup.loop, &r->ask_timer);
	uv_timer_init(r->setup.loop, &r->upload_timer);
	r->ask_timer.data = r;
	r->upload_timer.data = r;
	log_info("run: probe=%s next_seq=%" PRIu64 " spooled_bytes=%" PRIu64
		 " torn_lines=%u",
	    r->setup.probe, facts.next_seq, facts.n_bytes, facts.n_cut);
	load_assignment(r);
	if (!r->has_assignment)
		log_info("run: no assignment yet, asking the collector");
	upload_in(r, 0);
}

enum rc
resident_new(
    struct resident **out, const struct resident_setup *setup, struct err *err)
{
	struct resident *r = mem_new(sizeof *r);
	enum rc rc;

	r->setup = *setup;
	anchor_take(&r->anchor);
	rc = open_parts(r, err);
	if (rc != RC_OK) {
		spool_close(r->spool);
		free(r);
		return rc;
	}
	start(r);
	*out = r;
	return RC_OK;
}

void
resident_stop(struct resident *r)
{
	flush(r);
	courier_stop(r->courier);
	engine_free(r->engine);
	r->engine = NULL;
	uv_close((uv_handle_t *)&r->ask_timer, NULL);
	uv_close((uv_handle_t *)&r->upload_timer, NULL);
}

void
resident_free(struct resident *r)
{
	if (r == NULL)
		return;
	spool_close(r->spool);
	courier_free(r->courier);
	schedule_fini(&r->schedule);
	react_free(r->react);
	free(r->assignment);
	free(r);
}
