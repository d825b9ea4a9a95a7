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

	trace_reply(t, &hop, r->letter == 't' || r->letter == 'x', true);
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
			T_CHECK(trace_sent(t, ttl, now) == (is_first ? 1 : 2),
			    "%s: attempt", path);
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
		const struct trace_limits limits = { .window = cases[i].window,
			.max_wait_us = 4000 * MS };

		trace_init(&t, &limits);
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

static const struct trace_limits limits4 = { .window = 4, .max_wait_us = MS };

/* The same packet answered again: by the same router, and by another. */
static void
test_replies_to_one_packet(void **state)
{
	struct hop hop = { .ttl = 1,
		.attempt = 1,
		.address = { .family = 4, .bytes = { 10, 0, 0, 1 } },
		.rtt_us = 100 };
	struct trace_result r = { 0 };
	struct trace t;

	(void)state;
	trace_init(&t, &limits4);
	assert_int_equal(trace_sent(&t, 1, 0), 1);
	trace_reply(&t, &hop, false, true);
	hop.n_labels = 1;
	hop.labels[0].label = 16;
	hop.reply_ttl = 64;
	hop.rtt_us = 150;
	trace_reply(&t, &hop, false, false);
	hop.address.bytes[3] = 9;
	trace_reply(&t, &hop, true, false);
	trace_finish(&t, &r);
	assert_int_equal(r.n_hops, 2);
	assert_int_equal(r.hops[0].rtt_us, 100);
	assert_int_equal(r.hops[0].n_labels, 1);
	assert_int_equal(r.hops[0].reply_ttl, 64);
	assert_int_equal(r.hops[0].n_duplicate, 1);
	assert_false(r.hops[0].is_extra);
	assert_true(r.hops[1].is_extra);
	assert_int_equal(t.last_ttl, TRACE_TTL_MAX);
}

/* One TTL alone, as multipath detection asks. */
static void
test_one_ttl(void **state)
{
	const struct trace_limits limits = {
		.window = 4, .first_ttl = 7, .last_ttl = 7, .max_wait_us = MS
	};
	const struct hop hop = { .ttl = 7,
		.attempt = 1,
		.address = { .family = 4, .bytes = { 10, 0, 0, 7 } } };
	struct trace_result r = { 0 };
	int64_t until;
	struct trace t;
	uint8_t ttl;

	(void)state;
	trace_init(&t, &limits);
	assert_int_equal(trace_next(&t, 0, &ttl, &until), TRACE_SEND);
	assert_int_equal(ttl, 7);
	trace_sent(&t, 7, 0);
	assert_int_equal(trace_next(&t, 0, &ttl, &until), TRACE_WAIT);
	trace_reply(&t, &hop, false, true);
	assert_int_equal(trace_next(&t, 0, &ttl, &until), TRACE_DONE);
	trace_finish(&t, &r);
	assert_int_equal(r.n_hops, 1);
	assert_int_equal(r.hops[0].ttl, 7);
}

/* A host that forges replies from many addresses cannot crowd out the rest. */
static void
test_forged_replies(void **state)
{
	struct trace_result r = { 0 };
	struct trace t;

	(void)state;
	trace_init(&t, &limits4);
	for (uint8_t ttl = 1; ttl <= TRACE_TTL_MAX; ttl++)
		trace_sent(&t, ttl, 0);
	for (unsigned i = 0; i < 6400; i++) {
		struct hop hop = { .ttl = (uint8_t)(1 + i % TRACE_TTL_MAX),
			.address = { .family = 4,
			    .bytes = { 10, 0, 1, (uint8_t)(i / 32) } } };

		trace_reply(&t, &hop, false, false);
	}
	for (uint8_t ttl = 1; ttl <= TRACE_TTL_MAX; ttl++) {
		struct hop hop = { .ttl = ttl,
			.address = {
			    .family = 4, .bytes = { 10, 0, 0, ttl } } };

		trace_reply(&t, &hop, false, true);
	}
	trace_finish(&t, &r);
	assert_int_equal(r.n_hops, HOP_MAX);
	assert_int_equal(r.hops[r.n_hops - 1].ttl, TRACE_TTL_MAX);
	assert_false(r.hops[r.n_hops - 1].is_extra);
	assert_int_equal(r.hops[r.n_hops - 1].address.family, 4);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_replies_to_one_packet),
		cmocka_unit_test(test_one_ttl),
		cmocka_unit_test(test_forged_replies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
