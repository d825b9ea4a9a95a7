#include "collector/detect_stale.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "collector/ballot.h"
#include "schema/base/bytes.h"
#include "schema/base/clock.h"
#include "schema/base/mem.h"

#define EDITIONS_MAX 24
#define GRAIN 16 /* editions closer than stale_after / GRAIN are one */

struct edition {
	uint32_t serial;
	int64_t first_us; /* when a second network was given it */
};

/* The editions of one service's zone, oldest first. */
struct zone {
	size_t n;
	struct edition list[EDITIONS_MAX];
};

static void *
init(struct detect *d)
{
	return mem_new((d->services->n + 1) * sizeof(struct zone));
}

static struct zone *
zone_of(const struct detect *d, size_t service)
{
	return (struct zone *)part_memory(d, &stale_part) + service;
}

static void
save(struct detect *d, size_t service)
{
	const struct zone *z = zone_of(d, service);
	uint8_t bytes[EDITIONS_MAX * 12];
	struct wbuf w = wbuf_over(bytes, sizeof bytes);
	char key[MEMO_KEY_MAX + 1];

	for (size_t i = 0; i < z->n; i++) {
		wbuf_u32(&w, z->list[i].serial);
		wbuf_i64(&w, z->list[i].first_us);
	}
	snprintf(
	    key, sizeof key, "stale/%" PRId64, d->services->list[service].id);
	detect_emit_memo(d, key, bytes, w.len);
}

static void
restore_memo(struct detect *d, const struct memo *m)
{
	struct rbuf r = rbuf_over(m->bytes, m->len);
	struct event of = { .service_id = strtoll(m->key + 6, NULL, 10) };
	size_t service = detect_service_of(d, &of);
	struct zone *z;

	if (d->services->list[service].id != of.service_id)
		return;
	z = zone_of(d, service);
	z->n = 0;
	while (rbuf_left(&r) >= 12 && z->n < EDITIONS_MAX) {
		z->list[z->n].serial = rbuf_u32(&r);
		z->list[z->n++].first_us = rbuf_i64(&r);
	}
}

/* Which edition the zone has. */

static bool
is_new_serial(const struct detect *d, const struct track *t)
{
	return member_is_trusted(t->member) &&
	       t->excuse != EXCUSE_INTERCEPTED && t->witness.serial_us != 0 &&
	       d->now_us - t->witness.serial_us <= t->rules->fresh_us;
}

/* The newest serial that two networks were given: the newest of all but those
 * of the network with the newest.  False: there is none. */
static bool
newest_of_two(struct detect *d, size_t service, uint32_t *out)
{
	struct ballot b = { .service = service };
	struct track_walk w = fleet_walk(&d->fleet, service);
	const struct member *first = NULL;
	const struct track *t;
	uint32_t newest = 0;
	bool has_second = false;

	while ((t = ballot_next(&b, &w)) != NULL) {
		uint32_t serial = t->witness.serial;

		if (!is_new_serial(d, t))
			continue;
		if (first == NULL || serial_is_newer(serial, newest)) {
			first = t->member;
			newest = serial;
		}
	}
	w = fleet_walk(&d->fleet, service);
	while (first != NULL && (t = ballot_next(&b, &w)) != NULL) {
		uint32_t serial = t->witness.serial;

		if (!is_new_serial(d, t) ||
		    t->member->as_index == first->as_index ||
		    (has_second && !serial_is_newer(serial, *out)))
			continue;
		*out = serial;
		has_second = true;
	}
	return has_second;
}

static void
note_edition(struct detect *d, size_t service)
{
	int64_t grain_us = d->services->list[service].stale_after_us / GRAIN;
	struct zone *z = zone_of(d, service);
	const struct edition *last = z->n == 0 ? NULL : &z->list[z->n - 1];
	uint32_t serial = 0;

	if (!newest_of_two(d, service, &serial) ||
	    (last != NULL && (!serial_is_newer(serial, last->serial) ||
				 d->now_us - last->first_us < grain_us)))
		return;
	if (z->n == EDITIONS_MAX) {
		for (size_t i = 1; i < z->n; i++)
			z->list[i - 1] = z->list[i];
		z->n--;
	}
	z->list[z->n++] = (struct edition){ serial, d->now_us };
	save(d, service);
}

/* The oldest edition newer than a serial; NULL: it is the newest. */
static const struct edition *
next_edition(const struct detect *d, size_t service, uint32_t serial)
{
	const struct zone *z = zone_of(d, service);

	for (size_t i = 0; i < z->n; i++)
		if (serial_is_newer(z->list[i].serial, serial))
			return &z->list[i];
	return NULL;
}

/* The event. */

/* Does t say which serial the site has? */
static bool
says(const struct detect *d, const struct track *t, int64_t site_id)
{
	if (!is_new_serial(d, t))
		return false;
	if (t->target->role == ROLE_UNICAST)
		return t->unicast_site_id == site_id;
	return t->place == site_id && !t->is_dark && track_counts(t);
}

static bool
claims(const struct detect *d, const struct track *t, const struct ballot *b,
    struct claim *c)
{
	const struct edition *e;

	if (!says(d, t, b->site_id))
		return false;
	e = next_edition(d, b->service, t->witness.serial);
	if (e == NULL || d->now_us - e->first_us <
			     d->services->list[b->service].stale_after_us)
		return false;
	*c = (struct claim){ e->first_us, b->site_id, 0 };
	return true;
}

static size_t
count_saying(struct detect *d, const struct ballot *b)
{
	struct track_walk w = fleet_walk(&d->fleet, b->service);
	const struct track *t;
	size_t n = 0;

	fleet_count_begin(&d->fleet);
	while ((t = ballot_next(b, &w)) != NULL)
		n += says(d, t, b->site_id) &&
		     fleet_count_as(&d->fleet, t->member);
	return n;
}

/* The serial at the site, as somebody that claims has it; else as anybody. */
static uint32_t
serial_at(struct detect *d, const struct ballot *b)
{
	struct track_walk w = fleet_walk(&d->fleet, b->service);
	const struct track *t;
	uint32_t serial = 0;
	struct claim c;

	while ((t = ballot_next(b, &w)) != NULL) {
		if (!says(d, t, b->site_id))
			continue;
		serial = t->witness.serial;
		if (claims(d, t, b, &c))
			break;
	}
	return serial;
}

static json_t *
gates(struct detect *d, const struct ballot *b, const struct open_event *o)
{
	const struct zone *z = zone_of(d, b->service);
	const struct edition *next =
	    next_edition(d, b->service, serial_at(d, b));

	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "serial_here",
	    (json_int_t)serial_at(d, b), "serial_newest",
	    (json_int_t)(z->n == 0 ? 0 : z->list[z->n - 1].serial), "behind_us",
	    (json_int_t)(next == NULL ? 0 : d->now_us - next->first_us),
	    "stale_after_us",
	    (json_int_t)d->services->list[b->service].stale_after_us, "needed",
	    (json_int_t)b->needed, "asns_stale",
	    (json_int_t)ballot_standing(d, o), "asns_saying",
	    (json_int_t)count_saying(d, b));
}

static void
look(struct detect *d, size_t service, int64_t site_id)
{
	const struct service *s = &d->services->list[service];
	struct open_event *o = events_find(&d->events, EVENT_STALE, site_id);
	struct ballot b = { .kind = EVENT_STALE,
		.severity = SEVERITY_WARNING,
		.service = service,
		.site_id = site_id,
		.verdict = "",
		.is_unicast_too = true,
		.needed = 2,
		.hold_us = 2 * s->dns_every_us,
		.resolution = "caught_up",
		.claims = claims,
		.gates = gates };
	size_t n;

	if (o != NULL) {
		(void)ballot_follow(d, &b, o);
		return;
	}
	n = ballot_count(d, &b);
	if (n >= b.needed && n * 2 >= count_saying(d, &b))
		(void)ballot_open(d, &b, NULL);
}

static void
look_at_sites(struct detect *d, size_t service)
{
	const struct service *s = &d->services->list[service];
	struct ballot b = { .service = service, .is_unicast_too = true };
	bool *is_odd = mem_new(s->n_sites * sizeof *is_odd);
	struct track_walk w = fleet_walk(&d->fleet, service);
	const struct track *t;

	while ((t = ballot_next(&b, &w)) != NULL) {
		int64_t site_id = t->target->role == ROLE_UNICAST
				      ? t->unicast_site_id
				      : t->place;
		size_t k = 0;

		if (t->witness.serial_us == 0 ||
		    next_edition(d, service, t->witness.serial) == NULL)
			continue;
		while (k < s->n_sites && s->sites[k].id != site_id)
			k++;
		if (k < s->n_sites)
			is_odd[k] = true;
	}
	for (size_t k = 0; k < s->n_sites; k++)
		if (is_odd[k] || events_find(&d->events, EVENT_STALE,
				     s->sites[k].id) != NULL)
			look(d, service, s->sites[k].id);
	free(is_odd);
}

static void
tick(struct detect *d)
{
	for (size_t i = 0; i < d->services->n; i++) {
		note_edition(d, i);
		if (zone_of(d, i)->n > 0)
			look_at_sites(d, i);
	}
}

static void
fini(void *memory)
{
	free(memory);
}

const struct detect_part stale_part = { .name = "stale",
	.init = init,
	.fini = fini,
	.tick = tick,
	.restore_memo = restore_memo };
