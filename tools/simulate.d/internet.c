/* internet.c - see internet.h. */
#include "internet.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schema/base/clock.h"
#include "schema/base/mem.h"

#define PI 3.14159265358979323846
#define EARTH_KM 6371.0
#define KM_PER_MS 100.0 /* of round trip: light in fibre, there and back */
#define DETOUR 1.4      /* cables do not run straight */
#define OUTAGE_EVERY_US (6 * 3600 * US_PER_S)
#define OUTAGE_US (60 * US_PER_S)
#define FLAP_EVERY_US (6 * 3600 * US_PER_S) /* four changes a day */
#define SHARE_PER_PACKET 0.032
#define SHARE_SLOW 0.02
#define SHARE_SPLIT 0.05 /* hosts whose families land apart */
#define CORRUPT 1e-4
#define LIE_FLIP_EVERY_US (300 * US_PER_S)

uint64_t
random_u64(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

double
random_share(uint64_t *state)
{
	return (double)(random_u64(state) >> 11) / 9007199254740992.0;
}

size_t
random_below(uint64_t *state, size_t n)
{
	return (size_t)(random_u64(state) % n);
}

static struct position
random_position(uint64_t *state)
{
	double north = 130 * random_share(state) - 55;

	return (
	    struct position){ true, north, 360 * random_share(state) - 180 };
}

static double
distance_km(struct position a, struct position b)
{
	double p = a.latitude * PI / 180, q = b.latitude * PI / 180;
	double l = (a.longitude - b.longitude) * PI / 180;
	double c = sin(p) * sin(q) + cos(p) * cos(q) * cos(l);

	return EARTH_KM * acos(c > 1 ? 1 : c < -1 ? -1 : c);
}

/* Networks. */

struct network {
	struct position at;
	size_t upstream;
	size_t order[NET_SITES];
};

/* By distance, but each upstream has a taste of its own. */
static void
sort_sites(const struct internet *net, struct network *n, uint64_t *random)
{
	double cost[NET_SITES];

	for (size_t i = 0; i < net->n_sites; i++) {
		size_t k = i;

		cost[i] = (500 + distance_km(n->at, net->sites[i])) *
			  (0.7 + 0.8 * random_share(random));
		for (; k > 0 && cost[n->order[k - 1]] > cost[i]; k--)
			n->order[k] = n->order[k - 1];
		n->order[k] = i;
	}
}

/* Site 0 gets the share that the plan says, wherever it lies. */
static void
put_subject(struct network *n, size_t n_sites, bool is_first)
{
	size_t at = 0;

	while (n->order[at] != 0)
		at++;
	if (is_first == (at == 0))
		return;
	memmove(&n->order[is_first ? 1 : at], &n->order[is_first ? 0 : at + 1],
	    (is_first ? at : n_sites - 1 - at) * sizeof n->order[0]);
	n->order[is_first ? 0 : n_sites - 1] = 0;
}

static void
draw_networks(struct internet *net, const struct internet_plan *p,
    struct network *networks)
{
	for (size_t i = 0; i < p->n_asns; i++) {
		struct network *n = &networks[i];

		n->at = random_position(&net->random);
		n->upstream = random_below(&net->random, NET_UPSTREAMS);
		sort_sites(net, n, &net->random);
		put_subject(n, p->n_sites,
		    i < (size_t)(p->share * (double)p->n_asns + 0.5));
	}
}

static enum flapping
draw_flapping(struct internet *net)
{
	double x = random_share(&net->random);

	if (net->is_calm)
		return FLAPS_NOT;
	if (x < SHARE_PER_PACKET)
		return FLAPS_PER_PACKET;
	return x < SHARE_PER_PACKET + SHARE_SLOW ? FLAPS_SLOWLY : FLAPS_NOT;
}

static void
add_host(struct internet *net, const struct network *n, uint32_t asn)
{
	enum flapping flapping = draw_flapping(net);
	double access_ms = 1 + 14 * random_share(&net->random);
	uint64_t offset = random_u64(&net->random);
	bool is_split = random_share(&net->random) < SHARE_SPLIT;

	world_add_probe(&net->world, asn, n->order[0]);
	for (size_t k = net->world.n_vantages - 2; k < net->world.n_vantages;
	     k++) {
		struct net_vantage *v = &net->vantages[k];

		v->asn = asn;
		v->at = n->at;
		v->upstream = n->upstream;
		v->flapping = flapping;
		v->offset_us = (int64_t)(offset % (uint64_t)FLAP_EVERY_US);
		memcpy(v->order, n->order, sizeof v->order);
		if (is_split && k % 2 == 1 && n->order[0] != 0 &&
		    n->order[1] != 0) {
			v->order[0] = n->order[1];
			v->order[1] = n->order[0];
		}
		for (size_t i = 0; i < net->n_sites; i++)
			v->rtt_us[i] =
			    (int64_t)(1000 *
				      (access_ms + DETOUR *
						       distance_km(v->at,
							   net->sites[i]) /
						       KM_PER_MS));
		net->world.vantages[k].site = v->order[0];
	}
}

static void
draw_fleet(struct internet *net, const struct internet_plan *p)
{
	struct network *networks = mem_new(p->n_asns * sizeof *networks);

	draw_networks(net, p, networks);
	net->vantages = mem_new(2 * p->n_hosts * sizeof *net->vantages);
	for (size_t i = 0; i < p->n_hosts; i++) {
		size_t as =
		    i < p->n_asns ? i : random_below(&net->random, p->n_asns);

		add_host(net, &networks[as], 64512 + (uint32_t)as);
	}
	free(networks);
}

/* Answers. */

size_t
internet_choice(const struct internet *net, size_t vantage)
{
	const struct net_vantage *v = &net->vantages[vantage];
	size_t k = 0;

	while (k + 1 < net->n_sites && net->is_withdrawn[v->order[k]])
		k++;
	return v->order[k];
}

/* Where it goes when its packets or routes do not stay: its second choice,
 * as long as that is there. */
static size_t
other_site(const struct internet *net, size_t vantage)
{
	size_t other = net->vantages[vantage].order[1];

	return net->is_withdrawn[other] ? net->world.vantages[vantage].site
					: other;
}

size_t
internet_landing(const struct internet *net, size_t vantage)
{
	const struct net_vantage *v = &net->vantages[vantage];
	int64_t turn = (net->world.now_us + v->offset_us) / FLAP_EVERY_US;

	if (v->flapping == FLAPS_SLOWLY && turn % 2 == 1)
		return other_site(net, vantage);
	return net->world.vantages[vantage].site;
}

static bool
is_out(const struct internet *net, const struct net_vantage *v)
{
	return !net->is_calm &&
	       (net->world.now_us + v->offset_us) % OUTAGE_EVERY_US < OUTAGE_US;
}

static void
name_site(struct sighting *s, size_t site)
{
	s->outcome = OUTCOME_OK;
	s->has_identity = true;
	s->site_id = (int64_t)site + 1;
	s->is_foreign = false;
}

static void
name_nobody(struct sighting *s, const char *identity)
{
	s->outcome = OUTCOME_OK;
	s->has_identity = s->is_foreign = true;
	s->site_id = 0;
	snprintf(s->identity, sizeof s->identity, "%s", identity);
}

static void
flip(const struct internet *net, struct sighting *s)
{
	bool is_odd = net->world.now_us / LIE_FLIP_EVERY_US % 2 == 1;

	name_site(s, is_odd ? 0 : 1);
}

static void
tell_lie(struct internet *net, enum lie lie, const struct target *t,
    struct sighting *s)
{
	bool is_service = t->role == ROLE_SERVICE;

	switch (lie) {
	case LIE_MIXED:
		tell_lie(net,
		    (enum lie)(1 + random_below(&net->lies, N_LIES - 2)), t, s);
		return;
	case LIE_DARK:
		s->outcome = is_service ? OUTCOME_TIMEOUT : OUTCOME_OK;
		s->has_identity = false;
		s->site_id = 0;
		return;
	case LIE_SICK:
		if (t->role == ROLE_UNICAST)
			s->outcome = OUTCOME_TIMEOUT;
		return;
	case LIE_FLIP:
		if (is_service)
			flip(net, s);
		return;
	case LIE_FOREIGN:
		if (is_service)
			name_nobody(s, "liar.example");
		return;
	case LIE_RANDOM:
		if (is_service)
			name_site(s, random_below(&net->lies, net->n_sites));
		return;
	case LIE_FAST:
		if (is_service)
			name_site(s, net->n_sites - 1);
		s->is_too_fast = true;
		s->rtt_us = 1;
		return;
	case LIE_CLOCK:
		if (is_service)
			flip(net, s);
		s->at_us += (int64_t)random_below(
				&net->lies, (size_t)(7200 * US_PER_S)) -
			    3600 * US_PER_S;
		return;
	case LIE_NOT:
	case N_LIES:
		return;
	}
}

static void
answer_service(
    struct internet *net, size_t vantage, struct sighting *s, size_t site)
{
	struct net_vantage *v = &net->vantages[vantage];

	if (v->is_proxied) {
		name_nobody(s, "proxy.isp.example");
	} else if (v->dark_sites >> site & 1) {
		s->outcome = net->fault;
		s->rcode = 2; /* SERVFAIL, when it is an answer */
	} else {
		name_site(s, site);
	}
	if (net->world.sites[site].is_renamed && !v->is_proxied)
		s->site_id = 0;
	if (random_share(&net->random) < CORRUPT)
		s->site_id = 0;
	s->has_rtt = outcome_is_answer(s->outcome);
	s->rtt_us = v->rtt_us[site] + v->detour_us +
		    (int64_t)random_below(&net->random, 2000);
}

static void
on_question(void *ctx, const struct world *w, const struct world_vantage *wv,
    const struct target *t, struct sighting *s)
{
	struct internet *net = ctx;
	size_t i = (size_t)wv->vantage.id - 1;
	struct net_vantage *v = &net->vantages[i];
	size_t site = internet_landing(net, i);

	s->outcome = OUTCOME_TIMEOUT;
	if (wv->is_deaf || is_out(net, v) ||
	    random_share(&net->random) < net->loss)
		return;
	if (v->flapping == FLAPS_PER_PACKET && random_u64(&net->random) % 2)
		site = other_site(net, i);
	if (t->role == ROLE_SERVICE)
		answer_service(net, i, s, site);
	else if (t->role == ROLE_CONTROL || !w->sites[t->site].is_unicast_down)
		s->outcome = OUTCOME_OK;
	if (v->lie != LIE_NOT)
		tell_lie(net, v->lie, t, s);
}

/* Time. */

void
internet_reroute(
    struct internet *net, size_t vantage, size_t site, int64_t at_us)
{
	if (net->n_reroutes == net->cap_reroutes) {
		net->cap_reroutes = 2 * net->cap_reroutes + 64;
		net->reroutes = mem_grow(
		    net->reroutes, net->cap_reroutes, sizeof *net->reroutes);
	}
	net->reroutes[net->n_reroutes++] =
	    (struct reroute){ at_us, vantage, site };
}

/* In the order in which they were said. */
static void
apply_reroutes(struct internet *net)
{
	size_t kept = 0;

	for (size_t i = 0; i < net->n_reroutes; i++) {
		const struct reroute *r = &net->reroutes[i];

		if (r->at_us > net->world.now_us)
			net->reroutes[kept++] = *r;
		else
			net->world.vantages[r->vantage].site = r->site;
	}
	net->n_reroutes = kept;
}

void
internet_run(struct internet *net, int64_t until_us)
{
	while (net->world.now_us < until_us) {
		apply_reroutes(net);
		world_run(&net->world, net->n_reroutes == 0
					   ? until_us
					   : net->world.now_us + US_PER_S);
	}
}

void
internet_init(struct internet *net, const struct internet_plan *p)
{
	static const char *const names[NET_SITES] = { "ams", "fra", "nrt",
		"iad", "gru", "syd", "jnb", "sin" };

	*net = (struct internet){ .random = p->seed,
		.lies = p->seed ^ UINT64_C(0x5bd1e995),
		.loss = p->loss,
		.is_calm = p->is_calm,
		.n_sites = p->n_sites,
		.n_asns = p->n_asns,
		.fault = OUTCOME_TIMEOUT };
	world_init(&net->world, names, p->n_sites, p->every_us, true);
	net->world.answer = on_question;
	net->world.answer_ctx = net;
	net->world.random = p->seed | 1;
	net->world.jitter_us = p->every_us / 10;
	for (size_t i = 0; i < p->n_sites; i++)
		net->sites[i] = random_position(&net->random);
	draw_fleet(net, p);
}

void
internet_fini(struct internet *net)
{
	world_fini(&net->world);
	free(net->vantages);
	free(net->reroutes);
}
