#include "collector/detect_trust.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/detect_cause.h"
#include "collector/trust.h"
#include "collector/roll.h"
#include "schema/base/clock.h"
#include "schema/base/mem.h"

#define KEY "trust/"
#define TELL_EVERY_US (3600 * US_PER_S)
#define WITNESSES 3
#define WITNESSES_OF_FEW 5 /* when there are fewer addresses than */
#define MANY_TARGETS 3
#define OWN_ADDRESSES 2
#define EVENTS_THAT_MOVE \
	(1U << EVENT_SHIFT | 1U << EVENT_BLACKHOLE | 1U << EVENT_IMPOSTOR | \
	    1U << EVENT_LEAK | 1U << EVENT_FLAPPING)

struct memory {
	struct trust **list; /* as the members; NULL: nothing yet */
	size_t n;
};

/* What is held against a member now. */
struct charge {
	struct finding of[DISTRUSTS];
	unsigned n_sure; /* peers: contradicted by five */
};

/* Memory. */

static void *
init(struct detect *d)
{
	(void)d;
	return mem_new(sizeof(struct memory));
}

static void
fini(void *memory)
{
	struct memory *m = memory;

	for (size_t i = 0; i < m->n; i++)
		free(m->list[i]);
	free(m->list);
	free(m);
}

static struct trust *
trust_of(const struct detect *d, const struct member *of)
{
	const struct memory *m = part_memory(d, &trust_part);

	return of->index < m->n ? m->list[of->index] : NULL;
}

static struct trust *
need_trust(struct detect *d, const struct member *of)
{
	struct memory *m = part_memory(d, &trust_part);

	if (of->index >= m->n) {
		size_t n = d->fleet.n_members;

		m->list = mem_grow(m->list, n, sizeof(*m->list));
		memset(m->list + m->n, 0, (n - m->n) * sizeof(*m->list));
		m->n = n;
	}
	if (m->list[of->index] == NULL)
		m->list[of->index] = mem_new(sizeof(struct trust));
	return m->list[of->index];
}

static void
save(struct detect *d, const struct member *of, const struct trust *t)
{
	uint8_t bytes[TRUST_BYTES_MAX];
	char key[MEMO_KEY_MAX + 1];

	snprintf(key, sizeof key, KEY "%" PRId64, of->vantage.id);
	detect_emit_memo(
	    d, key, bytes, trust_is_plain(t) ? 0 : trust_encode(t, bytes));
}

static void
withhold(struct detect *d, struct member *m, bool is_quarantined)
{
	m->is_quarantined = is_quarantined;
	roll_touch_member(d->roll, m);
}

static void
restore_memo(struct detect *d, const struct memo *memo)
{
	struct member *m =
	    fleet_member(&d->fleet, strtoll(memo->key + strlen(KEY), NULL, 10));
	struct trust *t = m == NULL ? NULL : need_trust(d, m);

	if (t != NULL && trust_decode(t, memo->bytes, memo->len) == RC_OK)
		withhold(d, m, t->since_us != 0);
}

/* What can be held against somebody. */

static bool
is_landed(const struct detect *d, const struct track *t)
{
	return t->excuse == EXCUSE_NONE && t->witness.flaps.since_us == 0 &&
	       t->place > 0 && !t->is_dark && t->rules->round_us == 0 &&
	       landing_is_fresh(t, d->now_us);
}

/* Is at most the detector itself against it? */
static bool
is_held_by_nobody(const struct track *t)
{
	return t->member->vantage.is_trusted;
}

static bool
is_balanced(const struct detect *d, const struct track *t)
{
	const struct trust *x = trust_of(d, t->member);

	return x != NULL && trust_is_balanced(x, t->target->id, d->now_us);
}

static void
hold_against(struct finding *f, bool is_contradicted, size_t n_witnesses)
{
	f->n_compared++;
	f->n_contradicted += is_contradicted;
	if (is_contradicted && n_witnesses > f->n_witnesses)
		f->n_witnesses = (unsigned)n_witnesses;
}

/* Peers: the tracks of one AS at one target. */
struct peers {
	struct track **list;
	size_t n;
};

struct count {
	int64_t place;
	size_t n;
};

#define PLACES_MAX 32 /* further ones are lone, and are not counted */

struct counts {
	size_t n;
	struct count list[PLACES_MAX];
};

static size_t
count_of(const struct counts *c, int64_t place)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->list[i].place == place)
			return c->list[i].n;
	return 0;
}

static void
count_place(struct counts *c, int64_t place)
{
	size_t i = 0;

	while (i < c->n && c->list[i].place != place)
		i++;
	if (i == PLACES_MAX)
		return;
	if (i == c->n)
		c->list[c->n++] = (struct count){ .place = place };
	c->list[i].n++;
}

/* Hosts at each place.  Those in the detector's own quarantine, too: of two
 * that land apart from the others, neither is alone. */
static struct counts
count_places(struct detect *d, const struct peers *p)
{
	struct counts c = { 0 };

	fleet_count_begin(&d->fleet);
	for (size_t i = 0; i < p->n; i++)
		if (is_held_by_nobody(p->list[i]) &&
		    fleet_count_host(&d->fleet, p->list[i]->member))
			count_place(&c, p->list[i]->place);
	return c;
}

static bool
is_near(const struct track *a, const struct track *b)
{
	const struct position *p = &a->member->vantage.at;
	const struct position *q = &b->member->vantage.at;

	return p->is_known && q->is_known && position_km(p, q) <= TRUST_NEAR_KM;
}

/* How many hosts near t, with whom no other lands, land together elsewhere.  0:
 * that is not so, or cannot be said. */
static size_t
count_witnesses(struct detect *d, const struct peers *p, const struct track *t)
{
	struct counts near = { 0 };
	size_t n = 0, n_together = 0;

	fleet_count_begin(&d->fleet);
	(void)fleet_count_host(&d->fleet, t->member);
	for (size_t i = 0; i < p->n; i++) {
		const struct track *o = p->list[i];

		if (!track_counts(o) || !fleet_count_host(&d->fleet, o->member))
			continue;
		if (is_balanced(d, o))
			return 0;
		if (!is_near(o, t))
			continue;
		n++;
		count_place(&near, o->place);
	}
	for (size_t i = 0; i < near.n; i++)
		if (near.list[i].n > n_together)
			n_together = near.list[i].n;
	return n_together * 5 >= n * 4 ? n_together : 0;
}

static void
judge_peers(struct detect *d, const struct peers *p, struct charge *charges)
{
	struct counts all = count_places(d, p);

	for (size_t i = 0; i < p->n; i++) {
		const struct track *t = p->list[i];
		struct charge *c = &charges[t->member->index];
		size_t n;

		if (is_balanced(d, t))
			continue;
		if (count_of(&all, t->place) >= 2) {
			hold_against(&c->of[DISTRUST_PEERS], false, 0);
			continue;
		}
		n = count_witnesses(d, p, t);
		if (n < WITNESSES)
			continue;
		hold_against(&c->of[DISTRUST_PEERS], true, n);
		c->n_sure += n >= WITNESSES_OF_FEW;
	}
}

static int
by_as(const void *a, const void *b)
{
	const struct track *x = *(struct track *const *)a;
	const struct track *y = *(struct track *const *)b;

	if (x->member->as_index != y->member->as_index)
		return x->member->as_index < y->member->as_index ? -1 : 1;
	return (x->vantage_id > y->vantage_id) -
	       (x->vantage_id < y->vantage_id);
}

/* Those of an AS stand together. */
static void
judge_target(
    struct detect *d, const struct track_list *at, struct charge *charges)
{
	struct peers all = { .list = mem_new((at->n + 1) * sizeof(*all.list)) };
	struct peers p;

	for (size_t i = 0; i < at->n; i++)
		if (is_landed(d, at->list[i]))
			all.list[all.n++] = at->list[i];
	qsort(all.list, all.n, sizeof(*all.list), by_as);
	for (size_t i = 0; i < all.n; i += p.n) {
		p = (struct peers){ &all.list[i], 1 };
		while (i + p.n < all.n && p.list[p.n]->member->as_index ==
					      p.list[0]->member->as_index)
			p.n++;
		if (p.n > WITNESSES)
			judge_peers(d, &p, charges);
	}
	free(all.list);
}

/* With few addresses, only what five contradict is held against it. */
static void
weigh_peers(struct charge *c)
{
	struct finding *f = &c->of[DISTRUST_PEERS];

	if (f->n_compared >= MANY_TARGETS)
		return;
	f->n_compared -= f->n_contradicted - c->n_sure;
	f->n_contradicted = c->n_sure;
}

/* Own addresses. */

static int64_t
place_of_own(const struct detect *d, const struct track *t)
{
	return t->failures.n == 0 &&
		       d->now_us - t->seen_us <= t->rules->fresh_us
		   ? t->witness.flaps.place
		   : 0;
}

static void
judge_own_address(
    struct detect *d, const struct track_list *at, struct charge *charges)
{
	size_t n_right = 0;

	fleet_count_begin(&d->fleet);
	for (size_t i = 0; i < at->n; i++) {
		const struct track *t = at->list[i];

		n_right += place_of_own(d, t) == t->unicast_site_id &&
			   member_is_trusted(t->member) &&
			   fleet_count_as(&d->fleet, t->member);
	}
	if (n_right < WITNESSES)
		return;
	for (size_t i = 0; i < at->n; i++) {
		const struct track *t = at->list[i];
		int64_t place = place_of_own(d, t);

		if (place > 0)
			hold_against(
			    &charges[t->member->index].of[DISTRUST_OWN_ADDRESS],
			    place != t->unicast_site_id, n_right);
	}
}

/* Light. */

static bool
has_position(const struct detect *d, const struct track *t)
{
	const struct service *s = &d->services->list[t->target->service];

	for (size_t i = 0; i < s->n_sites; i++)
		if (s->sites[i].id == t->place)
			return s->sites[i].has_position;
	return false;
}

static bool
is_measured_by_light(const struct detect *d, const struct track *t)
{
	return is_landed(d, t) && t->member->vantage.at.is_known &&
	       has_position(d, t);
}

/* Networks of the service to which a site answers at believable times; 0: it
 * answers two others sooner. */
static size_t
count_believers(struct detect *d, size_t service, int64_t place)
{
	size_t n[2] = { 0 };

	fleet_count_begin(&d->fleet);
	for (size_t fast = 0; fast < 2; fast++) {
		struct track_walk w = fleet_walk(&d->fleet, service);
		const struct track *t;

		while ((t = fleet_next(&w)) != NULL)
			n[fast] += t->place == place &&
				   (witness_odd(&t->witness)->n_fast > 0) ==
				       (fast == 1) &&
				   (fast == 0 ? track_counts(t)
					      : is_held_by_nobody(t)) &&
				   is_measured_by_light(d, t) &&
				   fleet_count_as(&d->fleet, t->member);
	}
	return n[1] < 2 ? n[0] : 0;
}

static void
judge_light(struct detect *d, size_t service, struct charge *charges)
{
	struct track_walk w = fleet_walk(&d->fleet, service);
	struct count believers = { 0 }; /* of the site asked about last */
	const struct track *t;

	while ((t = fleet_next(&w)) != NULL) {
		struct finding *f =
		    &charges[t->member->index].of[DISTRUST_LIGHT];

		if (!is_measured_by_light(d, t))
			continue;
		if (witness_odd(&t->witness)->n_fast == 0) {
			hold_against(f, false, 0);
			continue;
		}
		if (believers.place != t->place)
			believers = (struct count){ t->place,
				count_believers(d, service, t->place) };
		if (believers.n >= WITNESSES)
			hold_against(f, true, believers.n);
	}
}

/* Judgement. */

static void
tell(struct detect *d, const struct member *m, const struct trust *t,
    int64_t until_us, const char *ending)
{
	struct effect e = { .kind = EFFECT_QUARANTINE };
	struct quarantine *q = &e.quarantine;

	q->vantage_id = m->vantage.id;
	q->reason = t->reason;
	q->since_us = t->since_us;
	q->until_us = until_us;
	q->updated_us = d->now_us;
	snprintf(q->ending, sizeof q->ending, "%s", ending);
	trust_numbers(t, q->numbers);
	d->emit(d->ctx, &e);
}

static bool
is_heard(const struct detect *d, const struct member *m)
{
	for (const struct track *t = m->tracks; t != NULL; t = t->next)
		if (d->now_us - t->seen_us <= t->rules->fresh_us)
			return true;
	return false;
}

static bool
is_intercepted(const struct member *m)
{
	for (const struct track *t = m->tracks; t != NULL; t = t->next)
		if (t->excuse == EXCUSE_INTERCEPTED)
			return true;
	return false;
}

static void
decide(struct detect *d, struct member *m, struct trust *t)
{
	switch (trust_decide(t, d->now_us, !m->vantage.is_trusted)) {
	case TRUST_WITHHELD:
		withhold(d, m, true);
		tell(d, m, t, 0, "");
		break;
	case TRUST_RESTORED:
		withhold(d, m, false);
		tell(d, m, t, d->now_us, trust_ending(t));
		trust_restore(t);
		break;
	case TRUST_AS_BEFORE:
		if (t->since_us != 0 && d->beat_us % TELL_EVERY_US == 0)
			tell(d, m, t, 0, "");
		break;
	}
}

static void
judge_member(struct detect *d, struct member *m, struct charge *c)
{
	uint8_t old[TRUST_BYTES_MAX], new[TRUST_BYTES_MAX];
	struct trust *t = trust_of(d, m);
	bool is_charged = false;
	size_t len;

	weigh_peers(c);
	if (c->of[DISTRUST_OWN_ADDRESS].n_compared < OWN_ADDRESSES)
		c->of[DISTRUST_OWN_ADDRESS] = (struct finding){ 0 };
	if (is_intercepted(m))
		memset(c, 0, sizeof *c);
	for (size_t i = 0; i < DISTRUSTS; i++)
		is_charged |= c->of[i].n_contradicted > 0;
	if ((t == NULL && !is_charged) || !is_heard(d, m))
		return;
	t = need_trust(d, m);
	len = trust_encode(t, old);
	for (size_t i = 0; i < DISTRUSTS; i++)
		trust_judge(t, (enum distrust)i, &c->of[i]);
	decide(d, m, t);
	if (trust_encode(t, new) != len || memcmp(old, new, len) != 0)
		save(d, m, t);
}

static void
judge(struct detect *d)
{
	const struct services *s = d->services;
	struct charge *charges =
	    mem_new((d->fleet.n_members + 1) * sizeof *charges);

	for (size_t i = 0; i < s->n_targets; i++) {
		const struct target *t = &s->targets[i];

		if (t->role == ROLE_UNICAST)
			judge_own_address(d, &d->fleet.of_target[i], charges);
		else if (t->role == ROLE_SERVICE &&
			 !cause_in_service(d, t->service, EVENTS_THAT_MOVE))
			judge_target(d, &d->fleet.of_target[i], charges);
	}
	for (size_t i = 0; i < s->n; i++)
		if (!cause_in_service(d, i, EVENTS_THAT_MOVE))
			judge_light(d, i, charges);
	for (size_t i = 0; i < d->fleet.n_members; i++)
		judge_member(d, d->fleet.members[i], &charges[i]);
	free(charges);
}

static void
tick(struct detect *d)
{
	if (d->beat_us % TRUST_EVERY_US == 0)
		judge(d);
}

static void
see(struct detect *d, struct track *t, const struct sighting *s)
{
	struct trust *x;

	if (s->why != WHY_VARIED || s->site_id == 0 || t->place <= 0 ||
	    s->site_id == t->place || t->candidate.n > 0)
		return;
	x = need_trust(d, t->member);
	if (trust_note_port(x, t->target->id, d->now_us))
		save(d, t->member, x);
}

bool
trust_is_withheld(const struct detect *d, int64_t vantage_id, int64_t at_us)
{
	const struct member *m = fleet_member(&d->fleet, vantage_id);
	const struct trust *t = m == NULL ? NULL : trust_of(d, m);

	return t != NULL && t->since_us != 0 && t->since_us <= at_us;
}

void
trust_release(struct detect *d, int64_t vantage_id, int64_t at_us)
{
	struct member *m = fleet_member(&d->fleet, vantage_id);
	struct trust *t = trust_of(d, m);

	withhold(d, m, false);
	tell(d, m, t, at_us, "released");
	trust_forgive(t, at_us);
	save(d, m, t);
}

const struct detect_part trust_part = { .name = "trust",
	.init = init,
	.fini = fini,
	.see = see,
	.tick = tick,
	.restore_memo = restore_memo };
