/* test_confidence.c - what an identity is held against. */
#include "collector/confidence.h"

#include <string.h>

#include "collector/upstream.h"
#include "tests/unit/check.h"

static struct site sites[] = {
	{ .id = 1,
	    .name = "ams",
	    .has_position = true,
	    .latitude = 52.37,
	    .longitude = 4.90 },
	{ .id = 2,
	    .name = "syd",
	    .has_position = true,
	    .latitude = -33.87,
	    .longitude = 151.21 },
	{ .id = 3, .name = "nowhere" },
};
static const char *names[] = { "ams", "syd", "nowhere" };
static struct identity_template templates[] = { { .text = "ns.{site}" } };
static const struct service service = { .n_templates = 1,
	.templates = templates,
	.n_sites = 3,
	.sites = sites,
	.site_names = names };
static const struct position london = { true, 51.5, -0.12 };
static const struct position anywhere = { .is_known = false };

static struct observation
answer(const char *nsid, const char *chaos, int64_t rtt_us)
{
	struct observation o = { .kind = KIND_DNS };

	o.dns.rtt_us = rtt_us;
	if (nsid != NULL)
		identity_set(&o.dns.nsid, nsid, strlen(nsid));
	if (chaos != NULL) {
		o.dns.chaos.is_asked = true;
		identity_set(&o.dns.chaos.txt, chaos, strlen(chaos));
	}
	return o;
}

static const struct {
	const char *claim;
	const char *nsid, *chaos;
	int64_t rtt_us;
	bool is_somewhere;
	enum confidence confidence;
	unsigned doubts;
} cases[] = {
	{ "both methods and light agree", "ns.ams", "ns.ams", 9000, true,
	    CONFIDENCE_OK, 0 },
	{ "one method alone", "ns.ams", NULL, 9000, true, CONFIDENCE_OK, 0 },
	{ "CHAOS of another site", "ns.ams", "ns.nowhere", 9000, true,
	    CONFIDENCE_SUSPECT, DOUBT_METHOD },
	{ "CHAOS of nobody contradicts nothing", "ns.ams", "dnsmasq", 9000,
	    true, CONFIDENCE_OK, 0 },
	/* 17 000 km: 170 ms there and back. */
	{ "Sydney in 20 ms from London", "ns.syd", NULL, 20000, true,
	    CONFIDENCE_SUSPECT, DOUBT_RTT },
	{ "Sydney in 250 ms from London", "ns.syd", NULL, 250000, true,
	    CONFIDENCE_OK, 0 },
	{ "both at once", "ns.syd", "ns.ams", 20000, true, CONFIDENCE_SUSPECT,
	    DOUBT_METHOD | DOUBT_RTT },
	{ "a vantage that is nobody knows where", "ns.syd", NULL, 20000, false,
	    CONFIDENCE_OK, 0 },
	{ "a site that is nobody knows where", "ns.nowhere", NULL, 10, true,
	    CONFIDENCE_OK, 0 },
	{ "an identity that no site has", "ns.xyz", NULL, 10, true,
	    CONFIDENCE_UNKNOWN_IDENTITY, 0 },
	{ "no identity", NULL, NULL, 10, true, CONFIDENCE_FAILED, 0 },
};

static void
answers_are_believed_or_not(void **state)
{
	(void)state;
	for (size_t i = 0; i < T_LEN(cases); i++) {
		struct observation o =
		    answer(cases[i].nsid, cases[i].chaos, cases[i].rtt_us);
		struct interpretation m = interpret_dns(&service, &o);
		struct belief b = confidence_of_answer(&service, &o, &m,
		    cases[i].is_somewhere ? &london : &anywhere);

		T_CHECK(b.confidence == cases[i].confidence &&
			    b.doubts == cases[i].doubts,
		    "%s: %s, doubts %u", cases[i].claim,
		    confidence_name(b.confidence), b.doubts);
	}
}

/* Exactly the light's time less the slack is possible; less is not. */
static void
light_has_a_millisecond_of_slack(void **state)
{
	struct observation o = answer("ns.syd", NULL, 1000000);
	struct interpretation m = interpret_dns(&service, &o);
	struct belief b = confidence_of_answer(&service, &o, &m, &london);

	(void)state;
	/* London to Sydney is 16 990 km. */
	assert_in_range(b.least_rtt_us, 169000, 171000);
	o.dns.rtt_us = b.least_rtt_us - FIBRE_SLACK_US;
	b = confidence_of_answer(&service, &o, &m, &london);
	assert_int_equal(b.confidence, CONFIDENCE_OK);
	o.dns.rtt_us--;
	b = confidence_of_answer(&service, &o, &m, &london);
	assert_int_equal(b.doubts, DOUBT_RTT);
}

static void
distances_hold_around_the_world(void **state)
{
	const struct position pole = { true, 90, 0 }, other = { true, -90, 77 };
	const struct position east = { true, 0, 179.9 },
			      west = { true, 0, -179.9 };

	(void)state;
	assert_in_range((int64_t)position_km(&pole, &other), 20000, 20030);
	assert_in_range((int64_t)position_km(&east, &west), 22, 23);
	assert_int_equal((int64_t)position_km(&london, &london), 0);
}

static void
a_landing_is_as_good_as_its_answers(void **state)
{
	(void)state;
	assert_int_equal(
	    confidence_of_landing("stable", 100, 0), CONFIDENCE_OK);
	assert_int_equal(
	    confidence_of_landing("stable", 100, 9), CONFIDENCE_OK);
	assert_int_equal(
	    confidence_of_landing("stable", 100, 10), CONFIDENCE_SUSPECT);
	assert_int_equal(
	    confidence_of_landing("stable", 3, 1), CONFIDENCE_SUSPECT);
	assert_int_equal(confidence_of_landing("unknown", 3, 0),
	    CONFIDENCE_UNKNOWN_IDENTITY);
	assert_int_equal(
	    confidence_of_landing("dark", 3, 0), CONFIDENCE_FAILED);
	assert_int_equal(
	    confidence_of_landing("unobserved", 0, 0), CONFIDENCE_FAILED);
}

static void
words(void **state)
{
	char text[DOUBTS_TEXT_LEN];

	(void)state;
	assert_string_equal(doubts_text(7, text), "method,rtt,path");
	assert_string_equal(doubts_text(DOUBT_RTT, text), "rtt");
	assert_string_equal(doubts_text(0, text), "");
	assert_string_equal(confidence_name((enum confidence)9), "?");
	assert_string_equal(doubt_name(64), "?");
}

static struct addr
router(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(&a, text), RC_OK);
	return a;
}

static void
a_router_of_other_sites_contradicts(void **state)
{
	struct upstreams *u = upstreams_new();
	struct addr of_ams = router("192.0.2.1"), fresh = router("192.0.2.2");

	(void)state;
	/* One vantage alone teaches nothing, however often. */
	for (int i = 0; i < 10; i++)
		assert_false(upstreams_see(u, &of_ams, 1, 100));
	assert_false(upstreams_see(u, &of_ams, 2, 200));
	assert_false(upstreams_see(u, &of_ams, 1, 101));
	assert_false(upstreams_see(u, &of_ams, 1, 102));
	/* Now three know it before site 1. */
	assert_true(upstreams_see(u, &of_ams, 2, 200));
	assert_false(upstreams_see(u, &of_ams, 1, 103));
	assert_false(upstreams_see(u, &fresh, 2, 200));
	/* It leads to both, as three others say. */
	assert_true(upstreams_see(u, &of_ams, 2, 201));
	assert_false(upstreams_see(u, &of_ams, 2, 202));
	assert_false(upstreams_see(u, &of_ams, 2, 200));
	upstreams_free(u);
}

static void
routers_without_number_are_no_harm(void **state)
{
	struct upstreams *u = upstreams_new();
	struct addr a = router("2001:db8::1");

	(void)state;
	for (uint32_t i = 0; i < 100000; i++) {
		memcpy(&a.bytes[12], &i, sizeof i);
		assert_false(upstreams_see(u, &a, i % 9 + 1, i));
	}
	upstreams_free(u);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_are_believed_or_not),
		cmocka_unit_test(light_has_a_millisecond_of_slack),
		cmocka_unit_test(distances_hold_around_the_world),
		cmocka_unit_test(a_landing_is_as_good_as_its_answers),
		cmocka_unit_test(words),
		cmocka_unit_test(a_router_of_other_sites_contradicts),
		cmocka_unit_test(routers_without_number_are_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
