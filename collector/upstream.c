/* upstream.c - see upstream.h. */
#include "collector/upstream.h"

#include <stdlib.h>
#include <string.h>

#include "schema/base/bytes.h"
#include "schema/base/mem.h"

#define PLACES 4096 /* a later router takes the place of one of its hash */
#define SITES 4     /* that are kept of one router */

struct behind {
	int64_t site_id;
	int64_t vantages[UPSTREAM_ENOUGH]; /* different ones, the first */
	uint8_t n;
};

struct upstream {
	struct addr router; /* family 0: empty */
	struct behind sites[SITES];
};

struct upstreams {
	struct upstream places[PLACES];
};

struct upstreams *
upstreams_new(void)
{
	return mem_new(sizeof(struct upstreams));
}

void
upstreams_free(struct upstreams *u)
{
	free(u);
}

static struct upstream *
place_of(struct upstreams *u, const struct addr *router)
{
	uint64_t hash = bytes_hash(
	    BYTES_HASH_START, router->bytes, router->family == 4 ? 4 : 16);
	struct upstream *p = &u->places[hash % PLACES];

	if (!addr_equal(&p->router, router)) {
		*p = (struct upstream){ 0 };
		p->router = *router;
	}
	return p;
}

static void
count(struct behind *b, int64_t vantage_id)
{
	for (uint8_t i = 0; i < b->n; i++)
		if (b->vantages[i] == vantage_id)
			return;
	if (b->n < UPSTREAM_ENOUGH)
		b->vantages[b->n++] = vantage_id;
}

/* The entry of a site, or the weakest when all are of others. */
static struct behind *
find_behind(struct upstream *p, int64_t site_id)
{
	struct behind *weakest = &p->sites[0];

	for (size_t i = 0; i < SITES; i++) {
		if (p->sites[i].site_id == site_id)
			return &p->sites[i];
		if (p->sites[i].n < weakest->n)
			weakest = &p->sites[i];
	}
	*weakest = (struct behind){ .site_id = site_id };
	return weakest;
}

bool
upstreams_see(struct upstreams *u, const struct addr *router, int64_t site_id,
    int64_t vantage_id)
{
	struct upstream *p = place_of(u, router);
	struct behind *own;
	bool is_of_others = false;

	for (size_t i = 0; i < SITES; i++)
		is_of_others |= p->sites[i].site_id != site_id &&
				p->sites[i].n >= UPSTREAM_ENOUGH;
	own = find_behind(p, site_id);
	count(own, vantage_id);
	/* Seen by as many vantages, it leads to both. */
	return is_of_others && own->n < UPSTREAM_ENOUGH;
}
