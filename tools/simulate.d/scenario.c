/* scenario.c - see scenario.h. */
#include "scenario.h"

#include <string.h>

#include "schema/base/clock.h"

#define SYBIL_ASN \
	65000     /* by which its vantages are found; nobody else is of it */
#define SUBJECT 0 /* the site that things happen to */

static double
period_s(const struct story *s)
{
	return (double)s->plan.every_us / 1e6;
}

/* Until every vantage has landed, and stayed for so long that a site's usual
 * share of the fleet is known. */
static void
warm_up(struct story *s)
{
	story_run(s, 14 * period_s(s) + 60);
}

static void
go_on(struct story *s)
{
	story_run(s, 900 + 3 * period_s(s));
}

static void
announce(struct story *s, size_t site, bool is_up)
{
	world_announce(&s->net.world, site, 0, is_up);
	world_announce(&s->net.world, site, 1, is_up);
}

static void
announce_all(struct story *s)
{
	for (size_t i = 0; i < s->net.n_sites; i++)
		announce(s, i, true);
}

/* The site's routes go, or come back; what that makes of the fleet. */
static void
withdraw(struct story *s, size_t site, int family, bool is_announced)
{
	struct crowd before = story_at_site(s, site, 0), moved;

	s->net.is_withdrawn[site] = true;
	moved = story_converge(s, site, family);
	story_expect_shift(s, site, &moved, &before, is_announced);
	if (is_announced)
		announce(s, site, false);
}

static void
give_back(struct story *s, size_t site, bool is_announced)
{
	s->net.is_withdrawn[site] = false;
	(void)story_converge(s, site, 0);
	if (is_announced)
		announce(s, site, true);
}

/* Nothing happens. */

static void
tell_quiet(struct story *s)
{
	warm_up(s);
	story_run(s, 5400);
}

static void
tell_loss(struct story *s)
{
	double usual = s->net.loss;

	warm_up(s);
	s->net.loss = 0.2;
	story_run(s, 600);
	s->net.loss = usual;
	go_on(s);
}

/* As many again as there are, each from a moment of its own. */
static void
tell_flappers(struct story *s)
{
	size_t n = s->plan.n_hosts * 32 / 1000 + 1;

	warm_up(s);
	story_may(s, EVENT_FLAPPING, 0);
	for (size_t i = 0; i < n; i++) {
		size_t host = random_below(&s->random, s->plan.n_hosts);

		s->net.vantages[2 * host].flapping = FLAPS_PER_PACKET;
		s->net.vantages[2 * host + 1].flapping = FLAPS_PER_PACKET;
		story_run(s, 3600 / (double)n);
	}
}

static void
tell_power_cut(struct story *s)
{
	size_t n = s->net.world.n_vantages / 5;

	announce_all(s);
	warm_up(s);
	story_may(s, EVENT_SILENT, 0);
	for (size_t i = 0; i < n; i++)
		s->net.world.vantages[i].is_held =
		    s->net.world.vantages[i].is_deaf = true;
	go_on(s);
	for (size_t i = 0; i < n; i++)
		s->net.world.vantages[i].is_held =
		    s->net.world.vantages[i].is_deaf = false;
	go_on(s);
}

static void
tell_feed_loss(struct story *s)
{
	announce_all(s);
	warm_up(s);
	for (size_t i = 0; i < s->net.n_sites; i++)
		s->net.world.sites[i].is_said[0] =
		    s->net.world.sites[i].is_said[1] = false;
	go_on(s);
}

static void
tell_rename(struct story *s)
{
	warm_up(s);
	story_may(s, EVENT_UNKNOWN_IDENTITY, 0);
	for (size_t i = 0; i < s->net.n_sites; i++)
		s->net.world.sites[i].is_renamed = true;
	go_on(s);
	for (size_t i = 0; i < s->net.n_sites; i++)
		s->net.world.sites[i].is_renamed = false;
	go_on(s);
}

static void
tell_proxy(struct story *s)
{
	warm_up(s);
	story_may(s, EVENT_INTERCEPTED, 0);
	story_may(s, EVENT_UNKNOWN_IDENTITY, 0);
	for (size_t i = 0; i < s->net.world.n_vantages; i++)
		s->net.vantages[i].is_proxied =
		    s->net.vantages[i].asn % 16 == 0;
	go_on(s);
}

static void
tell_detour(struct story *s)
{
	warm_up(s);
	story_may(s, EVENT_LATENCY, 0);
	for (size_t i = 0; i < s->net.world.n_vantages; i++) {
		if (internet_landing(&s->net, i) == SUBJECT)
			s->net.vantages[i].detour_us = 80 * US_PER_MS;
	}
	go_on(s);
}

/* Liars: one enrolment (both families), or all of one network. */

static void
lie_as(struct story *s, bool is_whole_as)
{
	enum lie lie = (enum lie)(1 + random_below(&s->random, N_LIES - 1));
	uint32_t asn = s->net.vantages[0].asn;

	warm_up(s);
	story_may(s, EVENT_FLAPPING, 0);
	story_may(s, EVENT_INTERCEPTED, 0);
	story_may(s, EVENT_UNKNOWN_IDENTITY, 0);
	for (size_t i = 0; i < s->net.world.n_vantages; i++) {
		if (i < 2 || (is_whole_as && s->net.vantages[i].asn == asn))
			s->net.vantages[i].lie = lie;
	}
	story_run(s, 3600);
}

static void
tell_liar(struct story *s)
{
	lie_as(s, false);
}

static void
tell_liars_as(struct story *s)
{
	/* A third of the fleet is in the one network. */
	for (size_t i = 0; i < s->net.world.n_vantages / 3; i++) {
		s->net.vantages[i].asn = 64512;
		s->net.world.vantages[i].vantage.asn = 64512;
		world_trust(&s->net.world, &s->net.world.vantages[i], true);
	}
	lie_as(s, true);
}

/* One host has enrolled a third of the fleet, of no known AS. */
static void
tell_sybil(struct story *s)
{
	for (size_t i = 0; i < s->net.world.n_vantages / 3; i++) {
		struct vantage *v = &s->net.world.vantages[i].vantage;

		s->net.vantages[i].asn = SYBIL_ASN;
		v->asn = 0;
		v->prefix = 1;
		world_trust(&s->net.world, &s->net.world.vantages[i], true);
	}
	lie_as(s, true);
}

/* Shifts. */

static void
tell_withdraw(struct story *s)
{
	warm_up(s);
	withdraw(s, SUBJECT, 0, false);
	go_on(s);
}

static void
tell_withdraw_announced(struct story *s)
{
	announce_all(s);
	warm_up(s);
	withdraw(s, SUBJECT, 0, true);
	go_on(s);
}

static void
tell_withdraw_v6(struct story *s)
{
	warm_up(s);
	story_may(s, EVENT_SPLIT, 0);
	withdraw(s, SUBJECT, 6, false);
	go_on(s);
}

/* While it is open, the way back is part of it. */
static void
tell_drain(struct story *s)
{
	announce_all(s);
	warm_up(s);
	withdraw(s, SUBJECT, 0, true);
	go_on(s);
	give_back(s, SUBJECT, true);
	go_on(s);
}

static void
tell_prepend(struct story *s)
{
	struct crowd before, moved;

	warm_up(s);
	before = story_at_site(s, SUBJECT, 0);
	moved = story_push(s, SUBJECT, 0.3 + 0.4 * random_share(&s->random));
	story_expect_shift(s, SUBJECT, &moved, &before, false);
	go_on(s);
}

static void
tell_two(struct story *s)
{
	warm_up(s);
	withdraw(s, SUBJECT, 0, false);
	story_run(s, 180);
	withdraw(s, 1, 0, false);
	go_on(s);
}

static void
tell_maintenance(struct story *s)
{
	announce_all(s);
	warm_up(s);
	withdraw(s, SUBJECT, 0, true);
	story_run(s, 120); /* empty: now it can be worked on */
	(void)story_darken(s, SUBJECT, 1);
	s->net.world.sites[SUBJECT].is_unicast_down = true;
	story_run(s, 1200);
	s->net.world.sites[SUBJECT].is_unicast_down = false;
	story_lighten(s, SUBJECT);
	story_run(s, 300);
	give_back(s, SUBJECT, true);
	go_on(s);
}

static void
tell_skewed(struct story *s)
{
	for (size_t i = 0; i < s->net.world.n_vantages; i += 7)
		s->net.world.vantages[i].skew_us =
		    (i % 2 == 0 ? -1 : 1) * US_PER_S;
	warm_up(s);
	withdraw(s, SUBJECT, 0, false);
	go_on(s);
}

/* A third of the fleet is cut off from the collector while it happens. */
static void
tell_late(struct story *s)
{
	struct crowd before, moved = { 0 };

	warm_up(s);
	for (size_t i = 0; i < s->net.world.n_vantages; i += 3)
		s->net.world.vantages[i].is_held = true;
	story_run(s, 600);
	before = story_at_site(s, SUBJECT, 0);
	s->net.is_withdrawn[SUBJECT] = true;
	(void)story_converge(s, SUBJECT, 0);
	for (size_t i = 0; i < s->net.world.n_vantages; i++) {
		if (i % 3 != 0 && s->net.vantages[i].order[0] == SUBJECT &&
		    s->net.vantages[i].flapping == FLAPS_NOT)
			crowd_add(&moved, s, i);
	}
	story_expect_shift(s, SUBJECT, &moved, &before, false);
	story_run(s, 1800);
	for (size_t i = 0; i < s->net.world.n_vantages; i += 3)
		s->net.world.vantages[i].is_held = false;
	go_on(s);
}

/* Black holes. */

static void
black_out(struct story *s, double share)
{
	struct crowd before = story_at_site(s, SUBJECT, 0);
	struct crowd dark = story_darken(s, SUBJECT, share);

	story_expect_blackhole(s, SUBJECT, &dark, &before);
}

static void
tell_blackhole(struct story *s)
{
	static const enum outcome outcomes[] = { OUTCOME_TIMEOUT,
		OUTCOME_REFUSED, OUTCOME_UNREACHABLE, OUTCOME_RCODE };

	warm_up(s);
	s->net.fault = outcomes[random_below(&s->random, 4)];
	black_out(s, 1);
	go_on(s);
	story_lighten(s, SUBJECT);
	go_on(s);
}

static void
tell_blackhole_partial(struct story *s)
{
	warm_up(s);
	black_out(s, 0.25 + 0.5 * random_share(&s->random));
	go_on(s);
	story_lighten(s, SUBJECT);
	go_on(s);
}

static void
tell_blackhole_upstream(struct story *s)
{
	struct crowd before, dark;

	warm_up(s);
	before = story_at_site(s, SUBJECT, 0);
	dark = story_darken_upstream(s, SUBJECT);
	story_expect_blackhole(s, SUBJECT, &dark, &before);
	go_on(s);
	story_lighten(s, SUBJECT);
	go_on(s);
}

/* First it is dark, then it is taken out: two events, the second the cure. */
static void
tell_outage_then_shift(struct story *s)
{
	warm_up(s);
	black_out(s, 1);
	story_run(s, 240);
	withdraw(s, SUBJECT, 0, false);
	go_on(s);
}

/* The service's server dies, and its unicast address with it. */
static void
tell_sick_and_dark(struct story *s)
{
	announce_all(s);
	warm_up(s);
	black_out(s, 1);
	s->net.world.sites[SUBJECT].is_unicast_down = true;
	go_on(s);
	s->net.world.sites[SUBJECT].is_unicast_down = false;
	story_lighten(s, SUBJECT);
	go_on(s);
}

/* Mismatches. */

/* Half of those who ask its own address must have failed twice. */
static void
tell_sick(struct story *s)
{
	const struct service *v = &s->net.world.services.list[0];
	struct crowd all = { 0 };

	announce_all(s);
	warm_up(s);
	for (size_t i = 0; i < s->net.world.n_vantages; i++)
		crowd_add(&all, s, i);
	s->net.world.sites[SUBJECT].is_unicast_down = true;
	/* The second failure is a period later; uploads wait 15 s on average. */
	story_expect_mismatch(s, SUBJECT, "sick_attracting", &all,
	    all.n_asns / 2 + 1, period_s(s), 15,
	    (double)(v->sick_after_us + 2 * v->dns_every_us) / 1e6);
	go_on(s);
	s->net.world.sites[SUBJECT].is_unicast_down = false;
	go_on(s);
}

/* How long routes may take, and three periods. */
static double
settle_s(const struct story *s)
{
	double settle = (double)s->net.world.services.list[0].settle_us / 1e6;

	return settle > 3 * period_s(s) ? settle : 3 * period_s(s);
}

/* Withdrawn, but routes stay. */
static void
tell_stuck(struct story *s)
{
	struct crowd none = { 0 };

	announce_all(s);
	warm_up(s);
	announce(s, SUBJECT, false);
	story_expect_mismatch(s, SUBJECT, "ghost", &none, 0, 0, 1, settle_s(s));
	go_on(s);
	announce(s, SUBJECT, true);
	go_on(s);
}

/* Announced, and nobody comes: the shift is seen, and then that it is not
 * wanted. */
static void
tell_shadowed(struct story *s)
{
	struct crowd before, moved;

	announce_all(s);
	warm_up(s);
	before = story_at_site(s, SUBJECT, 0);
	s->net.is_withdrawn[SUBJECT] = true;
	moved = story_converge(s, SUBJECT, 0);
	story_expect_shift(s, SUBJECT, &moved, &before, false);
	story_expect_mismatch(
	    s, SUBJECT, "shadowed", &moved, moved.n_asns, 20, 1, settle_s(s));
	go_on(s);
}

const struct scenario scenarios[] = {
	{ "quiet", "nothing but the background", tell_quiet, 0 },
	{ "loss", "a fifth of all questions lost for ten minutes", tell_loss,
	    0 },
	{ "flappers", "twice as many vantages balanced per packet",
	    tell_flappers, 0 },
	{ "power_cut", "a fifth of the fleet offline at once", tell_power_cut,
	    0 },
	{ "feed_loss", "nobody says any more what is announced", tell_feed_loss,
	    0 },
	{ "rename", "all identities become such as no site has", tell_rename,
	    0 },
	{ "proxy", "networks whose provider answers itself", tell_proxy, 0 },
	{ "detour", "a site's answers take 80 ms more", tell_detour, 0 },
	{ "liar", "one enrolment reports anything", tell_liar, 0 },
	{ "liars_as", "a third of the fleet in one AS, and it lies",
	    tell_liars_as, 0 },
	{ "sybil", "a third of the fleet is one host of no known AS, and lies",
	    tell_sybil, 0 },
	{ "withdraw_2", "a site of 2 % of the networks withdrawn",
	    tell_withdraw, 0.02 },
	{ "withdraw_5", "... of 5 %", tell_withdraw, 0.05 },
	{ "withdraw_10", "... of 10 %", tell_withdraw, 0.10 },
	{ "withdraw_30", "... of 30 %", tell_withdraw, 0.30 },
	{ "withdraw_announced", "the announcement says it too",
	    tell_withdraw_announced, 0 },
	{ "withdraw_v6", "only of IPv6", tell_withdraw_v6, 0.30 },
	{ "drain", "drained, and back a quarter of an hour later", tell_drain,
	    0 },
	{ "prepend", "part of a site's networks leave it", tell_prepend, 0.30 },
	{ "two", "two sites withdrawn three minutes apart", tell_two, 0.20 },
	{ "maintenance", "withdrawn, switched off, on, and back",
	    tell_maintenance, 0 },
	{ "skewed", "withdrawn; a seventh of the clocks a second off",
	    tell_skewed, 0.20 },
	{ "late", "withdrawn while a third of the fleet cannot upload",
	    tell_late, 0.30 },
	{ "blackhole", "a site attracts and does not answer", tell_blackhole,
	    0 },
	{ "blackhole_partial", "... for a part of its networks",
	    tell_blackhole_partial, 0.30 },
	{ "blackhole_upstream", "... behind one upstream",
	    tell_blackhole_upstream, 0.40 },
	{ "outage_then_shift", "dark, and withdrawn after four minutes",
	    tell_outage_then_shift, 0 },
	{ "sick_and_dark", "a site's server dies, it stays announced",
	    tell_sick_and_dark, 0 },
	{ "sick", "its own address is silent, the service's answers", tell_sick,
	    0 },
	{ "stuck", "withdrawn, and routes stay", tell_stuck, 0 },
	{ "shadowed", "announced, and nobody comes any more", tell_shadowed,
	    0 },
};
const size_t n_scenarios = sizeof scenarios / sizeof *scenarios;

const struct scenario *
scenario_find(const char *name)
{
	for (size_t i = 0; i < n_scenarios; i++) {
		if (strcmp(scenarios[i].name, name) == 0)
			return &scenarios[i];
	}
	return NULL;
}

struct internet_plan
scenario_plan(const struct scenario *s, uint64_t seed)
{
	static const size_t hosts[] = { 40, 60, 100, 160 };
	uint64_t random = seed ^ UINT64_C(0xd1342543de82ef95);
	size_t n = hosts[random_below(&random, 4)];
	struct internet_plan p = { .seed = seed,
		.n_hosts = n,
		.n_asns = n * 7 / 10,
		.n_sites = 3 + random_below(&random, 4),
		.share = s->share,
		.loss = 0.005 + 0.015 * random_share(&random),
		.every_us = 60 * US_PER_S };

	if (random_below(&random, 5) == 0)
		p.every_us = 180 * US_PER_S;
	if (p.share <= 0)
		p.share = 0.1 + 0.3 * random_share(&random);
	return p;
}
