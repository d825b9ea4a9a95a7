/* story.c - see story.h. */
#include "story.h"

#include <math.h>
#include <string.h>

#include "collector/quorum.h"
#include "schema/base/clock.h"

#define CONFIRM_S 20.0 /* (m - 1) tau: three samples, ten seconds apart */
#define RETRY_S 6.0    /* until the second retry */
#define UPLOAD_S 1.0   /* of a reaction: at once, a step of the world */
#define HUNTING 0.2    /* networks whose routes search their way */
#define WITHIN_S 900.0
#define WEEK_US (7 * 86400 * US_PER_S)

void
crowd_add(struct crowd *c, const struct story *s, size_t vantage)
{
	size_t as = s->net.vantages[vantage].asn - 64512;

	if (as >= THEORY_NETWORKS)
		return;
	c->n_vantages++;
	c->n_asns += c->of_asn[as]++ == 0;
}

static bool
counts(const struct story *s, size_t i)
{
	const struct net_vantage *v = &s->net.vantages[i];

	return v->flapping == FLAPS_NOT && v->lie == LIE_NOT && !v->is_proxied;
}

static bool
is_of(const struct story *s, size_t i, int family)
{
	return family == 0 || s->net.world.vantages[i].vantage.family == family;
}

struct crowd
story_at_site(const struct story *s, size_t site, int family)
{
	struct crowd c = { 0 };

	for (size_t i = 0; i < s->net.world.n_vantages; i++) {
		if (counts(s, i) && is_of(s, i, family) &&
		    internet_landing(&s->net, i) == site)
			crowd_add(&c, s, i);
	}
	return c;
}

void
story_run(struct story *s, double seconds)
{
	internet_run(&s->net, s->net.world.now_us + (int64_t)(seconds * 1e6) /
							US_PER_S * US_PER_S);
}

int64_t
story_now_us(const struct story *s)
{
	return s->net.world.now_us;
}

/* Routes. */

struct delays { /* of networks, by number */
	double s[THEORY_NETWORKS];
	size_t hunt[THEORY_NETWORKS]; /* a site on the way; NET_SITES: none */
};

static struct delays
draw_delays(struct story *s)
{
	struct delays d;

	for (size_t i = 0; i < THEORY_NETWORKS; i++) {
		d.s[i] = -STORY_CONVERGE_S * log(1 - random_share(&s->random));
		if (d.s[i] > STORY_CONVERGE_MAX_S)
			d.s[i] = STORY_CONVERGE_MAX_S;
		d.hunt[i] = random_share(&s->random) < HUNTING
				? random_below(&s->random, s->net.n_sites)
				: NET_SITES;
	}
	return d;
}

static void
send_on(struct story *s, size_t i, size_t to, const struct delays *d)
{
	size_t as = (s->net.vantages[i].asn - 64512) % THEORY_NETWORKS;
	int64_t at = story_now_us(s) + (int64_t)(d->s[as] * 1e6);

	if (d->hunt[as] != NET_SITES && !s->net.is_withdrawn[d->hunt[as]] &&
	    d->s[as] > 2)
		internet_reroute(&s->net, i, d->hunt[as],
		    story_now_us(s) + (int64_t)(d->s[as] * 5e5));
	internet_reroute(&s->net, i, to, at);
}

struct crowd
story_converge(struct story *s, size_t site, int family)
{
	struct delays d = draw_delays(s);
	struct crowd moved = { 0 };

	for (size_t i = 0; i < s->net.world.n_vantages; i++) {
		size_t from = s->net.world.vantages[i].site;
		size_t to = internet_choice(&s->net, i);

		if (from == to || !is_of(s, i, family))
			continue;
		send_on(s, i, to, &d);
		if (counts(s, i) && (from == site || to == site))
			crowd_add(&moved, s, i);
	}
	return moved;
}

/* Networks at the site that a share chooses. */
static void
choose(struct story *s, size_t site, double share, bool *is_chosen)
{
	size_t n = 0, wanted = story_at_site(s, site, 0).n_asns;

	memset(is_chosen, 0, THEORY_NETWORKS * sizeof *is_chosen);
	wanted = (size_t)(share * (double)wanted + 0.5);
	for (size_t i = 0; i < s->net.world.n_vantages && n < wanted; i++) {
		size_t as = s->net.vantages[i].asn - 64512;

		if (as < THEORY_NETWORKS && !is_chosen[as] && counts(s, i) &&
		    internet_landing(&s->net, i) == site) {
			is_chosen[as] = true;
			n++;
		}
	}
}

struct crowd
story_push(struct story *s, size_t site, double share)
{
	bool is_chosen[THEORY_NETWORKS];
	struct delays d = draw_delays(s);
	struct crowd moved = { 0 };

	choose(s, site, share, is_chosen);
	for (size_t i = 0; i < s->net.world.n_vantages; i++) {
		const struct net_vantage *v = &s->net.vantages[i];

		if (!is_chosen[v->asn - 64512] ||
		    s->net.world.vantages[i].site != site)
			continue;
		send_on(s, i, v->order[v->order[0] == site ? 1 : 0], &d);
		if (counts(s, i))
			crowd_add(&moved, s, i);
	}
	return moved;
}

/* Darkness. */

static void
darken(struct story *s, size_t i, size_t site, struct crowd *dark)
{
	s->net.vantages[i].dark_sites |= 1U << site;
	if (counts(s, i) && internet_landing(&s->net, i) == site)
		crowd_add(dark, s, i);
}

struct crowd
story_darken(struct story *s, size_t site, double share)
{
	bool is_chosen[THEORY_NETWORKS];
	struct crowd dark = { 0 };

	choose(s, site, share, is_chosen);
	for (size_t i = 0; i < s->net.world.n_vantages; i++) {
		if (share >= 1 || is_chosen[s->net.vantages[i].asn - 64512])
			darken(s, i, site, &dark);
	}
	return dark;
}

struct crowd
story_darken_upstream(struct story *s, size_t site)
{
	size_t n[NET_UPSTREAMS] = { 0 }, worst = 0;
	struct crowd dark = { 0 };

	for (size_t i = 0; i < s->net.world.n_vantages; i++) {
		if (internet_landing(&s->net, i) == site)
			n[s->net.vantages[i].upstream]++;
	}
	for (size_t i = 1; i < NET_UPSTREAMS; i++)
		worst = n[i] > n[worst] ? i : worst;
	for (size_t i = 0; i < s->net.world.n_vantages; i++) {
		if (s->net.vantages[i].upstream == worst)
			darken(s, i, site, &dark);
	}
	return dark;
}

void
story_lighten(struct story *s, size_t site)
{
	for (size_t i = 0; i < s->net.world.n_vantages; i++)
		s->net.vantages[i].dark_sites &= ~(1U << site);
}

/* Labels. */

struct label *
story_must(struct story *s, enum event_kind kind, size_t site, double within_s)
{
	struct label *l = &s->labels[s->n_labels++];

	*l = (struct label){ .kind = kind,
		.site_id = (int64_t)site + 1,
		.at_us = story_now_us(s),
		.until_us = story_now_us(s) + (int64_t)(within_s * 1e6),
		.is_must = true };
	return l;
}

void
story_may(struct story *s, enum event_kind kind, int64_t site_id)
{
	struct label *l = story_must(s, kind, 0, 7200);

	l->site_id = site_id;
	l->is_must = false;
}

static void
judge(const struct story *s, struct label *l, const struct crowd *who,
    struct theory *x)
{
	x->period_s = (double)s->plan.every_us / 1e6;
	x->loss = s->plan.loss;
	for (size_t i = 0; i < THEORY_NETWORKS; i++) {
		if (who->of_asn[i] > 0)
			x->n_vantages[x->n++] = who->of_asn[i];
	}
	l->is_must = x->n >= x->k;
	l->minimum_s = theory_delay_s(x);
	l->formula_s = theory_formula_s(x);
}

/* What part of a crowd is a share of it. */
static size_t
part(size_t n, unsigned tenths)
{
	size_t k = (n * tenths + 9) / 10;

	return k > 2 ? k : 2;
}

/* The quorum that a fleet asks for of which nothing is known yet. */
static size_t
quorum_of(const struct story *s)
{
	return quorum_needed((unsigned)s->net.world.n_vantages, WEEK_US,
	    2 * s->plan.every_us + 60 * US_PER_S);
}

void
story_expect_shift(struct story *s, size_t site, const struct crowd *moved,
    const struct crowd *before, bool is_announced)
{
	struct label *l = story_must(s, EVENT_SHIFT, site, WITHIN_S);
	struct theory x = { .confirm_s = CONFIRM_S,
		.upload_s = UPLOAD_S,
		.converge_s = STORY_CONVERGE_S,
		.k = quorum_of(s) };

	if (is_announced)
		x.k = x.k > 3 ? x.k - 1 : 2;
	if (part(before->n_asns, 6) < x.k)
		x.k = part(before->n_asns, 6);
	judge(s, l, moved, &x);
}

void
story_expect_blackhole(struct story *s, size_t site, const struct crowd *dark,
    const struct crowd *before)
{
	struct label *l = story_must(s, EVENT_BLACKHOLE, site, WITHIN_S);
	struct theory x = { .confirm_s = RETRY_S,
		.upload_s = UPLOAD_S,
		.k = before->n_asns < 6 ? part(before->n_asns, 6) : 3 };

	if (part(before->n_asns, 1) > x.k)
		x.k = part(before->n_asns, 1);
	judge(s, l, dark, &x);
}

void
story_expect_mismatch(struct story *s, size_t site, const char *verdict,
    const struct crowd *who, size_t k, double confirm_s, double upload_s,
    double hold_s)
{
	struct label *l =
	    story_must(s, EVENT_MISMATCH, site, WITHIN_S + hold_s);
	struct theory x = { .confirm_s = confirm_s,
		.upload_s = upload_s,
		.hold_s = hold_s,
		.converge_s =
		    strcmp(verdict, "shadowed") == 0 ? STORY_CONVERGE_S : 0,
		.k = k };

	l->verdict = verdict;
	judge(s, l, who, &x);
}
