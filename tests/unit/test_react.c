/* test_react.c - what is asked again, when, and how often, on simulated time. */
#include "probe/react.h"

#include <stdlib.h>
#include <string.h>

#include "probe/guise.h"
#include "schema/base/clock.h"
#include "tests/unit/check.h"

#define T0 (INT64_C(1763700000) * US_PER_S)
#define TARGET 0
#define OTHER 1
#define CONTROL 2
#define CONTROL_V6 3
#define N_TARGETS 4

static struct assignment *
assign(void)
{
	struct assignment *a = calloc(1, sizeof *a);

	for (size_t i = 0; i < N_TARGETS; i++)
		assignment_add(a);
	a->n_confirm = a->n_retry = 2;
	a->confirm_after_us[0] = 10 * US_PER_S;
	a->confirm_after_us[1] = 20 * US_PER_S;
	a->retry_after_us[0] = 2 * US_PER_S;
	a->retry_after_us[1] = 6 * US_PER_S;
	for (size_t i = 0; i < N_TARGETS; i++) {
		a->targets[i].address =
		    (struct addr){ i == CONTROL_V6 ? 6 : 4, { (uint8_t)i } };
		a->targets[i].port = 53;
		a->targets[i].is_control = i >= CONTROL;
		a->targets[i].dns_every_us = 60 * US_PER_S;
	}
	return a;
}

static struct assignment *assigned; /* lent to the react that is looked at */
static struct pace traces;

static struct react *
begin(struct assignment *a)
{
	struct react *r;

	pace_init(&traces, 1, 1);
	r = react_new(&traces);
	react_replace(r, a);
	assigned = a;
	return r;
}

static struct react *
start(void)
{
	return begin(assign());
}

static void
end(struct react *r)
{
	react_free(r);
	assignment_fini(assigned);
	free(assigned);
}

/* An answer by nsid ("": none), or by CHAOS text ("c:..."); NULL: timeout. */
static struct observation
see(const char *who, enum why why)
{
	struct observation o = { .kind = KIND_DNS,
		.why = why,
		.proto = PROTO_UDP,
		.outcome = who == NULL ? OUTCOME_TIMEOUT : OUTCOME_OK };

	o.dns.is_aa = who != NULL;
	if (who != NULL && strncmp(who, "c:", 2) == 0)
		identity_set(&o.dns.chaos.txt, who + 2, strlen(who + 2));
	else if (who != NULL && who[0] != '\0')
		identity_set(&o.dns.nsid, who, strlen(who));
	return o;
}

static bool
observe(struct react *r, size_t target, const char *who, enum why why,
    int64_t at_us)
{
	struct observation o = see(who, why);

	return react_observe(r, target, &o, at_us);
}

struct asked {
	unsigned n, n_confirm, n_retry, n_control, n_varied, n_trace, n_tcp;
	unsigned n_of[N_TARGETS];
	unsigned n_look[3];  /* by DNS, by ICMP, by datagrams of other flows */
	uint8_t ttl;         /* of the last */
	int64_t first_us[2]; /* of confirmations or retries over UDP */
};

static void
count_look(struct asked *c, const struct reaction *what)
{
	bool is_own_flow = what->proto == PROTO_UDP;

	assert_int_equal(what->kind, KIND_TRACE);
	assert_int_equal(what->why, is_own_flow ? WHY_CONFIRM : WHY_VARIED);
	assert_int_equal(what->is_any_port, !is_own_flow);
	c->n_look[is_own_flow ? 0 : what->proto == PROTO_ICMP ? 1 : 2]++;
	c->ttl = what->ttl;
}

static void
count(struct asked *c, const struct reaction *what, int64_t at_us)
{
	bool is_try = what->kind != KIND_TRACE && !what->is_tcp &&
		      (what->why == WHY_CONFIRM || what->why == WHY_RETRY);

	if (what->is_look) {
		count_look(c, what);
		return;
	}
	c->n++;
	c->n_of[what->target]++;
	c->n_trace += what->kind == KIND_TRACE;
	c->n_tcp += what->is_tcp;
	c->n_varied += what->why == WHY_VARIED && what->is_any_port;
	c->n_control += what->why == WHY_CONTROL;
	if (is_try && c->n_confirm + c->n_retry < 2)
		c->first_us[c->n_confirm + c->n_retry] = at_us;
	c->n_confirm += is_try && what->why == WHY_CONFIRM;
	c->n_retry += is_try && what->why == WHY_RETRY;
}

/* Takes all that is asked until then; nobody answers. */
static struct asked
drain(struct react *r, int64_t until_us)
{
	struct asked c = { 0 };
	struct reaction what;

	while (react_next_us(r) <= until_us) {
		int64_t at_us = react_next_us(r);

		while (react_take(r, at_us, &what))
			count(&c, &what, at_us);
	}
	return c;
}

/* Known and stable: the first contact's reaction is over. */
static struct react *
settled(const char *who)
{
	struct react *r = start();

	observe(r, TARGET, who, WHY_ROUND, T0 - 3600 * US_PER_S);
	drain(r, T0 - 3000 * US_PER_S);
	return r;
}

static const struct {
	const char *claim;
	const char *before; /* "-": never seen; NULL: silent */
	const char *now;
	bool is_urgent;
	unsigned n_confirm, n_retry, n_control, n_varied, n_trace, n_tcp;
} cases[] = {
	{ "the same again is no news", "ams1", "ams1", false, 0, 0, 0, 0, 0,
	    0 },
	{ "another identity is confirmed, varied and traced", "ams1", "fra1",
	    true, 2, 0, 0, 3, 1, 0 },
	{ "the first contact is confirmed", "-", "ams1", true, 2, 0, 0, 3, 1,
	    0 },
	{ "a silent first contact is retried", "-", NULL, true, 0, 2, 1, 0, 1,
	    1 },
	{ "silence is retried, controls and TCP asked, traced", "ams1", NULL,
	    true, 0, 2, 1, 0, 1, 1 },
	{ "silence that lasts is no news", NULL, NULL, false, 0, 0, 0, 0, 0,
	    0 },
	{ "who comes back as he was is only confirmed", "(back)", "ams1", true,
	    2, 0, 0, 0, 0, 0 },
	{ "an NSID that vanishes is a change", "ams1", "", true, 2, 0, 0, 3, 1,
	    0 },
	{ "CHAOS in the place of NSID is a change", "ams1", "c:ams1", true, 2,
	    0, 0, 3, 1, 0 },
	{ "the same CHAOS again is no news", "c:a", "c:a", false, 0, 0, 0, 0, 0,
	    0 },
	{ "another CHAOS is a change", "c:a", "c:b", true, 2, 0, 0, 3, 1, 0 },
	{ "CHAOS that is limited is no news", "c:a", "", false, 0, 0, 0, 0, 0,
	    0 },
	{ "no identity ever is no news", "", "", false, 0, 0, 0, 0, 0, 0 },
};

static struct react *
prepare(const char *before)
{
	struct react *r;

	if (before != NULL && strcmp(before, "-") == 0)
		return start();
	if (before != NULL && strcmp(before, "(back)") == 0) {
		r = settled("ams1");
		observe(r, TARGET, NULL, WHY_ROUND, T0 - 600 * US_PER_S);
		drain(r, T0 - 60 * US_PER_S);
		return r;
	}
	return settled(before);
}

static void
each_news_has_its_reaction(void **state)
{
	(void)state;
	for (size_t i = 0; i < T_LEN(cases); i++) {
		struct react *r = prepare(cases[i].before);
		bool is_urgent =
		    observe(r, TARGET, cases[i].now, WHY_ROUND, T0);
		struct asked c = drain(r, T0 + 60 * US_PER_S);

		T_CHECK(is_urgent == cases[i].is_urgent, "%s: urgent",
		    cases[i].claim);
		T_CHECK(c.n_confirm == cases[i].n_confirm, "%s: %u confirm",
		    cases[i].claim, c.n_confirm);
		T_CHECK(c.n_retry == cases[i].n_retry, "%s: %u retry",
		    cases[i].claim, c.n_retry);
		T_CHECK(c.n_control == cases[i].n_control, "%s: %u control",
		    cases[i].claim, c.n_control);
		T_CHECK(c.n_varied == cases[i].n_varied, "%s: %u varied",
		    cases[i].claim, c.n_varied);
		T_CHECK(c.n_trace == cases[i].n_trace, "%s: %u trace",
		    cases[i].claim, c.n_trace);
		T_CHECK(c.n_tcp == cases[i].n_tcp, "%s: %u tcp", cases[i].claim,
		    c.n_tcp);
		end(r);
	}
}

static void
tries_come_when_they_were_assigned(void **state)
{
	struct react *r = settled("ams1");
	struct asked c;

	(void)state;
	observe(r, TARGET, "fra1", WHY_ROUND, T0);
	c = drain(r, T0 + 60 * US_PER_S);
	assert_int_equal(c.first_us[0], T0 + 10 * US_PER_S);
	assert_int_equal(c.first_us[1], T0 + 20 * US_PER_S);
	observe(r, TARGET, NULL, WHY_ROUND, T0 + 100 * US_PER_S);
	c = drain(r, T0 + 160 * US_PER_S);
	assert_int_equal(c.first_us[0], T0 + 102 * US_PER_S);
	assert_int_equal(c.first_us[1], T0 + 106 * US_PER_S);
	end(r);
}

static void
own_faults_trigger_nothing(void **state)
{
	static const enum outcome faults[] = { OUTCOME_NO_FAMILY,
		OUTCOME_SEND_FAILED };
	struct react *r = settled("ams1");

	(void)state;
	for (size_t i = 0; i < T_LEN(faults); i++) {
		struct observation o = see(NULL, WHY_ROUND);

		o.outcome = faults[i];
		assert_false(react_observe(r, TARGET, &o, T0));
		assert_true(react_next_us(r) == INT64_MAX);
	}
	assert_false(observe(r, TARGET, "ams1", WHY_ROUND, T0 + 1));
	end(r);
}

static void
a_reaction_is_not_started_again_by_its_own_answers(void **state)
{
	struct react *r = settled("ams1");

	(void)state;
	observe(r, TARGET, "fra1", WHY_ROUND, T0);
	drain(r, T0 + 11 * US_PER_S);
	assert_true(
	    observe(r, TARGET, "fra1", WHY_CONFIRM, T0 + 11 * US_PER_S));
	assert_int_equal(react_next_us(r), T0 + 20 * US_PER_S);
	drain(r, T0 + 21 * US_PER_S);
	observe(r, TARGET, "fra1", WHY_CONFIRM, T0 + 21 * US_PER_S);
	assert_true(react_next_us(r) == INT64_MAX);
	end(r);
}

static void
other_ports_other_transports_and_traces_are_no_news(void **state)
{
	struct react *r = settled("ams1");
	struct observation tcp = see(NULL, WHY_RETRY);
	struct observation trace = {
		.kind = KIND_TRACE, .why = WHY_ROUND, .outcome = OUTCOME_TIMEOUT
	};
	struct observation ping = {
		.kind = KIND_PING, .why = WHY_ROUND, .outcome = OUTCOME_TIMEOUT
	};

	(void)state;
	tcp.proto = PROTO_TCP;
	react_observe(r, TARGET, &tcp, T0);
	observe(r, TARGET, "zrh1", WHY_VARIED, T0);
	observe(r, TARGET, "zrh1", WHY_CONTROL, T0);
	assert_false(react_observe(r, TARGET, &trace, T0));
	assert_false(react_observe(r, TARGET, &ping, T0));
	assert_true(react_next_us(r) == INT64_MAX);
	end(r);
}

static void
changing_again_replaces_what_was_left_to_ask(void **state)
{
	struct react *r = settled("ams1");
	struct asked c;

	(void)state;
	observe(r, TARGET, "fra1", WHY_ROUND, T0);
	drain(r, T0 + 10 * US_PER_S);
	observe(r, TARGET, "zrh1", WHY_CONFIRM, T0 + 10 * US_PER_S);
	c = drain(r, T0 + 60 * US_PER_S);
	assert_int_equal(c.n_confirm, 2);
	assert_int_equal(c.first_us[0], T0 + 20 * US_PER_S);
	end(r);
}

/* A target that answers from another place each time may not take the whole
 * rate of the host. */
static void
a_flapping_target_is_left_alone(void **state)
{
	struct react *r = settled("ams1");
	unsigned n = 0;

	(void)state;
	for (int s = 0; s < 3600; s += 10) {
		int64_t at_us = T0 + s * US_PER_S;

		observe(
		    r, TARGET, s % 20 == 0 ? "fra1" : "ams1", WHY_ROUND, at_us);
		n += drain(r, at_us + 9 * US_PER_S).n;
	}
	T_CHECK(
	    n <= 6 * (REACT_BURST + 3600 / 120 + 1), "%u asked in an hour", n);
	end(r);
}

static void
targets_that_fail_together_share_controls_and_ration_traces(void **state)
{
	enum { N = 100 };
	struct assignment *a = assign();
	struct asked c = { 0 };
	struct reaction what;
	struct react *r;

	(void)state;
	for (size_t i = N_TARGETS; i < N; i++) {
		struct assigned_target *t = assignment_add(a);

		*t = a->targets[TARGET];
		t->address.bytes[0] = (uint8_t)i;
	}
	r = begin(a);
	for (size_t i = 0; i < N; i++)
		if (!a->targets[i].is_control)
			observe(r, i, NULL, WHY_ROUND, T0);
	for (int64_t s = 0; s <= REACT_TRACE_BURST; s++) {
		unsigned n_trace = 0;

		while (react_take(r, T0 + s * US_PER_S, &what)) {
			c.n_control += what.why == WHY_CONTROL;
			n_trace += what.kind == KIND_TRACE;
		}
		T_CHECK(n_trace <= 1, "%u traces start at once", n_trace);
		c.n_trace += n_trace;
	}
	assert_int_equal(c.n_control, 1);
	assert_int_equal(c.n_trace, REACT_TRACE_BURST);
	end(r);
}

static void
a_decoy_has_no_reactions(void **state)
{
	struct assignment *a = assign();
	struct react *r;

	(void)state;
	a->targets[OTHER].is_decoy = a->targets[OTHER].is_control = true;
	r = begin(a);
	assert_false(observe(r, OTHER, NULL, WHY_DECOY, T0));
	assert_false(observe(r, OTHER, NULL, WHY_ROUND, T0));
	assert_true(react_next_us(r) == INT64_MAX);
	/* Nor is it asked as a control. */
	observe(r, TARGET, NULL, WHY_ROUND, T0);
	assert_int_equal(drain(r, T0 + 60 * US_PER_S).n_of[OTHER], 0);
	end(r);
}

static void
a_control_that_fails_is_retried_without_a_cascade(void **state)
{
	struct react *r = start();
	struct asked c;

	(void)state;
	observe(r, CONTROL, "one", WHY_ROUND, T0 - 3600 * US_PER_S);
	drain(r, T0 - 3000 * US_PER_S);
	assert_true(observe(r, CONTROL, NULL, WHY_ROUND, T0));
	c = drain(r, T0 + 60 * US_PER_S);
	assert_int_equal(c.n, 2);
	assert_int_equal(c.n_retry, 2);
	assert_true(observe(r, CONTROL, "one", WHY_ROUND, T0 + 90 * US_PER_S));
	end(r);
}

static void
a_target_known_by_chaos_alone_wants_it_every_round(void **state)
{
	struct react *r = start();

	(void)state;
	assert_true(react_wants_chaos(r, TARGET));
	observe(r, TARGET, "c:ams1", WHY_ROUND, T0);
	assert_true(react_wants_chaos(r, TARGET));
	observe(r, TARGET, "ams1", WHY_ROUND, T0 + 1);
	assert_false(react_wants_chaos(r, TARGET));
	end(r);
}

/* At Cloudflare's nodes of F-root NSID tells no site, and CHAOS does. */
static void
nsid_is_no_identity_where_chaos_is_asked_for(void **state)
{
	struct assignment *a = assign();
	struct observation o = see("543m151", WHY_ROUND);
	struct react *r;

	(void)state;
	a->targets[TARGET].identity = ASSIGNED_CHAOS;
	r = begin(a);
	identity_set(&o.dns.chaos.txt, "ams", 3);
	react_observe(r, TARGET, &o, T0);
	assert_true(react_wants_chaos(r, TARGET));
	identity_set(&o.dns.nsid, "543m152", 7);
	assert_false(react_observe(r, TARGET, &o, T0 + US_PER_S));
	identity_set(&o.dns.chaos.txt, "fra", 3);
	assert_true(react_observe(r, TARGET, &o, T0 + 2 * US_PER_S));
	end(r);
}

static void
health_is_news_too(void **state)
{
	struct react *r = settled("ams1");
	struct observation servfail = see("ams1", WHY_ROUND);

	(void)state;
	servfail.outcome = OUTCOME_RCODE;
	servfail.dns.rcode = 2;
	assert_true(react_observe(r, TARGET, &servfail, T0));
	assert_int_equal(drain(r, T0 + 60 * US_PER_S).n_confirm, 2);
	assert_false(react_observe(r, TARGET, &servfail, T0 + 60 * US_PER_S));
	end(r);
}

static void
a_target_that_is_only_pinged_is_told_by_ping(void **state)
{
	struct assignment *a = assign();
	struct observation ping = { .kind = KIND_PING, .why = WHY_ROUND };
	struct reaction what;
	struct react *r;

	(void)state;
	a->targets[TARGET].dns_every_us = 0;
	a->targets[TARGET].ping_every_us = 60 * US_PER_S;
	r = begin(a);
	react_observe(r, TARGET, &ping, T0 - 3600 * US_PER_S);
	drain(r, T0 - 60 * US_PER_S);
	ping.outcome = OUTCOME_TIMEOUT;
	assert_true(react_observe(r, TARGET, &ping, T0));
	drain(r, T0 + 1 * US_PER_S);
	assert_true(react_take(r, T0 + 2 * US_PER_S, &what));
	assert_int_equal(what.kind, KIND_PING);
	assert_int_equal(what.why, WHY_RETRY);
	end(r);
}

static void
another_assignment_keeps_what_is_known(void **state)
{
	struct react *r = settled("ams1");
	struct assignment *a = assign();

	(void)state;
	observe(r, OTHER, "ams1", WHY_ROUND, T0);
	observe(r, TARGET, "fra1", WHY_ROUND, T0);
	/* OTHER goes; TARGET becomes the last. */
	a->targets[1] = a->targets[TARGET];
	a->targets[0] = a->targets[CONTROL];
	a->n_targets = 2;
	react_replace(r, a);
	assignment_fini(assigned);
	free(assigned);
	assigned = a;
	assert_int_equal(drain(r, T0 + 60 * US_PER_S).n_of[1], 6);
	assert_false(observe(r, 1, "fra1", WHY_ROUND, T0 + 60 * US_PER_S));
	end(r);
}

/* ---- looks ---- */

static const struct {
	const char *claim;
	const char *before, *now;
	enum outcome outcome;
	bool is_aa, is_ra, is_looked_at;
} guises[] = {
	{ "the same again", "ns1.ams", "ns1.ams", OUTCOME_OK, true, false,
	    false },
	{ "another of the same shape", "ns1.ams", "ns22.fra", OUTCOME_OK, true,
	    false, false },
	{ "a name of another shape", "ns1.ams", "cache7.isp.example",
	    OUTCOME_OK, true, false, true },
	{ "no name any more", "ns1.ams", "", OUTCOME_OK, true, false, true },
	{ "CHAOS that is limited", "c:ns1", "", OUTCOME_OK, true, false,
	    false },
	{ "recursion is available", "ns1.ams", "ns1.ams", OUTCOME_OK, true,
	    true, true },
	{ "no authority", "ns1.ams", "ns1.ams", OUTCOME_OK, false, false,
	    true },
	{ "refused", "ns1.ams", "ns1.ams", OUTCOME_RCODE, false, false, true },
};

static struct observation
odd(size_t i)
{
	struct observation o = see(guises[i].now, WHY_ROUND);

	o.outcome = guises[i].outcome;
	o.dns.is_aa = guises[i].is_aa;
	o.dns.is_ra = guises[i].is_ra;
	return o;
}

static void
an_answer_of_an_odd_guise_is_looked_at(void **state)
{
	(void)state;
	for (size_t i = 0; i < T_LEN(guises); i++) {
		struct react *r = settled(guises[i].before);
		struct observation o = odd(i);
		bool is_urgent = react_observe(r, TARGET, &o, T0);
		struct asked c = drain(r, T0 + 60 * US_PER_S);

		T_CHECK(c.n_look[0] ==
			    (guises[i].is_looked_at ? REACT_LOOK_TRACES : 0),
		    "%s: %u traces by DNS", guises[i].claim, c.n_look[0]);
		T_CHECK(c.n_look[1] == guises[i].is_looked_at,
		    "%s: %u traces by ICMP", guises[i].claim, c.n_look[1]);
		T_CHECK(is_urgent || !guises[i].is_looked_at, "%s: urgent",
		    guises[i].claim);
		end(r);
	}
}

/* A resolver taken for the target, which answers traces at this TTL. */
static struct observation
from_a_resolver(const char *who)
{
	struct observation o = see(who, WHY_ROUND);

	o.dns.is_ra = true;
	return o;
}

static struct observation
traced(enum proto proto, uint8_t end)
{
	struct observation o = {
		.kind = KIND_TRACE, .why = WHY_CONFIRM, .proto = proto
	};

	for (uint8_t ttl = 1; ttl <= end; ttl++)
		o.trace.hops[o.trace.n_hops++] =
		    (struct hop){ .ttl = ttl, .is_target = ttl == end };
	return o;
}

/* The other flows go where the first trace says, once. */
static void
a_look_goes_closer_to_the_hop_that_answers(void **state)
{
	struct react *r = settled("ams1");
	struct observation o = from_a_resolver("");
	struct observation icmp = traced(PROTO_ICMP, 9);
	struct observation dns = traced(PROTO_UDP, 4);
	struct asked c;

	(void)state;
	react_observe(r, TARGET, &dns, T0 - US_PER_S); /* nobody wanted it */
	react_observe(r, TARGET, &o, T0);
	c = drain(r, T0 + 60 * US_PER_S);
	assert_int_equal(c.n_look[2], 0);
	react_observe(r, TARGET, &icmp, T0 + 60 * US_PER_S);
	assert_true(react_observe(r, TARGET, &dns, T0 + 60 * US_PER_S));
	assert_true(react_observe(r, TARGET, &dns, T0 + 60 * US_PER_S));
	c = drain(r, T0 + 120 * US_PER_S);
	assert_int_equal(c.n_look[2], REACT_LOOK_FLOWS);
	assert_int_equal(c.ttl, 4);
	end(r);
}

static unsigned
looks_of_an_hour(
    struct react *r, const char *odd_one, const char *even_one, int64_t from_us)
{
	unsigned n = 0;

	for (int64_t s = 0; s < 3600; s += 60) {
		struct observation o =
		    from_a_resolver(s / 60 % 2 ? odd_one : even_one);

		react_observe(r, TARGET, &o, from_us + s * US_PER_S);
		n += drain(r, from_us + (s + 59) * US_PER_S).n_look[1];
	}
	return n;
}

/* Who is odd for ever is looked at now and then, who changes a little more
 * often. */
static void
looks_are_rationed(void **state)
{
	struct react *r = settled("ams1");
	unsigned n = 0;

	(void)state;
	for (unsigned hour = 0; hour < 24; hour++)
		n += looks_of_an_hour(
		    r, "ams1", "ams1", T0 + hour * 3600 * US_PER_S);
	assert_int_equal(n, 24 * 3600 * US_PER_S / GUISE_AGAIN_US);
	n = looks_of_an_hour(r, "ams1", "a-b", T0 + 24 * 3600 * US_PER_S);
	T_CHECK(n > 1 && n <= 3600 * US_PER_S / GUISE_APART_US, "%u looks", n);
	end(r);
}

/* An interceptor that went and came back may stand elsewhere. */
static void
who_was_ordinary_in_between_is_looked_at_again(void **state)
{
	struct react *r = settled("ams1");
	struct observation o = from_a_resolver("ams1");
	int64_t again_us = T0 + GUISE_APART_US;

	(void)state;
	react_observe(r, TARGET, &o, T0);
	assert_int_equal(drain(r, T0 + 60 * US_PER_S).n_look[1], 1);
	react_observe(r, TARGET, &o, again_us);
	assert_int_equal(drain(r, again_us + 60 * US_PER_S).n_look[1], 0);
	observe(r, TARGET, "ams1", WHY_ROUND, again_us + 60 * US_PER_S);
	react_observe(r, TARGET, &o, again_us + 120 * US_PER_S);
	assert_int_equal(drain(r, again_us + 180 * US_PER_S).n_look[1], 1);
	end(r);
}

/* Of a family, all targets that are measured for what they answer. */
static void
a_decoy_that_answers_has_all_looked_at(void **state)
{
	struct assignment *a = assign();
	struct observation o = see("", WHY_DECOY);
	struct asked c;
	struct react *r;

	(void)state;
	a->targets[OTHER].is_decoy = true;
	r = begin(a);
	o.target = a->targets[OTHER].address;
	assert_true(react_observe(r, OTHER, &o, T0));
	assert_false(react_observe(r, OTHER, &o, T0 + 600 * US_PER_S));
	c = drain(r, T0 + 700 * US_PER_S);
	assert_int_equal(c.n_look[1], 1);
	end(r);
}

/* How many of the targets beyond the usual ones are looked at. */
static unsigned
looks_at_more(struct react *r, const struct observation *o, int64_t at_us)
{
	struct reaction what;
	unsigned n = 0;

	for (size_t i = 0; i < 20; i++)
		react_observe(r, N_TARGETS + i, o, at_us);
	for (int64_t s = 0; s < 100; s++)
		while (react_take(r, at_us + s * US_PER_S, &what))
			n += what.is_look && what.proto == PROTO_ICMP;
	return n;
}

/* All targets at once: the first few are looked at, the others later. */
static void
looks_are_rationed_over_all_targets(void **state)
{
	struct assignment *a = assign();
	struct observation o = from_a_resolver("");
	struct react *r;

	(void)state;
	for (size_t i = 0; i < 20; i++) {
		struct assigned_target *t = assignment_add(a);

		*t = a->targets[TARGET];
		t->address.bytes[1] = (uint8_t)(i + 1);
	}
	r = begin(a);
	assert_int_equal(looks_at_more(r, &o, T0), REACT_LOOK_BURST);
	assert_int_equal(
	    looks_at_more(r, &o, T0 + 3600 * US_PER_S), REACT_LOOK_BURST);
	end(r);
}

/* A look is not given up for news that come while it waits. */
static void
news_do_not_replace_a_look(void **state)
{
	struct react *r = settled("ams1");
	struct observation o = from_a_resolver("");
	struct asked c;

	(void)state;
	react_observe(r, TARGET, &o, T0);
	observe(r, TARGET, NULL, WHY_CONFIRM, T0);
	c = drain(r, T0 + 60 * US_PER_S);
	assert_int_equal(c.n_look[0], REACT_LOOK_TRACES);
	assert_int_equal(c.n_confirm, 0);
	end(r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_news_has_its_reaction),
		cmocka_unit_test(tries_come_when_they_were_assigned),
		cmocka_unit_test(own_faults_trigger_nothing),
		cmocka_unit_test(
		    a_reaction_is_not_started_again_by_its_own_answers),
		cmocka_unit_test(
		    other_ports_other_transports_and_traces_are_no_news),
		cmocka_unit_test(changing_again_replaces_what_was_left_to_ask),
		cmocka_unit_test(a_flapping_target_is_left_alone),
		cmocka_unit_test(
		    targets_that_fail_together_share_controls_and_ration_traces),
		cmocka_unit_test(
		    a_control_that_fails_is_retried_without_a_cascade),
		cmocka_unit_test(
		    a_target_known_by_chaos_alone_wants_it_every_round),
		cmocka_unit_test(nsid_is_no_identity_where_chaos_is_asked_for),
		cmocka_unit_test(health_is_news_too),
		cmocka_unit_test(a_target_that_is_only_pinged_is_told_by_ping),
		cmocka_unit_test(a_decoy_has_no_reactions),
		cmocka_unit_test(another_assignment_keeps_what_is_known),
		cmocka_unit_test(an_answer_of_an_odd_guise_is_looked_at),
		cmocka_unit_test(a_look_goes_closer_to_the_hop_that_answers),
		cmocka_unit_test(looks_are_rationed),
		cmocka_unit_test(
		    who_was_ordinary_in_between_is_looked_at_again),
		cmocka_unit_test(looks_are_rationed_over_all_targets),
		cmocka_unit_test(a_decoy_that_answers_has_all_looked_at),
		cmocka_unit_test(news_do_not_replace_a_look),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
