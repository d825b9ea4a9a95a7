/* rules.c - see rules.h. */
#include "rules.h"

#include <stdlib.h>

#include "schema/base/clock.h"
#include "schema/base/mem.h"

#define SAME_US (300 * US_PER_S)
#define KINDS 3 /* shift, blackhole, mismatch: the first of the enum */

const unsigned rule_ks[RULE_KS] = { 1, 2, 3, 5, 8, 12, 16, 24 };

/* When a vantage last spoke for an alarm of a kind and a site. */
struct ballot {
	int64_t *at_us; /* by vantage */
};

struct rules {
	const struct services *services;
	size_t n_vantages, n_sites;
	int64_t *site;   /* by vantage and target: the last one named; 0 none */
	bool *is_silent; /* likewise */
	bool *is_down;   /* by site: said to be withdrawn */
	struct ballot *ballots; /* by kind and site */
	struct alarms alarms[RULE_KS];
	int64_t window_us;
};

struct rules *
rules_new(const struct services *services, size_t n_vantages)
{
	struct rules *r = mem_new(sizeof *r);
	size_t n = (n_vantages + 1) * (services->n_targets + 1);

	r->services = services;
	r->n_vantages = n_vantages;
	r->n_sites = services->list[0].n_sites;
	r->window_us = 2 * services->list[0].dns_every_us + 60 * US_PER_S;
	r->site = mem_new(n * sizeof *r->site);
	r->is_silent = mem_new(n * sizeof *r->is_silent);
	r->is_down = mem_new((r->n_sites + 1) * sizeof *r->is_down);
	r->ballots = mem_new(KINDS * (r->n_sites + 1) * sizeof *r->ballots);
	for (size_t i = 0; i < KINDS * (r->n_sites + 1); i++)
		r->ballots[i].at_us =
		    mem_new((n_vantages + 1) * sizeof(int64_t));
	return r;
}

void
rules_free(struct rules *r)
{
	if (r == NULL)
		return;
	for (size_t i = 0; i < KINDS * (r->n_sites + 1); i++)
		free(r->ballots[i].at_us);
	for (size_t i = 0; i < RULE_KS; i++)
		free(r->alarms[i].list);
	free(r->ballots);
	free(r->is_down);
	free(r->is_silent);
	free(r->site);
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
vote(struct rules *r, enum event_kind kind, int64_t site_id, int64_t vantage_id,
    int64_t now_us)
{
	struct ballot *b =
	    &r->ballots[(size_t)kind * (r->n_sites + 1) + (size_t)site_id];
	unsigned n = 0;

	b->at_us[vantage_id] = now_us;
	for (size_t i = 0; i <= r->n_vantages; i++)
		n += b->at_us[i] != 0 && now_us - b->at_us[i] <= r->window_us;
	for (size_t k = 0; k < RULE_KS; k++) {
		if (n >= rule_ks[k])
			tell(&r->alarms[k], kind, site_id, now_us);
	}
}

static void
hear_service(struct rules *r, const struct sighting *s, size_t at)
{
	int64_t before = r->site[at];

	if (!outcome_is_answer(s->outcome) || s->rcode != 0) {
		if (!r->is_silent[at] && before != 0)
			vote(r, EVENT_BLACKHOLE, before, s->vantage_id,
			    s->received_us);
		r->is_silent[at] = true;
		return;
	}
	r->is_silent[at] = false;
	if (s->site_id != before && before != 0)
		vote(r, EVENT_SHIFT, before, s->vantage_id, s->received_us);
	r->site[at] = s->site_id;
	if (r->is_down[s->site_id])
		vote(r, EVENT_MISMATCH, s->site_id, s->vantage_id,
		    s->received_us);
}

static void
hear_unicast(struct rules *r, const struct sighting *s, const struct target *t,
    size_t at)
{
	bool is_silent = !outcome_is_answer(s->outcome);

	if (is_silent && !r->is_silent[at])
		vote(r, EVENT_MISMATCH, (int64_t)t->site + 1, s->vantage_id,
		    s->received_us);
	r->is_silent[at] = is_silent;
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
	if (t->role == ROLE_SERVICE)
		hear_service(r, s, at);
	else if (t->role == ROLE_UNICAST)
		hear_unicast(r, s, t, at);
}

const struct alarms *
rules_alarms(const struct rules *r, size_t k)
{
	return &r->alarms[k];
}
