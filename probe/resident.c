/* resident.c - see resident.h. */
#include "probe/resident.h"

#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "probe/anchor.h"
#include "probe/assigned.h"
#include "probe/backoff.h"
#include "probe/courier.h"
#include "probe/engine.h"
#include "probe/hoststate.h"
#include "probe/hostwatch.h"
#include "probe/ramdir.h"
#include "probe/react.h"
#include "probe/schedule.h"
#include "probe/spool.h"
#include "schema/base/clock.h"
#include "schema/base/log.h"
#include "schema/base/mem.h"

#define NEWS_DELAY_US \
	(250 * US_PER_MS)    /* so that what comes together goes so */
#define UPLOAD_EARLY_PART 10 /* of the interval */
#define WAIT_FOR_ASSIGNMENT_US (5 * US_PER_S)
#define WAITING_MAX 40 /* questions: two seconds' worth under the cap */
#define BUSY_WAIT_US US_PER_S
#define WARN_EVERY_US (60 * US_PER_S)
#define LOOK_EVERY_US (3600 * US_PER_S) /* when nothing is said to change */
#define LOOK_AGAIN_US (5 * US_PER_S)    /* after a failure of our own */
#define SAY_EVERY_US (3600 * US_PER_S)  /* a log is on the same flash */
#define LISTS_EVERY_US (10 * US_PER_S)

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
	struct pace traces; /* when the next may start */
	struct schedule schedule;
	struct react *react;
	struct assignment *assignment; /* what the lists left of it */
	struct hostwatch *watch;       /* NULL: the kernel tells nothing */
	struct hoststate host;
	int64_t looked_us;       /* at the host */
	int64_t lists_looked_us; /* whether they changed */
	struct courier *courier;
	struct backoff backoff;
	uv_timer_t ask_timer;
	uv_timer_t upload_timer;
	int64_t upload_at_us;
	int64_t upload_early_us; /* from then on, if it costs no wake-up */
	bool is_news_waiting;    /* came while the courier was away */
	bool has_assignment;
	bool is_looking[2]; /* a trace with looks is under way: IPv4, IPv6 */
	uint64_t n_sent;    /* since that was last logged */
	int64_t sent_said_us;
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
 * before it looks at a socket.  Never early: that is a wake-up for nothing. */
static void
start_timer(uv_timer_t *timer, uv_timer_cb cb, int64_t in_us)
{
	uint64_t in_ms = in_us < US_PER_MS
			     ? 1
			     : (uint64_t)((in_us + US_PER_MS - 1) / US_PER_MS);

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
	r->upload_early_us = INT64_MAX;
	if (r->upload_at_us > now_us(r) + NEWS_DELAY_US)
		upload_in(r, NEWS_DELAY_US);
}

static void
plan_next_upload(struct resident *r)
{
	int64_t in_us = upload_interval_us(r);
	int64_t held_us = r->backoff.not_before_us - now_us(r);

	r->upload_early_us = now_us(r) + in_us - in_us / UPLOAD_EARLY_PART;

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

/* False: the last upload is still under way, or the next has to wait. */
static bool
start_upload(struct resident *r)
{
	struct courier_orders orders = {
		.v4 = hoststate_of(&r->host, 4),
		.v6 = hoststate_of(&r->host, 6),
		.acked = spool_facts(r->spool).acked,
	};

	return now_us(r) >= r->backoff.not_before_us &&
	       courier_go(r->courier, &orders);
}

/* What goes out now need not be written to disk, if it can be read in memory
 * and if it arrives. */
static void
on_upload_timer(uv_timer_t *timer)
{
	struct resident *r = timer->data;

	if (!spool_is_in_memory(r->spool))
		flush(r);
	if (start_upload(r))
		r->is_news_waiting = false;
	else
		flush(r);
	plan_next_upload(r);
}

/* An upload that is due soon anyway needs no wake-up of its own: it goes with
 * an answer that ends all that is under way.  What waits for news, or for the
 * end of a hold, keeps its time. */
static void
upload_along(struct resident *r)
{
	if (now_us(r) >= r->upload_early_us && now_us(r) < r->upload_at_us &&
	    r->backoff.n_failures == 0 && engine_n_active(r->engine) == 0)
		on_upload_timer(&r->upload_timer);
}

static void load_assignment(struct resident *r);

static void
take_success(struct resident *r, const struct courier_news *news)
{
	if (r->backoff.n_failures > 0)
		log_info("upload: works again after n=%u failures",
		    r->backoff.n_failures);
	backoff_succeeded(&r->backoff);
	r->n_sent += news->n_sent;
	if (r->n_sent > 0 && (r->sent_said_us == 0 ||
				 now_us(r) - r->sent_said_us >= SAY_EVERY_US)) {
		log_info("upload: acked n=%" PRIu64 " seq=%" PRIu64, r->n_sent,
		    news->acked);
		r->n_sent = 0;
		r->sent_said_us = now_us(r);
	}
	if (news->is_assignment_changed)
		load_assignment(r);
}

static void
take_ack(struct resident *r, uint64_t acked)
{
	uint64_t next_seq = spool_facts(r->spool).next_seq;
	struct err err = ERR_NONE;

	if (acked >= next_seq)
		log_warn("run: the collector already has seqs up to %" PRIu64
			 ": this state is an old copy; numbering goes on there",
		    acked);
	if (spool_ack(r->spool, acked, &err) != RC_OK)
		warn(r, &r->disk, "spool", err.text);
}

static void
on_courier_back(void *ctx, const struct courier_news *news)
{
	struct resident *r = ctx;

	if (news->acked > 0)
		take_ack(r, news->acked);
	if (news->is_ok) {
		take_success(r, news);
	} else {
		flush(r);
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

static void look_at_host(struct resident *r, const struct hostwatch_news *news);

static void
keep(struct resident *r, const struct observation *o)
{
	struct err err = ERR_NONE;

	if (spool_append(r->spool, o, &err) != RC_OK)
		warn(r, &r->disk, "spool", err.text);
	else if (r->setup.is_durable)
		flush(r);
}

/* The host did something else than measure for a while. */
static void
notice_sleep(struct resident *r)
{
	if (hoststate_slept(&r->host, now_us(r), clock_awake_us()))
		log_info("run: the host slept; what was missed is left out");
}

static void
on_observation(void *ctx, const struct observation *seen)
{
	struct resident *r = ctx;
	struct observation o = *seen;
	size_t target = assignment_find(r->assignment, &o.target, o.port);

	notice_sleep(r);
	o.at_us = to_anchor_us(r, o.at_us);
	hoststate_settle(&r->host, &o, now_us(r));
	keep(r, &o);
	if (outcome_is_own_fault(o.outcome) &&
	    now_us(r) - r->looked_us >= LOOK_AGAIN_US)
		look_at_host(r, NULL);
	if (target < r->assignment->n_targets &&
	    react_observe(r->react, target, &o, now_us(r)))
		upload_soon(r);
	upload_along(r);
	plan_next_ask(r);
}

static void
on_looked(void *ctx, const struct observation *o)
{
	struct resident *r = ctx;

	r->is_looking[o->target.family == 6] = false;
	on_observation(r, o);
}

/* One trace of each family looks at a time, so that it gets through: looks
 * have half of the cap. */
static enum rc
ask_trace(struct resident *r, struct question q)
{
	bool *is_busy = &r->is_looking[q.target.family == 6];
	bool is_looking = q.n_queries > 1 && !*is_busy;
	enum rc rc;

	if (!is_looking)
		q.n_queries = 1;
	rc = engine_ask(
	    r->engine, &q, is_looking ? on_looked : on_observation, r);
	if (rc == RC_OK && is_looking)
		*is_busy = true;
	return rc;
}

static void
ask(struct resident *r, const struct question *q)
{
	enum rc rc = q->kind == KIND_TRACE
			 ? ask_trace(r, *q)
			 : engine_ask(r->engine, q, on_observation, r);

	if (rc != RC_OK)
		warn(r, &r->busy, "run",
		    "too much under way, a question was left out");
}

/* Beside a round, on flows of their own: what tells of load balancers and of
 * middleboxes. */
static void
ask_beside(struct resident *r, const struct round *round, struct question q)
{
	q.why = WHY_VARIED;
	q.source_port = 0;
	q.with_chaos = false;
	for (int i = 0; round->with_varied && i < REACT_VARIED_PORTS; i++)
		ask(r, &q);
	if (!round->with_tcp)
		return;
	q.with_chaos = react_wants_chaos(r->react, round->target);
	q.proto = PROTO_TCP;
	ask(r, &q);
}

static bool
can_measure(const struct resident *r, size_t target)
{
	const struct addr *a = &r->assignment->targets[target].address;

	return hoststate_of(&r->host, a->family) != FAMILY_NONE;
}

static void
ask_round(struct resident *r, struct round *round)
{
	struct question q;

	if (!can_measure(r, round->target))
		return;
	if (round->kind == KIND_DNS &&
	    react_wants_chaos(r->react, round->target))
		round->with_chaos = true;
	q = assigned_round(r->assignment, round, r->setup.probe);
	ask(r, &q);
	ask_beside(r, round, q);
}

static void
ask_reaction(struct resident *r, const struct reaction *what)
{
	struct question q;

	if (!can_measure(r, what->target))
		return;
	q = assigned_reaction(r->assignment, what, r->setup.probe);
	ask(r, &q);
}

/* What is done now and then, whenever there is something to ask anyway. */
static void
keep_house(struct resident *r)
{
	notice_sleep(r);
	if (now_us(r) - r->lists_looked_us >= LISTS_EVERY_US) {
		r->lists_looked_us = now_us(r);
		if (lists_are_stale(r->setup.lists))
			resident_reload(r);
	}
	if (now_us(r) - r->looked_us >= LOOK_EVERY_US)
		look_at_host(r, NULL);
}

/* Under the cap, rounds wait in the schedule, where that costs nothing. */
static bool
is_engine_busy(const struct resident *r)
{
	return engine_n_waiting(r->engine) >= WAITING_MAX;
}

static void
on_ask_timer(uv_timer_t *timer)
{
	struct resident *r = timer->data;
	struct reaction what;
	struct round round;

	keep_house(r);
	while (react_take(r->react, now_us(r), &what))
		ask_reaction(r, &what);
	while (!is_engine_busy(r) &&
	       schedule_take(&r->schedule, now_us(r), &round))
		ask_round(r, &round);
	plan_next_ask(r);
}

static void
plan_next_ask(struct resident *r)
{
	int64_t next_us = schedule_next_us(&r->schedule);
	int64_t reaction_us = react_next_us(r->react);

	if (is_engine_busy(r))
		next_us = now_us(r) + BUSY_WAIT_US;
	if (reaction_us < next_us)
		next_us = reaction_us;
	if (next_us == INT64_MAX)
		uv_timer_stop(&r->ask_timer);
	else
		start_timer(&r->ask_timer, on_ask_timer, next_us - now_us(r));
}

/* ---- the host ---- */

/* One observation says that the family is gone; its rounds are left out. */
static void
note_no_family(struct resident *r, uint8_t family)
{
	size_t target = assigned_first(r->assignment, family);
	struct round round = { .target = target };
	struct observation o = { .outcome = OUTCOME_NO_FAMILY };
	struct question q;

	if (target == r->assignment->n_targets)
		return;
	if (r->assignment->targets[target].dns_every_us == 0)
		round.kind = KIND_PING;
	q = assigned_round(r->assignment, &round, r->setup.probe);
	o.at_us = now_us(r);
	o.kind = q.kind;
	o.why = q.why;
	o.proto = q.proto;
	o.target = q.target;
	o.port = q.proto == PROTO_ICMP ? 0 : q.port;
	keep(r, &o);
}

static void
take_change(struct resident *r, uint8_t family, enum host_change change)
{
	switch (change) {
	case HOST_SAME:
		return;
	case HOST_LOST:
		log_warn("run: this host has no IPv%u address or route; "
			 "targets of that family are not measured",
		    family);
		note_no_family(r, family);
		break;
	case HOST_FOUND:
		log_info("run: IPv%u can be measured", family);
		return;
	case HOST_BACK:
		log_info("run: IPv%u can be measured again", family);
		schedule_look(&r->schedule, family, now_us(r));
		break;
	case HOST_MOVED:
		log_info("run: this host's IPv%u address is another", family);
		schedule_look(&r->schedule, family, now_us(r));
		break;
	}
	upload_soon(r);
}

/* Some targets of a family, from all over the assignment. */
static size_t
sample_targets(const struct assignment *a, uint8_t family,
    struct addr out[static HOSTWATCH_TARGETS])
{
	size_t step = a->n_targets / (4 * HOSTWATCH_TARGETS) + 1, n = 0;

	for (size_t start = 0; start < step; start++)
		for (size_t i = start;
		     i < a->n_targets && n < HOSTWATCH_TARGETS; i += step)
			if (a->targets[i].address.family == family &&
			    !a->targets[i].is_decoy)
				out[n++] = a->targets[i].address;
	return n;
}

/* news: NULL when nobody said that something changed. */
static void
look_at_host(struct resident *r, const struct hostwatch_news *news)
{
	r->looked_us = now_us(r);
	for (int i = 0; i < 2; i++) {
		struct addr targets[HOSTWATCH_TARGETS];
		uint8_t family = i == 0 ? 4 : 6;
		size_t n = sample_targets(r->assignment, family, targets);
		struct family_look look =
		    hostwatch_look(r->watch, family, targets, n);
		int64_t since_us =
		    now_us(r) - (news == NULL ? 0 : news->waited_us);

		take_change(r, family,
		    hoststate_look(&r->host, family, &look, since_us,
			news != NULL && news->was_lost[i], now_us(r)));
	}
}

static void
on_host_news(void *ctx, const struct hostwatch_news *news)
{
	struct resident *r = ctx;

	notice_sleep(r);
	look_at_host(r, news->is_clock ? NULL : news);
	/* libuv's timers stood still while the host slept. */
	plan_next_ask(r);
	if (r->upload_at_us < now_us(r))
		upload_in(r, 0);
}

/* ---- what is assigned ---- */

/* Takes out what the host's lists forbid. */
static void
apply_lists(const struct resident *r, struct assignment *a)
{
	char text[ADDR_TEXT_LEN];
	struct addr first;
	size_t n = lists_apply(r->setup.lists, a, &first);

	if (n > 0)
		log_warn("run: assigned, but forbidden by this host's lists: "
			 "n=%zu targets, first=%s",
		    n, addr_format(&first, text));
}

static void
free_assignment(struct assignment *a)
{
	assignment_fini(a);
	free(a);
}

static void
load_assignment(struct resident *r)
{
	struct assignment *a = mem_new(sizeof *a);
	struct err err = ERR_NONE;
	enum rc rc = state_read_assignment(a, r->setup.state_dir, &err);

	if (rc != RC_OK) {
		free_assignment(a);
		if (rc != RC_NOTFOUND)
			log_error("run: %s", err.text);
		return;
	}
	apply_lists(r, a);
	schedule_replace(&r->schedule, a, now_us(r));
	react_replace(r->react, a);
	log_info("run: assignment=%s targets=%zu", a->etag, a->n_targets);
	free_assignment(r->assignment);
	r->assignment = a;
	r->has_assignment = true;
	malloc_trim(0); /* its JSON was larger than all the rest */
	look_at_host(r, NULL);
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
open_spool(struct resident *r, struct err *err)
{
	char spool_dir[STATE_PATH_MAX], ram_dir[SPOOL_PATH_MAX];
	struct spool_limits limits = SPOOL_LIMITS_DEFAULT;
	struct err ram_err = ERR_NONE;
	bool has_ram;

	state_path(spool_dir, r->setup.state_dir, STATE_SPOOL);
	has_ram =
	    ramdir_make(ram_dir, r->setup.probe, spool_dir, &ram_err) == RC_OK;
	if (!has_ram)
		log_warn("run: %s; what is measured is written to disk before "
			 "each upload",
		    ram_err.text);
	return spool_open(&r->spool, spool_dir, has_ram ? ram_dir : NULL,
	    &r->anchor, &limits, err);
}

static void
say_what_was_found(const struct resident *r)
{
	struct spool_facts facts = spool_facts(r->spool);

	log_info("run: probe=%s next_seq=%" PRIu64 " spooled_bytes=%" PRIu64
		 " torn_lines=%u",
	    r->setup.probe, facts.next_seq, facts.n_bytes, facts.n_cut);
	if (facts.n_vanished > 0)
		log_warn(
		    "run: the last run had no orderly end, and what it had "
		    "in memory is gone: counted as lost n=%" PRIu64
		    " (at most)",
		    facts.n_vanished);
}

static enum rc
open_parts(struct resident *r, struct err *err)
{
	static const struct engine_limits engine_limits = {
		.packets_per_s = RESIDENT_PACKETS_PER_S,
		.burst_packets = RESIDENT_BURST_PACKETS
	};
	enum rc rc = open_spool(r, err);

	if (rc != RC_OK)
		return rc;
	return engine_new(
	    &r->engine, r->setup.loop, r->setup.socks, &engine_limits, err);
}

static void
start_watch(struct resident *r)
{
	struct err err = ERR_NONE;

	notice_sleep(r);
	if (hostwatch_new(&r->watch, r->setup.loop, on_host_news, r, &err) !=
	    RC_OK)
		log_warn(
		    "run: %s; the host is looked at once an hour", err.text);
}

static void
start(struct resident *r)
{
	pace_init(&r->traces, RESIDENT_TRACES_PER_S, 1);
	schedule_init(&r->schedule, random_u64(), &r->traces);
	r->react = react_new(&r->traces);
	r->assignment = mem_new(sizeof *r->assignment);
	r->courier = courier_new(r->setup.loop, r->setup.helper,
	    r->setup.state_dir, on_courier_back, r);
	uv_timer_init(r->setup.loop, &r->ask_timer);
	uv_timer_init(r->setup.loop, &r->upload_timer);
	r->ask_timer.data = r;
	r->upload_timer.data = r;
	say_what_was_found(r);
	start_watch(r);
	upload_in(r, 0);
	load_assignment(r);
	if (!r->has_assignment)
		log_info("run: no assignment yet, asking the collector");
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
	hostwatch_stop(r->watch);
	r->watch = NULL;
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
	free_assignment(r->assignment);
	free(r);
}
