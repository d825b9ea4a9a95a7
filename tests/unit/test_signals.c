#include "schema/signals.h"

#include <string.h>

#include "schema/flows.h"
#include "tests/unit/check.h"

#define S INT64_C(1000000)
#define MS INT64_C(1000)
#define MIN (60 * S)
#define HOUR (60 * MIN)

enum { ROOT, TLD, ROOT6, N_TARGETS }; /* TLD is another service's */

/* One vantage, and what its next observation is like. */
struct scene {
	struct signals s;
	struct signal_target room[N_TARGETS];
	struct observation o;
	struct signal_view v;
	struct signal_verdict verdict;
	bool has_sign;
};

static void
begin(struct scene *c)
{
	memset(c, 0, sizeof *c);
	signals_init(&c->s, NULL, c->room, N_TARGETS);
	c->v.at_us = 1000 * S;
}

static bool
add(struct scene *c, unsigned target)
{
	c->v.target = 100 + target;
	c->v.group = target == TLD ? 2 : 1;
	c->v.is_authoritative = true;
	c->has_sign |= signals_add(&c->s, &c->o, &c->v);
	return c->has_sign;
}

static unsigned
score(struct scene *c, unsigned target)
{
	signals_judge(&c->s, 100 + target, c->v.at_us, &c->verdict);
	return c->verdict.score;
}

static const struct signal_count *
counted(const struct scene *c, enum signal_kind kind)
{
	for (unsigned i = 0; i < c->verdict.n; i++) {
		if (c->verdict.list[i].kind == kind)
			return &c->verdict.list[i];
	}
	return NULL;
}

/* A healthy answer by UDP of a site of the service. */
static void
dns(struct scene *c, const char *identity, enum standing standing,
    int64_t rtt_us)
{
	memset(&c->o, 0, sizeof c->o);
	c->o.kind = KIND_DNS;
	c->o.proto = PROTO_UDP;
	c->o.outcome = OUTCOME_OK;
	c->o.dns.is_aa = true;
	c->o.dns.rtt_us = rtt_us;
	if (identity != NULL)
		identity_set(&c->o.dns.nsid, identity, strlen(identity));
	c->v.standing = standing;
	c->v.key = identity == NULL ? 0 : flow_key(identity, strlen(identity));
}

static void
ping(struct scene *c, unsigned target, int64_t rtt_us, uint8_t ttl)
{
	memset(&c->o, 0, sizeof c->o);
	c->o.kind = KIND_PING;
	c->o.proto = PROTO_ICMP;
	c->o.ping.n_sent = c->o.ping.n_received = 3;
	c->o.ping.rtt_median_us = rtt_us;
	c->o.ping.has_reply_ttl = ttl != 0;
	c->o.ping.reply_ttl = ttl;
	add(c, target);
}

/* A trace that ends at TTL end; not_reached: the last router is before it. */
static void
trace(struct scene *c, unsigned target, enum proto proto, uint8_t end,
    bool is_reached, enum standing standing)
{
	struct trace_result *r = &c->o.trace;

	memset(&c->o, 0, sizeof c->o);
	c->o.kind = KIND_TRACE;
	c->o.proto = proto;
	r->is_reached = is_reached;
	for (uint8_t ttl = 1; ttl <= end; ttl++) {
		struct hop *h = &r->hops[r->n_hops++];

		h->ttl = ttl;
		h->address.family = 4;
		h->address.bytes[0] = 10;
		h->address.bytes[3] = ttl;
		h->is_target = ttl == end;
		if (h->is_target && !is_reached)
			r->n_hops--;
	}
	c->v.standing = standing;
	add(c, target);
}

/* A round of everything as it is in an ordinary network. */
static void
ordinary(struct scene *c, unsigned target)
{
	ping(c, target, 20 * MS, 55);
	dns(c, "ns1.ams", STANDING_KNOWN, 21 * MS);
	c->o.dns.has_reply_ttl = true;
	c->o.dns.reply_ttl = 55;
	add(c, target);
	c->v.at_us += MIN;
}

static void
test_an_ordinary_day_has_no_signal(void **state)
{
	struct scene c;

	(void)state;
	begin(&c);
	for (unsigned i = 0; i < 1440; i++) {
		ordinary(&c, ROOT);
		if (i % 15 == 0) {
			trace(&c, ROOT, PROTO_ICMP, 9, true, STANDING_NONE);
			trace(&c, ROOT, PROTO_UDP, 9, true, STANDING_KNOWN);
		}
	}
	assert_false(c.has_sign);
	assert_int_equal(score(&c, ROOT), 0);
	assert_false(c.verdict.is_intercepted);
	signals_fini(&c.s);
}

/* Everything at once that an ordinary network may do: flows balanced over two
 * sites at other distances, so UDP, TCP, ICMP and traces disagree for ever,
 * the way back shorter than the way there, CHAOS silent, a slow server, a
 * sick site's SERVFAIL, a corrupted identity, losses. */
static void
test_an_odd_but_honest_network_stays_under_the_limit(void **state)
{
	struct scene c;

	(void)state;
	begin(&c);
	for (unsigned i = 0; i < 1440; i++) {
		ping(&c, ROOT, 4 * MS, 60);
		dns(&c, "ns1.ams", STANDING_KNOWN, i < 700 ? 45 * MS : MS);
		c.o.dns.has_reply_ttl = true;
		c.o.dns.reply_ttl = 63;
		c.o.dns.chaos.is_asked = true;
		c.o.dns.chaos.outcome = OUTCOME_TIMEOUT;
		if (i % 100 == 7) {
			c.o.outcome = OUTCOME_RCODE;
			c.o.dns.rcode = 2;
			c.o.dns.is_aa = false;
		}
		if (i % 1000 == 3)
			dns(&c, "ns1.%ms", STANDING_FOREIGN, 45 * MS);
		if (i % 50 == 9)
			c.o.outcome = OUTCOME_TIMEOUT;
		add(&c, ROOT);
		if (i % 3 == 0) {
			dns(&c, "ns1.fra", STANDING_KNOWN, 30 * MS);
			c.o.proto = PROTO_TCP;
			add(&c, ROOT);
		}
		if (i % 15 == 0) {
			trace(&c, ROOT, PROTO_ICMP, 12, true, STANDING_NONE);
			trace(&c, ROOT, PROTO_UDP, 5, true, STANDING_KNOWN);
		}
		c.v.at_us += MIN;
		assert_true(score(&c, ROOT) < 3);
	}
	assert_false(c.verdict.is_intercepted);
	assert_non_null(counted(&c, SIGNAL_TRANSPORT));
	assert_non_null(counted(&c, SIGNAL_RTT));
	assert_null(counted(&c, SIGNAL_TTL));
	assert_null(counted(&c, SIGNAL_FOREIGN));
	signals_fini(&c.s);
}

/* The same where servers never name themselves: also a trace by another flow
 * that ends sooner must not do. */
static void
test_load_balancing_of_nameless_servers_stays_under_the_limit(void **state)
{
	struct scene c;

	(void)state;
	begin(&c);
	for (unsigned i = 0; i < 300; i++) {
		ping(&c, ROOT, 20 * MS, 55);
		dns(&c, NULL, STANDING_NONE, 5 * MS);
		c.o.dns.has_reply_ttl = true;
		c.o.dns.reply_ttl = 61;
		add(&c, ROOT);
		trace(&c, ROOT, PROTO_ICMP, 10, true, STANDING_NONE);
		trace(&c, ROOT, PROTO_UDP, 4, true, STANDING_NONE);
		c.v.at_us += MIN;
	}
	assert_int_equal(score(&c, ROOT), 2);
	assert_false(c.verdict.is_intercepted);
	assert_int_equal(counted(&c, SIGNAL_TTL)->weight, 2);
	signals_fini(&c.s);
}

/* A resolver that is the target sets RA everywhere: nothing to remark. */
static void
test_a_resolver_may_set_ra(void **state)
{
	struct scene c;

	(void)state;
	begin(&c);
	for (unsigned i = 0; i < 10; i++) {
		dns(&c, "res1.ams", STANDING_KNOWN, 5 * MS);
		c.o.dns.is_aa = false;
		c.o.dns.is_ra = true;
		c.v.target = 100;
		c.v.is_authoritative = false;
		assert_false(signals_add(&c.s, &c.o, &c.v));
	}
	signals_fini(&c.s);
}

static void
test_a_resolver_in_the_way_is_found_after_three_answers(void **state)
{
	struct scene c;

	(void)state;
	begin(&c);
	for (unsigned i = 1; i <= 3; i++) {
		dns(&c, "cache7.isp.example", STANDING_FOREIGN, 2 * MS);
		c.o.dns.is_aa = false;
		c.o.dns.is_ra = true;
		add(&c, ROOT);
		assert_int_equal(score(&c, ROOT), i < 3 ? 0 : 4);
		c.v.at_us += MIN;
	}
	assert_true(c.verdict.is_intercepted);
	assert_int_equal(c.verdict.n, 2);
	assert_string_equal(
	    counted(&c, SIGNAL_FOREIGN)->signal->detail, "cache7.isp.example");
	assert_string_equal(
	    counted(&c, SIGNAL_FLAGS)->signal->detail, "aa 0, ra 1");
	assert_int_equal(counted(&c, SIGNAL_FLAGS)->signal->n, 3);
	assert_int_equal(counted(&c, SIGNAL_FLAGS)->signal->first_us, 1000 * S);
	signals_fini(&c.s);
}

/* A new form of names, at one service: worth two, never an alarm. */
static void
test_one_signal_of_two_is_not_enough(void **state)
{
	struct scene c;

	(void)state;
	begin(&c);
	for (unsigned i = 0; i < 1000; i++) {
		dns(&c, "groot-con1-1", STANDING_FOREIGN, 20 * MS);
		add(&c, i % 2 ? ROOT : ROOT6);
		c.v.at_us += MIN;
	}
	assert_int_equal(score(&c, ROOT), 2);
	assert_false(c.verdict.is_intercepted);
	signals_fini(&c.s);
}

static void
test_one_foreign_name_at_two_services(void **state)
{
	struct scene c;

	(void)state;
	begin(&c);
	dns(&c, "dnsmasq-box", STANDING_FOREIGN, 2 * MS);
	add(&c, ROOT);
	add(&c, ROOT6);
	assert_int_equal(score(&c, ROOT), 0); /* one service's */
	add(&c, TLD);
	for (unsigned t = 0; t < N_TARGETS; t++) {
		assert_int_equal(score(&c, t), 4);
		assert_true(c.verdict.is_intercepted);
		assert_non_null(counted(&c, SIGNAL_SHARED));
	}
	signals_fini(&c.s);
}

static void
test_the_hop_that_answers_early(void **state)
{
	struct scene c;

	(void)state;
	begin(&c);
	for (unsigned i = 0; i < 3; i++) {
		dns(&c, "box", STANDING_FOREIGN, 2 * MS);
		add(&c, ROOT);
		c.v.at_us += MIN;
	}
	/* The DNS trace comes first, the other later: either order does. */
	trace(&c, ROOT, PROTO_UDP, 3, true, STANDING_FOREIGN);
	assert_int_equal(score(&c, ROOT), 2);
	trace(&c, ROOT, PROTO_ICMP, 8, true, STANDING_NONE);
	assert_int_equal(score(&c, ROOT), 6);
	assert_true(c.verdict.is_intercepted);
	assert_string_equal(counted(&c, SIGNAL_TTL)->signal->detail,
	    "answered at TTL 3, the way ends at 8");
	assert_int_equal(c.verdict.place.doubt, LOCATE_FEW);
	signals_fini(&c.s);
}

/* Any score will do, and any distance; while it lasts, and no longer. */
static void
test_an_intercepted_target_has_a_place(void **state)
{
	struct scene c;

	(void)state;
	begin(&c);
	trace(&c, ROOT, PROTO_ICMP, 4, true, STANDING_NONE);
	for (unsigned i = 0; i < 3; i++) {
		trace(&c, ROOT, PROTO_UDP, 3, true, STANDING_FOREIGN);
		score(&c, ROOT);
		assert_int_equal(c.verdict.place.ttl, i < 2 ? 0 : 3);
		dns(&c, NULL, STANDING_NONE, 2 * MS);
		c.o.dns.is_ra = true;
		add(&c, ROOT);
		dns(&c, NULL, STANDING_NONE, 2 * MS);
		c.o.why = WHY_DECOY;
		add(&c, ROOT);
	}
	assert_int_equal(score(&c, ROOT), 6);
	assert_int_equal(c.verdict.place.ttl, 3);
	assert_int_equal(c.verdict.place.doubt, LOCATE_UNSEEN);
	for (unsigned i = 0; i < 3; i++) {
		memset(&c.o, 0, sizeof c.o);
		c.o.kind = KIND_TRACE;
		c.o.proto = PROTO_PLAIN;
		c.o.trace.n_hops = 2;
		for (unsigned k = 0; k < 2; k++) {
			struct hop *h = &c.o.trace.hops[k];

			h->ttl = (uint8_t)(2 + k);
			h->address.family = 4;
			h->address.bytes[0] = 10;
			h->address.bytes[3] = h->ttl;
		}
		add(&c, ROOT);
	}
	score(&c, ROOT);
	assert_int_equal(c.verdict.place.doubt, LOCATE_SURE);
	assert_int_equal(c.verdict.place.hop.bytes[3], 3);
	/* What was known stays while nothing new comes. */
	c.v.at_us += 23 * HOUR;
	dns(&c, NULL, STANDING_NONE, 2 * MS);
	c.o.why = WHY_DECOY;
	add(&c, ROOT);
	c.v.at_us += 2 * HOUR;
	assert_int_equal(score(&c, ROOT), 4);
	assert_int_equal(c.verdict.place.ttl, 3);
	c.v.at_us += 23 * HOUR;
	assert_int_equal(score(&c, ROOT), 0);
	assert_int_equal(c.verdict.place.ttl, 0);
	signals_fini(&c.s);
}

/* How long the way is, without its end; and what is no evidence. */
static const struct {
	const char *name;
	enum proto proto;
	uint8_t end;
	bool is_reached;
	uint8_t answered;
	enum standing standing;
	bool has_sign;
} ttl_cases[] = {
	{ "two hops early", PROTO_ICMP, 5, true, 3, STANDING_NONE, true },
	{ "one hop early", PROTO_ICMP, 4, true, 3, STANDING_NONE, false },
	{ "the end is silent, routers go on", PROTO_ICMP, 6, false, 3,
	    STANDING_NONE, true },
	{ "the other trace was cut off sooner", PROTO_ICMP, 3, false, 3,
	    STANDING_NONE, false },
	{ "by TCP", PROTO_TCP, 6, true, 2, STANDING_FOREIGN, true },
	{ "by plain datagrams", PROTO_PLAIN, 6, true, 2, STANDING_FOREIGN,
	    true },
	{ "a site of the service", PROTO_ICMP, 9, true, 2, STANDING_KNOWN,
	    false },
};

static void
test_early_answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < T_LEN(ttl_cases); i++) {
		struct scene c;

		begin(&c);
		trace(&c, ROOT, ttl_cases[i].proto, ttl_cases[i].end,
		    ttl_cases[i].is_reached, STANDING_NONE);
		trace(&c, ROOT, PROTO_UDP, ttl_cases[i].answered, true,
		    ttl_cases[i].standing);
		T_CHECK(c.has_sign == ttl_cases[i].has_sign, "%s",
		    ttl_cases[i].name);
		signals_fini(&c.s);
	}
}

/* An old path says nothing of today's. */
static void
test_old_things_are_not_compared(void **state)
{
	struct scene c;

	(void)state;
	begin(&c);
	trace(&c, ROOT, PROTO_ICMP, 9, true, STANDING_NONE);
	c.v.at_us += 31 * MIN;
	trace(&c, ROOT, PROTO_UDP, 3, true, STANDING_NONE);
	for (unsigned i = 0; i < 20; i++) {
		ping(&c, ROOT, 50 * MS, 50);
		c.v.at_us += 31 * MIN;
		dns(&c, "ns1.ams", STANDING_KNOWN, 2 * MS);
		add(&c, ROOT);
	}
	assert_false(c.has_sign);
	signals_fini(&c.s);
}

static void
test_a_decoy_that_answers_is_a_proof_everywhere(void **state)
{
	struct scene c;

	(void)state;
	begin(&c);
	ordinary(&c, ROOT);
	dns(&c, NULL, STANDING_NONE, 3 * MS);
	c.o.why = WHY_DECOY;
	c.o.outcome = OUTCOME_TIMEOUT;
	assert_false(signals_add(&c.s, &c.o, &c.v));
	c.o.outcome = OUTCOME_RCODE;
	c.o.target.family = 4;
	c.o.target.bytes[0] = 192;
	c.o.target.bytes[2] = 2;
	assert_true(signals_add(&c.s, &c.o, &c.v));
	assert_int_equal(score(&c, ROOT), 4);
	assert_true(c.verdict.is_intercepted);
	assert_int_equal(score(&c, TLD), 4);
	assert_string_equal(
	    counted(&c, SIGNAL_DECOY)->signal->detail, "192.0.2.0 in 3.0 ms");
	signals_fini(&c.s);
}

/* Round trips: dns against ping, and whether five rounds of it are a sign. */
static const struct {
	const char *name;
	int64_t dns_us, ping_us;
	bool has_sign;
} rtt_cases[] = {
	{ "alike", 20 * MS, 20 * MS, false },
	{ "1.9 ms less", 8 * MS, 9900, false },
	{ "2.1 ms less", 7900, 10 * MS, true },
	{ "15 % less", 85 * MS, 100 * MS, false },
	{ "25 % less", 75 * MS, 100 * MS, true },
	{ "19 ms more", 20 * MS, MS, false },
	{ "21 ms more", 22 * MS, MS, true },
	{ "40 % more", 140 * MS, 100 * MS, false },
	{ "60 % more", 160 * MS, 100 * MS, true },
};

static void
test_round_trips(void **state)
{
	(void)state;
	for (size_t i = 0; i < T_LEN(rtt_cases); i++) {
		struct scene c;

		begin(&c);
		for (unsigned round = 0; round < 5; round++) {
			assert_false(c.has_sign);
			ping(&c, ROOT, rtt_cases[i].ping_us, 0);
			for (unsigned k = 0; k < 3; k++) {
				dns(&c, "ns1.ams", STANDING_KNOWN,
				    rtt_cases[i].dns_us);
				add(&c, ROOT);
			}
			c.v.at_us += MIN;
		}
		T_CHECK(c.has_sign == rtt_cases[i].has_sign, "%s",
		    rtt_cases[i].name);
		assert_true(score(&c, ROOT) <= 1);
		signals_fini(&c.s);
	}
}

static void
test_a_good_round_starts_the_count_again(void **state)
{
	struct scene c;

	(void)state;
	begin(&c);
	for (unsigned i = 0; i < 100; i++) {
		ping(&c, ROOT, 20 * MS, 0);
		dns(&c, "ns1.ams", STANDING_KNOWN,
		    i % 5 == 4 ? 20 * MS : 2 * MS);
		add(&c, ROOT);
		c.v.at_us += MIN;
	}
	assert_false(c.has_sign);
	signals_fini(&c.s);
}

static void
test_second_answers(void **state)
{
	struct scene c;

	(void)state;
	begin(&c);
	for (unsigned i = 0; i < 6; i++) {
		dns(&c, "ns1.ams", STANDING_KNOWN, 20 * MS);
		c.o.dns.second.is_present = true;
		c.o.dns.second.is_different = i % 2;
		c.o.dns.second.rtt_us = 31 * MS;
		add(&c, ROOT);
	}
	assert_int_equal(score(&c, ROOT), 2);
	assert_int_equal(counted(&c, SIGNAL_SECOND)->signal->n, 3);
	assert_string_equal(counted(&c, SIGNAL_SECOND)->signal->detail,
	    "rcode 0 after 31.0 ms");
	signals_fini(&c.s);
}

static void
test_codes_that_others_do_not_get(void **state)
{
	struct scene c;

	(void)state;
	begin(&c);
	for (unsigned i = 0; i < 3; i++) {
		dns(&c, NULL, STANDING_NONE, 2 * MS);
		c.o.outcome = OUTCOME_RCODE;
		c.o.dns.rcode = 5;
		c.o.dns.is_aa = false;
		c.v.is_rcode_usual = true;
		add(&c, ROOT);
		assert_false(c.has_sign);
	}
	c.v.is_rcode_usual = false;
	for (unsigned i = 0; i < 3; i++)
		add(&c, ROOT);
	assert_int_equal(score(&c, ROOT), 2);
	assert_string_equal(
	    counted(&c, SIGNAL_RCODE)->signal->detail, "rcode 5");
	signals_fini(&c.s);
}

static void
test_reply_ttl(void **state)
{
	static const struct {
		uint8_t dns, ping, way;
		bool has_sign;
	} cases[] = {
		{ 55, 55, 0, false }, { 57, 55, 0, false }, { 58, 55, 0, true },
		{ 246, 55, 0, false }, /* both nine hops */
		{ 63, 120, 0, true },  /* one hop, eight */
		{ 62, 0, 12, true },   /* two hops, eleven there */
		{ 58, 0, 12, false },  /* six of eleven */
		{ 62, 0, 6, false },   /* two of five */
	};

	(void)state;
	for (size_t i = 0; i < T_LEN(cases); i++) {
		struct scene c;

		begin(&c);
		if (cases[i].way > 0)
			trace(&c, ROOT, PROTO_ICMP, cases[i].way, true,
			    STANDING_NONE);
		for (unsigned round = 0; round < 5; round++) {
			if (cases[i].ping > 0)
				ping(&c, ROOT, 20 * MS, cases[i].ping);
			dns(&c, "ns1.ams", STANDING_KNOWN, 20 * MS);
			c.o.dns.has_reply_ttl = true;
			c.o.dns.reply_ttl = cases[i].dns;
			add(&c, ROOT);
			c.v.at_us += MIN;
		}
		T_CHECK(c.has_sign == cases[i].has_sign, "case %zu", i);
		signals_fini(&c.s);
	}
}

/* It ends 24 hours after the last sign; in between a score of 2 keeps it. */
static void
test_window_and_hysteresis(void **state)
{
	struct scene c;

	(void)state;
	begin(&c);
	for (unsigned i = 0; i < 3; i++) {
		dns(&c, "box", STANDING_FOREIGN, 2 * MS);
		c.o.dns.is_ra = true;
		add(&c, ROOT);
	}
	assert_int_equal(score(&c, ROOT), 4);
	assert_true(c.verdict.is_intercepted);
	c.v.at_us += 20 * HOUR;
	for (unsigned i = 0; i < 3; i++) {
		dns(&c, "box", STANDING_FOREIGN, 2 * MS);
		add(&c, ROOT);
	}
	c.v.at_us += 5 * HOUR;
	assert_int_equal(score(&c, ROOT), 2);
	assert_true(c.verdict.is_intercepted);
	c.v.at_us += 20 * HOUR;
	assert_int_equal(score(&c, ROOT), 0);
	assert_false(c.verdict.is_intercepted);
	/* And a score of 2 alone does not begin it anew. */
	for (unsigned i = 0; i < 3; i++)
		add(&c, ROOT);
	assert_int_equal(score(&c, ROOT), 2);
	assert_false(c.verdict.is_intercepted);
	assert_int_equal(counted(&c, SIGNAL_FOREIGN)->signal->n, 3);
	signals_fini(&c.s);
}

static void
test_an_earlier_run_is_brought_back(void **state)
{
	struct scene a, b;

	(void)state;
	begin(&a);
	for (unsigned i = 0; i < 3; i++) {
		dns(&a, "box", STANDING_FOREIGN, 2 * MS);
		a.o.dns.is_ra = true;
		add(&a, ROOT);
	}
	score(&a, ROOT);
	begin(&b);
	for (unsigned i = 0; i < a.verdict.n; i++)
		signals_restore(&b.s, 100 + ROOT, 1, a.verdict.list[i].kind,
		    a.verdict.list[i].signal);
	assert_int_equal(score(&b, ROOT), 4);
	assert_true(b.verdict.is_intercepted);
	assert_string_equal(counted(&b, SIGNAL_FOREIGN)->signal->detail, "box");
	signals_fini(&a.s);
	signals_fini(&b.s);
}

/* The probe's own faults, more targets than room, identities of bytes. */
static void
test_what_is_ignored_and_what_is_hostile(void **state)
{
	struct scene c;
	uint8_t bytes[300];

	(void)state;
	begin(&c);
	dns(&c, "box", STANDING_FOREIGN, 2 * MS);
	c.o.outcome = OUTCOME_SEND_FAILED;
	assert_false(add(&c, ROOT));
	memset(bytes, 0x1b, sizeof bytes);
	dns(&c, NULL, STANDING_FOREIGN, 2 * MS);
	identity_set(&c.o.dns.nsid, bytes, sizeof bytes);
	assert_true(add(&c, ROOT));
	for (const char *p = c.room[0].signals[SIGNAL_FOREIGN].detail; *p; p++)
		assert_true(*p >= ' ' && *p <= '~');
	for (unsigned i = 0; i < 10; i++) {
		c.v.target = 500 + i;
		signals_add(&c.s, &c.o, &c.v);
	}
	assert_int_equal(c.s.n_targets, N_TARGETS);
	assert_null(signals_find(&c.s, 509));
	signals_fini(&c.s);
}

static void
test_names(void **state)
{
	enum signal_kind k;

	(void)state;
	for (unsigned i = 0; i < N_SIGNALS; i++) {
		assert_int_equal(
		    signal_from_name(&k, signal_name((enum signal_kind)i)),
		    RC_OK);
		assert_int_equal(k, i);
		assert_true(signal_weight(k) >= 1 && signal_weight(k) <= 4);
	}
	assert_int_equal(signal_from_name(&k, "?"), RC_MALFORMED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_ordinary_day_has_no_signal),
		cmocka_unit_test(
		    test_an_odd_but_honest_network_stays_under_the_limit),
		cmocka_unit_test(
		    test_load_balancing_of_nameless_servers_stays_under_the_limit),
		cmocka_unit_test(test_a_resolver_may_set_ra),
		cmocka_unit_test(
		    test_a_resolver_in_the_way_is_found_after_three_answers),
		cmocka_unit_test(test_one_signal_of_two_is_not_enough),
		cmocka_unit_test(test_one_foreign_name_at_two_services),
		cmocka_unit_test(test_the_hop_that_answers_early),
		cmocka_unit_test(test_an_intercepted_target_has_a_place),
		cmocka_unit_test(test_early_answers),
		cmocka_unit_test(test_old_things_are_not_compared),
		cmocka_unit_test(
		    test_a_decoy_that_answers_is_a_proof_everywhere),
		cmocka_unit_test(test_round_trips),
		cmocka_unit_test(test_a_good_round_starts_the_count_again),
		cmocka_unit_test(test_second_answers),
		cmocka_unit_test(test_codes_that_others_do_not_get),
		cmocka_unit_test(test_reply_ttl),
		cmocka_unit_test(test_window_and_hysteresis),
		cmocka_unit_test(test_an_earlier_run_is_brought_back),
		cmocka_unit_test(test_what_is_ignored_and_what_is_hostile),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
