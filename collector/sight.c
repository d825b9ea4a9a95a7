/* sight.c - see sight.h. */
#include "collector/sight.h"

#include <string.h>

#include "collector/interpret.h"

/* The identity that named the site, or the one that named none, and what it is
 * to the service.  A control's own name says nothing of that. */
static void
write_meaning(struct sighting *s, const struct services *services,
    const struct target *t, const struct observation *o)
{
	const struct service *of = &services->list[t->service];
	struct interpretation meaning = { 0 };
	char text[IDENTITY_TEXT_LEN];

	if (t->role != ROLE_CONTROL)
		meaning = interpret_dns(of, o);
	if (!meaning.has_identity)
		return;
	s->has_identity = true;
	s->is_foreign =
	    s->site_id == 0 && interpret_standing(of, o) == STANDING_FOREIGN;
	identity_format(interpret_given(o, meaning.method), text);
	memcpy(s->identity, text, strnlen(text, sizeof s->identity - 1));
}

static void
write_answer(struct sighting *s, const struct dns_result *r)
{
	s->rcode = r->rcode;
	s->rtt_us = r->rtt_us;
	s->has_serial = r->has_serial;
	s->serial = r->serial;
}

static void
tell_landing(struct detect *d, const struct services *services,
    const struct observation *o, const struct sight_context *c)
{
	bool is_dns = o->kind == KIND_DNS;
	struct sighting s = {
		.observation_id = c->observation_id,
		.vantage_id = c->vantage_id,
		.target_id = c->target->id,
		.at_us = c->at_us,
		.received_us = c->received_us,
		.why = o->why,
		.outcome = o->outcome,
		.site_id = c->site_id,
		.has_identity = c->is_named,
		.is_too_fast = c->is_too_fast,
		.has_rtt = outcome_is_answer(o->outcome) &&
			   (is_dns || o->ping.rtt_median_us > 0),
		.rtt_us = is_dns ? 0 : o->ping.rtt_median_us,
	};

	if (is_dns) {
		write_answer(&s, &o->dns);
		write_meaning(&s, services, c->target, o);
	}
	detect_sighting(d, &s);
}

/* Extra replies are no link of the way. */
static uint8_t
end_of(const struct trace_result *t)
{
	for (unsigned i = t->n_hops; i-- > 0;) {
		if (!t->hops[i].is_extra)
			return t->hops[i].ttl;
	}
	return 0;
}

/* Which way a trace went.  Where a TTL has several routers, none of them is the
 * one before the target. */
static void
tell_way(struct detect *d, const struct geo *geo, const struct observation *o,
    const struct sight_context *c)
{
	struct way w = { .vantage_id = c->vantage_id,
		.target_id = c->target->id,
		.at_us = c->at_us,
		.received_us = c->received_us,
		.why = o->why,
		.is_reached = o->trace.is_reached,
		.n_ttl = end_of(&o->trace) };
	const struct hop *hop =
	    trace_penultimate(&o->trace, &c->target->address);
	struct whereabouts where = { 0 };

	if (hop != NULL) {
		w.penultimate = hop->address;
		geo_look_up(geo, &hop->address, &where);
		w.penultimate_asn = where.asn;
	}
	detect_way(d, &w);
}

void
sight_tell(struct detect *d, const struct services *services,
    const struct geo *geo, const struct observation *o,
    const struct sight_context *c)
{
	/* Whoever answers for a decoy stands in between: it lands nowhere. */
	if ((o->kind == KIND_DNS || c->is_named) &&
	    c->target->role != ROLE_DECOY)
		tell_landing(d, services, o, c);
	if (o->kind == KIND_TRACE && c->target->role == ROLE_SERVICE)
		tell_way(d, geo, o, c);
}
