/* trace.c - see trace.h. */
#include "probe/trace.h"

#include <stddef.h>
#include <string.h>

#include "schema/base/clock.h"

/* A hop that answers at all mostly does so within a few round trips; one
 * that a farther hop has outrun is silent far sooner. */
#define WAIT_BLIND_US US_PER_S
#define WAIT_OUTRUN_US (20 * US_PER_MS)
#define WAIT_RTTS 3

void
trace_init(struct trace *t, const struct trace_limits *limits)
{
	memset(t, 0, offsetof(struct trace, hops)); /* n_hops says it all */
	t->window = (uint8_t)limits->window;
	t->first_ttl = limits->first_ttl == 0 ? 1 : limits->first_ttl;
	t->last_ttl = limits->last_ttl == 0 || limits->last_ttl > TRACE_TTL_MAX
			  ? TRACE_TTL_MAX
			  : limits->last_ttl;
	t->max_wait_us = limits->max_wait_us;
	t->n_started = (uint8_t)(t->first_ttl - 1);
	t->farthest_ttl = t->n_started;
}

static int64_t
wait_us(const struct trace *t, uint8_t ttl)
{
	int64_t wait = ttl < t->farthest_ttl ? WAIT_OUTRUN_US : WAIT_BLIND_US;

	if (ttl < t->farthest_ttl)
		wait += WAIT_RTTS * t->rtt_max_us;
	else if (wait < WAIT_RTTS * t->rtt_max_us)
		wait = WAIT_RTTS * t->rtt_max_us;
	return wait < t->max_wait_us ? wait : t->max_wait_us;
}

static bool
is_settled(const struct trace_ttl *s)
{
	return s->is_answered || s->is_given_up;
}

/* Silent hops in a row from some TTL on end the path there. */
static void
end_after_silence(struct trace *t)
{
	unsigned n_silent = 0;

	for (uint8_t ttl = t->first_ttl;
	     ttl <= t->n_started && ttl <= t->last_ttl; ttl++) {
		n_silent = t->ttls[ttl].is_given_up && !t->ttls[ttl].is_answered
			       ? n_silent + 1
			       : 0;
		if (n_silent == TRACE_SILENT_MAX) {
			t->last_ttl = ttl;
			return;
		}
	}
}

/* Marks overdue TTLs; returns one to send again, or 0. */
static uint8_t
find_overdue(struct trace *t, int64_t now, int64_t *until_us)
{
	for (uint8_t ttl = t->first_ttl;
	     ttl <= t->n_started && ttl <= t->last_ttl; ttl++) {
		struct trace_ttl *s = &t->ttls[ttl];
		int64_t due = s->sent_mono_us + wait_us(t, ttl);

		if (is_settled(s))
			continue;
		if (due > now)
			*until_us = due < *until_us ? due : *until_us;
		else if (s->n_sent < TRACE_TRIES)
			return ttl;
		else
			s->is_given_up = true;
	}
	return 0;
}

/* TTLs whose first try is out: the window is counted by these alone, so that
 * silence does not hold up the rest of the path; except in a window of one,
 * which means that only one packet can be out. */
static unsigned
n_fresh(const struct trace *t)
{
	unsigned n = 0;

	for (unsigned ttl = t->first_ttl; ttl <= t->n_started; ttl++)
		n += !is_settled(&t->ttls[ttl]) &&
		     (t->ttls[ttl].n_sent == 1 || t->window == 1);
	return n;
}

static bool
is_done(const struct trace *t)
{
	for (unsigned ttl = t->first_ttl; ttl <= t->last_ttl; ttl++)
		if (!is_settled(&t->ttls[ttl]))
			return false;
	return true;
}

enum trace_state
trace_next(struct trace *t, int64_t now, uint8_t *ttl, int64_t *until_us)
{
	*until_us = INT64_MAX;
	*ttl = find_overdue(t, now, until_us);
	if (*ttl != 0)
		return TRACE_SEND;
	end_after_silence(t);
	if (is_done(t))
		return TRACE_DONE;
	/* Nothing beyond the silence that would end it. */
	if (t->n_started < t->last_ttl &&
	    t->n_started < t->farthest_ttl + TRACE_SILENT_MAX &&
	    n_fresh(t) < t->window) {
		*ttl = (uint8_t)(t->n_started + 1);
		return TRACE_SEND;
	}
	return TRACE_WAIT;
}

uint8_t
trace_sent(struct trace *t, uint8_t ttl, int64_t now_mono_us)
{
	t->ttls[ttl].sent_mono_us = now_mono_us;
	if (ttl > t->n_started)
		t->n_started = ttl;
	return ++t->ttls[ttl].n_sent;
}

/* Extra replies, which anybody can forge, leave room for the path. */
static bool
is_full(const struct trace *t, uint8_t ttl, bool is_extra)
{
	unsigned n = 0;

	for (unsigned i = 0; i < t->n_hops; i++)
		n += t->hops[i].ttl == ttl && t->hops[i].is_extra == is_extra;
	return n == (is_extra ? TRACE_EXTRAS : TRACE_TRIES) ||
	       t->n_hops >= (is_extra ? HOP_MAX / 2 : HOP_MAX);
}

static struct hop *
find_hop(struct trace *t, const struct hop *like)
{
	for (unsigned i = 0; i < t->n_hops; i++)
		if (t->hops[i].ttl == like->ttl &&
		    addr_equal(&t->hops[i].address, &like->address))
			return &t->hops[i];
	return NULL;
}

static void
complete_hop(struct hop *known, const struct hop *more)
{
	if (known->reply_ttl == 0)
		known->reply_ttl = more->reply_ttl;
	if (known->n_labels == 0 && more->n_labels > 0) {
		known->n_labels = more->n_labels;
		memcpy(known->labels, more->labels, sizeof known->labels);
	}
}

/* What the first reply to a packet says of the path. */
static void
learn(struct trace *t, const struct hop *hop, bool is_end)
{
	t->ttls[hop->ttl].is_answered = true;
	if (hop->ttl > t->farthest_ttl)
		t->farthest_ttl = hop->ttl;
	if (hop->rtt_us > t->rtt_max_us)
		t->rtt_max_us = hop->rtt_us;
	if (is_end && hop->ttl < t->last_ttl)
		t->last_ttl = hop->ttl;
}

void
trace_reply(struct trace *t, const struct hop *hop, bool is_end, bool is_first)
{
	struct hop *known = find_hop(t, hop);

	if (is_first)
		learn(t, hop, is_end);
	if (known != NULL) {
		complete_hop(known, hop);
		if (!is_first && known->n_duplicate < UINT8_MAX)
			known->n_duplicate++;
		if (is_first)
			known->is_extra = false;
	} else if (!is_full(t, hop->ttl, !is_first)) {
		t->hops[t->n_hops] = *hop;
		t->hops[t->n_hops++].is_extra = !is_first;
	}
}

static void
put_ttl(const struct trace *t, uint8_t ttl, struct trace_result *out)
{
	uint8_t n_before = out->n_hops;

	for (unsigned i = 0; i < t->n_hops && out->n_hops < HOP_MAX; i++)
		if (t->hops[i].ttl == ttl)
			out->hops[out->n_hops++] = t->hops[i];
	if (out->n_hops == n_before && out->n_hops < HOP_MAX)
		out->hops[out->n_hops++] = (struct hop){ .ttl = ttl };
}

void
trace_finish(const struct trace *t, struct trace_result *out)
{
	uint8_t last = t->last_ttl < t->n_started ? t->last_ttl : t->n_started;

	out->n_hops = 0;
	for (uint8_t ttl = t->first_ttl; ttl <= last; ttl++)
		put_ttl(t, ttl, out);
}
