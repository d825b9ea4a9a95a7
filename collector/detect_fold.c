/* The fold of detect.h: hands each input to the parts, in a fixed order. */
#include "collector/detect.h"

#include <stdlib.h>
#include <string.h>

#include "collector/detect_blackhole.h"
#include "collector/detect_drain.h"
#include "collector/detect_mismatch.h"
#include "collector/detect_part.h"
#include "collector/detect_shift.h"
#include "collector/detect_state.h"
#include "collector/detect_trust.h"
#include "collector/heard.h"
#include "schema/base/clock.h"
#include "schema/base/mem.h"

#define BEAT_US US_PER_S
#define SOFT_BEATS 60 /* each vantage's turn comes once in as many */
#define CONTROL_AFTER_US \
	(10 * US_PER_S) /* a control is asked so soon after a failure */

struct detect *
detect_new(const struct services *services, detect_emit *emit, void *ctx,
    int64_t next_event_id, int64_t next_landing_id)
{
	struct detect *d = mem_new(sizeof *d);

	d->own = *services;
	d->own.list = mem_new((services->n + 1) * sizeof *d->own.list);
	memcpy(d->own.list, services->list, services->n * sizeof *d->own.list);
	d->services = &d->own;
	d->emit = emit;
	d->ctx = ctx;
	d->next_landing_id = next_landing_id;
	d->events.next_id = next_event_id;
	fleet_init(&d->fleet, d->services);
	d->roll = roll_new(&d->fleet);
	announced_init(&d->announced, d->services);
	announced_init(&d->healthy, d->services);
	mismatch_init(d);
	d->memories = mem_new(detect_n_parts * sizeof *d->memories);
	for (size_t i = 0; i < detect_n_parts; i++) {
		if (detect_parts[i]->init != NULL)
			d->memories[i] = detect_parts[i]->init(d);
	}
	return d;
}

void
detect_free(struct detect *d)
{
	if (d == NULL)
		return;
	for (size_t i = 0; i < detect_n_parts; i++) {
		if (detect_parts[i]->fini != NULL)
			detect_parts[i]->fini(d->memories[i]);
	}
	free(d->memories);
	roll_free(d->roll);
	crowds_fini(&d->crowds);
	fleet_fini(&d->fleet);
	events_fini(&d->events);
	announced_fini(&d->announced);
	announced_fini(&d->healthy);
	drains_fini(&d->drains);
	free(d->watches);
	free(d->own.list);
	free(d);
}

static bool
is_same_vantage(const struct vantage *a, const struct vantage *b)
{
	return a->family == b->family && a->asn == b->asn &&
	       a->probe == b->probe && a->prefix == b->prefix &&
	       a->is_trusted == b->is_trusted && position_equal(&a->at, &b->at);
}

void
detect_listen(struct detect *d, detect_heard *heard, void *ctx)
{
	d->heard = heard;
	d->heard_ctx = ctx;
}

/* What is news to the detector goes to who listens, before it is believed. */
static void
pass_on(struct detect *d, struct heard *h)
{
	h->passed_us = d->beat_us;
	if (d->heard != NULL)
		d->heard(d->heard_ctx, h);
}

void
detect_vantage(struct detect *d, const struct vantage *v)
{
	const struct member *m = fleet_member(&d->fleet, v->id);
	struct heard h = { .kind = HEARD_VANTAGE, .vantage = *v };

	if (m != NULL && is_same_vantage(&m->vantage, v))
		return;
	pass_on(d, &h);
	fleet_put_vantage(&d->fleet, v);
	roll_touch_member(d->roll, fleet_member(&d->fleet, v->id));
}

void
detect_excuse(
    struct detect *d, int64_t vantage_id, int64_t target_id, enum excuse excuse)
{
	struct track *t = fleet_track(&d->fleet, vantage_id, target_id);

	struct heard h = { .kind = HEARD_EXCUSE,
		.excuse = { vantage_id, target_id, excuse } };

	if (t == NULL || t->excuse == excuse)
		return;
	pass_on(d, &h);
	t->excuse = excuse;
	roll_touch(d->roll, t);
}

/* What one step of a landing says. */
static void
apply(struct detect *d, struct track *t, const struct landing_out *out)
{
	roll_touch(d->roll, t);
	for (size_t i = 0; i < out->n; i++)
		detect_emit_landing(d, &out->intervals[i]);
	d->next_landing_id = out->next_id;
	if (out->has_move) {
		track_own_rare(t)->came_from = out->move.from_site_id;
		detect_emit_move(d, &out->move);
		shift_move(d, t, &out->move);
		for (size_t i = 0; i < detect_n_parts; i++) {
			if (detect_parts[i]->move != NULL)
				detect_parts[i]->move(d, t, &out->move);
		}
	}
	if (out->is_hard)
		detect_emit_track(d, t);
	if (out->is_other && t->target->role == ROLE_SERVICE)
		blackhole_count(d, t->target->service);
}

/* A failure: is it silence, and is the vantage's own network beyond doubt? */
static void
judge_failure(struct track *t, struct landing_out *out)
{
	if (t->is_dark) {
		if (fleet_control_answered(
			t, t->seen_us - t->rules->fresh_us, NULL))
			landing_still_dark(t);
	} else if (landing_is_silent(t) &&
		   fleet_control_answered(t, t->failures.since_us, NULL))
		landing_darken(t, out);
}

/* Does a stranger answer the vantage?  Then what its sites' own addresses say,
 * and when, is evidence. */
static bool
is_evidence(const struct track *t)
{
	for (const struct track *o = t->member->tracks; o != NULL; o = o->next)
		if (witness_odd(&o->witness)->stranger.n > 0)
			return true;
	return false;
}

/* What an answer says besides where it lands, unless it is old news. */
static void
witness(struct track *t, const struct sighting *s)
{
	int64_t at = s->at_us < s->received_us ? s->at_us : s->received_us;

	if (!outcome_is_answer(s->outcome) || s->why == WHY_VARIED ||
	    s->why == WHY_CONTROL || at < t->seen_us ||
	    s->received_us - at > t->rules->late_us)
		return;
	if (t->target->role == ROLE_CONTROL)
		return;
	if (t->rules->round_us != 0)
		return; /* rounds differ on purpose: nobody flaps by them */
	t->is_hard |= witness_see(&t->witness, s, at, t->rules->dns_every_us);
	t->is_hard |= t->target->role == ROLE_UNICAST && is_evidence(t);
}

/* What landing has not had written already. */
static void
emit_hard(struct detect *d, struct track *t)
{
	if (t->is_hard)
		detect_emit_track(d, t);
	t->is_hard = false;
}

static void
see_service(struct detect *d, struct track *t, const struct sighting *s)
{
	struct landing_out out;

	landing_out_init(&out, d->next_landing_id);
	if (landing_see(t, s, &out) == HEALTH_BAD)
		judge_failure(t, &out);
	apply(d, t, &out);
	if (t->is_late) {
		emit_hard(d, t);
		return;
	}
	for (size_t i = 0; i < detect_n_parts; i++) {
		if (detect_parts[i]->see != NULL)
			detect_parts[i]->see(d, t, s);
	}
	emit_hard(d, t);
}

/* A control answered: what is silent beside it is dark, if the answer is of the
 * time of the silence; a later one only says that the network works now, and
 * the next failure will tell.  But when the control
 * itself was silent and no other answered meanwhile, it was the vantage's own
 * network that was away and came back: that is evidence of nothing. */
static void
judge_silence(
    struct detect *d, struct track *t, const struct track *c, bool was_failing)
{
	int64_t since_us = t->failures.since_us;
	struct landing_out out;

	if (t->target->role != ROLE_SERVICE || t->failures.n == 0 ||
	    t->is_dark || c->ok_us < since_us || !fleet_is_control_of(c, t))
		return;
	landing_out_init(&out, d->next_landing_id);
	if (was_failing && !fleet_control_answered(t, since_us, c))
		landing_forgive(t, &out);
	else if (c->ok_us <= t->failures.last_us + CONTROL_AFTER_US &&
		 landing_is_silent(t))
		landing_darken(t, &out);
	apply(d, t, &out);
}

static void
see_control(struct detect *d, struct track *c, const struct sighting *s)
{
	bool was_failing = c->failures.n > 0;
	struct landing_out out;
	enum health health;

	landing_out_init(&out, d->next_landing_id);
	health = landing_see_reach(c, s, &out);
	apply(d, c, &out);
	emit_hard(d, c);
	if (health != HEALTH_GOOD)
		return;
	for (struct track *t = c->member->tracks; t != NULL; t = t->next)
		judge_silence(d, t, c, was_failing);
}

static void
emit_open(struct detect *d, const struct track *t)
{
	struct landing l = track_landing(t);

	if (l.id != 0)
		detect_emit_landing(d, &l);
}

/* Of every so many vantages one, beginning with a given one. */
static void
emit_soft(struct detect *d, size_t first, size_t every)
{
	for (size_t i = first; i < d->fleet.n_members; i += every) {
		for (struct track *t = d->fleet.members[i]->tracks; t != NULL;
		     t = t->next) {
			if (!t->is_soft)
				continue;
			t->is_soft = false;
			emit_open(d, t);
			detect_emit_track(d, t);
		}
	}
}

static void
age_track(struct detect *d, struct track *t)
{
	struct landing_out out;

	shift_age(d, t);
	landing_out_init(&out, d->next_landing_id);
	landing_expire(t, d->now_us, &out);
	apply(d, t, &out);
}

static void
age_tracks(struct detect *d)
{
	for (size_t i = 0; i < d->services->n; i++) {
		struct roll_walk w =
		    roll_walk(d->roll, i, ROLL_EXPIRED | ROLL_MOVED, d->now_us);
		struct track *t;

		while ((t = roll_next(&w)) != NULL)
			age_track(d, t);
	}
}

static void
beat(struct detect *d)
{
	if (d->beat_us > d->now_us)
		d->now_us = d->beat_us;
	age_tracks(d);
	emit_soft(d, (size_t)(d->beat_us / BEAT_US) % SOFT_BEATS, SOFT_BEATS);
	for (size_t i = 0; i < detect_n_parts; i++) {
		if (detect_parts[i]->tick != NULL)
			detect_parts[i]->tick(d);
	}
}

static void
pass_time(struct detect *d, int64_t until_us)
{
	if (d->beat_us == 0)
		detect_begin(d, until_us - BEAT_US);
	while (until_us - d->beat_us >= BEAT_US) {
		d->beat_us += BEAT_US;
		beat(d);
	}
}

void
detect_sighting(struct detect *d, const struct sighting *s)
{
	struct track *t = fleet_track(&d->fleet, s->vantage_id, s->target_id);

	pass_time(d, s->received_us);
	if (s->received_us > d->now_us)
		d->now_us = s->received_us;
	if (t == NULL)
		return;
	d->heard_us = d->now_us;
	fleet_hear(&d->fleet, t, d->now_us);
	t->is_soft = true;
	witness(t, s);
	if (t->target->role == ROLE_SERVICE)
		see_service(d, t, s);
	else
		see_control(d, t, s);
	roll_touch(d->roll, t);
}

void
detect_way(struct detect *d, const struct way *w)
{
	struct track *t = fleet_track(&d->fleet, w->vantage_id, w->target_id);

	pass_time(d, w->received_us);
	if (w->received_us > d->now_us)
		d->now_us = w->received_us;
	if (t == NULL || t->target->role != ROLE_SERVICE)
		return;
	t->is_hard |= witness_way(&t->witness, w);
	for (size_t i = 0; i < detect_n_parts; i++) {
		if (detect_parts[i]->way != NULL)
			detect_parts[i]->way(d, t, w);
	}
	emit_hard(d, t);
	roll_touch(d->roll, t);
}

/* The same of a site again is no news, and is not passed on. */
static bool
is_word(struct detect *d, const struct announced *of, struct heard *h)
{
	if (!announced_is_news(of, h->announcement.site_id,
		h->announcement.family, h->announcement.is_up,
		h->announcement.at_us, h->announcement.lease_until_us))
		return false;
	pass_on(d, h);
	return true;
}

void
detect_announcement(struct detect *d, int64_t site_id, uint8_t family,
    bool is_up, int64_t at_us, int64_t lease_until_us)
{
	struct heard h = { .kind = HEARD_ANNOUNCEMENT,
		.announcement = {
		    site_id, family, is_up, at_us, lease_until_us } };

	if (is_word(d, &d->announced, &h) &&
	    announced_hear(
		&d->announced, site_id, family, is_up, at_us, lease_until_us))
		d->is_reannounced = true;
}

static bool
is_same_times(const struct times *a, const struct times *b)
{
	return a->dns_every_us == b->dns_every_us &&
	       a->shift_settles_us == b->shift_settles_us &&
	       a->round_us == b->round_us &&
	       a->round_before_us == b->round_before_us &&
	       a->n_agree == b->n_agree;
}

void
detect_retime(struct detect *d, const struct times *t)
{
	struct heard h = { .kind = HEARD_TIMES, .times = *t };
	struct service *s = NULL;
	struct times old;

	for (size_t i = 0; i < d->own.n; i++)
		if (d->own.list[i].id == t->service_id)
			s = &d->own.list[i];
	if (s == NULL)
		return;
	old = times_of_service(s);
	if (is_same_times(&old, t))
		return;
	pass_on(d, &h);
	s->dns_every_us = t->dns_every_us;
	s->shift_settles_us = t->shift_settles_us;
	s->round_us = t->round_us;
	s->round_before_us = t->round_before_us;
	s->n_agree = t->n_agree;
	fleet_retime(&d->fleet);
	roll_touch_all(d->roll);
}

void
detect_health(struct detect *d, int64_t site_id, uint8_t family,
    bool is_healthy, int64_t at_us, int64_t lease_until_us)
{
	struct heard h = { .kind = HEARD_HEALTH,
		.announcement = {
		    site_id, family, is_healthy, at_us, lease_until_us } };

	if (is_word(d, &d->healthy, &h))
		(void)announced_hear(&d->healthy, site_id, family, is_healthy,
		    at_us, lease_until_us);
}

void
detect_drain(struct detect *d, const struct drain *x)
{
	struct heard h = { .kind = HEARD_DRAIN, .drain = *x };

	if (!drains_is_news(&d->drains, x))
		return;
	pass_on(d, &h);
	drains_hear(&d->drains, x);
}

void
detect_release(struct detect *d, int64_t vantage_id, int64_t at_us)
{
	struct heard h = { .kind = HEARD_RELEASE,
		.release = { vantage_id, at_us } };

	if (!trust_is_withheld(d, vantage_id, at_us))
		return;
	pass_on(d, &h);
	trust_release(d, vantage_id, at_us);
}

void
detect_tick(struct detect *d, int64_t now_us)
{
	pass_time(d, now_us);
}

int64_t
detect_passed_us(const struct detect *d)
{
	return d->beat_us;
}

void
detect_begin(struct detect *d, int64_t now_us)
{
	d->beat_us = now_us - now_us % BEAT_US;
}

void
detect_flush(struct detect *d, int64_t now_us)
{
	if (now_us > d->now_us)
		d->now_us = now_us;
	emit_soft(d, 0, 1);
}

/* Restoring. */

/* Bytes of another version: what the journal itself says. */
static void
restore_from_journal(struct track *t)
{
	const struct interval *l = &t->open;

	t->place = l->state == LANDING_UNKNOWN ? PLACE_UNKNOWN : l->site_id;
	t->home = l->site_id;
	t->home_since_us = l->since_us;
	t->seen_us = l->last_us;
	t->is_dark = l->state == LANDING_DARK;
}

enum rc
detect_restore_track(
    struct detect *d, const struct track_bytes *b, const struct landing *open)
{
	struct track *t = fleet_track(&d->fleet, b->vantage_id, b->target_id);
	enum rc rc;

	if (t == NULL)
		return RC_NOTFOUND;
	if (open != NULL)
		track_set_landing(t, open);
	rc = track_decode(t, b);
	fleet_hear(&d->fleet, t, t->heard_us);
	if (t->heard_us > d->heard_us)
		d->heard_us = t->heard_us;
	if (rc != RC_OK && open != NULL)
		restore_from_journal(t);
	roll_touch(d->roll, t);
	return rc;
}

void
detect_restore_event(struct detect *d, const struct event *e)
{
	struct open_event *o;

	if (e->resolved_us != 0)
		return;
	o = events_restore(&d->events, e);
	o->is_told = !e->is_planned;
	o->told = e->severity;
	for (size_t i = 0; i < detect_n_parts; i++) {
		if (detect_parts[i]->restore_event != NULL)
			detect_parts[i]->restore_event(d, o);
	}
}

void
detect_restore_vote(struct detect *d, const struct vote *v)
{
	struct open_event *o = events_by_id(&d->events, v->event_id);

	if (o == NULL)
		return;
	events_vote(o, v);
	events_tell_vote(o, events_place_of(o, v));
	for (size_t i = 0; i < detect_n_parts; i++) {
		if (detect_parts[i]->restore_vote != NULL)
			detect_parts[i]->restore_vote(d, o, v);
	}
}

void
detect_restore_site_state(struct detect *d, const struct site_state *s)
{
	mismatch_restore(d, s);
}

void
detect_restore_memo(struct detect *d, const struct memo *m)
{
	for (size_t i = 0; i < detect_n_parts; i++) {
		const struct detect_part *part = detect_parts[i];
		size_t len = strlen(part->name);

		if (part->restore_memo != NULL &&
		    strncmp(m->key, part->name, len) == 0 && m->key[len] == '/')
			part->restore_memo(d, m);
	}
}
