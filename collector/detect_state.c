#include "collector/detect_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

size_t
detect_service_of(const struct detect *d, const struct event *e)
{
	size_t i = 0;

	while (
	    i + 1 < d->services->n && d->services->list[i].id != e->service_id)
		i++;
	return i;
}

const char *
detect_site_name(const struct detect *d, int64_t site_id)
{
	const struct site *s = services_site_by_id(d->services, site_id, NULL);

	return s == NULL ? "" : s->name;
}

void
detect_emit_landing(struct detect *d, const struct landing *l)
{
	struct effect e = { .kind = EFFECT_LANDING, .landing = *l };

	d->emit(d->ctx, &e);
}

void
detect_emit_move(struct detect *d, const struct move *m)
{
	struct effect e = { .kind = EFFECT_MOVE, .move = *m };

	d->emit(d->ctx, &e);
}

void
detect_emit_track(struct detect *d, const struct track *t)
{
	struct effect e = { .kind = EFFECT_TRACK };

	e.track.vantage_id = t->vantage_id;
	e.track.target_id = t->target->id;
	track_encode(t, &e.track);
	roll_touch(d->roll, t);
	d->emit(d->ctx, &e);
}

static void
emit_vote_at(struct detect *d, struct open_event *o, size_t i)
{
	struct effect e = { .kind = EFFECT_VOTE, .vote = o->votes[i] };

	events_tell_vote(o, i);
	d->emit(d->ctx, &e);
}

void
detect_emit_votes(struct detect *d, struct open_event *o)
{
	for (size_t i = 0; o->n_untold > 0 && i < o->n_votes; i++)
		if (o->is_untold[i])
			emit_vote_at(d, o, i);
}

void
detect_emit_vote(struct detect *d, struct open_event *o, const struct vote *v)
{
	emit_vote_at(d, o, events_place_of(o, v));
}

void
detect_sum_votes(struct detect *d, struct open_event *o)
{
	struct event *e = &o->event;
	uint8_t families = 0;

	if (o->n_votes == 0)
		return;
	e->n_vantages = e->n_asns = 0;
	fleet_count_begin(&d->fleet);
	d->n_summed += o->n_votes;
	for (size_t i = 0; i < o->n_votes; i++) {
		const struct vote *v = &o->votes[i];
		const struct member *m = fleet_member(&d->fleet, v->vantage_id);

		if (v->at_us < e->since_us)
			e->since_us = v->at_us;
		if (m == NULL || v->ended_us == v->at_us)
			continue;
		families |= m->vantage.family == 4 ? 1 : 2;
		e->n_vantages += fleet_count_vantage(&d->fleet, m);
		e->n_asns += fleet_count_as(&d->fleet, m);
	}
	e->family = families == 1 ? 4 : families == 2 ? 6 : 0;
}

static void
write_gates(struct event *e, json_t *gates)
{
	size_t n = json_dumpb(gates, e->gates, sizeof e->gates - 1,
	    JSON_COMPACT | JSON_REAL_PRECISION(4));

	/* Gates are of bounded length; larger ones would be a bug of ours. */
	if (n >= sizeof e->gates)
		n = 0;
	e->gates[n] = '\0';
	if (n == 0)
		memcpy(e->gates, "{}", sizeof "{}");
	json_decref(gates);
}

static void
emit_notice(struct detect *d, const struct open_event *o)
{
	struct effect out = { .kind = EFFECT_NOTICE };

	out.notice.event = o->event;
	out.notice.is_resolve = o->event.resolved_us != 0;
	d->emit(d->ctx, &out);
}

/* What was planned alarms nobody: its failure to happen does.
 *
 * A channel may ask for a severity that the event only grows into: the
 * opening is told anew with every rise, and the store tells each channel
 * once. */
static void
tell(struct detect *d, struct open_event *o)
{
	bool is_worse = !o->is_told || o->event.severity > o->told;

	if (o->event.parent_id != 0 || o->event.is_planned || !is_worse)
		return;
	o->is_told = true;
	o->told = o->event.severity;
	emit_notice(d, o);
}

void
detect_emit_event(struct detect *d, struct open_event *o, json_t *gates)
{
	struct effect out = { .kind = EFFECT_EVENT };

	write_gates(&o->event, gates);
	out.event = o->event;
	d->emit(d->ctx, &out);
	if (o->event.resolved_us == 0)
		tell(d, o);
}

void
detect_resolve(struct detect *d, struct open_event *o, const char *resolution,
    json_t *gates)
{
	struct event *e = &o->event;

	e->resolved_us = e->updated_us = d->now_us;
	snprintf(e->resolution, sizeof e->resolution, "%s", resolution);
	detect_emit_event(d, o, gates);
	if (o->is_told || !e->is_planned)
		emit_notice(d, o);
	events_close(&d->events, o);
}
