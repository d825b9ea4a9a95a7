/* play.c - see play.h. */
#include "play.h"

#include <stdlib.h>
#include <string.h>

#include "collector/suspect.h"
#include "schema/base/mem.h"

static void
keep_vote(struct play *p, const struct vote *v)
{
	if (p->n_votes == p->cap_votes) {
		p->cap_votes = 2 * p->cap_votes + 64;
		p->votes = mem_grow(p->votes, p->cap_votes, sizeof *p->votes);
	}
	p->votes[p->n_votes++] = *v;
}

static void
on_effect(void *ctx, const struct effect *e)
{
	struct play *p = ctx;
	size_t id = (size_t)e->event.id;

	if (e->kind == EFFECT_VOTE)
		keep_vote(p, &e->vote);
	if (e->kind != EFFECT_EVENT)
		return;
	if (id > p->n_events) {
		p->events = mem_grow(p->events, id, sizeof *p->events);
		p->n_events = id;
	}
	p->events[id - 1] = e->event;
}

static void
on_view(void *ctx, const struct suspect_view *v)
{
	struct play *p = ctx;
	enum excuse excuse = v->is_intercepted   ? EXCUSE_INTERCEPTED
			     : suspect_counts(v) ? EXCUSE_NONE
						 : EXCUSE_PER_PACKET;

	detect_excuse(p->detect, v->vantage_id, v->target_id, excuse);
}

static void
on_signal(void *ctx, const struct suspect_signal *s)
{
	(void)ctx;
	(void)s;
}

/* The answer as suspect knows it: the flow of tracking, and who gave it. */
static void
suspect(struct play *p, const struct sighting *s, const struct target *t)
{
	struct observation o = { .at_us = s->at_us,
		.kind = KIND_DNS,
		.why = s->why,
		.outcome = s->outcome,
		.target = t->address,
		.port = t->port };

	o.dns.source_port = 33000;
	o.dns.rcode = s->rcode;
	o.dns.rtt_us = s->rtt_us;
	o.dns.is_aa = true;
	if (s->site_id != 0)
		identity_set(&o.dns.nsid, &s->site_id, sizeof s->site_id);
	suspects_see(p->suspects, s->vantage_id, t, &o, s->at_us, s->site_id);
}

static void
take_sighting(struct play *p, const struct sighting *s)
{
	const struct target *t =
	    services_target_by_id(&p->story.net.world.services, s->target_id);

	p->n_sightings++;
	if (t->role == ROLE_SERVICE)
		suspect(p, s, t);
	detect_sighting(p->detect, s);
}

static void
on_input(void *ctx, const struct input *in)
{
	struct play *p = ctx;

	rules_hear(p->rules, in);
	switch (in->kind) {
	case INPUT_SIGHTING:
		take_sighting(p, &in->sighting);
		break;
	case INPUT_TICK:
		detect_tick(p->detect, in->tick_us);
		suspects_tick(p->suspects, in->tick_us);
		break;
	case INPUT_VANTAGE:
		detect_vantage(p->detect, &in->vantage);
		break;
	case INPUT_WAY:
		detect_way(p->detect, &in->way);
		break;
	case INPUT_EXCUSE:
	case INPUT_RELEASE:
	case INPUT_HEALTH:
	case INPUT_DRAIN:
		break; /* of stories only */
	case INPUT_ANNOUNCEMENT:
		detect_announcement(p->detect, in->announcement.site_id,
		    in->announcement.family, in->announcement.is_up,
		    in->announcement.at_us, in->announcement.lease_until_us);
		break;
	}
}

/* The fleet's vantages were told before anybody listened. */
static void
begin(struct play *p)
{
	static const struct suspect_sink sink = { on_view, on_signal, NULL };
	struct world *w = &p->story.net.world;
	struct suspect_sink mine = sink;

	mine.ctx = p;
	p->detect = detect_new(&w->services, on_effect, p, 1, 1);
	p->suspects = suspects_new(&w->services, &mine);
	p->rules = rules_new(&w->services, w->n_vantages);
	for (size_t i = 0; i < w->n_vantages; i++)
		detect_vantage(p->detect, &w->vantages[i].vantage);
	w->sink = on_input;
	w->sink_ctx = p;
}

void
play_run(struct play *p, const struct scenario *s, uint64_t seed,
    const struct internet_plan *plan)
{
	*p = (struct play){ 0 };
	p->story.name = s->name;
	p->story.seed = seed;
	p->story.random = seed ^ UINT64_C(0x2545f4914f6cdd1d);
	p->story.plan = *plan;
	p->story.plan.seed = seed;
	internet_init(&p->story.net, &p->story.plan);
	begin(p);
	s->tell(&p->story);
}

void
play_fini(struct play *p)
{
	detect_free(p->detect);
	suspects_free(p->suspects);
	rules_free(p->rules);
	free(p->events);
	free(p->votes);
	internet_fini(&p->story.net);
}
