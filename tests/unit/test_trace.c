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
	uint8_t ttl, attempt;
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
		.attempt = r->attempt,
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
			uint8_t attempt = trace_sent(t, ttl, now);

			(*n_sent)++;
			T_CHECK(attempt <= 2, "%s: attempt %u", path, attempt);
			if (c != '.' && !(c == 'l' && attempt == 1))
				queue[n++] = (struct reply){ ttl, attempt,
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

/* ---- looks: networks that answer by packet ---- */

struct net {
	const char *path;   /* as above; '2': two routers, by the parity of all
			   * packets that came past the first hop, as a balancer
			   * that takes turns has it; 'o': answers once */
	unsigned n_packets; /* past the first hop */
	unsigned n_of[TRACE_TTL_MAX + 1];
	unsigned n_out, n_out_most;
	int64_t last_us[TRACE_TTL_MAX + 1], least_gap_us;
};

/* The router that answers; 0: none. */
static uint8_t
router_of(struct net *n, uint8_t ttl)
{
	char c = letter_at(n->path, ttl);
	unsigned turn = n->n_packets++;

	n->n_of[ttl]++;
	if (c == '.' || (c == 'o' && n->n_of[ttl] > 1))
		return 0;
	if (c == 't')
		return 255;
	return c == '2' ? (uint8_t)(100 * (1 + turn % 2) + ttl) : ttl;
}

struct answer {
	int64_t at_us;
	struct hop hop;
	bool is_end, is_look;
};

static void
send_packet(struct trace *t, struct net *net, uint8_t ttl, int64_t now,
    struct answer *to)
{
	uint8_t attempt = trace_sent(t, ttl, now);
	uint8_t router = router_of(net, ttl);

	if (attempt > 2 && now - net->last_us[ttl] < net->least_gap_us)
		net->least_gap_us = now - net->last_us[ttl];
	net->last_us[ttl] = now;
	*to = (struct answer){ .at_us = router == 0 ? -1 : now + ttl * MS,
		.hop = { .ttl = ttl,
		    .attempt = attempt,
		    .rtt_us = ttl * MS,
		    .address = { .family = 4, .bytes = { 10, 0, 0, router } },
		    .is_target = router == 255 },
		.is_end = router == 255 };
}

/* Runs a trace with looks.  Returns when it ended. */
static int64_t
look(struct net *net, const struct trace_limits *limits, struct trace_result *r)
{
	static struct answer answers[4096];
	unsigned n = 0;
	int64_t now = 0, until;
	struct trace t;
	uint8_t ttl;

	net->least_gap_us = INT64_MAX;
	trace_init(&t, limits);
	for (;;) {
		enum trace_state state = trace_next(&t, now, &ttl, &until);
		unsigned next = n;

		if (state == TRACE_DONE)
			break;
		if (state != TRACE_WAIT) {
			assert_true(n < T_LEN(answers));
			send_packet(&t, net, ttl, now, &answers[n]);
			answers[n].is_look = state == TRACE_LOOK;
			net->n_out +=
			    answers[n].is_look && answers[n].at_us >= 0;
			n++;
			if (net->n_out > net->n_out_most)
				net->n_out_most = net->n_out;
			continue;
		}
		for (unsigned i = 0; i < n; i++)
			if (answers[i].at_us >= 0 &&
			    (next == n ||
				answers[i].at_us < answers[next].at_us))
				next = i;
		if (next == n || answers[next].at_us > until) {
			assert_true(until > now && until < INT64_MAX);
			now = until;
			continue;
		}
		now = answers[next].at_us;
		answers[next].at_us = -1;
		net->n_out -= answers[next].is_look;
		trace_reply(&t, &answers[next].hop, answers[next].is_end, true);
	}
	trace_finish(&t, r);
	return now;
}

static struct trace_limits
look_limits(unsigned window, uint64_t seed)
{
	return (struct trace_limits){ .window = window,
		.max_wait_us = 4000 * MS,
		.n_queries = TRACE_QUERIES,
		.seed = seed };
}

/* What is told of each TTL: 'b' balanced, '-' linked to the one before, 'n'
 * not, '.' silent. */
static const char *
told(const struct trace_result *r, char buf[static HOP_MAX + 1])
{
	unsigned n = 0;

	memset(buf, 0, HOP_MAX + 1);
	for (unsigned i = 0; i < r->n_hops; i++) {
		if (i > 0 && r->hops[i].ttl == r->hops[i - 1].ttl)
			continue;
		buf[n++] = r->hops[i].address.family == 0  ? '.'
			   : trace_is_balanced(r, i)       ? 'b'
			   : trace_link_from(r, i) != NULL ? '-'
							   : 'n';
	}
	return buf;
}

static const struct {
	const char *claim, *path, *found;
	unsigned window;
	int64_t most_ms;
	unsigned most_packets;
} looks[] = {
	{ "all links of a path are proven, the end by one packet", "rrrrt",
	    "n----", 4, 250, 4 * 8 + 4 },
	{ "one packet at a time too", "rrrt", "n---", 1, 250, 3 * 8 + 1 },
	{ "a silent hop is not looked at", "rr.rrt", "n-.n--", 4, 350,
	    4 * 8 + 2 + 4 },
	{ "who answers once is kept, and let be", "rrorrt", "n-nn--", 4, 600,
	    4 * 8 + 3 + 4 },
	{ "so it is, one packet at a time", "rort", "nnn-", 1, 400,
	    2 * 8 + 3 + 1 },
	{ "the target alone needs none", "t", "n", 4, 10, 4 },
	{ "where nobody answers there is nothing to look at", "", ".....", 4,
	    4000, 12 },
};

static void
test_looks(void **state)
{
	(void)state;
	for (size_t i = 0; i < T_LEN(looks); i++) {
		struct net net = { .path = looks[i].path };
		const struct trace_limits limits =
		    look_limits(looks[i].window, 1);
		struct trace_result r;
		char text[HOP_MAX + 1];
		int64_t took = look(&net, &limits, &r);

		T_CHECK(strcmp(told(&r, text), looks[i].found) == 0, "%s: %s",
		    looks[i].claim, text);
		T_CHECK(took <= looks[i].most_ms * MS, "%s: %lld us",
		    looks[i].claim, (long long)took);
		T_CHECK(net.n_packets <= looks[i].most_packets,
		    "%s: %u packets", looks[i].claim, net.n_packets);
		T_CHECK(net.n_out_most <= looks[i].window, "%s: %u under way",
		    looks[i].claim, net.n_out_most);
		T_CHECK(net.least_gap_us >= 5 * MS, "%s: again after %lld us",
		    looks[i].claim, (long long)net.least_gap_us);
		T_CHECK(r.n_queries == TRACE_QUERIES, "%s", looks[i].claim);
	}
}

/* Two parallel chains, chosen by a balancer that takes turns: the worst to
 * keep step with.  A TTL alone is missed in about 1 of 100 orders, both next to
 * each other, so that a link may be false, in 1 of 7000. */
static void
test_packets_that_take_turns(void **state)
{
	unsigned n_missed = 0, n_false = 0, n_lone_missed = 0;
	char text[HOP_MAX + 1];

	(void)state;
	for (uint64_t seed = 0; seed < 4000; seed++) {
		const struct trace_limits limits = look_limits(4, seed);
		struct net chains = { .path = "r22rrt" };
		struct net lone = { .path = "r2rrt" };
		struct trace_result r;

		look(&chains, &limits, &r);
		T_CHECK(r.n_hops <= 8, "seed %u: %u hops", (unsigned)seed,
		    r.n_hops);
		told(&r, text);
		n_missed += text[1] != 'b' || text[2] != 'b';
		n_false += text[1] != 'b' && text[2] != 'b';
		if (text[1] == 'b' && text[2] == 'b')
			T_CHECK(strcmp(text, "nbbn--") == 0, "seed %u: %s",
			    (unsigned)seed, text);
		look(&lone, &limits, &r);
		n_lone_missed += strcmp(told(&r, text), "nbn--") != 0;
	}
	T_CHECK(n_missed <= 10, "%u of 4000 balanced TTLs missed", n_missed);
	T_CHECK(n_false <= 3, "%u of 4000 links may be false", n_false);
	T_CHECK(n_lone_missed <= 60, "%u of 4000 missed", n_lone_missed);
}

static void
test_neighbours_are_looked_at_more(void **state)
{
	struct net net = { .path = "r2rrt" };
	const struct trace_limits limits = look_limits(4, 8);
	struct trace_result r;

	(void)state;
	look(&net, &limits, &r);
	assert_int_equal(net.n_of[1], 16);
	assert_in_range(net.n_of[2], 2, 8);
	assert_int_equal(net.n_of[3], 16);
	assert_int_equal(net.n_of[4], 8);
	assert_int_equal(r.hops[1].ttl, 2);
	assert_int_equal(r.hops[2].ttl, 2);
	assert_int_not_equal(r.hops[1].attempt, r.hops[2].attempt);
	/* Whichever came first: equal paths are equal. */
	assert_true(r.hops[1].address.bytes[3] < r.hops[2].address.bytes[3]);
}

/* Without looks nothing is proven, and nothing more is sent. */
static void
test_one_query(void **state)
{
	struct net net = { .path = "rrrt" };
	struct trace_limits limits = look_limits(4, 1);
	struct trace_result r;
	char text[HOP_MAX + 1];

	(void)state;
	limits.n_queries = 1;
	look(&net, &limits, &r);
	assert_string_equal(told(&r, text), "nnnn");
	assert_int_equal(r.n_queries, 1);
	assert_int_equal(net.n_of[1], 1);
}

/* A silence that was given up, answered late: no look, but the hop is kept. */
static void
test_late_answers(void **state)
{
	struct trace_limits limits = {
		.window = 1, .max_wait_us = MS, .last_ttl = 1, .n_queries = 2
	};
	const struct hop hop = { .ttl = 1,
		.attempt = 1,
		.address = { .family = 4, .bytes = { 10, 0, 0, 1 } } };
	struct trace_result r;
	int64_t until;
	struct trace t;
	uint8_t ttl;

	(void)state;
	trace_init(&t, &limits);
	assert_int_equal(trace_next(&t, 0, &ttl, &until), TRACE_SEND);
	trace_sent(&t, 1, 0);
	assert_int_equal(trace_next(&t, MS, &ttl, &until), TRACE_SEND);
	trace_sent(&t, 1, MS);
	assert_false(trace_is_look(&t, 1, 2));
	trace_reply(&t, &hop, false, true);
	assert_int_equal(trace_next(&t, 2 * MS, &ttl, &until), TRACE_LOOK);
	assert_int_equal(trace_sent(&t, 1, 2 * MS), 3);
	assert_true(trace_is_look(&t, 1, 3));
	assert_false(trace_is_look(&t, 1, 2));
	assert_int_equal(trace_next(&t, 2 * MS, &ttl, &until), TRACE_WAIT);
	assert_int_equal(trace_next(&t, 3 * MS, &ttl, &until), TRACE_DONE);
	trace_finish(&t, &r);
	assert_int_equal(r.n_hops, 1);
	assert_int_equal(r.hops[0].address.family, 4);
}

/* Extra answers take no place of the path's, not even of 32 balanced TTLs. */
static void
test_forged_replies_and_looks(void **state)
{
	const struct trace_limits limits = look_limits(4, 1);
	struct trace_result r;
	struct trace t;

	(void)state;
	trace_init(&t, &limits);
	for (unsigned i = 0; i < 4 * TRACE_TTL_MAX; i++) {
		struct hop hop = { .ttl = (uint8_t)(1 + i % TRACE_TTL_MAX),
			.attempt = 1,
			.address = {
			    .family = 4, .bytes = { 10, 0, 9, (uint8_t)i } } };

		trace_sent(&t, hop.ttl, 0);
		trace_reply(&t, &hop, false, false);
	}
	for (uint8_t i = 0; i < 4 * TRACE_TTL_MAX; i++) {
		struct hop hop = { .ttl = (uint8_t)(1 + i % TRACE_TTL_MAX),
			.attempt = (uint8_t)(1 + i / TRACE_TTL_MAX),
			.address = { .family = 4, .bytes = { 10, 0, 0, i } } };

		trace_reply(&t, &hop, false, true);
	}
	trace_finish(&t, &r);
	assert_int_equal(r.n_hops, HOP_MAX);
	for (unsigned i = 0; i < HOP_MAX; i++) {
		T_CHECK(r.hops[i].ttl == 1 + i / 2 && !r.hops[i].is_extra &&
			    trace_is_balanced(&r, i),
		    "hop %u", i);
		T_CHECK(trace_link_from(&r, i) == NULL, "hop %u", i);
	}
}

/* A host that forges replies where routers are silent too. */
static void
test_forged_replies_and_silence(void **state)
{
	struct trace_result r;
	struct trace t;
	int64_t until;
	uint8_t ttl;

	(void)state;
	trace_init(&t, &limits4);
	for (ttl = 1; ttl <= TRACE_TTL_MAX; ttl++) {
		struct hop hop = { .ttl = ttl,
			.attempt = 1,
			.address = { .family = 4, .bytes = { 10, 0, 9, 1 } } };

		trace_sent(&t, ttl, 0);
		trace_reply(&t, &hop, false, false);
		hop.address.bytes[3] = 2;
		trace_reply(&t, &hop, false, false);
		hop.address.bytes[3] = 3;
		if (ttl % 2 == 0)
			trace_reply(&t, &hop, false, true);
		hop.attempt = 2;
		hop.address.bytes[3] = 4;
		if (ttl % 2 == 0)
			trace_reply(&t, &hop, false, true);
	}
	(void)trace_next(&t, 10 * MS, &ttl, &until);
	trace_finish(&t, &r);
	assert_true(r.n_hops <= HOP_MAX);
	assert_int_equal(r.hops[r.n_hops - 1].ttl, TRACE_TTL_MAX);
	assert_true(trace_is_balanced(&r, r.n_hops - 1u));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_replies_to_one_packet),
		cmocka_unit_test(test_one_ttl),
		cmocka_unit_test(test_forged_replies),
		cmocka_unit_test(test_looks),
		cmocka_unit_test(test_packets_that_take_turns),
		cmocka_unit_test(test_neighbours_are_looked_at_more),
		cmocka_unit_test(test_one_query),
		cmocka_unit_test(test_late_answers),
		cmocka_unit_test(test_forged_replies_and_looks),
		cmocka_unit_test(test_forged_replies_and_silence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
