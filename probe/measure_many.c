/*
 * measure_many.c - a list of targets of any length, as it is read.  (wiring)
 *
 * Nothing stays of a target: its observations are written as they come, and
 * only what the engine has under way takes memory.  The engine's queue of
 * questions that wait for their turn is kept just filled; a slow reader of
 * our output stops the asking.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "probe/feed.h"
#include "probe/measure_core.h"
#include "probe/measure_line.h"
#include "schema/base/clock.h"
#include "schema/base/mem.h"
#include "schema/base/text.h"

#define LOOKUPS_MAX 32 /* names being resolved at once */
#define QUEUE_LEN 128  /* addresses to be asked next */
#define QUEUE_OWN (QUEUE_LEN - 2 * LOOKUPS_MAX) /* the rest is for lookups */
#define WORD_LEN 160 /* of a bad line, as it is told */
#define TICK_MIN_MS 2
#define TICK_MAX_MS 100
#define WAITING_MIN 64 /* questions handed to the engine ahead of its pace */

struct waiting {
	struct addr address;
	uint8_t kind; /* the next to be asked */
};

struct lookup {
	struct many *many;
	bool is_used;
	uint64_t line;
	char name[LINES_WORD_MAX + 1];
};

struct many {
	struct measure *measure;
	struct feed feed;
	struct line_sites sites;
	uint16_t source_port; /* one for all: sockets do not grow */
	uv_timer_t tick;
	bool is_armed;
	uint64_t tick_ms;
	unsigned ahead; /* questions that may wait in the engine */
	bool is_fed;    /* the list is read */
	bool is_dry;    /* the list may go on later */
	bool is_stopping;
	unsigned first, n; /* of queue */
	struct waiting queue[QUEUE_LEN];
	unsigned n_lookups;
	struct lookup lookups[LOOKUPS_MAX];
	uint64_t n_open, n_asked, n_answered, n_bad;
	int64_t n_rounds, round_mono_us, begun_mono_us;
};

static void pump(struct many *y);

static void
report_bad(struct many *y, uint64_t line, const char *word, const char *why)
{
	char safe[WORD_LEN];

	y->n_bad++;
	fprintf(stderr, "%s:%" PRIu64 ": %s%s%s\n",
	    strcmp(y->feed.path, "-") == 0 ? "standard input" : y->feed.path,
	    line, text_safe(safe, sizeof safe, word),
	    word[0] != '\0' ? ": " : "", why);
}

static void
push(struct many *y, const struct addr *address)
{
	const struct measure_options *o = &y->measure->options;

	if (address->family == 4 ? o->only6 : o->only4)
		return;
	y->queue[(y->first + y->n++) % QUEUE_LEN] =
	    (struct waiting){ .address = *address };
}

static void
on_resolved(void *ctx, const struct names_answer *answer)
{
	struct lookup *l = ctx;
	struct many *y = l->many;

	if (y->is_stopping)
		return;
	if (answer->failure != NULL)
		report_bad(y, l->line, l->name, answer->failure);
	if (answer->n_v4 > 0)
		push(y, &answer->v4[0]);
	if (answer->n_v6 > 0)
		push(y, &answer->v6[0]);
	l->is_used = false;
	y->n_lookups--;
	pump(y);
}

static void
look_up(struct many *y, const char *name, uint64_t line)
{
	struct lookup *l = y->lookups;

	while (l->is_used)
		l++;
	*l = (struct lookup){ .many = y, .is_used = true, .line = line };
	snprintf(l->name, sizeof l->name, "%s", name);
	y->n_lookups++;
	names_resolve(y->measure->names, l->name, on_resolved, l);
}

static void
take_word(struct many *y, const struct lines *l)
{
	struct addr address;

	if (addr_parse(&address, l->word) == RC_OK)
		push(y, &address);
	else if (lines_is_name(l->word))
		look_up(y, l->word, l->number);
	else
		report_bad(y, l->number, l->word,
		    "expected an address or a host's name");
}

/* Reads on while there is room for what comes. */
static void
read_on(struct many *y)
{
	while (!y->is_fed && !y->is_dry && y->n < QUEUE_OWN &&
	       y->n_lookups < LOOKUPS_MAX) {
		switch (feed_next(&y->feed)) {
		case FEED_WORD:
			take_word(y, &y->feed.lines);
			break;
		case FEED_BAD:
			report_bad(
			    y, y->feed.lines.number, "", y->feed.lines.why);
			break;
		case FEED_WAIT:
			y->is_dry = true;
			break;
		case FEED_END:
			y->is_fed = true;
			break;
		}
	}
}

static void
on_more(void *ctx)
{
	struct many *y = ctx;

	y->is_dry = false;
	pump(y);
}

static void
on_done(void *ctx, const struct observation *o)
{
	struct many *y = ctx;
	struct measure *m = y->measure;
	char line[LINE_TEXT_MAX];

	y->n_open--;
	y->n_answered += outcome_is_answer(o->outcome);
	if (m->options.json)
		measure_json(m, o);
	else
		out_write(&m->out, line,
		    line_format(line, o, measure_template(m), &y->sites));
	pump(y);
}

static bool
is_wanted(const struct measure_options *o, unsigned kind)
{
	return kind == KIND_DNS    ? o->dns
	       : kind == KIND_PING ? o->ping
				   : o->trace;
}

/* Asks what is left of the first in the queue; RC_LIMIT: not now. */
static enum rc
ask_first(struct many *y)
{
	struct waiting *w = &y->queue[y->first];
	struct measure *m = y->measure;

	for (; w->kind < MEASURE_KINDS; w->kind++) {
		struct question q;

		if (!is_wanted(&m->options, w->kind))
			continue;
		q = measure_question(
		    m, (enum kind)w->kind, &w->address, y->source_port);
		q.with_chaos = w->kind == KIND_DNS && y->n_rounds == 0;
		if (measure_ask(m, &q, on_done, y) != RC_OK)
			return RC_LIMIT;
		y->n_open++;
		y->n_asked++;
	}
	y->first = (y->first + 1) % QUEUE_LEN;
	y->n--;
	return RC_OK;
}

static void
on_tick(uv_timer_t *timer)
{
	struct many *y = timer->data;

	y->is_armed = false;
	pump(y);
}

static void
arm(struct many *y, uint64_t wait_ms)
{
	if (y->is_armed)
		return;
	y->is_armed = true;
	uv_timer_start(&y->tick, on_tick, wait_ms, 0);
}

/* The list is read and nothing is under way: again, or over. */
static void
end_round(struct many *y)
{
	const struct measure_options *o = &y->measure->options;
	int64_t now = clock_mono_us();
	int64_t due = y->round_mono_us + o->interval_us;

	if (y->n_rounds + 1 == o->count || y->feed.err.rc != RC_OK) {
		uv_stop(&y->measure->loop);
		return;
	}
	if (now < due) {
		arm(y, (uint64_t)((due - now + 999) / US_PER_MS));
		return;
	}
	y->n_rounds++;
	y->round_mono_us = now;
	y->is_fed = feed_rewind(&y->feed, &y->feed.err) != RC_OK;
	arm(y, 0);
}

static bool
has_room(const struct many *y)
{
	const struct engine *e = y->measure->engine;

	return engine_room(e) > 0 && engine_n_waiting(e) < y->ahead &&
	       !out_is_behind(&y->measure->out);
}

static void
pump(struct many *y)
{
	read_on(y);
	while (y->n > 0 && has_room(y) && ask_first(y) == RC_OK)
		read_on(y);
	if (y->n > 0)
		arm(y, y->tick_ms);
	else if (y->is_fed && y->n_lookups == 0 && y->n_open == 0)
		end_round(y);
}

/* The engine is fed ten packets at a time, within bounds. */
static void
set_pace(struct many *y, int64_t rate)
{
	int64_t ms = rate == 0 ? TICK_MIN_MS : 10000 / rate;

	y->tick_ms = (uint64_t)(ms < TICK_MIN_MS   ? TICK_MIN_MS
				: ms > TICK_MAX_MS ? TICK_MAX_MS
						   : ms);
	y->ahead = (unsigned)(WAITING_MIN + rate / 50);
}

static enum rc
start(struct measure *m, struct err *err)
{
	struct many *y = mem_new(sizeof *y);
	enum rc rc =
	    feed_open(&y->feed, &m->loop, m->options.targets, on_more, y, err);

	m->state = y;
	y->measure = m;
	y->source_port = measure_source_port();
	if (rc == RC_OK && m->options.count > 1 &&
	    feed_rewind(&y->feed, err) != RC_OK)
		rc = err_at(err, RC_RANGE,
		    "--count: each round reads the targets again");
	if (rc != RC_OK)
		return rc;
	set_pace(y, m->options.rate);
	uv_timer_init(&m->loop, &y->tick); /* cannot fail */
	y->tick.data = y;
	y->begun_mono_us = y->round_mono_us = clock_mono_us();
	arm(y, 0);
	return RC_OK;
}

static int
finish(struct measure *m)
{
	const struct many *y = m->state;

	if (y->feed.err.rc != RC_OK)
		fprintf(
		    stderr, "catchwater-probe measure: %s\n", y->feed.err.text);
	if (!m->options.json)
		fprintf(stderr,
		    "%" PRIu64 " measurements, %" PRIu64 " answered, %" PRIu64
		    " bad lines, %.1f s\n",
		    y->n_asked - y->n_open, y->n_answered, y->n_bad,
		    (double)(clock_mono_us() - y->begun_mono_us) / 1e6);
	return y->n_answered > 0 && y->n_bad == 0 && y->feed.err.rc == RC_OK
		   ? 0
		   : 1;
}

static void
stop(struct measure *m)
{
	struct many *y = m->state;

	y->is_stopping = true;
	feed_close(&y->feed);
}

static void
release(struct measure *m)
{
	free(m->state);
}

const struct measure_form measure_many_form = {
	.start = start, .finish = finish, .stop = stop, .release = release
};
