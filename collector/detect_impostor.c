#include "collector/detect_impostor.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/ballot.h"
#include "collector/detect_cause.h"
#include "collector/ways.h"
#include "schema/base/clock.h"
#include "schema/base/mem.h"

#define SMALL_SITE 6
#define NAMES_MAX 256 /* distinct ones looked at in one tick */

struct memory {
	size_t n;
	struct ways *ways; /* of each site and family */
};

/* What a ballot is about; of foreign names site_id is 0. */
struct question {
	const char *name; /* NULL: copied */
	int64_t site_id;
	struct open_event *event; /* NULL: not open */
};

/* Memory. */

static void *
init(struct detect *d)
{
	struct memory *m = mem_new(sizeof *m);

	for (size_t i = 0; i < d->services->n; i++)
		m->n += 2 * d->services->list[i].n_sites;
	m->ways = mem_new((m->n + 1) * sizeof *m->ways);
	m->n = 0;
	for (size_t i = 0; i < d->services->n; i++) {
		const struct service *s = &d->services->list[i];

		for (size_t k = 0; k < 2 * s->n_sites; k++) {
			m->ways[m->n].site_id = s->sites[k / 2].id;
			m->ways[m->n++].family = k % 2 == 0 ? 4 : 6;
		}
	}
	return m;
}

static void
fini(void *memory)
{
	struct memory *m = memory;

	free(m->ways);
	free(m);
}

static struct ways *
ways_to(const struct detect *d, int64_t site_id, uint8_t family)
{
	const struct memory *m = part_memory(d, &impostor_part);

	for (size_t i = 0; i < m->n; i++)
		if (m->ways[i].site_id == site_id &&
		    m->ways[i].family == family)
			return &m->ways[i];
	return NULL;
}

static void
save(struct detect *d, const struct ways *w)
{
	uint8_t bytes[WAYS_BYTES_MAX];
	char key[MEMO_KEY_MAX + 1];

	snprintf(
	    key, sizeof key, "impostor/%" PRId64 "/%u", w->site_id, w->family);
	detect_emit_memo(d, key, bytes, ways_encode(w, bytes));
}

static void
restore_memo(struct detect *d, const struct memo *m)
{
	char *slash;
	int64_t site_id = strtoll(m->key + 9, &slash, 10);
	struct ways *w =
	    ways_to(d, site_id, *slash == '/' && slash[1] == '6' ? 6 : 4);

	if (w != NULL)
		ways_decode(w, m->bytes, m->len);
}

/* Presence. */

static enum standing_of_way
compare_way(const struct detect *d, const struct track *t, int64_t site_id,
    int64_t since_us)
{
	const struct ways *w = ways_to(d, site_id, t->target->address.family);

	return w == NULL ? WAY_SAYS_NOTHING : ways_compare(w, t, since_us);
}

static enum presence
presence_by_rtt(const struct track *t)
{
	int64_t habit = pace_habit_us(&t->pace), off;

	if (habit == 0 || t->pace.site_id != t->home || t->open.rtt_n == 0)
		return PRESENCE_UNKNOWN;
	off = llabs(t->open.rtt_min_us - habit);
	if (off > 20 * US_PER_MS && off * 2 > habit)
		return DISPLACED;
	return off < 5 * US_PER_MS || off * 4 < habit ? IN_PLACE
						      : PRESENCE_UNKNOWN;
}

/* Did its answers begin to come too fast, when before they did not? */
static bool
is_fast(const struct track *t)
{
	const struct witness *w = &t->witness;

	return witness_odd(w)->n_fast >= LANDING_AGREE &&
	       witness_odd(w)->fast_since_us - w->first_us >= t->rules->stay_us;
}

/* What the site's own address says since: its servers have their names still,
 * or the stranger's too. */
static enum presence
presence_by_own_address(const struct track *t)
{
	const struct stranger *x = &witness_odd(&t->witness)->stranger;

	for (const struct track *o = t->member->tracks; o != NULL;
	     o = o->next) {
		const struct witness *own = &o->witness;

		if (o->target->role != ROLE_UNICAST ||
		    o->unicast_site_id != t->home || own->first_us == 0 ||
		    o->failures.n > 0 || o->seen_us < x->since_us)
			continue;
		if (witness_odd(own)->stranger.n == 0 &&
		    own->flaps.place == t->home)
			return DISPLACED;
		if (witness_odd(own)->stranger.n > 0 &&
		    witness_odd(own)->stranger.is_foreign == x->is_foreign)
			return IN_PLACE;
	}
	return PRESENCE_UNKNOWN;
}

enum presence
impostor_presence(const struct detect *d, const struct track *t)
{
	enum standing_of_way way = compare_way(
	    d, t, t->home, witness_odd(&t->witness)->stranger.since_us);
	enum presence own = presence_by_own_address(t);

	if (is_fast(t) || own == DISPLACED || way == WAY_NEW)
		return DISPLACED;
	if (own == IN_PLACE)
		return IN_PLACE;
	return way == WAY_AS_BEFORE ? IN_PLACE : presence_by_rtt(t);
}

/* Who is answered by a foreign name. */

static bool
is_heard_elsewhere(const struct track *t)
{
	for (const struct track *o = t->member->tracks; o != NULL; o = o->next)
		if (o->target->role == ROLE_SERVICE &&
		    o->target->service != t->target->service &&
		    witness_odd(&o->witness)->stranger.n >= LANDING_AGREE &&
		    witness_is_same_name(
			witness_odd(&o->witness)->stranger.identity,
			witness_odd(&t->witness)->stranger.identity))
			return true;
	return false;
}

bool
impostor_is_stranger(
    const struct detect *d, const struct track *t, bool is_foreign)
{
	return t->place == PLACE_UNKNOWN &&
	       witness_odd(&t->witness)->stranger.n >= LANDING_AGREE &&
	       witness_odd(&t->witness)->stranger.is_foreign == is_foreign &&
	       track_counts(t) && !t->is_dark &&
	       landing_is_fresh(t, d->now_us) && !is_heard_elsewhere(t);
}

static bool
claims_foreign(const struct detect *d, const struct track *t,
    const struct ballot *b, struct claim *c)
{
	const struct question *q = b->about;

	if (!impostor_is_stranger(d, t, true) ||
	    !witness_is_same_name(
		witness_odd(&t->witness)->stranger.identity, q->name))
		return false;
	*c = (struct claim){ witness_odd(&t->witness)->stranger.since_us,
		t->home, 0 };
	return true;
}

struct foreigners {
	size_t n, n_displaced, n_in_place; /* networks */
	size_t n_homes;                    /* sites they come from; 2 is 2+ */
};

static struct foreigners
count_foreigners(struct detect *d, const struct ballot *b)
{
	struct roll_walk w =
	    roll_walk(d->roll, b->service, ROLL_STRANGER, d->now_us);
	struct foreigners x = { 0 };
	int64_t home = 0;
	const struct track *t;
	struct claim c;

	fleet_count_begin(&d->fleet);
	while ((t = roll_next(&w)) != NULL) {
		enum presence presence;

		if (!b->claims(d, t, b, &c))
			continue;
		if (x.n_homes == 0 || (x.n_homes == 1 && t->home != home))
			x.n_homes++;
		home = t->home;
		if (!fleet_count_as(&d->fleet, t->member))
			continue;
		presence = impostor_presence(d, t);
		x.n++;
		x.n_displaced += presence == DISPLACED;
		x.n_in_place += presence == IN_PLACE;
	}
	return x;
}

static json_t *
gates_foreign(
    struct detect *d, const struct ballot *b, const struct open_event *o)
{
	const struct question *q = b->about;
	struct foreigners x = count_foreigners(d, b);

	(void)o;
	return json_pack("{s:s, s:I, s:I, s:I, s:I, s:b}", "identity", q->name,
	    "needed", (json_int_t)b->needed, "asns_answered_so",
	    (json_int_t)x.n, "asns_displaced", (json_int_t)x.n_displaced,
	    "asns_in_place", (json_int_t)x.n_in_place, "from_several_sites",
	    x.n_homes > 1);
}

/* Who is answered by a copied name. */

static bool
has_vote(struct open_event *o, const struct track *t)
{
	const struct vote *v =
	    o == NULL ? NULL
		      : events_find_vote(o, t->vantage_id, t->target->id);

	return v != NULL && v->ended_us == 0;
}

static bool
is_at(const struct detect *d, const struct track *t, int64_t site_id)
{
	struct track_query q = { .now_us = d->now_us, .site_id = site_id };

	return t->place == site_id && track_is_on_site(t, &q);
}

/* Did t come to its site by a new way, as answers after the trace confirm? */
static bool
has_come_by_new_way(const struct detect *d, const struct track *t)
{
	int64_t at_us = witness_way_seen(&t->witness)->at_us;

	return at_us - t->home_since_us < t->rules->stay_us &&
	       t->candidate.n == 0 && t->open.last_us > at_us &&
	       compare_way(d, t, t->home, t->home_since_us) == WAY_NEW;
}

static bool
claims_copied(const struct detect *d, const struct track *t,
    const struct ballot *b, struct claim *c)
{
	const struct question *q = b->about;

	if (!is_at(d, t, q->site_id))
		return false;
	/* A voter takes it back only when it comes the known way again. */
	if (!is_fast(t) && !has_come_by_new_way(d, t) &&
	    (!has_vote(q->event, t) || compare_way(d, t, q->site_id,
					   t->home_since_us) == WAY_AS_BEFORE))
		return false;
	*c = (struct claim){ t->home_since_us, track_rare(t)->came_from,
		q->site_id };
	if (is_fast(t) && witness_odd(&t->witness)->fast_since_us > c->since_us)
		c->since_us = witness_odd(&t->witness)->fast_since_us;
	return true;
}

struct copies {
	size_t n_fast, n_claim, n_all; /* networks */
	int64_t since_us;              /* the first of the claims */
};

static struct copies
count_copies(struct detect *d, const struct ballot *b)
{
	struct roll_walk w =
	    roll_walk_site(d->roll, b->service, b->site_id, d->now_us);
	struct copies x = { 0 };
	const struct track *t;
	struct claim c;

	fleet_count_begin(&d->fleet);
	while ((t = roll_next(&w)) != NULL)
		x.n_fast += is_fast(t) && b->claims(d, t, b, &c) &&
			    fleet_count_as(&d->fleet, t->member);
	x.n_claim = x.n_fast; /* going on in the same count */
	w = roll_walk_site(d->roll, b->service, b->site_id, d->now_us);
	while ((t = roll_next(&w)) != NULL) {
		if (!b->claims(d, t, b, &c))
			continue;
		x.n_claim += fleet_count_as(&d->fleet, t->member);
		if (x.since_us == 0 || c.since_us < x.since_us)
			x.since_us = c.since_us;
	}
	x.n_all = x.n_claim;
	w = roll_walk_site(d->roll, b->service, b->site_id, d->now_us);
	while ((t = roll_next(&w)) != NULL)
		x.n_all += is_at(d, t, b->site_id) &&
			   fleet_count_as(&d->fleet, t->member);
	return x;
}

static json_t *
gates_copied(
    struct detect *d, const struct ballot *b, const struct open_event *o)
{
	struct copies x = count_copies(d, b);

	(void)o;
	return json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:I}", "claims_to_be",
	    detect_site_name(d, b->site_id), "needed", (json_int_t)b->needed,
	    "asns_answered_so", (json_int_t)x.n_claim, "asns_too_fast",
	    (json_int_t)x.n_fast, "asns_by_a_new_way",
	    (json_int_t)(x.n_claim - x.n_fast), "asns_by_the_known_ways",
	    (json_int_t)(x.n_all - x.n_claim), "ways_known",
	    (json_int_t)(ways_to(d, b->site_id, 4)->n +
			 ways_to(d, b->site_id, 6)->n));
}

/* Events. */

static struct ballot
ballot_of(const struct detect *d, size_t service, const struct question *q)
{
	return (struct ballot){ .kind = EVENT_IMPOSTOR,
		.severity = SEVERITY_CRITICAL,
		.service = service,
		.site_id = q->site_id,
		.verdict = q->name != NULL ? "foreign" : "copied",
		.marks = q->name != NULL ? ROLL_STRANGER : 0,
		.is_at_site = q->name == NULL,
		.needed = 3,
		.hold_us = 2 * d->services->list[service].dns_every_us,
		.resolution = "gone",
		.about = q,
		.claims = q->name != NULL ? claims_foreign : claims_copied,
		.gates = q->name != NULL ? gates_foreign : gates_copied };
}

static void
open_event(struct detect *d, struct ballot *b)
{
	struct open_event *same =
	    cause_same(d, b, 1U << EVENT_SHIFT | 1U << EVENT_UNKNOWN_IDENTITY);
	const struct question *q = b->about;
	struct open_event *o;

	if (same == NULL)
		b->parent_id = 0; /* it is nobody's consequence */
	o = ballot_open(d, b, same);
	if (q->name != NULL)
		snprintf(o->subject, sizeof o->subject, "%s", q->name);
	cause_adopt(d, b, o);
}

static void
try_foreign(struct detect *d, size_t service, const char *name)
{
	struct question q = { .name = name };
	struct ballot b = ballot_of(d, service, &q);
	struct foreigners x = count_foreigners(d, &b);

	if (x.n < b.needed)
		return;
	if ((x.n_displaced >= 2 && x.n_displaced * 2 >= x.n) ||
	    (x.n_homes > 1 && x.n_in_place * 2 < x.n))
		open_event(d, &b);
}

static bool
has_foreign_event(const struct detect *d, size_t service, const char *name)
{
	for (size_t i = 0; i < d->events.n; i++) {
		const struct open_event *o = d->events.list[i];

		if (o->event.kind == EVENT_IMPOSTOR &&
		    o->event.service_id == d->services->list[service].id &&
		    o->event.site_id == 0 &&
		    witness_is_same_name(o->subject, name))
			return true;
	}
	return false;
}

/* Each name once. */
static void
try_names(struct detect *d, size_t service)
{
	struct roll_walk w =
	    roll_walk(d->roll, service, ROLL_STRANGER, d->now_us);
	const char *names[NAMES_MAX];
	const struct track *t;
	size_t n = 0;

	while (n < NAMES_MAX && (t = roll_next(&w)) != NULL) {
		const char *name = witness_odd(&t->witness)->stranger.identity;
		bool is_known = false;

		if (!impostor_is_stranger(d, t, true))
			continue;
		for (size_t i = 0; i < n && !is_known; i++)
			is_known = witness_is_same_name(names[i], name);
		if (!is_known)
			names[n++] = name;
	}
	for (size_t i = 0; i < n; i++)
		if (!has_foreign_event(d, service, names[i]))
			try_foreign(d, service, names[i]);
}

static void
try_site(struct detect *d, size_t service, int64_t site_id)
{
	struct question q = { .site_id = site_id };
	struct ballot b = ballot_of(d, service, &q);
	struct copies x = count_copies(d, &b);
	bool is_enough;

	if (x.n_all < SMALL_SITE && x.n_claim * 10 >= x.n_all * 6)
		b.needed = 2;
	is_enough = x.n_claim >= b.needed;
	if (x.n_fast < b.needed) {
		b.severity = SEVERITY_MAJOR;
		is_enough = is_enough && x.n_all > x.n_claim &&
			    !announced_changed_near(&d->announced, site_id,
				x.since_us, DETECT_NEAR_US);
	}
	if (is_enough)
		open_event(d, &b);
}

static bool
has_copied_event(const struct detect *d, int64_t site_id)
{
	return events_find(&d->events, EVENT_IMPOSTOR, site_id) != NULL;
}

/* What has stood so long is a new upstream, and known from now on. */
static bool
settle(struct detect *d, struct open_event *o, const struct ballot *b)
{
	if (o->event.site_id == 0 ||
	    d->now_us - o->event.detected_us <
		d->services->list[b->service].shift_settles_us)
		return false;
	for (size_t i = 0; i < o->n_votes; i++) {
		const struct vote *v = &o->votes[i];
		struct track *t =
		    fleet_find_track(&d->fleet, v->vantage_id, v->target_id);
		struct ways *w;

		if (t == NULL || v->ended_us != 0 ||
		    witness_way_seen(&t->witness)->router.family == 0)
			continue;
		t->witness.first_us = d->now_us; /* and fast as it may be */
		w = ways_to(d, b->site_id, t->target->address.family);
		if (ways_learn(w, t))
			save(d, w);
		detect_emit_track(d, t);
	}
	detect_resolve(d, o, "settled", b->gates(d, b, o));
	return true;
}

static bool
follow(struct detect *d, struct open_event *o)
{
	struct question q = { .site_id = o->event.site_id, .event = o };
	struct ballot b;

	if (o->event.site_id == 0)
		q.name = o->subject;
	b = ballot_of(d, detect_service_of(d, &o->event), &q);
	b.needed = (size_t)o->event.needed;
	b.severity = o->event.severity;
	return !settle(d, o, &b) && ballot_follow(d, &b, o);
}

/* Is there a sign that where t lands is not what it says? */
static bool
is_odd(const struct detect *d, const struct track *t)
{
	if (t->place <= 0 || t->place != t->home)
		return false;
	return is_fast(t) ||
	       (witness_way_seen(&t->witness)->taught_id != t->home &&
		   has_come_by_new_way(d, t));
}

/* Each site once, and only where there is a sign. */
static void
try_sites(struct detect *d, size_t service)
{
	const struct service *s = &d->services->list[service];
	struct roll_walk w = roll_walk(d->roll, service, ROLL_ODD, d->now_us);
	bool *is_tried = mem_new(s->n_sites * sizeof *is_tried);
	const struct track *t;

	while ((t = roll_next(&w)) != NULL) {
		size_t k = 0;

		if (!is_odd(d, t))
			continue;
		while (k < s->n_sites && s->sites[k].id != t->home)
			k++;
		if (k < s->n_sites && !is_tried[k] &&
		    !has_copied_event(d, t->home))
			try_site(d, service, t->home);
		if (k < s->n_sites)
			is_tried[k] = true;
	}
	free(is_tried);
}

static void
tick(struct detect *d)
{
	ballot_follow_all(d, EVENT_IMPOSTOR, follow);
	for (size_t i = 0; i < d->services->n; i++) {
		try_names(d, i);
		try_sites(d, i);
	}
}

/* A trace may be the first to show a change: it is learnt once the answers
 * after it have said that there is none. */
static void
see(struct detect *d, struct track *t, const struct sighting *s)
{
	const struct way_seen *way = witness_way_seen(&t->witness);
	struct ways *w;

	if (s->site_id == 0 || s->site_id != t->home || t->place != t->home ||
	    way->router.family == 0 || !track_counts(t) || t->is_dark ||
	    t->candidate.n > 0 || witness_odd(&t->witness)->n_fast > 0 ||
	    way->at_us - t->home_since_us < t->rules->stay_us ||
	    t->seen_us - way->at_us < 3 * t->rules->dns_every_us ||
	    has_copied_event(d, t->home))
		return;
	w = ways_to(d, t->home, t->target->address.family);
	if (w == NULL || !ways_learn(w, t))
		return;
	save(d, w);
	t->is_hard = true;
}

static void
restore_event(struct detect *d, struct open_event *o)
{
	const char *name = "";
	json_t *gates;

	(void)d;
	if (o->event.kind != EVENT_IMPOSTOR || o->event.site_id != 0)
		return;
	gates = json_loads(o->event.gates, 0, NULL);
	if (json_unpack(gates, "{s:s}", "identity", &name) == 0)
		snprintf(o->subject, sizeof o->subject, "%s", name);
	json_decref(gates);
}

const struct detect_part impostor_part = { .name = "impostor",
	.init = init,
	.fini = fini,
	.see = see,
	.tick = tick,
	.restore_event = restore_event,
	.restore_memo = restore_memo };
