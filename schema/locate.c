/* locate.c - see locate.h. */
#include "schema/locate.h"

#include <stdlib.h>
#include <string.h>

#include "schema/base/mem.h"
#include "schema/flows.h"

#define MIN_ENDS 3  /* traces that must agree */
#define MIN_FLOWS 3 /* that must show the same step */
#define MAX_TURNS 2 /* so many changes of who answers are no begin and end */

static const char *const texts[] = {
	[LOCATE_FEW] = "unknown: too few traces yet",
	[LOCATE_MIXED] = "unknown: some packets pass it",
	[LOCATE_LENGTHS] = "unknown: paths of several lengths",
	[LOCATE_SERVER] = "unknown: the target may have answered itself",
	[LOCATE_SILENT] = "hop unknown: the one before it is silent",
	[LOCATE_UNSEEN] = "hop unknown: too few other flows show it",
	[LOCATE_WAYS] = "hop unknown: paths differ there",
	[LOCATE_SURE] = "known",
};

void
locate_fini(struct locate *l)
{
	if (l->log != NULL) {
		free(l->log->ends);
		free(l->log->steps);
	}
	free(l->log);
	*l = (struct locate){ 0 };
}

static const struct locate_log *
log_of(const struct locate *l)
{
	static const struct locate_log none;

	return l->log == NULL ? &none : l->log;
}

static struct locate_log *
need_log(struct locate *l)
{
	if (l->log == NULL)
		l->log = mem_new(sizeof *l->log);
	return l->log;
}

int64_t
locate_turned_us(const struct locate *l)
{
	return log_of(l)->turned_us;
}

void
locate_answer(struct locate *l, const struct observation *o, int64_t at_us,
    bool is_caught)
{
	if (is_caught)
		need_log(l)->caught_key =
		    flow_key(o->dns.nsid.bytes, o->dns.nsid.len);
	if (!l->has_answer) {
		l->has_answer = true;
		l->caught = is_caught ? UINT16_MAX : 0;
		return;
	}
	if ((l->caught & 1) != is_caught) {
		need_log(l)->turned_us = at_us;
		l->log->n_ends = l->log->next_end = 0;
	}
	l->caught = (uint16_t)(l->caught << 1 | is_caught);
}

/* The first reply to a packet of that TTL; NULL: none, or the TTL is balanced
 * packet by packet. */
static const struct hop *
hop_at(const struct trace_result *t, unsigned ttl)
{
	for (unsigned i = 0; i < t->n_hops; i++)
		if (t->hops[i].ttl == ttl && !t->hops[i].is_extra &&
		    t->hops[i].address.family != 0)
			return trace_is_balanced(t, i) ? NULL : &t->hops[i];
	return NULL;
}

void
locate_trace(struct locate *l, const struct observation *o, int64_t at_us)
{
	const struct trace_result *t = &o->trace;
	struct locate_end end = { .at_us = at_us,
		.key = flow_key(t->nsid.bytes, t->nsid.len) };
	const struct hop *before;
	struct locate_log *log;

	if (at_us < locate_turned_us(l))
		return; /* of who answered until then */
	for (unsigned i = 0; i < t->n_hops; i++) {
		const struct hop *h = &t->hops[i];

		if (h->address.family == 0 || h->is_extra)
			continue;
		if (h->is_target && (end.ttl == 0 || h->ttl < end.ttl))
			end.ttl = h->ttl;
		else if (!h->is_target && h->ttl > end.farthest)
			end.farthest = h->ttl;
	}
	before = end.ttl > 1 ? hop_at(t, end.ttl - 1U) : NULL;
	if (before != NULL)
		end.before = before->address;
	log = need_log(l);
	if (log->ends == NULL)
		log->ends = mem_new(LOCATE_ENDS * sizeof *log->ends);
	log->ends[log->next_end] = end;
	log->next_end = (uint8_t)((log->next_end + 1) % LOCATE_ENDS);
	if (log->n_ends < LOCATE_ENDS)
		log->n_ends++;
}

bool
locate_is_narrow(const struct observation *o)
{
	const struct trace_result *t = &o->trace;

	return o->proto == PROTO_PLAIN &&
	       (t->n_hops == 0 ||
		   t->hops[t->n_hops - 1].ttl - t->hops[0].ttl <= 1);
}

static struct locate_step *
need_step(struct locate_log *l, const struct locate_step *like)
{
	struct locate_step *s;

	for (unsigned i = 0; i < l->n_steps; i++) {
		s = &l->steps[i];
		if (s->ttl == like->ttl && addr_equal(&s->hop, &like->hop) &&
		    addr_equal(&s->before, &like->before))
			return s;
	}
	if (l->steps == NULL)
		l->steps = mem_new(LOCATE_STEPS * sizeof *l->steps);
	s = &l->steps[l->next_step];
	*s = *like;
	l->next_step = (uint8_t)((l->next_step + 1) % LOCATE_STEPS);
	if (l->n_steps < LOCATE_STEPS)
		l->n_steps++;
	return s;
}

static void
add_step(struct locate *l, const struct hop *before, const struct hop *hop,
    int64_t at_us)
{
	struct locate_step like = { .ttl = hop->ttl, .hop = hop->address };
	struct locate_step *s;

	if (before != NULL)
		like.before = before->address;
	s = need_step(need_log(l), &like);
	s->at_us = at_us;
	if (s->n < UINT8_MAX)
		s->n++;
}

void
locate_narrow(struct locate *l, const struct observation *o, int64_t at_us)
{
	const struct trace_result *t = &o->trace;
	unsigned first = t->n_hops == 0 ? 0 : t->hops[0].ttl;

	for (unsigned ttl = first; ttl > 0 && ttl <= first + 1; ttl++) {
		const struct hop *before = ttl > 1 ? hop_at(t, ttl - 1) : NULL;
		const struct hop *hop = hop_at(t, ttl);

		if (hop != NULL && (before != NULL || ttl == 1))
			add_step(l, before, hop, at_us);
	}
}

/* ---- judging ---- */

/* What all traces that count say together. */
struct agreement {
	unsigned n; /* that were answered at ttl */
	uint8_t ttl, farthest;
	bool has_other_key; /* than the caught answers */
	bool is_split;      /* several hops before it */
	struct addr before;
};

static void
agree(struct agreement *a, const struct locate_end *e, uint64_t key)
{
	a->n++;
	a->has_other_key |= e->key != key;
	if (e->before.family == 0)
		return;
	a->is_split |=
	    a->before.family != 0 && !addr_equal(&a->before, &e->before);
	a->before = e->before;
}

static struct agreement
gather(const struct locate_log *l, int64_t since_us)
{
	struct agreement a = { 0 };

	for (unsigned i = 0; i < l->n_ends; i++) {
		const struct locate_end *e = &l->ends[i];

		if (e->at_us < since_us)
			continue;
		if (e->farthest > a.farthest)
			a.farthest = e->farthest;
		if (e->ttl != 0 && (a.ttl == 0 || e->ttl < a.ttl))
			a.ttl = e->ttl;
	}
	for (unsigned i = 0; i < l->n_ends; i++)
		if (l->ends[i].at_us >= since_us && a.ttl != 0 &&
		    l->ends[i].ttl == a.ttl)
			agree(&a, &l->ends[i], l->caught_key);
	return a;
}

static bool
is_mixed(const struct locate *l)
{
	unsigned n_turns = 0;

	for (unsigned i = 0; i < 15; i++)
		n_turns += (l->caught >> i & 1) != (l->caught >> (i + 1) & 1);
	return n_turns >= MAX_TURNS;
}

/* Who follows the hop before the answer, by other flows. */
struct votes {
	unsigned n;     /* that passed that hop */
	unsigned n_all; /* and those with another before, at the same TTL */
	bool is_split, is_split_all, is_target;
	struct addr hop;
};

struct bench { /* what they are counted by */
	const struct agreement *agreement;
	const struct addr *target;
	struct votes votes, others;
};

static void
vote(struct bench *b, const struct locate_step *s)
{
	const struct agreement *a = b->agreement;
	bool is_after = a->ttl == 1
			    ? s->ttl == 1
			    : s->ttl > 1 && addr_equal(&s->before, &a->before);
	struct votes *v = is_after ? &b->votes : &b->others;

	if (!is_after && s->ttl != a->ttl)
		return;
	v->is_split |= v->n > 0 && !addr_equal(&v->hop, &s->hop);
	v->is_target |= addr_equal(&s->hop, b->target);
	v->hop = s->hop;
	v->n += s->n;
}

static struct votes
count_votes(const struct locate_log *l, const struct agreement *a,
    const struct addr *target, const struct locate_way *way, int64_t since_us)
{
	struct bench b = { .agreement = a, .target = target };
	const struct votes *o = &b.others;

	for (unsigned i = 0; i < l->n_steps; i++)
		if (l->steps[i].at_us >= since_us)
			vote(&b, &l->steps[i]);
	for (uint8_t ttl = 1; way != NULL && ttl <= way->n; ttl++) {
		const struct locate_step s = { .n = 1,
			.ttl = ttl,
			.before = way->hops[ttl - 1],
			.hop = way->hops[ttl] };

		if (s.hop.family != 0)
			vote(&b, &s);
	}
	b.votes.is_split_all =
	    o->is_split || (o->n > 0 && !addr_equal(&o->hop, &b.votes.hop));
	b.votes.n_all = b.votes.n + o->n;
	return b.votes;
}

static enum locate_doubt
doubt_of_hop(const struct agreement *a, const struct votes *v)
{
	if (a->is_split)
		return LOCATE_WAYS;
	if (a->ttl > 1 && a->before.family == 0)
		return LOCATE_SILENT;
	if (v->is_split)
		return LOCATE_WAYS;
	if (v->n == 0 || v->is_target)
		return LOCATE_UNSEEN;
	if (v->n >= MIN_FLOWS || (v->n_all >= MIN_FLOWS && !v->is_split_all))
		return LOCATE_SURE;
	return LOCATE_UNSEEN;
}

static enum locate_doubt
doubt_of_ttl(const struct locate *l, const struct agreement *a)
{
	if (is_mixed(l))
		return LOCATE_MIXED;
	if (a->ttl != 0 && a->farthest >= a->ttl)
		return LOCATE_LENGTHS;
	if (a->n < MIN_ENDS)
		return LOCATE_FEW;
	/* The last answer was the target's own, or nothing tells whose. */
	return (l->caught & 1) && a->has_other_key ? LOCATE_SERVER
						   : LOCATE_SURE;
}

struct located
locate_judge(const struct locate *l, const struct addr *target,
    const struct locate_way *way, int64_t since_us)
{
	struct agreement a = gather(log_of(l), since_us);
	struct located out = { .doubt = doubt_of_ttl(l, &a) };
	struct votes v;

	if (out.doubt != LOCATE_SURE)
		return out;
	v = count_votes(log_of(l), &a, target, way, since_us);
	out.doubt = doubt_of_hop(&a, &v);
	/* Answers without a sign of their own: only a router that is seen there
	 * tells that it is not the target. */
	if (!(l->caught & 1) && out.doubt != LOCATE_SURE) {
		out.doubt = LOCATE_SERVER;
		return out;
	}
	out.ttl = a.ttl;
	if (out.doubt == LOCATE_SURE)
		out.hop = v.hop;
	return out;
}

struct located
locate_keep(const struct located *old, const struct located *found)
{
	struct located out = *found;

	if (found->doubt == LOCATE_FEW && old->ttl != 0)
		return *old;
	if ((found->doubt == LOCATE_SILENT || found->doubt == LOCATE_UNSEEN) &&
	    found->ttl == old->ttl && old->hop.family != 0)
		return *old;
	return out;
}

const char *
locate_text(enum locate_doubt d)
{
	return d <= LOCATE_SURE ? texts[d] : "?";
}

enum rc
locate_from_text(enum locate_doubt *out, const char *text)
{
	for (unsigned d = 0; d <= LOCATE_SURE; d++) {
		if (strcmp(text, texts[d]) != 0)
			continue;
		*out = (enum locate_doubt)d;
		return RC_OK;
	}
	return RC_MALFORMED;
}
