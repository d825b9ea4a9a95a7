/* rules.c - see rules.h. */
#include "rules.h"

#include <stdlib.h>

#include "schema/base/clock.h"
#include "schema/base/mem.h"

#define SAME_US (300 * US_PER_S)
#define KINDS 3 /* shift, blackhole, mismatch: the first of the enum */

static const unsigned ks[RULE_KS] = { 1, 2, 3, 5, 8, 12, 16, 24 };
static const unsigned holds_s[RULE_HOLDS] = { 0, 15, 30, 60, 120, 300 };

/* When a vantage last spoke for an alarm of a kind and a site. */
struct ballot {
	int64_t *at_us; /* by vantage */
};

/* What a vantage says of a target, for a rule that waits so long.  The
 * times: since when; 0: it does not. */
struct says {
	int64_t site;  /* the last one believed; 0 none */
	int64_t other; /* another one, since: */
	int64_t moved_us, silent_us, defied_us;
	bool is_silent; /* counted already */
};

struct waiting {
	struct says *says;      /* by vantage and target */
	struct ballot *ballots; /* by kind and site */
	struct alarms alarms[RULE_KS];
};

struct rules {
	const struct services *services;
	size_t n_vantages, n_sites;
	bool *is_down; /* by site: said to be withdrawn */
	struct waiting waiting[RULE_HOLDS];
	int64_t window_us;
};

unsigned
rule_k(size_t i)
{
	return ks[i % RULE_KS];
}

unsigned
rule_hold_s(size_t i)
{
	return holds_s[i / RULE_KS];
}

static void
waiting_init(struct waiting *w, const struct rules *r)
{
	size_t n_ballots = KINDS * (r->n_sites + 1);

	w->says = mem_new((r->n_vantages + 1) * (r->services->n_targets + 1) *
			  sizeof *w->says);
	w->ballots = mem_new(n_ballots * sizeof *w->ballots);
	for (size_t i = 0; i < n_ballots; i++)
		w->ballots[i].at_us =
		    mem_new((r->n_vantages + 1) * sizeof(int64_t));
}

static void
waiting_fini(struct waiting *w, const struct rules *r)
{
	for (size_t i = 0; i < KINDS * (r->n_sites + 1); i++)
		free(w->ballots[i].at_us);
	for (size_t i = 0; i < RULE_KS; i++)
		free(w->alarms[i].list);
	free(w->ballots);
	free(w->says);
}

struct rules *
rules_new(const struct services *services, size_t n_vantages)
{
	struct rules *r = mem_new(sizeof *r);

	r->services = services;
	r->n_vantages = n_vantages;
	r->n_sites = services->list[0].n_sites;
	r->window_us = 2 * services->list[0].dns_every_us + 60 * US_PER_S;
	r->is_down = mem_new((r->n_sites + 1) * sizeof *r->is_down);
	for (size_t i = 0; i < RULE_HOLDS; i++)
		waiting_init(&r->waiting[i], r);
	return r;
}

void
rules_free(struct rules *r)
{
	if (r == NULL)
		return;
	for (size_t i = 0; i < RULE_HOLDS; i++)
		waiting_fini(&r->waiting[i], r);
	free(r->is_down);
	free(r);
}

static void
tell(struct alarms *a, enum event_kind kind, int64_t site_id, int64_t now_us)
{
	for (size_t i = a->n; i-- > 0;) {
		const struct alarm_told *t = &a->list[i];

		if (t->kind == kind && t->site_id == site_id &&
		    now_us - t->at_us <= SAME_US)
			return;
	}
	if (a->n == a->cap) {
		a->cap = 2 * a->cap + 64;
		a->list = mem_grow(a->list, a->cap, sizeof *a->list);
	}
	a->list[a->n++] = (struct alarm_told){ kind, site_id, now_us };
}

static void
vote(struct rules *r, struct waiting *w, enum event_kind kind, int64_t site_id,
    const struct sighting *s)
{
	struct ballot *b =
	    &w->ballots[(size_t)kind * (r->n_sites + 1) + (size_t)site_id];
	int64_t now_us = s->received_us;
	unsigned n = 0;

	b->at_us[s->vantage_id] = now_us;
	for (size_t i = 0; i <= r->n_vantages; i++)
		n += b->at_us[i] != 0 && now_us - b->at_us[i] <= r->window_us;
	for (size_t k = 0; k < RULE_KS; k++) {
		if (n >= ks[k])
			tell(&w->alarms[k], kind, site_id, now_us);
	}
}

/* Says a vantage so, now or for as long as the rule waits? */
static bool
has_lasted(int64_t *since_us, unsigned hold_s, int64_t now_us)
{
	if (*since_us == 0)
		*since_us = now_us;
	return now_us - *since_us >= (int64_t)hold_s * US_PER_S;
}

/* Has it just become silent, as the rule sees it? */
static bool
falls_silent(struct says *v, bool is_silent, unsigned hold_s, int64_t now_us)
{
	if (!is_silent) {
		v->silent_us = 0;
		v->is_silent = false;
		return false;
	}
	if (v->is_silent || !has_lasted(&v->silent_us, hold_s, now_us))
		return false;
	return v->is_silent = true;
}

/* Does it name another site than the one that the rule believes? */
static bool
has_moved(struct says *v, int64_t site_id, unsigned hold_s, int64_t now_us)
{
	if (site_id == v->site || v->site == 0) {
		v->site = site_id;
		v->moved_us = 0;
		return false;
	}
	if (site_id != v->other)
		v->moved_us = 0;
	v->other = site_id;
	return has_lasted(&v->moved_us, hold_s, now_us);
}

static void
hear_service(struct rules *r, struct waiting *w, struct says *v,
    unsigned hold_s, const struct sighting *s)
{
	int64_t before = v->site, now_us = s->received_us;
	bool is_silent = !outcome_is_answer(s->outcome) || s->rcode != 0;

	if (falls_silent(v, is_silent, hold_s, now_us) && before != 0)
		vote(r, w, EVENT_BLACKHOLE, before, s);
	if (is_silent)
		return;
	if (has_moved(v, s->site_id, hold_s, now_us)) {
		vote(r, w, EVENT_SHIFT, before, s);
		v->site = s->site_id;
		v->moved_us = 0;
	}
	if (!r->is_down[s->site_id])
		v->defied_us = 0;
	else if (has_lasted(&v->defied_us, hold_s, now_us))
		vote(r, w, EVENT_MISMATCH, s->site_id, s);
}

void
rules_hear(struct rules *r, const struct input *in)
{
	const struct sighting *s = &in->sighting;
	const struct target *t;
	size_t at;

	if (in->kind == INPUT_ANNOUNCEMENT)
		r->is_down[in->announcement.site_id] = !in->announcement.is_up;
	if (in->kind != INPUT_SIGHTING || s->why == WHY_VARIED ||
	    s->why == WHY_CONTROL)
		return;
	t = services_target_by_id(r->services, s->target_id);
	at = (size_t)s->vantage_id * (r->services->n_targets + 1) +
	     (size_t)s->target_id;
	for (size_t i = 0; i < RULE_HOLDS; i++) {
		struct waiting *w = &r->waiting[i];
		bool is_answer = outcome_is_answer(s->outcome);

		if (t->role == ROLE_SERVICE)
			hear_service(r, w, &w->says[at], holds_s[i], s);
		else if (t->role == ROLE_UNICAST &&
			 falls_silent(&w->says[at], !is_answer, holds_s[i],
			     s->received_us))
			vote(r, w, EVENT_MISMATCH, (int64_t)t->site + 1, s);
	}
}

const struct alarms *
rules_alarms(const struct rules *r, size_t i)
{
	return &r->waiting[i / RULE_KS].alarms[i % RULE_KS];
}
