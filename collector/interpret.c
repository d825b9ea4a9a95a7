/* interpret.c - see interpret.h. */
#include "collector/interpret.h"

#include <string.h>

#include "schema/base/mem.h"
#include "schema/flows.h"

static const struct interpretation nothing;
static const struct identity absent;

static const enum identity_method usual_methods[] = { METHOD_NSID,
	METHOD_CHAOS };
#define N_USUAL (sizeof usual_methods / sizeof usual_methods[0])

/* Matches by template i of s. */
static enum rc
match_template(const struct service *s, size_t i, const struct identity *id,
    struct identity_match *match, size_t *site)
{
	const struct identity_template *t = &s->templates[i];
	const struct identity_rule *rule;
	enum rc rc;

	if (s->rules == NULL) {
		rc = identity_template_match(
		    match, t, id, s->site_names, s->n_sites);
		*site = match->name_index;
		return rc;
	}
	rule = &s->rules[i];
	rc = identity_template_match(
	    match, t, id, (const char *const *)rule->names, rule->n);
	if (rc == RC_OK && !match->is_opaque)
		*site = rule->sites[match->name_index];
	return rc;
}

static bool
is_for(const struct service *s, size_t i, enum identity_method method)
{
	return s->rules == NULL ||
	       (s->rules[i].methods & 1u << (unsigned)method) != 0;
}

const struct site *
interpret_site(const struct service *s, const struct identity *id,
    enum identity_method method, struct identity_match *match)
{
	struct identity_match unused;
	size_t site = 0;

	if (match == NULL)
		match = &unused;
	*match = (struct identity_match){ 0 };
	for (size_t i = 0; i < s->n_templates; i++)
		if (is_for(s, i, method) &&
		    match_template(s, i, id, match, &site) == RC_OK)
			return match->is_opaque ? NULL : &s->sites[site];
	return NULL;
}

/* A further question's answer beside a failed one says nothing of where the
 * first would have gone: it is not used. */
const struct identity *
interpret_given(const struct observation *o, enum identity_method method)
{
	const struct chaos *c = &o->dns.chaos;

	if (o->kind != KIND_DNS || !outcome_is_answer(o->outcome))
		return &absent;
	if (method == METHOD_NSID)
		return &o->dns.nsid;
	if (!c->is_asked || !outcome_is_answer(c->outcome) ||
	    (method == METHOD_TXT) != (c->name == CHAOS_GIVEN))
		return &absent;
	return &c->txt;
}

/* All that an identity is to a service. */
struct judgement {
	const struct site *site;
	bool is_opaque;
	enum standing standing;
};

static bool
has_form(const struct service *s, const struct identity *id,
    enum identity_method method)
{
	struct identity_match match;

	for (size_t i = 0; i < s->n_templates; i++) {
		const struct identity_template *t = &s->templates[i];

		if (is_for(s, i, method) && identity_template_is_form(t) &&
		    identity_template_match(&match, t, id, NULL, 0) == RC_OK)
			return true;
	}
	return false;
}

static struct judgement
judge_anew(const struct service *s, const struct identity *id,
    enum identity_method method)
{
	struct identity_match match;
	struct judgement out = { .standing = STANDING_FOREIGN };

	out.site = interpret_site(s, id, method, &match);
	out.is_opaque = match.is_opaque;
	if (s->n_templates == 0)
		out.standing = STANDING_UNJUDGED;
	else if (out.site != NULL || out.is_opaque || has_form(s, id, method))
		out.standing = STANDING_KNOWN;
	return out;
}

/* Places by hash: who comes later takes the place over. */
#define MEMO_PLACES 256
#define MEMO_BYTES 64 /* longer identities are not kept */

struct interpret_memo {
	struct memo_place {
		bool is_used;
		enum identity_method method;
		uint8_t len;
		uint8_t bytes[MEMO_BYTES];
		struct judgement judgement;
	} places[MEMO_PLACES];
	size_t last; /* each answer is asked for several times */
};

struct interpret_memo *
interpret_memo_new(void)
{
	return mem_new(sizeof(struct interpret_memo));
}

static bool
is_for_same(const struct memo_place *p, const struct identity *id,
    enum identity_method method)
{
	return p->is_used && p->method == method && p->len == id->len &&
	       memcmp(p->bytes, id->bytes, id->len) == 0;
}

static struct judgement
judge(const struct service *s, const struct identity *id,
    enum identity_method method)
{
	struct memo_place *p;

	if (s->memo == NULL || id->is_cut || id->len > MEMO_BYTES)
		return judge_anew(s, id, method);
	p = &s->memo->places[s->memo->last];
	if (is_for_same(p, id, method))
		return p->judgement;
	s->memo->last = (flow_key(id->bytes, id->len) + method) % MEMO_PLACES;
	p = &s->memo->places[s->memo->last];
	if (is_for_same(p, id, method))
		return p->judgement;
	p->is_used = true;
	p->method = method;
	p->len = id->len;
	memcpy(p->bytes, id->bytes, id->len);
	p->judgement = judge_anew(s, id, method);
	return p->judgement;
}

static struct interpretation
interpret_as(const struct service *s, const struct identity *id,
    enum identity_method method)
{
	struct interpretation out = { .method = method };
	struct judgement j;

	if (!id->is_present || id->len == 0)
		return nothing;
	j = judge(s, id, method);
	if (j.is_opaque)
		return nothing;
	out.has_identity = true;
	out.site_id = j.site != NULL ? j.site->id : 0;
	return out;
}

struct interpretation
interpret_by(const struct service *s, const struct observation *o,
    enum identity_method method)
{
	return interpret_as(s, interpret_given(o, method), method);
}

struct interpretation
interpret_identity(const struct service *s, const struct identity *id)
{
	return interpret_as(s, id, METHOD_NSID);
}

struct interpretation
interpret_dns(const struct service *s, const struct observation *o)
{
	const enum identity_method *methods =
	    s->n_methods > 0 ? s->methods : usual_methods;
	size_t n = s->n_methods > 0 ? s->n_methods : N_USUAL;

	for (size_t i = 0; i < n; i++) {
		struct interpretation out = interpret_by(s, o, methods[i]);

		if (out.has_identity)
			return out;
	}
	return nothing;
}

static enum standing
standing_of(const struct service *s, const struct identity *id,
    enum identity_method method)
{
	if (!id->is_present || id->len == 0)
		return STANDING_NONE;
	return judge(s, id, method).standing;
}

enum standing
interpret_standing(const struct service *s, const struct observation *o)
{
	enum standing nsid, txt = STANDING_NONE;

	if (o->kind == KIND_TRACE)
		return standing_of(s, &o->trace.nsid, METHOD_NSID);
	if (o->kind != KIND_DNS || !outcome_is_answer(o->outcome))
		return STANDING_NONE;
	nsid = standing_of(s, &o->dns.nsid, METHOD_NSID);
	for (unsigned m = METHOD_CHAOS; m < N_METHODS; m++) {
		enum standing by =
		    standing_of(s, interpret_given(o, (enum identity_method)m),
			(enum identity_method)m);

		if (by != STANDING_NONE)
			txt = by;
	}
	return nsid == STANDING_NONE || txt == STANDING_KNOWN ? txt : nsid;
}
