/* A fleet of RIPE Atlas' size, and a site that a third of it leaves within two
 * minutes: what the votes come to is kept while they come, and costs each of
 * them a look at few others. */
#include "collector/detect_state.h"
#include "schema/base/clock.h"
#include "schema/base/mem.h"
#include "tests/unit/check.h"

#define VANTAGES 12000
#define ASES 8400
#define AT_SITE 4000 /* of them, at the first one */
#define SITES 5
#define ROUND_GONE 4 /* in this the site is gone, */
#define ROUND_BACK 8 /* and in this it is back */
#define ROUNDS 12
#define START_US (INT64_C(1800000000) * US_PER_S)

/* Looks at votes and landings for each that moves; a walk over all votes alone
 * would be 2,000 on the average. */
#define LOOKS_MAX 100

struct world {
	struct site sites[SITES];
	struct service service;
	struct target target;
	struct services services;
	struct detect *detect;
	size_t n_events, n_votes; /* told */
	bool is_over;
};

static void
on_effect(void *ctx, const struct effect *e)
{
	struct world *w = ctx;

	w->n_events += e->kind == EFFECT_EVENT;
	w->n_votes += e->kind == EFFECT_VOTE;
	if (e->kind == EFFECT_EVENT)
		w->is_over = e->event.resolved_us != 0;
}

/* An AS has one vantage or two, and some of its neighbour's prefix. */
static struct vantage
vantage(size_t i)
{
	return (struct vantage){ .id = (int64_t)i + 1,
		.family = 4,
		.asn = 1000 + (uint32_t)(i % ASES),
		.probe = i + 1,
		.prefix = i % 50 == 0 ? 1 + i : 1 + i - (i % 50 == 1),
		.is_trusted = true };
}

static void
begin(struct world *w)
{
	*w = (struct world){ .service = { .id = 1,
				 .n_sites = SITES,
				 .sites = w->sites,
				 .dns_every_us = 60 * US_PER_S,
				 .shift_settles_us = 3600 * US_PER_S,
				 .n_retry = 1,
				 .retry_after_us = { 2 * US_PER_S } },
		.target = { .id = 1, .role = ROLE_SERVICE } };
	for (size_t i = 0; i < SITES; i++)
		w->sites[i].id = (int64_t)i + 1;
	assert_int_equal(addr_parse(&w->target.address, "192.0.2.1"), RC_OK);
	w->services = (struct services){ .n = 1,
		.n_targets = 1,
		.list = &w->service,
		.targets = &w->target };
	w->detect = detect_new(&w->services, on_effect, w, 1, 1);
	for (size_t i = 0; i < VANTAGES; i++) {
		struct vantage v = vantage(i);

		detect_vantage(w->detect, &v);
	}
}

/* Where a vantage lands: those of the first site go to two others. */
static int64_t
landing(size_t i, unsigned round)
{
	bool is_first = i % (VANTAGES / AT_SITE) == 0;

	if (!is_first)
		return 2 + (int64_t)(i % (SITES - 1));
	return round < ROUND_GONE || round >= ROUND_BACK ? 1
							 : 2 + (int64_t)(i % 2);
}

static void
run(struct world *w, unsigned from, unsigned to)
{
	for (unsigned round = from; round < to; round++)
		for (size_t i = 0; i < VANTAGES; i++) {
			int64_t at_us = START_US + round * 60 * US_PER_S +
					(int64_t)(i * 60 * US_PER_S / VANTAGES);

			detect_sighting(w->detect,
			    &(struct sighting){ .vantage_id = (int64_t)i + 1,
				.target_id = 1,
				.at_us = at_us,
				.received_us = at_us + US_PER_S,
				.has_identity = true,
				.site_id = landing(i, round),
				.has_rtt = true,
				.rtt_us = 20000 + (int64_t)(i % 977) * 100 +
					  round * 1000 });
		}
}

/* By a walk over all votes. */
static size_t
count_networks(struct fleet *f, const struct open_event *o)
{
	size_t n = 0;

	fleet_count_begin(f);
	for (size_t i = 0; i < o->n_votes; i++)
		n += fleet_count_as(f, fleet_member(f, o->votes[i].vantage_id));
	return n;
}

static void
test_a_large_shift_is_not_summed_anew_for_each_vote(void **state)
{
	static struct world w;
	const struct open_event *o;

	(void)state;
	begin(&w);
	run(&w, 0, ROUND_BACK);
	assert_int_equal(w.detect->events.n, 1);
	o = w.detect->events.list[0];
	assert_int_equal(o->event.kind, EVENT_SHIFT);
	assert_int_equal(o->event.site_id, 1);
	assert_int_equal(o->n_votes, AT_SITE);
	assert_int_equal(o->event.n_vantages, AT_SITE);
	assert_int_equal(o->event.n_asns, count_networks(&w.detect->fleet, o));
	assert_true(o->event.n_asns < AT_SITE);
	assert_true(w.n_events > AT_SITE / 2); /* each vote was told of */
	assert_int_equal(w.n_votes, AT_SITE);
	assert_true(w.detect->n_summed >= AT_SITE);
	assert_true(w.detect->n_summed <= (uint64_t)LOOKS_MAX * AT_SITE);
	run(&w, ROUND_BACK, ROUNDS);
	assert_true(w.is_over);
	assert_true(w.n_votes <= 2 * AT_SITE); /* it came, it went */
	assert_true(w.detect->n_summed <= (uint64_t)2 * LOOKS_MAX * AT_SITE);
	detect_free(w.detect);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_a_large_shift_is_not_summed_anew_for_each_vote),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
