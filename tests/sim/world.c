#include "tests/sim/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schema/base/clock.h"
#include "schema/base/mem.h"

#define STEP_US US_PER_S
#define UPLOAD_EVERY_US (30 * US_PER_S)
#define LEASE_US (90 * US_PER_S)
#define TRACE_EVERY_S 300

static const int64_t confirm_after_us[2] = { 10 * US_PER_S, 20 * US_PER_S };
static const int64_t retry_after_us[2] = { 2 * US_PER_S, 6 * US_PER_S };

static uint64_t
random_next(struct world *w)
{
	w->random = w->random * UINT64_C(6364136223846793005) +
		    UINT64_C(1442695040888963407);
	return w->random >> 33;
}

static void
add_target(struct world *w, enum target_role role, uint8_t family, size_t site)
{
	struct services *s = &w->services;
	struct target *t;

	s->targets = mem_grow(s->targets, s->n_targets + 1, sizeof *s->targets);
	t = &s->targets[s->n_targets++];
	*t = (struct target){ .id = (int64_t)s->n_targets,
		.role = role,
		.port = 53,
		.site = site };
	t->address.family = family;
	t->address.bytes[3] = (uint8_t)s->n_targets;
}

static void
fill_service(struct service *s, const char *const *sites, size_t n_sites,
    int64_t every_us)
{
	s->id = 1;
	snprintf(s->name, sizeof s->name, "service");
	s->sites = mem_new(n_sites * sizeof *s->sites);
	s->n_sites = n_sites;
	for (size_t i = 0; i < n_sites; i++) {
		s->sites[i].id = (int64_t)i + 1;
		snprintf(
		    s->sites[i].name, sizeof s->sites[i].name, "%s", sites[i]);
	}
	s->dns_every_us = every_us;
	s->n_confirm = s->n_retry = 2;
	memcpy(s->confirm_after_us, confirm_after_us, sizeof confirm_after_us);
	memcpy(s->retry_after_us, retry_after_us, sizeof retry_after_us);
	s->stale_after_us = 3900 * US_PER_S;
	s->sick_after_us = 30 * US_PER_S;
	s->settle_us = 300 * US_PER_S;
	s->shift_settles_us = 3600 * US_PER_S;
}

void
world_init(struct world *w, const char *const *sites, size_t n_sites,
    int64_t every_us, bool has_controls)
{
	*w = (struct world){ .now_us = WORLD_START_US,
		.tick_us = US_PER_S,
		.random = 1,
		.varied_site = -1 };
	w->services.list = mem_new(sizeof *w->services.list);
	w->services.n = 1;
	fill_service(w->services.list, sites, n_sites, every_us);
	for (uint8_t family = 4; family <= 6; family += 2) {
		add_target(w, ROLE_SERVICE, family, 0);
		if (!has_controls)
			continue;
		add_target(w, ROLE_CONTROL, family, 0);
		for (size_t i = 0; i < n_sites; i++)
			add_target(w, ROLE_UNICAST, family, i);
	}
}

void
world_fini(struct world *w)
{
	for (size_t i = 0; i < w->n_vantages; i++) {
		free(w->vantages[i].errands);
		free(w->vantages[i].queue.list);
		free(w->vantages[i].ways);
	}
	free(w->vantages);
	free(w->inputs.list);
	services_fini(&w->services);
}

static void
give(struct world *w, const struct input *x)
{
	struct inputs *in = &w->inputs;

	if (w->sink != NULL) {
		w->sink(w->sink_ctx, x);
		return;
	}
	if (in->n == in->cap) {
		in->cap = in->cap == 0 ? 1024 : in->cap * 2;
		in->list = mem_grow(in->list, in->cap, sizeof *in->list);
	}
	in->list[in->n++] = *x;
}

static void
tell_vantage(struct world *w, const struct world_vantage *v)
{
	give(
	    w, &(struct input){ .kind = INPUT_VANTAGE, .vantage = v->vantage });
}

void
world_trust(struct world *w, struct world_vantage *v, bool is_trusted)
{
	v->vantage.is_trusted = is_trusted;
	tell_vantage(w, v);
}

void
world_place(struct world *w, struct world_vantage *v, struct position at)
{
	v->vantage.at = at;
	tell_vantage(w, v);
}

void
world_release(struct world *w, const struct world_vantage *v)
{
	give(w, &(struct input){ .kind = INPUT_RELEASE,
		    .release = { v->vantage.id, w->now_us } });
}

void
world_excuse(struct world *w, const struct world_vantage *v, enum excuse excuse)
{
	for (size_t i = 0; i < w->services.n_targets; i++) {
		const struct target *t = &w->services.targets[i];
		struct input in = { .kind = INPUT_EXCUSE };

		if (t->role != ROLE_SERVICE ||
		    t->address.family != v->vantage.family)
			continue;
		in.excuse.vantage_id = v->vantage.id;
		in.excuse.target_id = t->id;
		in.excuse.excuse = excuse;
		give(w, &in);
	}
}

void
world_publish(struct world *w, uint32_t serial)
{
	w->serial = serial;
	for (size_t i = 0; i < WORLD_SITES_MAX; i++)
		if (!w->sites[i].is_stuck)
			w->sites[i].serial = serial;
}

/* Phases spread the fleet over the period, as the collector does. */
static void
add_vantage(
    struct world *w, uint64_t probe, uint32_t asn, uint8_t family, size_t site)
{
	struct world_vantage *v;
	int64_t every = w->services.list[0].dns_every_us;

	w->vantages =
	    mem_grow(w->vantages, w->n_vantages + 1, sizeof *w->vantages);
	v = &w->vantages[w->n_vantages++];
	*v = (struct world_vantage){ 0 };
	v->vantage = (struct vantage){ .id = (int64_t)w->n_vantages,
		.family = family,
		.asn = asn,
		.probe = probe };
	v->site = site;
	v->flip_site = -1;
	v->errands = mem_new(w->services.n_targets * sizeof *v->errands);
	for (size_t i = 0; i < w->services.n_targets; i++) {
		uint64_t spread = (uint64_t)v->vantage.id * 37 + i * 11;

		v->errands[i].phase_us = v->errands[i].next_round_us =
		    w->now_us +
		    (int64_t)(spread % (uint64_t)(every / STEP_US)) * STEP_US;
	}
	v->next_upload_us = w->now_us + (v->vantage.id * 7 % 30 + 1) * US_PER_S;
	world_trust(w, v, true);
}

void
world_add_probe(struct world *w, uint32_t asn, size_t site)
{
	uint64_t probe = w->n_vantages / 2 + 1;

	add_vantage(w, probe, asn, 4, site);
	add_vantage(w, probe, asn, 6, site);
}

static void
say_announcement(struct world *w, size_t site, size_t family)
{
	struct input in = { .kind = INPUT_ANNOUNCEMENT };

	in.announcement.site_id = (int64_t)site + 1;
	in.announcement.family = family == 0 ? 4 : 6;
	in.announcement.is_up = w->sites[site].is_up[family];
	in.announcement.at_us = w->now_us;
	in.announcement.lease_until_us = w->now_us + LEASE_US;
	give(w, &in);
}

void
world_announce(struct world *w, size_t site, size_t family, bool is_up)
{
	w->sites[site].is_said[family] = true;
	w->sites[site].is_up[family] = is_up;
	say_announcement(w, site, family);
}

static void
say_health(struct world *w, size_t site, size_t family, int64_t lease_us)
{
	struct input in = { .kind = INPUT_HEALTH };

	in.announcement.site_id = (int64_t)site + 1;
	in.announcement.family = family == 0 ? 4 : 6;
	in.announcement.is_up = w->sites[site].is_healthy[family];
	in.announcement.at_us = w->now_us;
	in.announcement.lease_until_us = w->now_us + lease_us;
	give(w, &in);
}

void
world_health(
    struct world *w, size_t site, size_t family, bool is_known, bool is_healthy)
{
	w->sites[site].is_health_said[family] = is_known;
	w->sites[site].is_healthy[family] = is_healthy;
	say_health(w, site, family, is_known ? LEASE_US : 0);
}

void
world_drain(struct world *w, size_t site)
{
	struct drain *x = &w->sites[site].drain;

	*x = (struct drain){ .id = ++w->n_drains,
		.site_id = (int64_t)site + 1,
		.since_us = w->now_us };
	give(w, &(struct input){ .kind = INPUT_DRAIN, .drain = *x });
}

void
world_undrain(struct world *w, size_t site)
{
	w->sites[site].drain.ended_us = w->now_us;
	give(w, &(struct input){
		    .kind = INPUT_DRAIN, .drain = w->sites[site].drain });
}

/* What comes back. */

/* Looks random, and is the same for the same moment and vantage; it takes
 * nothing from the losses' own randomness. */
static unsigned
dice(const struct world *w, const struct world_vantage *v)
{
	uint64_t x = (uint64_t)(w->now_us / STEP_US) * 1000003 +
		     (uint64_t)v->vantage.id * 7919;

	x ^= x >> 17;
	x *= UINT64_C(0x9e3779b97f4a7c15);
	return (unsigned)(x >> 40);
}

static void
name_server(struct world *w, const struct world_vantage *v, size_t site,
    struct sighting *s)
{
	const struct world_site *at = &w->sites[site];
	const char *name = w->services.list->sites[site].name;
	unsigned server = dice(w, v) % 3 + 1;

	s->site_id = at->is_renamed || at->is_recoded ? 0 : (int64_t)site + 1;
	s->is_foreign = at->is_renamed;
	if (at->is_renamed)
		snprintf(s->identity, sizeof s->identity, "box%u-%.40s", server,
		    name);
	else
		snprintf(s->identity, sizeof s->identity,
		    "ns%u.%s%.40s.example", server,
		    at->is_recoded ? "new-" : "", name);
}

/* Anything at all: of any site or none, fast or slow, any serial. */
static void
lie(struct world *w, const struct world_vantage *v, struct sighting *s)
{
	unsigned x = dice(w, v) ^ (unsigned)s->target_id * 2654435761U;
	static const enum outcome outcomes[] = { OUTCOME_OK, OUTCOME_OK,
		OUTCOME_OK, OUTCOME_TIMEOUT, OUTCOME_RCODE, OUTCOME_REFUSED };
	/* For ten minutes it sticks to one story. */
	unsigned story =
	    (unsigned)((w->now_us - WORLD_START_US) / US_PER_S / 600) * 7919;

	s->outcome = outcomes[x % 6];
	s->rcode = (uint16_t)(x % 6 == 4 ? 2 + x % 4 : 0);
	s->has_identity = s->has_rtt = outcome_is_answer(s->outcome);
	s->site_id = story % 3 == 0
			 ? 0
			 : (int64_t)(story % w->services.list->n_sites) + 1;
	if (story % 5 == 0)
		s->site_id = (int64_t)(x / 8 % (w->services.list->n_sites + 1));
	s->is_foreign = story % 2 == 0;
	s->is_too_fast = story % 7 < 3;
	s->rtt_us = 1 + (int64_t)(x % 300) * US_PER_MS;
	s->has_serial = true;
	s->serial = story * 1000003U + x % 3;
	snprintf(s->identity, sizeof s->identity, "liar-%c",
	    'a' + (int)(story % 26));
}

/* Somebody else answers. */
static void
answer_captive(
    struct world *w, const struct world_vantage *v, struct sighting *s)
{
	s->outcome = OUTCOME_OK;
	s->has_identity = s->has_rtt = true;
	s->rtt_us = 2 * US_PER_MS + dice(w, v) % 100;
	s->is_too_fast = v->is_outrun;
	s->has_serial = w->serial != 0;
	s->serial = w->serial;
	if (v->copied_site >= 0) {
		name_server(w, v, (size_t)v->copied_site, s);
		return;
	}
	s->is_foreign = true;
	snprintf(s->identity, sizeof s->identity, "%s", v->captor);
}

static void
answer_service(struct world *w, const struct world_vantage *v, size_t site,
    struct sighting *s)
{
	const struct world_site *at = &w->sites[site];

	switch (at->fault) {
	case FAULT_SILENT:
		s->outcome = OUTCOME_TIMEOUT;
		return;
	case FAULT_REFUSED:
		s->outcome = OUTCOME_REFUSED;
		return;
	case FAULT_SERVFAIL:
		s->outcome = OUTCOME_RCODE;
		s->rcode = 2;
		break;
	case FAULT_NONE:
		s->outcome = OUTCOME_OK;
		break;
	}
	s->has_identity = true;
	name_server(w, v, site, s);
	s->has_rtt = true;
	s->rtt_us = 10 * US_PER_MS + (int64_t)site * US_PER_MS + at->slow_us +
		    dice(w, v) % (w->rtt_jitter_us + 1);
	s->has_serial = w->serial != 0;
	s->serial = at->serial;
}

static void
answer(struct world *w, const struct world_vantage *v, const struct target *t,
    struct sighting *s)
{
	size_t site = v->site;

	s->outcome = OUTCOME_TIMEOUT;
	if (v->is_deaf || (v->is_lost && t->role == ROLE_SERVICE) ||
	    (unsigned)(random_next(w) % 100) < w->loss_percent)
		return;
	if (s->why == WHY_VARIED)
		site = (size_t)w->varied_site;
	else if (v->flip_site >= 0 && dice(w, v) % 2 == 0)
		site = (size_t)v->flip_site;
	if (v->is_liar && t->role != ROLE_CONTROL) {
		lie(w, v, s);
		return;
	}
	if (t->role == ROLE_SERVICE && v->captor[0] != '\0')
		answer_captive(w, v, s);
	else if (t->role == ROLE_SERVICE)
		answer_service(w, v, site, s);
	else if (t->role == ROLE_CONTROL || !w->sites[t->site].is_unicast_down)
		s->outcome = OUTCOME_OK;
	if (t->role == ROLE_UNICAST && s->outcome == OUTCOME_OK) {
		s->has_identity = true;
		name_server(w, v, t->site, s);
		s->has_serial = w->serial != 0;
		s->serial = w->sites[t->site].serial;
	}
}

static struct sighting
measure(struct world *w, struct world_vantage *v, size_t target, enum why why)
{
	const struct target *t = &w->services.targets[target];
	struct batch_queue *q = &v->queue;
	struct sighting s = { .vantage_id = v->vantage.id,
		.target_id = t->id,
		.at_us = w->now_us + v->skew_us,
		.why = why };

	if (w->answer != NULL)
		w->answer(w->answer_ctx, w, v, t, &s);
	else
		answer(w, v, t, &s);
	if (q->n == q->cap) {
		q->cap = q->cap == 0 ? 64 : q->cap * 2;
		q->list = mem_grow(q->list, q->cap, sizeof *q->list);
	}
	q->list[q->n++] = s;
	return s;
}

static void
measure_controls(struct world *w, struct world_vantage *v)
{
	for (size_t i = 0; i < w->services.n_targets; i++) {
		const struct target *t = &w->services.targets[i];

		if (t->role == ROLE_CONTROL &&
		    t->address.family == v->vantage.family)
			(void)measure(w, v, i, WHY_CONTROL);
	}
}

/* Each site has two routers of one AS; an impostor has another. */
static void
trace(struct world *w, struct world_vantage *v, size_t target)
{
	struct world_vantage at = *v;
	struct way *way;

	if (!w->has_ways || v->is_deaf)
		return;
	v->ways = mem_grow(v->ways, v->n_ways + 1, sizeof *v->ways);
	way = &v->ways[v->n_ways++];
	*way = (struct way){ .vantage_id = v->vantage.id,
		.target_id = w->services.targets[target].id,
		.at_us = w->now_us + v->skew_us,
		.is_reached = w->sites[at.site].fault != FAULT_SILENT,
		.n_ttl = 9,
		.penultimate_asn = 66666 };
	way->penultimate.family = at.vantage.family;
	way->penultimate.bytes[0] = 99;
	if (v->is_liar) {
		way->penultimate.bytes[1] = (uint8_t)dice(w, v);
		way->penultimate_asn = dice(w, v) % 5 + 65000;
		return;
	}
	if (at.captor[0] != '\0')
		return;
	way->penultimate.bytes[0] = (uint8_t)(10 + at.site);
	way->penultimate.bytes[3] = (uint8_t)(at.vantage.probe % 2);
	way->penultimate_asn = 65000 + (uint32_t)at.site;
}

/* The probe. */

static void
schedule_again(
    struct world *w, struct errand *e, enum why why, const int64_t after_us[2])
{
	e->why = why;
	e->again_us[0] = w->now_us + after_us[0];
	e->again_us[1] = w->now_us + after_us[1];
}

/* Reacts to a result as the probe does: to what is new, and at once. */
static void
react(struct world *w, struct world_vantage *v, struct errand *e,
    const struct sighting *s)
{
	bool is_failing = !outcome_is_answer(s->outcome) || s->rcode == 2;
	int64_t place = s->site_id == 0 ? -1 : s->site_id;
	bool is_news = false;
	size_t target = (size_t)(e - v->errands);

	if (is_failing && s->why == WHY_ROUND) {
		schedule_again(w, e, WHY_RETRY, retry_after_us);
		is_news = !e->was_failing;
	} else if (!is_failing && place != e->last_place) {
		schedule_again(w, e, WHY_CONFIRM, confirm_after_us);
		is_news = true;
	}
	if (is_failing)
		measure_controls(w, v);
	else
		e->last_place = place;
	e->was_failing = is_failing;
	if (is_news)
		trace(w, v, target);
	if (is_news || s->why == WHY_CONFIRM || s->why == WHY_RETRY)
		v->next_upload_us = w->now_us + STEP_US;
}

/* Whole steps, to both sides. */
static int64_t
jitter(struct world *w)
{
	int64_t steps = w->jitter_us / STEP_US;

	return steps == 0
		   ? 0
		   : ((int64_t)random_next(w) % (2 * steps + 1) - steps) *
			 STEP_US;
}

static void
run_errand(struct world *w, struct world_vantage *v, size_t target)
{
	struct errand *e = &v->errands[target];
	bool is_service = w->services.targets[target].role == ROLE_SERVICE;
	struct sighting s;

	for (size_t i = 0; i < 2; i++) {
		if (e->again_us[i] == 0 || e->again_us[i] > w->now_us)
			continue;
		e->again_us[i] = 0;
		s = measure(w, v, target, e->why);
		react(w, v, e, &s);
	}
	if (e->next_round_us > w->now_us)
		return;
	e->phase_us += w->services.list[0].dns_every_us;
	e->next_round_us = e->phase_us + jitter(w);
	s = measure(w, v, target, WHY_ROUND);
	if (!is_service)
		return;
	react(w, v, e, &s);
	if (w->now_us / STEP_US / TRACE_EVERY_S !=
	    (w->now_us - w->services.list[0].dns_every_us) / STEP_US /
		TRACE_EVERY_S)
		trace(w, v, target);
	if (w->varied_site >= 0)
		(void)measure(w, v, target, WHY_VARIED);
}

static void
upload(struct world *w, struct world_vantage *v)
{
	if (v->next_upload_us > w->now_us)
		return;
	v->next_upload_us = w->now_us + UPLOAD_EVERY_US;
	if (v->is_held || w->is_away)
		return;
	for (size_t i = 0; i < v->queue.n; i++) {
		struct input in = { .kind = INPUT_SIGHTING };

		in.sighting = v->queue.list[i];
		in.sighting.received_us = w->now_us;
		give(w, &in);
	}
	v->queue.n = 0;
	for (size_t i = 0; i < v->n_ways; i++) {
		struct input in = { .kind = INPUT_WAY };

		in.way = v->ways[i];
		in.way.received_us = w->now_us;
		give(w, &in);
	}
	v->n_ways = 0;
}

static void
step(struct world *w)
{
	int64_t since = w->now_us - WORLD_START_US;
	struct input tick = { .kind = INPUT_TICK, .tick_us = w->now_us };

	for (size_t i = 0; i < w->n_vantages; i++) {
		struct world_vantage *v = &w->vantages[i];

		for (size_t k = 0; k < w->services.n_targets; k++) {
			if (w->services.targets[k].address.family ==
			    v->vantage.family)
				run_errand(w, v, k);
		}
		upload(w, v);
	}
	for (size_t i = 0; i < 2 * WORLD_SITES_MAX; i++) {
		if (w->sites[i / 2].is_said[i % 2] &&
		    since % (30 * US_PER_S) == 0)
			say_announcement(w, i / 2, i % 2);
		if (w->sites[i / 2].is_health_said[i % 2] &&
		    since % (30 * US_PER_S) == 0)
			say_health(w, i / 2, i % 2, LEASE_US);
	}
	if (since % w->tick_us == 0 && !w->is_away)
		give(w, &tick);
}

void
world_run(struct world *w, int64_t until_us)
{
	for (; w->now_us < until_us; w->now_us += STEP_US)
		step(w);
}
