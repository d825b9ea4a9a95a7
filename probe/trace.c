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

/* Between two looks at a TTL, as between MDA's packets (mda.h), give or take
 * half: routers are not hurried, and balancers not kept step with. */
#define LOOK_GAP_US (10 * US_PER_MS)
#define LOOK_SILENT_MAX 2 /* looks in a row: the router has said enough */

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
	t->n_queries = limits->n_queries < TRACE_QUERIES_MAX
			   ? limits->n_queries
			   : TRACE_QUERIES_MAX;
	t->random = limits->seed;
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

/* splitmix64 */
static uint64_t
next_random(struct trace *t)
{
	uint64_t z = t->random += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static bool
is_balanced(const struct trace *t, unsigned ttl)
{
	return t->ttls[ttl].n_nodes > 1;
}

/* Packets that shall be sent to a TTL that answered. */
static unsigned
n_wanted(const struct trace *t, unsigned ttl)
{
	bool is_next = is_balanced(t, ttl - 1) ||
		       (ttl < t->last_ttl && is_balanced(t, ttl + 1));

	return is_next ? TRACE_QUERIES_NEXT * t->n_queries : t->n_queries;
}

static bool
wants_look(const struct trace *t, unsigned ttl)
{
	const struct trace_ttl *s = &t->ttls[ttl];

	return s->n_nodes == 1 && ttl != t->end_ttl &&
	       s->n_looks + 1u < n_wanted(t, ttl) &&
	       s->n_silent < LOOK_SILENT_MAX;
}

/* Looks whose answer is still waited for.  One at a balanced TTL has no more
 * to say, but is under way. */
static unsigned
await_looks(struct trace *t, int64_t now, int64_t *until_us)
{
	unsigned n = 0;

	for (uint8_t ttl = t->first_ttl; ttl <= t->last_ttl; ttl++) {
		struct trace_ttl *s = &t->ttls[ttl];
		int64_t due = s->sent_mono_us + wait_us(t, ttl);

		if (!s->is_looking || (t->window > 1 && is_balanced(t, ttl)))
			continue;
		if (due > now) {
			*until_us = due < *until_us ? due : *until_us;
			n++;
			continue;
		}
		s->is_looking = false;
		s->n_silent++;
	}
	return n;
}

static enum trace_state
next_look(struct trace *t, int64_t now, uint8_t *ttl, int64_t *until_us)
{
	unsigned n_out = await_looks(t, now, until_us), n_ready = 0;
	bool has_later = false;

	for (uint8_t i = t->first_ttl; i <= t->last_ttl; i++) {
		const struct trace_ttl *s = &t->ttls[i];

		if (s->is_looking || !wants_look(t, i))
			continue;
		if (s->next_mono_us > now) {
			has_later = true;
			if (s->next_mono_us < *until_us)
				*until_us = s->next_mono_us;
		} else if (next_random(t) % ++n_ready == 0) {
			*ttl = i;
		}
	}
	if (n_ready > 0 && n_out < t->window)
		return TRACE_LOOK;
	return n_out > 0 || has_later ? TRACE_WAIT : TRACE_DONE;
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
		return t->n_queries > 1 ? next_look(t, now, ttl, until_us)
					: TRACE_DONE;
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
	struct trace_ttl *s = &t->ttls[ttl];

	s->sent_mono_us = now_mono_us;
	if (ttl > t->n_started)
		t->n_started = ttl;
	if (is_settled(s)) {
		s->is_looking = true;
		s->n_looks++;
		s->next_mono_us =
		    now_mono_us + LOOK_GAP_US / 2 +
		    (int64_t)(next_random(t) % (uint64_t)LOOK_GAP_US);
	}
	return ++s->n_sent;
}

bool
trace_is_look(const struct trace *t, uint8_t ttl, uint8_t attempt)
{
	const struct trace_ttl *s = &t->ttls[ttl];

	return attempt > s->n_sent - s->n_looks;
}

static unsigned
n_extras(const struct trace *t, uint8_t ttl)
{
	unsigned n = 0;

	for (unsigned i = 0; i < t->n_hops; i++)
		n += t->hops[i].ttl == ttl && t->hops[i].is_extra;
	return n;
}

/* Room for one more hop, or NULL.  Extra replies, which anybody can forge,
 * take what the path leaves: TRACE_NODES of each TTL always fit. */
static struct hop *
find_room(struct trace *t, uint8_t ttl, bool is_extra)
{
	if (is_extra)
		return n_extras(t, ttl) == TRACE_EXTRAS ||
			       t->n_hops >= HOP_MAX / 2
			   ? NULL
			   : &t->hops[t->n_hops++];
	if (t->ttls[ttl].n_nodes == TRACE_NODES)
		return NULL;
	if (t->n_hops < HOP_MAX)
		return &t->hops[t->n_hops++];
	for (unsigned i = 0; i < HOP_MAX; i++)
		if (t->hops[i].is_extra)
			return &t->hops[i];
	return NULL;
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
	struct trace_ttl *s = &t->ttls[hop->ttl];

	s->is_answered = true;
	s->n_silent = 0;
	if (s->n_replied < UINT8_MAX)
		s->n_replied++;
	if (hop->attempt == s->n_sent)
		s->is_looking = false;
	if (hop->ttl > t->farthest_ttl)
		t->farthest_ttl = hop->ttl;
	if (hop->rtt_us > t->rtt_max_us)
		t->rtt_max_us = hop->rtt_us;
	if (is_end && hop->ttl <= t->last_ttl)
		t->end_ttl = t->last_ttl = hop->ttl;
}

void
trace_reply(struct trace *t, const struct hop *hop, bool is_end, bool is_first)
{
	struct trace_ttl *s = &t->ttls[hop->ttl];
	struct hop *at = find_hop(t, hop);

	if (is_first)
		learn(t, hop, is_end);
	if (at != NULL) {
		complete_hop(at, hop);
		if (!is_first && at->n_duplicate < UINT8_MAX)
			at->n_duplicate++;
		if (is_first && at->is_extra && s->n_nodes < TRACE_NODES) {
			at->is_extra = false;
			s->n_nodes++;
		}
		return;
	}
	at = find_room(t, hop->ttl, !is_first);
	if (at == NULL)
		return;
	*at = *hop;
	at->is_extra = !is_first;
	s->n_nodes += is_first;
}

/* Did it show, all in all, one address? */
static bool
is_sure(const struct trace *t, unsigned ttl)
{
	const struct trace_ttl *s = &t->ttls[ttl];

	return s->n_nodes == 1 &&
	       (ttl == t->end_ttl || 4u * s->n_replied >= 3 * n_wanted(t, ttl));
}

static void
swap_hops(struct hop *a, struct hop *b)
{
	struct hop swap = *a;

	*a = *b;
	*b = swap;
}

/* The two of a balanced TTL; n hops of one TTL. */
static void
sort_nodes(struct hop *hops, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		for (unsigned k = i + 1; k < n; k++)
			if (!hops[i].is_extra && !hops[k].is_extra &&
			    memcmp(hops[i].address.bytes, hops[k].address.bytes,
				sizeof hops[i].address.bytes) > 0)
				swap_hops(&hops[i], &hops[k]);
}

/* Places in *out that the path does not need. */
static unsigned
room_for_extras(const struct trace *t, uint8_t last)
{
	unsigned n = 0;

	for (uint8_t ttl = t->first_ttl; ttl <= last; ttl++)
		n += t->ttls[ttl].n_nodes > 0 ? t->ttls[ttl].n_nodes : 1;
	return HOP_MAX - n;
}

static void
put_ttl(const struct trace *t, uint8_t ttl, unsigned *n_room,
    struct trace_result *out)
{
	uint8_t n_before = out->n_hops;
	bool is_linked = t->n_queries > 1 && ttl > t->first_ttl &&
			 is_sure(t, ttl - 1u) && is_sure(t, ttl);

	for (unsigned i = 0; i < t->n_hops; i++) {
		const struct hop *h = &t->hops[i];

		if (h->ttl != ttl || (h->is_extra && *n_room == 0))
			continue;
		*n_room -= h->is_extra;
		out->hops[out->n_hops] = *h;
		out->hops[out->n_hops++].is_linked = is_linked && !h->is_extra;
	}
	if (out->n_hops == n_before)
		out->hops[out->n_hops++] = (struct hop){ .ttl = ttl };
	sort_nodes(&out->hops[n_before], (unsigned)(out->n_hops - n_before));
}

void
trace_finish(const struct trace *t, struct trace_result *out)
{
	uint8_t last = t->last_ttl < t->n_started ? t->last_ttl : t->n_started;
	unsigned n_room = room_for_extras(t, last);

	out->n_hops = 0;
	out->n_queries = t->n_queries > 1 ? t->n_queries : 1;
	for (uint8_t ttl = t->first_ttl; ttl <= last; ttl++)
		put_ttl(t, ttl, &n_room, out);
}
