#include "collector/interpret.h"

static const struct interpretation nothing;

struct interpretation
interpret_identity(const struct service *s, const struct identity *id)
{
	struct interpretation out = nothing;
	struct identity_match match;

	if (!id->is_present || id->len == 0)
		return out;
	out.has_identity = true;
	for (size_t i = 0; i < s->n_templates; i++) {
		if (identity_template_match(&match, &s->templates[i], id,
			s->site_names, s->n_sites) != RC_OK)
			continue;
		out.site_id = s->sites[match.site_index].id;
		return out;
	}
	return out;
}

struct interpretation
interpret_dns(const struct service *s, const struct observation *o)
{
	struct interpretation nsid = nothing, txt = nothing;

	if (o->kind != KIND_DNS)
		return nothing;
	if (outcome_is_answer(o->outcome))
		nsid = interpret_identity(s, &o->dns.nsid);
	if (nsid.site_id != 0)
		return nsid;
	/* A CHAOS answer beside a failed question says nothing of where the
	 * question itself would have gone: it is not used. */
	if (outcome_is_answer(o->outcome) && o->dns.chaos.is_asked &&
	    outcome_is_answer(o->dns.chaos.outcome))
		txt = interpret_identity(s, &o->dns.chaos.txt);
	return txt.site_id != 0 || !nsid.has_identity ? txt : nsid;
}

static enum standing
standing_of(const struct service *s, const struct identity *id)
{
	struct identity_match match;

	if (!id->is_present || id->len == 0)
		return STANDING_NONE;
	if (s->n_templates == 0)
		return STANDING_UNJUDGED;
	for (size_t i = 0; i < s->n_templates; i++) {
		if (identity_template_match(
			&match, &s->templates[i], id, NULL, 0) == RC_OK)
			return STANDING_KNOWN;
	}
	return STANDING_FOREIGN;
}

enum standing
interpret_standing(const struct service *s, const struct observation *o)
{
	enum standing nsid, txt = STANDING_NONE;

	if (o->kind == KIND_TRACE)
		return standing_of(s, &o->trace.nsid);
	if (o->kind != KIND_DNS || !outcome_is_answer(o->outcome))
		return STANDING_NONE;
	nsid = standing_of(s, &o->dns.nsid);
	if (o->dns.chaos.is_asked && outcome_is_answer(o->dns.chaos.outcome))
		txt = standing_of(s, &o->dns.chaos.txt);
	return nsid == STANDING_NONE || txt == STANDING_KNOWN ? txt : nsid;
}
