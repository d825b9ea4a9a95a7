/* reinterpret.c - see reinterpret.h. */
#include "collector/reinterpret.h"

#include <stdlib.h>
#include <string.h>

#include "collector/interpret.h"
#include "schema/base/clock.h"
#include "schema/base/mem.h"

#define TICK_US (60 * US_PER_S)

void
reinterpret_init(struct reinterpret *r, const struct services *services)
{
	*r = (struct reinterpret){ .services = services };
}

void
reinterpret_fini(struct reinterpret *r)
{
	if (r == NULL)
		return;
	for (size_t i = 0; i < r->n_pairs; i++) {
		free(r->pairs[i].landings);
		free(r->pairs[i].moves);
		free(r->pairs[i].old);
	}
	free(r->pairs);
	free(r->changes);
	detect_free(r->detect);
	*r = (struct reinterpret){ 0 };
}

/* The target and what its answer means now; false: it lands nowhere. */
static bool
read_again(const struct reinterpret *r, const struct stored_answer *a,
    struct interpretation *meaning)
{
	const struct target *t =
	    services_target_by_id(r->services, a->target_id);

	*meaning = (struct interpretation){ 0 };
	if (t == NULL || t->role == ROLE_DECOY)
		return false;
	if (t->role != ROLE_CONTROL)
		*meaning = interpret_dns(&r->services->list[t->service], a->o);
	return true;
}

static bool
carries_identity(const struct observation *o)
{
	return outcome_is_answer(o->outcome) &&
	       (o->dns.nsid.len > 0 ||
		   (o->dns.chaos.is_asked &&
		       outcome_is_answer(o->dns.chaos.outcome) &&
		       o->dns.chaos.txt.len > 0));
}

void
reinterpret_compare(struct reinterpret *r, const struct stored_answer *a)
{
	struct interpretation now;
	int64_t to;

	r->n_read++;
	if (!read_again(r, a, &now))
		return;
	to = now.has_identity || !carries_identity(a->o) ? now.site_id
							 : REINTERPRET_UNTOLD;
	if (to == a->site_id)
		return;
	if (r->n_changes == r->cap_changes) {
		r->cap_changes = r->cap_changes == 0 ? 64 : 2 * r->cap_changes;
		r->changes =
		    mem_grow(r->changes, r->cap_changes, sizeof *r->changes);
	}
	r->changes[r->n_changes++] = (struct reinterpret_change){ a->site_id,
		to, a->vantage_id, a->target_id, a->id };
}

/* ---- pairs ---- */

static int
compare_ints(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

static int
compare_changes(const void *left, const void *right)
{
	const struct reinterpret_change *a = left, *b = right;
	int order = compare_ints(a->from, b->from);

	if (order == 0)
		order = compare_ints(a->to, b->to);
	if (order == 0)
		order = compare_ints(a->vantage_id, b->vantage_id);
	if (order == 0)
		order = compare_ints(a->target_id, b->target_id);
	return order != 0 ? order
			  : compare_ints(a->observation_id, b->observation_id);
}

static int
compare_pairs(const void *left, const void *right)
{
	const struct reinterpret_pair *a = left, *b = right;
	int order = compare_ints(a->vantage_id, b->vantage_id);

	return order != 0 ? order : compare_ints(a->target_id, b->target_id);
}

static struct reinterpret_pair *
find_pair(const struct reinterpret *r, int64_t vantage_id, int64_t target_id)
{
	const struct reinterpret_pair key = { .vantage_id = vantage_id,
		.target_id = target_id };

	return r->n_pairs == 0 ? NULL
			       : bsearch(&key, r->pairs, r->n_pairs,
				     sizeof *r->pairs, compare_pairs);
}

/* Is there a pair of the vantage?  Then its controls matter too. */
static bool
has_vantage(const struct reinterpret *r, int64_t vantage_id)
{
	size_t low = 0, high = r->n_pairs;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (r->pairs[middle].vantage_id < vantage_id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < r->n_pairs && r->pairs[low].vantage_id == vantage_id;
}

/* Each pair once, in order. */
static void
make_pairs(struct reinterpret *r)
{
	size_t n = 0;

	r->pairs = mem_new((r->n_changes + 1) * sizeof *r->pairs);
	for (size_t i = 0; i < r->n_changes; i++) {
		const struct reinterpret_change *c = &r->changes[i];

		if (n > 0 && r->pairs[n - 1].vantage_id == c->vantage_id &&
		    r->pairs[n - 1].target_id == c->target_id)
			continue;
		r->pairs[n].vantage_id = c->vantage_id;
		r->pairs[n++].target_id = c->target_id;
	}
	if (n > 0)
		qsort(r->pairs, n, sizeof *r->pairs, compare_pairs);
	for (size_t i = 0; i < n; i++)
		if (r->n_pairs == 0 ||
		    compare_pairs(&r->pairs[r->n_pairs - 1], &r->pairs[i]) != 0)
			r->pairs[r->n_pairs++] = r->pairs[i];
}

/* ---- what the fold says ---- */

static void
take_landing(struct reinterpret_pair *p, const struct landing *l)
{
	for (size_t i = p->n_landings; i-- > 0;) {
		if (p->landings[i].id != l->id)
			continue;
		p->landings[i] = *l;
		return;
	}
	p->landings =
	    mem_grow(p->landings, p->n_landings + 1, sizeof *p->landings);
	p->landings[p->n_landings++] = *l;
}

static void
on_effect(void *ctx, const struct effect *e)
{
	struct reinterpret *r = ctx;
	struct reinterpret_pair *p = NULL;

	if (e->kind == EFFECT_LANDING)
		p = find_pair(r, e->landing.vantage_id, e->landing.target_id);
	else if (e->kind == EFFECT_TRACK)
		p = find_pair(r, e->track.vantage_id, e->track.target_id);
	else if (e->kind == EFFECT_MOVE)
		p = find_pair(r, e->move.vantage_id, e->move.target_id);
	if (p == NULL)
		return; /* events stay what they were */
	if (e->kind == EFFECT_LANDING) {
		take_landing(p, &e->landing);
	} else if (e->kind == EFFECT_TRACK) {
		p->has_track = true;
		p->track = e->track;
	} else {
		p->moves = mem_grow(p->moves, p->n_moves + 1, sizeof *p->moves);
		p->moves[p->n_moves++] = e->move;
	}
}

void
reinterpret_prepare(struct reinterpret *r, int64_t next_landing_id)
{
	if (r->n_changes > 0)
		qsort(r->changes, r->n_changes, sizeof *r->changes,
		    compare_changes);
	make_pairs(r);
	r->detect = detect_new(r->services, on_effect, r, 1, next_landing_id);
}

void
reinterpret_vantage(struct reinterpret *r, const struct vantage *v)
{
	if (has_vantage(r, v->id))
		detect_vantage(r->detect, v);
}

void
reinterpret_journal(struct reinterpret *r, const struct landing *l)
{
	struct reinterpret_pair *p = find_pair(r, l->vantage_id, l->target_id);

	if (p == NULL)
		return;
	p->old = mem_grow(p->old, p->n_old + 1, sizeof *p->old);
	p->old[p->n_old++] = *l;
	p->was_unknown |= l->state == LANDING_UNKNOWN;
}

/* ---- the second pass ---- */

static bool
is_before(const struct landing *l, int64_t at_us)
{
	return l->until_us != 0 && l->until_us <= at_us;
}

/* The interval of the journal in which the stored observations begin. */
static void
find_head(struct reinterpret_pair *p)
{
	for (size_t i = 0; i < p->n_old; i++) {
		if (p->old[i].since_us >= p->first_at_us ||
		    is_before(&p->old[i], p->first_at_us))
			continue;
		p->has_head = true;
		p->head = p->old[i];
	}
}

static void
note_answer(struct reinterpret_pair *p, const struct stored_answer *a)
{
	if (p->first_at_us == 0) {
		p->first_at_us = a->at_us;
		find_head(p);
	}
	if (p->has_head && !is_before(&p->head, a->at_us) &&
	    outcome_is_answer(a->o->outcome))
		p->n_in_head++;
}

static struct sighting
sighting_of(const struct stored_answer *a, const struct interpretation *now)
{
	return (struct sighting){
		.observation_id = a->id,
		.vantage_id = a->vantage_id,
		.target_id = a->target_id,
		.at_us = a->at_us,
		.received_us = a->received_us,
		.why = a->o->why,
		.outcome = a->o->outcome,
		.rcode = a->o->dns.rcode,
		.site_id = now->site_id,
		.has_identity = now->has_identity,
		.has_rtt = outcome_is_answer(a->o->outcome),
		.rtt_us = a->o->dns.rtt_us,
	};
}

void
reinterpret_retime(struct reinterpret *r, const struct times *t)
{
	struct times own;

	if (t != NULL) {
		detect_retime(r->detect, t);
		return;
	}
	for (size_t i = 0; i < r->services->n; i++) {
		own = times_of_service(&r->services->list[i]);
		detect_retime(r->detect, &own);
	}
}

void
reinterpret_fold(struct reinterpret *r, const struct stored_answer *a)
{
	struct reinterpret_pair *p;
	struct interpretation now;
	struct sighting s;

	if (!has_vantage(r, a->vantage_id) || !read_again(r, a, &now))
		return;
	if (a->received_us - r->ticked_us >= TICK_US) {
		detect_tick(r->detect, a->received_us);
		r->ticked_us = a->received_us;
	}
	p = find_pair(r, a->vantage_id, a->target_id);
	if (p != NULL)
		note_answer(p, a);
	s = sighting_of(a, &now);
	detect_sighting(r->detect, &s);
}

/* The head's part that lies before what is stored: its share of the numbers. */
static struct landing
cut_head(const struct reinterpret_pair *p)
{
	struct landing head = p->head;
	int64_t n = head.n > p->n_in_head ? head.n - p->n_in_head : 1;

	if (head.rtt_n > 0 && head.n > 0) {
		int64_t mean_us = head.rtt_sum_us / head.rtt_n;

		head.rtt_n = n < head.rtt_n ? n : head.rtt_n;
		head.rtt_sum_us = mean_us * head.rtt_n;
	}
	head.n = n;
	head.until_us =
	    p->n_landings > 0 ? p->landings[0].since_us : p->first_at_us;
	if (head.last_us > head.until_us)
		head.last_us = head.until_us;
	return head;
}

static void
join_head(struct reinterpret_pair *p)
{
	struct landing head = cut_head(p);
	struct landing *first = p->n_landings > 0 ? &p->landings[0] : NULL;

	if (first == NULL || first->state != head.state ||
	    first->site_id != head.site_id) {
		take_landing(p, &head);
		return;
	}
	first->id = head.id;
	first->since_us = head.since_us;
	first->n += head.n;
	if (head.rtt_n > 0 &&
	    (first->rtt_n == 0 || head.rtt_min_us < first->rtt_min_us))
		first->rtt_min_us = head.rtt_min_us;
	first->rtt_sum_us += head.rtt_sum_us;
	first->rtt_n += head.rtt_n;
}

static int
compare_since(const void *left, const void *right)
{
	const struct landing *a = left, *b = right;

	return compare_ints(a->since_us, b->since_us);
}

/* Does the journal have the new intervals already?  Then it stays. */
static bool
is_same(struct reinterpret_pair *p)
{
	size_t k = 0;

	if (p->n_landings > 0)
		qsort(p->landings, p->n_landings, sizeof *p->landings,
		    compare_since);
	if (p->n_old > 0)
		qsort(p->old, p->n_old, sizeof *p->old, compare_since);
	for (size_t i = 0; i < p->n_old; i++) {
		const struct landing *a = &p->old[i], *b = &p->landings[k];

		if (is_before(a, p->first_at_us))
			continue;
		if (k++ == p->n_landings || a->state != b->state ||
		    a->site_id != b->site_id || a->since_us != b->since_us ||
		    a->until_us != b->until_us)
			return false;
	}
	return k == p->n_landings;
}

void
reinterpret_end(struct reinterpret *r)
{
	detect_flush(r->detect, r->ticked_us);
	for (size_t i = 0; i < r->n_pairs; i++) {
		struct reinterpret_pair *p = &r->pairs[i];

		if (p->has_head)
			join_head(p);
		p->is_same = is_same(p);
		r->n_rewritten += !p->is_same;
	}
}

bool
reinterpret_is_news(
    const struct reinterpret *r, const struct reinterpret_change *c)
{
	const struct reinterpret_pair *p =
	    find_pair(r, c->vantage_id, c->target_id);

	return c->from != REINTERPRET_UNKNOWN || c->to != REINTERPRET_UNTOLD ||
	       (p != NULL && !p->is_same && p->was_unknown);
}

bool
reinterpret_is_gone(const struct reinterpret_pair *p, const struct landing *old)
{
	return old->since_us >= p->first_at_us;
}
