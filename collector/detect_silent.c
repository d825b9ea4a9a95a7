#include "collector/detect_silent.h"

#include <stdlib.h>
#include <string.h>

#include "collector/ballot.h"
#include "schema/base/bytes.h"
#include "schema/base/clock.h"
#include "schema/base/mem.h"

#define DAY_US (86400 * US_PER_S)
#define MEMO_EVERY_US (60 * US_PER_S)
#define STEADY_PERIODS 5
#define FLEET_MIN 3 /* networks */

struct memory {
	int64_t news_us, saved_us; /* when anybody was heard */
	int64_t back_us; /* when the collector last came back; 0: never away */
};

/* Who fell silent when: of the fleet; or one member alone. */
struct question {
	int64_t from_us, to_us;
	const struct member *member; /* of the probe; NULL: the fleet */
	struct open_event *event;    /* NULL: not open */
};

static void *
init(struct detect *d)
{
	(void)d;
	return mem_new(sizeof(struct memory));
}

static int64_t
back_us(const struct detect *d)
{
	return ((const struct memory *)part_memory(d, &silent_part))->back_us;
}

static void
restore_memo(struct detect *d, const struct memo *m)
{
	struct memory *mine = part_memory(d, &silent_part);
	struct rbuf r = rbuf_over(m->bytes, m->len);

	mine->news_us = mine->saved_us = rbuf_i64(&r);
	mine->back_us = rbuf_i64(&r);
}

/* Has nobody been heard for so long that the collector must have been away? */
static void
note_news(struct detect *d)
{
	struct memory *m = part_memory(d, &silent_part);
	int64_t away_us = 0;
	uint8_t bytes[16];
	struct wbuf w = wbuf_over(bytes, sizeof bytes);

	for (size_t i = 0; i < d->services->n; i++)
		if (d->fleet.rules[i].fresh_us > away_us)
			away_us = d->fleet.rules[i].fresh_us;
	if (m->news_us != 0 && d->heard_us - m->news_us > away_us) {
		m->back_us = d->heard_us;
		m->saved_us = 0;
	}
	m->news_us = d->heard_us;
	if (m->news_us - m->saved_us < MEMO_EVERY_US)
		return;
	m->saved_us = m->news_us;
	wbuf_i64(&w, m->news_us);
	wbuf_i64(&w, m->back_us);
	detect_emit_memo(d, "silent/news", bytes, w.len);
}

/* Silence. */

static int64_t
window_us(const struct track *t)
{
	return 2 * t->rules->dns_every_us + 60 * US_PER_S;
}

/* Others have been heard for so long: where nobody is, nobody is silent. */
static bool
is_silent(const struct detect *d, const struct track *t, int64_t heard)
{
	int64_t from = heard > back_us(d) ? heard : back_us(d);

	return d->heard_us - from > t->rules->fresh_us;
}

/* A vantage votes with its first track at a service, of all of them. */
static bool
is_first(const struct track *t)
{
	const struct track *o = t->member->tracks;

	while (o != t && o->target->role != ROLE_SERVICE)
		o = o->next;
	return o == t;
}

/* A vote ends when its vantage is heard, and by nothing else. */
static bool
is_still_silent(struct open_event *o, const struct track *t, int64_t heard)
{
	const struct vote *v =
	    o == NULL ? NULL
		      : events_find_vote(o, t->vantage_id, t->target->id);

	return v != NULL && v->ended_us == 0 && heard <= v->at_us;
}

static bool
claims(const struct detect *d, const struct track *t, const struct ballot *b,
    struct claim *c)
{
	const struct question *q = b->about;
	int64_t heard;

	if ((q->member != NULL &&
		t->member->vantage.probe != q->member->vantage.probe) ||
	    !member_is_trusted(t->member) || !is_first(t))
		return false;
	heard = t->member->heard_us;
	*c = (struct claim){ heard, t->home, 0 };
	if (is_still_silent(q->event, t, heard))
		return true;
	if (heard < q->from_us || heard > q->to_us || !is_silent(d, t, heard) ||
	    t->witness.first_us == 0 ||
	    heard - t->witness.first_us <
		STEADY_PERIODS * t->rules->dns_every_us)
		return false;
	return true;
}

struct tally {
	size_t n_silent, n_heard; /* networks */
};

/* A network of which any vantage is heard is not silent. */
static struct tally
count(struct detect *d, const struct ballot *b)
{
	struct roll_walk w =
	    roll_walk(d->roll, b->service, ROLL_FIRST, d->now_us);
	struct tally y = { 0 };
	const struct track *t;
	struct claim c;

	fleet_count_begin(&d->fleet);
	while ((t = roll_next(&w)) != NULL)
		y.n_heard += member_is_trusted(t->member) && is_first(t) &&
			     !is_silent(d, t, t->member->heard_us) &&
			     fleet_count_as(&d->fleet, t->member);
	w = roll_walk(d->roll, b->service, ROLL_FIRST, d->now_us);
	while ((t = roll_next(&w)) != NULL)
		y.n_silent += b->claims(d, t, b, &c) &&
			      fleet_count_as(&d->fleet, t->member);
	return y;
}

static bool
is_half(struct detect *d, const struct ballot *b)
{
	struct tally y = count(d, b);

	return y.n_silent >= y.n_heard;
}

static json_t *
gates(struct detect *d, const struct ballot *b, const struct open_event *o)
{
	const struct question *q = b->about;
	struct tally y;

	if (q->member != NULL)
		return json_pack("{s:I, s:I}", "last_heard_us",
		    (json_int_t)q->member->heard_us, "silent_after_us",
		    (json_int_t)d->fleet.rules[b->service].fresh_us);
	y = count(d, b);
	return json_pack("{s:I, s:I, s:I, s:I, s:f}", "needed",
	    (json_int_t)b->needed, "asns_silent",
	    (json_int_t)ballot_standing(d, o), "asns_heard",
	    (json_int_t)y.n_heard, "silent_after_us",
	    (json_int_t)d->fleet.rules[b->service].fresh_us, "needed_share",
	    0.2);
}

static struct ballot
ballot_of(const struct detect *d, size_t service, const struct question *q)
{
	return (struct ballot){ .kind = EVENT_SILENT,
		.severity =
		    q->member != NULL ? SEVERITY_INFO : SEVERITY_WARNING,
		.service = service,
		.verdict = q->member != NULL ? "vantage" : "fleet",
		.marks = ROLL_FIRST,
		.only = q->member,
		.needed = 1,
		.hold_us = q->member != NULL
			       ? 0
			       : 2 * d->services->list[service].dns_every_us,
		.resolution = "heard",
		.about = q,
		.claims = claims,
		.gates = gates };
}

static bool
is_of_fleet(const struct open_event *o)
{
	return strcmp(o->event.verdict, "fleet") == 0;
}

static bool
has_vote(const struct open_event *o, int64_t vantage_id)
{
	for (size_t i = 0; i < o->n_votes; i++)
		if (o->votes[i].vantage_id == vantage_id &&
		    o->votes[i].ended_us == 0)
			return true;
	return false;
}

static bool
is_in_event(const struct detect *d, const struct track *t)
{
	for (size_t i = 0; i < d->events.n; i++)
		if (d->events.list[i]->event.kind == EVENT_SILENT &&
		    has_vote(d->events.list[i], t->vantage_id))
			return true;
	return false;
}

/* Have as many vantages as an event needs at least fallen silent together?
 * Most of those that are silent have been so for long. */
static bool
are_some(struct detect *d, const struct ballot *b)
{
	struct roll_walk w =
	    roll_walk(d->roll, b->service, ROLL_QUIET, d->now_us);
	const struct track *t;
	struct claim c;
	size_t n = 0;

	while (n < FLEET_MIN && (t = roll_next(&w)) != NULL)
		n += b->claims(d, t, b, &c);
	return n == FLEET_MIN;
}

static void
try_fleet(struct detect *d, size_t service, const struct track *any)
{
	struct question q = { .to_us = d->now_us };
	struct ballot b;
	struct tally y;

	q.from_us = d->heard_us - any->rules->fresh_us - window_us(any);
	if (q.from_us < back_us(d)) /* all of them, from before it was away */
		q.from_us = 0;
	b = ballot_of(d, service, &q);
	if (!are_some(d, &b))
		return;
	y = count(d, &b);
	b.needed = (y.n_silent + y.n_heard + 4) / 5;
	if (b.needed < FLEET_MIN)
		b.needed = FLEET_MIN;
	if (y.n_silent < b.needed)
		return;
	if (is_half(d, &b))
		b.severity = SEVERITY_MAJOR;
	(void)ballot_open(d, &b, NULL);
}

static void
try_vantage(struct detect *d, const struct track *t)
{
	struct question q = { .to_us = d->now_us, .member = t->member };
	int64_t heard = t->member->heard_us;
	struct ballot b;

	/* Only when it has just become so: what was told is not told again. */
	if (!is_silent(d, t, heard + window_us(t)) ||
	    is_silent(d, t, heard + 4 * window_us(t)) ||
	    heard - t->witness.first_us < DAY_US || t->witness.first_us == 0 ||
	    is_in_event(d, t))
		return;
	b = ballot_of(d, t->target->service, &q);
	if (ballot_count(d, &b) > 0)
		(void)ballot_open(d, &b, NULL);
}

static void
look(struct detect *d, size_t service)
{
	struct roll_walk w = roll_walk(d->roll, service, ROLL_QUIET, d->now_us);
	const struct track *t, *any = NULL;
	bool is_open = false;

	if (d->services->list[service].round_us != 0)
		return; /* detect_loss's */
	for (size_t i = 0; i < d->events.n; i++) {
		const struct open_event *o = d->events.list[i];

		is_open |= o->event.kind == EVENT_SILENT && is_of_fleet(o) &&
			   o->event.service_id == d->services->list[service].id;
	}
	while (any == NULL && (t = roll_next(&w)) != NULL)
		if (member_is_trusted(t->member) && is_first(t) &&
		    is_silent(d, t, t->member->heard_us))
			any = t;
	if (any == NULL)
		return;
	if (!is_open)
		try_fleet(d, service, any);
	w = roll_walk(d->roll, service, ROLL_QUIET, d->now_us);
	while ((t = roll_next(&w)) != NULL)
		if (member_is_trusted(t->member) && is_first(t))
			try_vantage(d, t);
}

/* False: o is gone. */
static bool
follow(struct detect *d, struct open_event *o)
{
	size_t service = detect_service_of(d, &o->event);
	const struct service *s = &d->services->list[service];
	struct question q = { .from_us = o->event.since_us, .event = o };
	int64_t age_us = d->now_us - o->event.detected_us;
	struct ballot b;

	if (s->round_us != 0)
		return true; /* detect_loss's */
	if (!is_of_fleet(o) && o->n_votes > 0)
		q.member = fleet_member(&d->fleet, o->votes[0].vantage_id);
	q.to_us =
	    q.member != NULL
		? d->now_us
		: o->event.since_us + 2 * (2 * s->dns_every_us + 60 * US_PER_S);
	b = ballot_of(d, service, &q);
	b.needed = (size_t)o->event.needed;
	b.severity = o->event.severity;
	if (is_of_fleet(o) && is_half(d, &b))
		b.severity = SEVERITY_MAJOR;
	if (age_us < (is_of_fleet(o) ? 1 : 7) * DAY_US)
		return ballot_follow(d, &b, o);
	detect_resolve(d, o, "settled", gates(d, &b, o));
	return false;
}

static void
tick(struct detect *d)
{
	note_news(d);
	ballot_follow_all(d, EVENT_SILENT, follow);
	for (size_t i = 0; i < d->services->n; i++)
		look(d, i);
}

static void
fini(void *memory)
{
	free(memory);
}

const struct detect_part silent_part = { .name = "silent",
	.init = init,
	.fini = fini,
	.tick = tick,
	.restore_memo = restore_memo };
