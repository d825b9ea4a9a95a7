#include "collector/detect_leak.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/ballot.h"
#include "collector/displaced.h"
#include "schema/base/bytes.h"
#include "schema/base/clock.h"
#include "schema/base/mem.h"

#define DAY_US (86400 * US_PER_S)
#define KNOWN_US (7 * DAY_US)
#define KNOWN_MAX 64

struct known_as {
	uint32_t asn;
	int64_t last_us;
};

/* What was learnt of one local site without local_to. */
struct scope {
	size_t service;
	const struct site *site;
	int64_t since_us; /* 0: nobody has landed there yet */
	size_t n;
	struct known_as known[KNOWN_MAX];
};

struct scopes {
	size_t n;
	struct scope *list;
};

static void *
init(struct detect *d)
{
	struct scopes *all = mem_new(sizeof *all);

	for (size_t i = 0; i < d->services->n; i++) {
		const struct service *s = &d->services->list[i];

		for (size_t k = 0; k < s->n_sites; k++) {
			if (!s->sites[k].is_local)
				continue;
			all->list =
			    mem_grow(all->list, all->n + 1, sizeof *all->list);
			all->list[all->n++] = (struct scope){ .service = i,
				.site = &s->sites[k] };
		}
	}
	return all;
}

static void
fini(void *memory)
{
	struct scopes *all = memory;

	free(all->list);
	free(all);
}

/* The site's scope; NULL: it is not local. */
static struct scope *
scope_of(const struct detect *d, int64_t site_id)
{
	struct scopes *all = part_memory(d, &leak_part);

	for (size_t i = 0; i < all->n; i++)
		if (all->list[i].site->id == site_id)
			return &all->list[i];
	return NULL;
}

static struct known_as *
find_known(struct scope *x, uint32_t asn)
{
	for (size_t i = 0; i < x->n; i++)
		if (x->known[i].asn == asn)
			return &x->known[i];
	return NULL;
}

static bool
is_inside(const struct detect *d, struct scope *x, uint32_t asn)
{
	const struct known_as *k;

	for (size_t i = 0; i < x->site->n_local_to; i++)
		if (x->site->local_to[i] == asn)
			return true;
	if (x->site->n_local_to > 0)
		return false;
	if (x->since_us == 0 || d->now_us - x->since_us < DAY_US)
		return true;
	k = find_known(x, asn);
	return k != NULL && d->now_us - k->last_us <= KNOWN_US;
}

bool
leak_is_outside(const struct detect *d, const struct track *t, int64_t site_id)
{
	struct scope *x = scope_of(d, site_id);

	return x != NULL && t->member->vantage.asn != 0 &&
	       !is_inside(d, x, t->member->vantage.asn);
}

/* Learning. */

static void
save(struct detect *d, const struct scope *x)
{
	uint8_t bytes[8 + KNOWN_MAX * 12];
	struct wbuf w = wbuf_over(bytes, sizeof bytes);
	char key[MEMO_KEY_MAX + 1];

	wbuf_i64(&w, x->since_us);
	for (size_t i = 0; i < x->n; i++) {
		wbuf_u32(&w, x->known[i].asn);
		wbuf_i64(&w, x->known[i].last_us);
	}
	snprintf(key, sizeof key, "leak/%" PRId64, x->site->id);
	detect_emit_memo(d, key, bytes, w.len);
}

static void
restore_memo(struct detect *d, const struct memo *m)
{
	struct rbuf r = rbuf_over(m->bytes, m->len);
	struct scope *x = scope_of(d, strtoll(m->key + 5, NULL, 10));

	if (x == NULL)
		return;
	x->since_us = rbuf_i64(&r);
	x->n = 0;
	while (rbuf_left(&r) >= 12 && x->n < KNOWN_MAX) {
		x->known[x->n].asn = rbuf_u32(&r);
		x->known[x->n++].last_us = rbuf_i64(&r);
	}
}

/* A place for a network: a new one, or the one that was there longest ago. */
static struct known_as *
add_known(struct scope *x)
{
	struct known_as *oldest = &x->known[0];

	if (x->n < KNOWN_MAX)
		return &x->known[x->n++];
	for (size_t i = 1; i < x->n; i++)
		if (x->known[i].last_us < oldest->last_us)
			oldest = &x->known[i];
	return oldest;
}

/* Once a day is enough for the memory of who was there. */
static void
learn(struct detect *d, struct scope *x, const struct track *t)
{
	uint32_t asn = t->member->vantage.asn;
	struct known_as *k = find_known(x, asn);

	if (x->since_us == 0)
		x->since_us = d->now_us;
	if (k != NULL && d->now_us - k->last_us < DAY_US)
		return;
	if (!is_inside(d, x, asn) &&
	    (d->now_us - t->home_since_us < DAY_US ||
		events_find(&d->events, EVENT_LEAK, x->site->id) != NULL))
		return;
	if (k == NULL)
		k = add_known(x);
	*k = (struct known_as){ asn, d->now_us };
	save(d, x);
}

static void
see(struct detect *d, struct track *t, const struct sighting *s)
{
	struct track_query q = { .now_us = d->now_us, .site_id = s->site_id };
	struct scope *x = scope_of(d, s->site_id);

	if (x != NULL && x->site->n_local_to == 0 &&
	    t->member->vantage.asn != 0 && t->place == s->site_id &&
	    track_is_on_site(t, &q))
		learn(d, x, t);
}

/* The event. */

static bool
claims(const struct detect *d, const struct track *t, const struct ballot *b,
    struct claim *c)
{
	struct track_query q = { .now_us = d->now_us, .site_id = b->site_id };

	if (!track_is_on_site(t, &q) || t->place != b->site_id ||
	    !leak_is_outside(d, t, b->site_id))
		return false;
	*c = (struct claim){ t->home_since_us, track_rare(t)->came_from,
		b->site_id };
	return true;
}

static bool
is_inside_there(const struct track *t, const struct track_query *q)
{
	return track_is_on_site(t, q);
}

static json_t *
gates(struct detect *d, const struct ballot *b, const struct open_event *o)
{
	struct track_query q = { .now_us = d->now_us, .site_id = b->site_id };
	const struct scope *x = b->about;
	size_t n = roll_count_networks(
	    roll_walk_site(d->roll, b->service, b->site_id, d->now_us),
	    is_inside_there, &q);

	return json_pack("{s:s, s:I, s:I, s:I, s:I}", "scope",
	    x->site->n_local_to > 0 ? "local_to" : "learnt", "scope_asns",
	    (json_int_t)(x->site->n_local_to > 0 ? x->site->n_local_to : x->n),
	    "needed", (json_int_t)b->needed, "asns_outside",
	    (json_int_t)ballot_standing(d, o), "asns_at_site", (json_int_t)n);
}

static struct ballot
ballot_of(struct detect *d, const struct scope *x)
{
	const struct service *s = &d->services->list[x->service];
	struct ballot b = { .kind = EVENT_LEAK,
		.severity = SEVERITY_MAJOR,
		.service = x->service,
		.site_id = x->site->id,
		.verdict = "",
		.is_at_site = true,
		.needed = ballot_quorum(d, x->service) - 1,
		.hold_us = 2 * s->dns_every_us,
		.resolution = "contained",
		.about = x,
		.claims = claims,
		.gates = gates };

	return b;
}

static void
tick(struct detect *d)
{
	struct scopes *all = part_memory(d, &leak_part);

	for (size_t i = 0; i < all->n; i++) {
		const struct scope *x = &all->list[i];
		struct open_event *o =
		    events_find(&d->events, EVENT_LEAK, x->site->id);
		struct ballot b = ballot_of(d, x);

		if (o != NULL)
			(void)ballot_follow(d, &b, o);
		else if (ballot_count(d, &b) >= b.needed)
			(void)ballot_open(d, &b, displaced_shift(d, &b));
	}
}

const struct detect_part leak_part = { .name = "leak",
	.init = init,
	.fini = fini,
	.see = see,
	.tick = tick,
	.restore_memo = restore_memo };
