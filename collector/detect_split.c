#include "collector/detect_split.h"

#include "collector/ballot.h"
#include "collector/detect_cause.h"
#include "schema/base/clock.h"

#define CAUSES \
	(1U << EVENT_SHIFT | 1U << EVENT_BLACKHOLE | 1U << EVENT_IMPOSTOR | \
	    1U << EVENT_LEAK | 1U << EVENT_FLAPPING)

struct question {
	int64_t from_us, to_us; /* when the moves were */
};

static int64_t
window_us(const struct track *t)
{
	return 2 * t->rules->dns_every_us + 60 * US_PER_S;
}

/* The track of the same host at the same service in the other family, or
 * NULL. */
static const struct track *
twin_of(const struct track *t)
{
	const struct member *m = t->member->twin;

	if (m == NULL)
		return NULL;
	for (const struct track *o = m->tracks; o != NULL; o = o->next)
		if (o->target->role == ROLE_SERVICE &&
		    o->target->service == t->target->service)
			return o;
	return NULL;
}

static bool
is_settled(const struct track *t, int64_t now_us)
{
	return t->home != 0 && t->place == t->home && !t->is_dark &&
	       track_counts(t) && landing_is_fresh(t, now_us);
}

/* Is t the one of its host that moved away from the other? */
static bool
claims(const struct detect *d, const struct track *t, const struct ballot *b,
    struct claim *c)
{
	const struct question *q = b->about;
	const struct track *twin = twin_of(t);

	if (twin == NULL || t->home == twin->home ||
	    !is_settled(t, d->now_us) || !is_settled(twin, d->now_us) ||
	    track_rare(t)->came_from != twin->home ||
	    track_rare(t)->shift_id != 0 || t->home_since_us < q->from_us ||
	    t->home_since_us > q->to_us ||
	    t->home_since_us - twin->home_since_us < t->rules->stay_us)
		return false;
	*c = (struct claim){ t->home_since_us, track_rare(t)->came_from,
		t->home };
	return true;
}

static json_t *
gates(struct detect *d, const struct ballot *b, const struct open_event *o)
{
	return json_pack("{s:I, s:I, s:I}", "needed", (json_int_t)b->needed,
	    "asns_split", (json_int_t)ballot_standing(d, o), "window_us",
	    (json_int_t)(2 * d->services->list[b->service].dns_every_us +
			 60 * US_PER_S));
}

static struct ballot
ballot_of(struct detect *d, size_t service, const struct question *q)
{
	return (struct ballot){ .kind = EVENT_SPLIT,
		.severity = SEVERITY_INFO,
		.service = service,
		.verdict = "",
		.needed = ballot_quorum(d, service),
		.hold_us = 2 * d->services->list[service].dns_every_us,
		.resolution = "together",
		.about = q,
		.claims = claims,
		.gates = gates };
}

/* Around each move that is old enough. */
static void
try_service(struct detect *d, size_t service)
{
	struct roll_walk w = roll_walk(d->roll, service, ROLL_CAME, d->now_us);
	const struct track *t;

	while ((t = roll_next(&w)) != NULL) {
		int64_t window = window_us(t);
		int64_t age = d->now_us - t->home_since_us;
		struct question q = { t->home_since_us,
			t->home_since_us + window };
		struct ballot b = { .about = &q };
		struct claim c;

		if (track_rare(t)->came_from == 0 || age < window ||
		    age > 3 * window || !claims(d, t, &b, &c))
			continue;
		b = ballot_of(d, service, &q);
		if (ballot_count(d, &b) < b.needed)
			continue;
		(void)ballot_open(d, &b, NULL);
		return;
	}
}

/* False: o is gone. */
static bool
follow(struct detect *d, struct open_event *o)
{
	size_t service = detect_service_of(d, &o->event);
	const struct service *s = &d->services->list[service];
	struct question q = { o->event.since_us,
		o->event.since_us + 2 * s->dns_every_us + 60 * US_PER_S };
	struct ballot b = ballot_of(d, service, &q);

	b.needed = (size_t)o->event.needed;
	if (d->now_us - o->event.detected_us < s->shift_settles_us)
		return ballot_follow(d, &b, o);
	detect_resolve(d, o, "settled", gates(d, &b, o));
	return false;
}

static void
tick(struct detect *d)
{
	ballot_follow_all(d, EVENT_SPLIT, follow);
	for (size_t i = 0; i < d->services->n; i++)
		if (!cause_in_service(d, i, CAUSES | 1U << EVENT_SPLIT))
			try_service(d, i);
}

const struct detect_part split_part = { .name = "split", .tick = tick };
