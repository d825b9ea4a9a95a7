/*
 * internet.h - what a simulated fleet measures: sites, networks, faults. (pure)
 *
 * Uses     tests/sim/world.h (the probes), collector/detect.h (the values)
 * Used by  story, play, load
 *
 * Vantages have positions and round trips that follow from them; the networks
 * (ASes) choose sites, and a host's families go the same way but for a few.
 * Everything is drawn from one seed.  In the background, as science.md 11.9
 * has it: independent loss, a minute's outage of each host every six hours,
 * 3.2 % of hosts balanced per packet, 2 % whose route changes four times a
 * day, one identity in 10000 corrupted.
 */
#ifndef SIMULATE_INTERNET_H
#define SIMULATE_INTERNET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collector/position.h"
#include "tests/sim/world.h"

#define NET_SITES WORLD_SITES_MAX

/* splitmix64 */
uint64_t random_u64(uint64_t *state);
double random_share(uint64_t *state); /* 0 <= x < 1 */
size_t random_below(uint64_t *state, size_t n);

enum flapping { FLAPS_NOT, FLAPS_PER_PACKET, FLAPS_SLOWLY };

/* What a vantage that lies reports. */
enum lie {
	LIE_NOT,
	LIE_FLIP,    /* moves to and fro, all liars together */
	LIE_DARK,    /* the service is silent, all else answers */
	LIE_FOREIGN, /* an identity of nobody's form */
	LIE_RANDOM,  /* any site, each time another */
	LIE_FAST,    /* sooner than light from the farthest site */
	LIE_CLOCK,   /* flips, and times up to an hour off */
	LIE_SICK,    /* every site's own address is silent */
	LIE_MIXED,   /* one of these, each time another */
	N_LIES
};

struct net_vantage {
	uint32_t asn;
	struct position at;
	size_t upstream;           /* of NET_UPSTREAMS */
	int64_t rtt_us[NET_SITES]; /* to each site, without jitter */
	size_t order[NET_SITES];   /* sites as it prefers them */
	int64_t offset_us;         /* of its own outages and flaps */
	enum flapping flapping;
	unsigned dark_sites; /* bits: packets to them are lost there */
	bool is_proxied;     /* somebody else answers in the target's place */
	int64_t detour_us;   /* longer way */
	enum lie lie;
};
#define NET_UPSTREAMS 6

/* A vantage's route changes. */
struct reroute {
	int64_t at_us;
	size_t vantage, site;
};

struct internet {
	struct world world;
	uint64_t random, lies; /* states: of the network, of the liars */
	double loss;           /* of one question */
	bool is_calm;          /* nothing in the background but loss */
	size_t n_sites, n_asns;
	struct position sites[NET_SITES];
	bool is_withdrawn[NET_SITES];
	enum outcome fault; /* what dark sites give: timeout, refused ... */
	struct net_vantage *vantages; /* as world.vantages */
	struct reroute *reroutes;
	size_t n_reroutes, cap_reroutes;
};

struct internet_plan {
	uint64_t seed;
	size_t n_hosts, n_asns, n_sites;
	double share; /* of the networks that land at site 0 */
	double loss;
	int64_t every_us;
	bool is_calm;
};

/* Draws an Internet and its fleet.  Its address must not change: the world
 * refers to it.  Release with internet_fini. */
void internet_init(struct internet *net, const struct internet_plan *plan);
void internet_fini(struct internet *net);

/* Where a vantage's packets go now, if routes are as they are. */
size_t internet_landing(const struct internet *net, size_t vantage);

/* The first site of its preference that is announced. */
size_t internet_choice(const struct internet *net, size_t vantage);

/* Sends a vantage elsewhere at a time. */
void internet_reroute(
    struct internet *net, size_t vantage, size_t site, int64_t at_us);

/* Lets time pass up to a moment. */
void internet_run(struct internet *net, int64_t until_us);

#endif
