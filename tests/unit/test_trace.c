/* test_trace.c - traceroute against paths that are only described. */
#include "tests/unit/check.h"

#include <string.h>

#include "probe/trace.h"

#define MS INT64_C(1000)
#define N_EVENTS 256

/* A path, one character a hop: 'r' answers, '.' is silent, 'l' answers the
 * second try only, 't' is the target and all beyond it, 'x' is a router that
 * says unreachable.  Past the end: silence. */
static const struct {
	const char *claim;
	const char *path;
	unsigned window;
	const char *found;  /* the same letters; '.' silent */
	int64_t most_ms;    /* the trace ends before */
	unsigned most_sent; /* packets */
} cases[] = {
	{ "a plain path is found", "rrrt", 4, "rrrt", 200, 8 },
	{ "the target may be the first hop", "t", 4, "t", 100, 4 },
	{ "a long path costs one packet a hop and the window", "rrrrrrrrrrt", 4,
	    "rrrrrrrrrrt", 400, 15 },
	{ "a silent hop is one dash, and soon", "rr.rt", 4, "rr.rt", 700, 10 },
	{ "a hop that answers the second try is found", "rlrt", 4, "rrrt", 700,
	    10 },
	{ "two silent hops wait side by side", "r..rrt", 4, "r..rrt", 700, 12 },
	{ "five silent hops end it", "rr", 4, "rr.....", 4000, 12 },
	{ "total silence ends it", "", 4, ".....", 4000, 10 },
	{ "an error ends it where it stands", "rrx", 4, "rrx", 200, 8 },
	{ "one packet at a time", "rr.rt", 1, "rr.rt", 3000, 6 },
	{ "thirty-two hops are the end", "rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr",
	    4, "rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr", 2000, 32 },
};

struct reply {
	uint8_t ttl;
	int64_t at_us, rtt_us;
	char letter;
};

static char
letter_at(const char *path, unsigned ttl)
{
	size_t n = strlen(path);

	if (ttl <= n)
		return path[ttl - 1];
	return n > 0 && path[n - 1] == 't' ? 't' : '.';
}

static void
deliver(struct trace *t, const struct reply *r)
{
	struct hop hop = { .ttl = r->ttl,
		.address = { .family = 4,
		    .bytes = { 10, 0, 0, r->letter == 't' ? 255 : r->ttl } },
		.rtt_us = r->rtt_us,
		.is_target = r->letter == 't' };

	trace_reply(t, &hop, r->letter == 't' || r->letter == 'x');
}

/* Runs a trace over the path; hop k is k * 5 ms away.  Returns when it
 * ended. */
static int64_t
simulate(struct trace *t, const char *path, unsigned *n_sent)
{
	struct reply queue[N_EVENTS];
	unsigned n = 0, taken = 0;
	int64_t now = 0, until;
	uint8_t ttl;

	*n_sent = 0;
	for (unsigned guard = 0; guard < 1000; guard++) {
		enum trace_state state = trace_next(t, now, &ttl, &until);
		unsigned next = n;

		if (state == TRACE_DONE)
			return now;
		if (state == TRACE_SEND) {
			char c = letter_at(path, ttl);
			bool is_first = t->ttls[ttl].n_sent == 0;

			(*n_sent)++;
			trace_sent(t, ttl, now);
			if (c != '.' && !(c == 'l' && is_first))
				queue[n++] = (struct reply){ ttl,
					now + ttl * 5 * MS, ttl * 5 * MS, c };
			continue;
		}
		for (unsigned i = 0; i < n; i++)
			if (queue[i].letter != '\0' &&
			    (next == n || queue[i].at_us < queue[next].at_us))
				next = i;
		if (next < n && queue[next].at_us <= until) {
			now = queue[next].at_us;
			deliver(t, &queue[next]);
			queue[next].letter = '\0';
			taken++;
		} else {
			now = until;
		}
	}
	T_CHECK(false, "%s: never ends, %u replies", path, taken);
	return now;
}

static void
test_paths(void **state)
{
	(void)state;
	for (size_t i = 0; i < T_LEN(cases); i++) {
		struct trace t;
		struct trace_result r = { 0 };
		unsigned n_sent;
		int64_t took;
		const char *found = cases[i].found;

		trace_init(&t, cases[i].window, 4000 * MS);
		took = simulate(&t, cases[i].path, &n_sent);
		trace_finish(&t, &r);
		T_CHECK(r.n_hops == strlen(found), "%s: %u hops",
		    cases[i].claim, r.n_hops);
		for (unsigned k = 0; k < r.n_hops; k++) {
			T_CHECK(r.hops[k].ttl == k + 1, "%s: hop %u",
			    cases[i].claim, k);
			T_CHECK((r.hops[k].address.family == 0) ==
				    (found[k] == '.'),
			    "%s: hop %u", cases[i].claim, k);
			T_CHECK(r.hops[k].is_target == (found[k] == 't'),
			    "%s: hop %u", cases[i].claim, k);
		}
		T_CHECK(took <= cases[i].most_ms * MS, "%s: %lld us",
		    cases[i].claim, (long long)took);
		T_CHECK(n_sent <= cases[i].most_sent, "%s: %u packets",
		    cases[i].claim, n_sent);
	}
}

/* The error queue and the raw socket both tell of one reply. */
static void
test_same_reply_twice(void **state)
{
	struct hop hop = { .ttl = 1,
		.address = { .family = 4, .bytes = { 10, 0, 0, 1 } },
		.rtt_us = 100 };
	struct trace_result r = { 0 };
	struct trace t;

	(void)state;
	trace_init(&t, 4, MS);
	trace_sent(&t, 1, 0);
	trace_reply(&t, &hop, false);
	hop.n_labels = 1;
	hop.labels[0].label = 16;
	hop.reply_ttl = 64;
	hop.rtt_us = 150;
	trace_reply(&t, &hop, false);
	trace_finish(&t, &r);
	assert_int_equal(r.n_hops, 1);
	assert_int_equal(r.hops[0].rtt_us, 100);
	assert_int_equal(r.hops[0].n_labels, 1);
	assert_int_equal(r.hops[0].reply_ttl, 64);
}

/* A host that forges replies from many addresses cannot crowd out the rest. */
static void
test_forged_replies(void **state)
{
	struct trace_result r = { 0 };
	struct trace t;

	(void)state;
	trace_init(&t, TRACE_TTL_MAX, MS);
	for (uint8_t ttl = 1; ttl <= TRACE_TTL_MAX; ttl++)
		trace_sent(&t, ttl, 0);
	for (unsigned i = 0; i < 200; i++) {
		struct hop hop = { .ttl = 1,
			.address = {
			    .family = 4, .bytes = { 10, 0, 1, (uint8_t)i } } };

		trace_reply(&t, &hop, false);
	}
	for (uint8_t ttl = 2; ttl <= TRACE_TTL_MAX; ttl++) {
		struct hop hop = { .ttl = ttl,
			.address = {
			    .family = 4, .bytes = { 10, 0, 0, ttl } } };

		trace_reply(&t, &hop, false);
	}
	trace_finish(&t, &r);
	assert_int_equal(r.n_hops, TRACE_TRIES + TRACE_TTL_MAX - 1);
	assert_int_equal(r.hops[r.n_hops - 1].ttl, TRACE_TTL_MAX);
	assert_int_equal(r.hops[r.n_hops - 1].address.family, 4);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_same_reply_twice),
		cmocka_unit_test(test_forged_replies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
