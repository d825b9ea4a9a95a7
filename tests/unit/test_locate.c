/* test_locate.c - where somebody answers, told rightly or not at all. */
#include "schema/locate.h"

#include <string.h>

#include "tests/unit/check.h"

#define S INT64_C(1000000)
#define FAR INT64_MIN

/* Router n of a vantage's neighbourhood, in IPv4; 0: silent. */
static struct addr
router(uint8_t n)
{
	return n == 0 ? (struct addr){ 0 }
		      : (struct addr){ 4, { 10, 0, 0, n } };
}

static const struct addr target = { 4, { 192, 0, 2, 53 } };

struct scene {
	struct locate l;
	int64_t at_us;
	struct addr hops[TRACE_TTL_MAX + 1];
	struct locate_way way;
};

static void
begin(struct scene *c)
{
	memset(c, 0, sizeof *c);
	c->at_us = 1000 * S;
}

static void
answer(struct scene *c, bool is_caught)
{
	struct observation o = { .kind = KIND_DNS };

	locate_answer(&c->l, &o, c->at_us += S, is_caught);
}

/* TTLs from first on; 't' is the target's answer, 'a'... are routers, '.' is
 * silent. */
static struct observation
trace(enum proto proto, uint8_t first, const char *hops)
{
	struct observation o = {
		.kind = KIND_TRACE, .proto = proto, .target = target
	};
	struct trace_result *t = &o.trace;

	for (; *hops != '\0'; hops++) {
		struct hop *h = &t->hops[t->n_hops++];

		h->ttl = first++;
		h->is_target = *hops == 't';
		h->address = *hops == 't' ? target
			     : *hops == '.'
				 ? router(0)
				 : router((uint8_t)(*hops - 'a' + 1));
	}
	return o;
}

static void
by_dns(struct scene *c, const char *hops)
{
	struct observation o = trace(PROTO_UDP, 1, hops);

	locate_trace(&c->l, &o, c->at_us += S);
}

/* n flows that see two hops, the first at that TTL. */
static void
beside(struct scene *c, unsigned n, uint8_t first, const char *hops)
{
	struct observation o = trace(PROTO_PLAIN, first, hops);

	assert_true(locate_is_narrow(&o));
	while (n-- > 0)
		locate_narrow(&c->l, &o, c->at_us += S);
}

static void
by_icmp(struct scene *c, const char *hops)
{
	for (c->way.n = 0; hops[c->way.n] != '\0'; c->way.n++)
		c->hops[c->way.n + 1] =
		    hops[c->way.n] == 't'
			? target
			: router((uint8_t)(hops[c->way.n] - 'a' + 1));
	c->way.hops = c->hops;
}

static struct located
judge(struct scene *c)
{
	return locate_judge(
	    &c->l, &target, c->way.hops == NULL ? NULL : &c->way, FAR);
}

static const struct {
	const char *claim;
	const char *answers; /* c: caught, g: good */
	const char *dns[4];
	const char *icmp;
	struct {
		unsigned n;
		uint8_t first;
		const char *hops;
	} flows[3];
	enum locate_doubt doubt;
	uint8_t ttl;
	char hop;
} cases[] = {
	{ "one hop before the target", "ccc", { "abt", "abt", "abt" }, "abct",
	    { { 6, 2, "bc" } }, LOCATE_SURE, 3, 'c' },
	{ "at the first router", "ccc", { "t", "t", "t" }, "abct",
	    { { 2, 1, "a" } }, LOCATE_SURE, 1, 'a' },
	{ "two traces are too few", "ccc", { "abt", "abt" }, "abct",
	    { { 6, 2, "bc" } }, LOCATE_FEW, 0, 0 },
	{ "no trace was answered", "ccc", { "ab", "ab", "ab" }, "abct",
	    { { 6, 2, "bc" } }, LOCATE_FEW, 0, 0 },
	{ "a lost answer is no contradiction", "ccc",
	    { "abt", "ab.t", "abt", "abt" }, "abct", { { 6, 2, "bc" } },
	    LOCATE_SURE, 3, 'c' },
	{ "paths of several lengths", "ccc", { "abt", "abt", "abct", "abt" },
	    "abct", { { 6, 2, "bc" } }, LOCATE_LENGTHS, 0, 0 },
	{ "some packets pass it", "cgcgccc", { "abt", "abt", "abt" }, "abct",
	    { { 6, 2, "bc" } }, LOCATE_MIXED, 0, 0 },
	{ "the hop before it is silent", "ccc", { "a.t", "a.t", "a.t" }, "abct",
	    { { 6, 2, "bc" } }, LOCATE_SILENT, 3, 0 },
	{ "another way of the same length through the same router", "ccc",
	    { "abdt", "abdt", "abdt" }, "acdet", { { 3, 3, "de" } },
	    LOCATE_SURE, 4, 'e' },
	{ "the other flow is longer: the router counts, not the TTL", "ccc",
	    { "abdt", "abdt", "abdt" }, "azydet", { { 2, 3, "de" } },
	    LOCATE_SURE, 4, 'e' },
	{ "the router before has several next hops", "ccc",
	    { "abt", "abt", "abt" }, "abct", { { 3, 2, "bc" }, { 1, 2, "bd" } },
	    LOCATE_WAYS, 3, 0 },
	{ "several routers before it", "ccc", { "abt", "act", "abt" }, "abdt",
	    { { 6, 2, "bd" } }, LOCATE_WAYS, 3, 0 },
	{ "one other flow is not enough", "ccc", { "abt", "abt", "abt" },
	    "abct", { { 0 } }, LOCATE_UNSEEN, 3, 0 },
	{ "one flow by that router, others by its like, all meet", "ccc",
	    { "abt", "abt", "abt" }, NULL, { { 1, 2, "bd" }, { 2, 2, "cd" } },
	    LOCATE_SURE, 3, 'd' },
	{ "no flow by that router, all others meet", "ccc",
	    { "abt", "abt", "abt" }, NULL, { { 6, 2, "cd" } }, LOCATE_UNSEEN, 3,
	    0 },
	{ "one flow by that router, others do not meet", "ccc",
	    { "abt", "abt", "abt" }, NULL,
	    { { 1, 2, "bd" }, { 2, 2, "cd" }, { 2, 2, "ef" } }, LOCATE_UNSEEN,
	    3, 0 },
	{ "in the target's own place", "ccc", { "abt", "abt", "abt" }, "abt",
	    { { 6, 2, "bt" } }, LOCATE_UNSEEN, 3, 0 },
	{ "no sign in the answers, and the target is there", "ggg",
	    { "abt", "abt", "abt" }, "abt", { { 6, 2, "bt" } }, LOCATE_SERVER,
	    0, 0 },
	{ "no sign in the answers, and a router is there", "ggg",
	    { "abt", "abt", "abt" }, "abct", { { 6, 2, "bc" } }, LOCATE_SURE, 3,
	    'c' },
	{ "no sign in the answers, nothing known of the hop", "ggg",
	    { "abt", "abt", "abt" }, NULL, { { 0 } }, LOCATE_SERVER, 0, 0 },
};

static void
places(void **state)
{
	(void)state;
	for (size_t i = 0; i < T_LEN(cases); i++) {
		struct scene c;
		struct located found;
		struct addr hop = { 0 };

		begin(&c);
		for (const char *a = cases[i].answers; *a != '\0'; a++)
			answer(&c, *a == 'c');
		for (unsigned k = 0; k < 4 && cases[i].dns[k] != NULL; k++)
			by_dns(&c, cases[i].dns[k]);
		for (unsigned k = 0; k < 3 && cases[i].flows[k].n > 0; k++)
			beside(&c, cases[i].flows[k].n, cases[i].flows[k].first,
			    cases[i].flows[k].hops);
		if (cases[i].icmp != NULL)
			by_icmp(&c, cases[i].icmp);
		if (cases[i].hop != 0)
			hop = router((uint8_t)(cases[i].hop - 'a' + 1));
		found = judge(&c);
		T_CHECK(found.doubt == cases[i].doubt, "%s: %s", cases[i].claim,
		    locate_text(found.doubt));
		T_CHECK(found.ttl == cases[i].ttl, "%s: TTL %u", cases[i].claim,
		    found.ttl);
		T_CHECK(addr_equal(&found.hop, &hop), "%s: hop %u",
		    cases[i].claim, found.hop.bytes[3]);
		locate_fini(&c.l);
	}
}

/* Traces of before say nothing of who answers since, also when they come
 * late. */
static void
what_was_before_does_not_count(void **state)
{
	struct observation late = trace(PROTO_UDP, 1, "abcdt");
	struct scene c;

	(void)state;
	begin(&c);
	answer(&c, false);
	for (unsigned i = 0; i < 3; i++)
		by_dns(&c, "abcdt");
	answer(&c, true);
	locate_trace(&c.l, &late, c.at_us - S / 2);
	assert_int_equal(judge(&c).doubt, LOCATE_FEW);
	for (unsigned i = 0; i < 3; i++)
		by_dns(&c, "abt");
	assert_int_equal(judge(&c).ttl, 3);
	locate_fini(&c.l);
}

/* Somebody else answered the traces than the questions. */
static void
another_name_is_another_server(void **state)
{
	struct observation o = trace(PROTO_UDP, 1, "abt");
	struct scene c;

	(void)state;
	begin(&c);
	answer(&c, true);
	identity_set(&o.trace.nsid, "ns1", 3);
	for (unsigned i = 0; i < 3; i++)
		locate_trace(&c.l, &o, c.at_us += S);
	assert_int_equal(judge(&c).doubt, LOCATE_SERVER);
	locate_fini(&c.l);
}

static void
old_evidence_does_not_count(void **state)
{
	struct scene c;

	(void)state;
	begin(&c);
	answer(&c, true);
	for (unsigned i = 0; i < 3; i++)
		by_dns(&c, "abt");
	assert_int_equal(judge(&c).ttl, 3);
	assert_int_equal(
	    locate_judge(&c.l, &target, NULL, c.at_us).doubt, LOCATE_FEW);
	locate_fini(&c.l);
}

/* Where packets of one flow meet two routers, neither is the one before. */
static void
a_balanced_hop_is_not_known(void **state)
{
	struct observation o = trace(PROTO_UDP, 1, "abt");
	struct hop *more = &o.trace.hops[o.trace.n_hops++];
	struct scene c;

	(void)state;
	begin(&c);
	for (unsigned i = 0; i < 4; i++)
		answer(&c, true);
	*more = o.trace.hops[1];
	more->address = router(9);
	for (unsigned i = 0; i < 3; i++)
		locate_trace(&c.l, &o, c.at_us += S);
	assert_int_equal(judge(&c).ttl, 3);
	assert_int_equal(judge(&c).doubt, LOCATE_SILENT);
	locate_fini(&c.l);
}

static void
only_a_short_look_is_narrow(void **state)
{
	struct observation whole = trace(PROTO_PLAIN, 1, "abct");
	struct observation icmp = trace(PROTO_ICMP, 2, "bc");

	(void)state;
	assert_false(locate_is_narrow(&whole));
	assert_false(locate_is_narrow(&icmp));
}

static void
a_finding_stays_until_it_is_contradicted(void **state)
{
	const struct located old = { 3, { 4, { 10 } }, LOCATE_SURE };
	const struct located few = { 0, { 0 }, LOCATE_FEW };
	const struct located same = { 3, { 0 }, LOCATE_UNSEEN };
	const struct located other = { 4, { 0 }, LOCATE_UNSEEN };
	const struct located ways = { 3, { 0 }, LOCATE_WAYS };

	(void)state;
	assert_int_equal(locate_keep(&old, &few).ttl, 3);
	assert_int_equal(locate_keep(&old, &same).hop.family, 4);
	assert_int_equal(locate_keep(&old, &other).ttl, 4);
	assert_int_equal(locate_keep(&old, &other).hop.family, 0);
	assert_int_equal(locate_keep(&old, &ways).hop.family, 0);
}

static void
words_are_read_again(void **state)
{
	(void)state;
	for (unsigned d = 0; d <= LOCATE_SURE; d++) {
		enum locate_doubt again;

		assert_int_equal(
		    locate_from_text(&again, locate_text((enum locate_doubt)d)),
		    RC_OK);
		assert_int_equal(again, d);
	}
	assert_int_equal(
	    locate_from_text(&(enum locate_doubt){ 0 }, ""), RC_MALFORMED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(places),
		cmocka_unit_test(what_was_before_does_not_count),
		cmocka_unit_test(another_name_is_another_server),
		cmocka_unit_test(old_evidence_does_not_count),
		cmocka_unit_test(a_balanced_hop_is_not_known),
		cmocka_unit_test(only_a_short_look_is_narrow),
		cmocka_unit_test(a_finding_stays_until_it_is_contradicted),
		cmocka_unit_test(words_are_read_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
