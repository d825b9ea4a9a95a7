/* suspect.c - see suspect.h. */
#include "collector/suspect.h"

#include <stdlib.h>
#include <string.h>

#include "collector/interpret.h"
#include "collector/map.h"
#include "schema/base/clock.h"
#include "schema/base/mem.h"

#define BEAT_US US_PER_S
#define SOFT_BEATS 60 /* each vantage's turn comes once in as many */
#define FLOW_ROOM 24  /* flows and changes of six hours, about */
#define RCODES 17     /* told apart; the last stands for all others */

/* Codes that a tenth of the others get are usual: a site is ill, or the
 * target is so. */
#define USUAL_PART 10

/* A landing at no known site: one key, whatever the server's name. */
#define SITE_UNKNOWN (-1)

struct told_signal { /* what the sink has */
	uint32_t n;
	int64_t last_us;
};

struct verdict { /* of who answers */
	bool is_intercepted;
	unsigned score;
	struct located place;
};

struct finding { /* what there is to say where there were signs */
	struct verdict now, told;
	int64_t intercepted_since_us;
	struct told_signal signals[N_SIGNALS];
};

/* One vantage and one target.  There are very many, and of most nothing is to
 * be said. */
struct watch {
	const struct target *target; /* NULL: not used yet */
	struct finding *finding;     /* NULL: no sign yet */
	struct flows flows;
	int64_t class_since_us;
	uint8_t class, told_class; /* enum flow_class */
	/* the last answer, as it stands in the tally */
	bool has_answer, is_authoritative;
	uint8_t rcode;
};

_Static_assert(sizeof(struct watch) <= 64, "a watch has grown");
_Static_assert(sizeof(struct signal_target) <= 112, "a target has grown");

struct suspect { /* one vantage */
	int64_t vantage_id;
	bool has_sign; /* else it needs no judgement */
	struct signals signals;
	struct signal_target *room;
	struct watch *watches; /* n_watches of suspects */
};

/* What the vantages last got of a target. */
struct tally {
	uint32_t n, n_authoritative, n_rcode[RCODES];
};

struct suspects {
	const struct services *services;
	struct suspect_sink sink;
	size_t n_watches;      /* service addresses of the richer family */
	struct tally *tallies; /* as services->targets */
	struct suspect **list;
	size_t n, cap;
	struct map by_id;
	int64_t now_us;  /* the newest time heard of: batches may be late */
	int64_t beat_us; /* the last second whose vantages had their turn */
};

struct suspects *
suspects_new(const struct services *services, const struct suspect_sink *sink)
{
	struct suspects *s = mem_new(sizeof *s);
	size_t n[2] = { 0 };

	s->services = services;
	s->sink = *sink;
	s->tallies = mem_new((services->n_targets + 1) * sizeof *s->tallies);
	for (size_t i = 0; i < services->n_targets; i++) {
		if (services->targets[i].role == ROLE_SERVICE)
			n[services->targets[i].address.family == 6]++;
	}
	s->n_watches = n[0] > n[1] ? n[0] : n[1];
	return s;
}

static void
free_suspect(struct suspect *x, size_t n_watches)
{
	for (size_t i = 0; i < n_watches; i++) {
		flows_fini(&x->watches[i].flows);
		free(x->watches[i].finding);
	}
	signals_fini(&x->signals);
	free(x->room);
	free(x->watches);
	free(x);
}

void
suspects_free(struct suspects *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < s->n; i++)
		free_suspect(s->list[i], s->n_watches);
	free(s->list);
	free(s->tallies);
	map_fini(&s->by_id);
	free(s);
}

static struct suspect *
need_suspect(struct suspects *s, int64_t vantage_id)
{
	size_t at = map_get(&s->by_id, (uint64_t)vantage_id, 0);
	struct suspect *x;

	if (at != MAP_NONE)
		return s->list[at];
	if (s->n == s->cap) {
		s->cap = s->cap == 0 ? 64 : 2 * s->cap;
		s->list = mem_grow(s->list, s->cap, sizeof(struct suspect *));
	}
	x = mem_new(sizeof *x);
	x->vantage_id = vantage_id;
	x->room = mem_grow(NULL, s->n_watches, sizeof *x->room);
	x->watches = mem_new(s->n_watches * sizeof *x->watches);
	signals_init(&x->signals, NULL, x->room, s->n_watches);
	map_add(&s->by_id, (uint64_t)vantage_id, 0, s->n);
	s->list[s->n++] = x;
	return x;
}

static struct watch *
need_watch(const struct suspects *s, struct suspect *x, const struct target *t)
{
	for (size_t i = 0; i < s->n_watches; i++) {
		struct watch *w = &x->watches[i];

		if (w->target == t)
			return w;
		if (w->target != NULL)
			continue;
		w->target = t;
		flows_init(&w->flows, NULL, FLOW_ROOM);
		return w;
	}
	return NULL;
}

/* Telling. */

static void
tell_signal(struct suspects *s, int64_t vantage_id, int64_t target_id,
    enum signal_kind kind, const struct signal *x, struct told_signal *told)
{
	struct suspect_signal row = {
		.vantage_id = vantage_id, .target_id = target_id, .kind = kind
	};

	if (x->n == told->n && (x->n == 0 || x->last_us == told->last_us))
		return;
	*told = (struct told_signal){ x->n, x->last_us };
	row.signal = *x;
	s->sink.signal(s->sink.ctx, &row);
}

static bool
is_place_equal(const struct located *a, const struct located *b)
{
	return a->ttl == b->ttl && addr_equal(&a->hop, &b->hop) &&
	       a->doubt == b->doubt;
}

static const struct finding *
finding_of(const struct watch *w)
{
	static const struct finding none;

	return w->finding == NULL ? &none : w->finding;
}

static struct finding *
need_finding(struct watch *w)
{
	if (w->finding == NULL)
		w->finding = mem_new(sizeof *w->finding);
	return w->finding;
}

static struct suspect_view
view_of(const struct suspect *x, const struct watch *w)
{
	const struct finding *f = finding_of(w);

	return (struct suspect_view){ .vantage_id = x->vantage_id,
		.target_id = w->target->id,
		.class = (enum flow_class)w->class,
		.class_since_us = w->class_since_us,
		.is_intercepted = f->now.is_intercepted,
		.intercepted_since_us = f->intercepted_since_us,
		.score = f->now.score,
		.place = f->now.place };
}

/* All that changed, or only (is_soft false) what others wait for. */
static void
tell(struct suspects *s, struct suspect *x, struct watch *w, bool is_soft)
{
	const struct finding *f = finding_of(w);
	const struct signal_target *t;
	struct suspect_view view;
	bool is_hard = w->class != w->told_class ||
		       f->now.is_intercepted != f->told.is_intercepted ||
		       !is_place_equal(&f->now.place, &f->told.place);

	if (!is_hard && !is_soft)
		return;
	if (is_hard || f->now.score != f->told.score) {
		w->told_class = w->class;
		if (w->finding != NULL)
			w->finding->told = w->finding->now;
		view = view_of(x, w);
		s->sink.view(s->sink.ctx, &view);
	}
	t = signals_find(&x->signals, w->target->id);
	if (t == NULL || (t->signals == NULL && w->finding == NULL))
		return;
	for (unsigned k = 0; k < N_SIGNALS; k++)
		tell_signal(s, x->vantage_id, w->target->id,
		    (enum signal_kind)k, signals_of(t, (enum signal_kind)k),
		    &need_finding(w)->signals[k]);
}

static void
judge(struct suspects *s, struct suspect *x, struct watch *w, bool is_soft)
{
	struct signal_verdict v;
	struct finding *f;

	signals_judge(&x->signals, w->target->id, s->now_us, &v);
	if (w->finding != NULL || v.score > 0 || v.is_intercepted) {
		f = need_finding(w);
		if (v.is_intercepted && !f->now.is_intercepted)
			f->intercepted_since_us = s->now_us;
		f->now = (struct verdict){ v.is_intercepted, v.score, v.place };
	}
	tell(s, x, w, is_soft);
}

static void
judge_all(struct suspects *s, struct suspect *x, bool is_soft)
{
	for (size_t i = 0; i < s->n_watches && x->watches[i].target; i++)
		judge(s, x, &x->watches[i], is_soft);
}

/* Seeing. */

static bool
is_plain_question(const struct observation *o)
{
	return o->kind == KIND_DNS && o->proto == PROTO_UDP;
}

static void
see_flow(struct watch *w, const struct observation *o, int64_t at_us,
    int64_t site_id, enum standing standing)
{
	struct flow_answer a = { .at_us = at_us,
		.source_port = o->dns.source_port,
		.is_fixed_flow = o->why != WHY_VARIED,
		.outcome = o->outcome };
	enum flow_class class;
	struct flow_verdict v;

	if (site_id == 0 && standing != STANDING_NONE)
		site_id = SITE_UNKNOWN;
	if (site_id != 0)
		a.key = flow_key(&site_id, sizeof site_id);
	if (flows_add(&w->flows, &a) < 0)
		return;
	flows_judge(&w->flows, &v);
	class = flows_next((enum flow_class)w->class, &v);
	if (class != w->class)
		w->class_since_us = at_us;
	w->class = (uint8_t) class;
}

static uint8_t
rcode_of(const struct observation *o)
{
	unsigned rcode = o->outcome == OUTCOME_OK ? 0 : o->dns.rcode;

	return (uint8_t)(rcode < RCODES - 1 ? rcode : RCODES - 1);
}

static void
count(struct tally *y, struct watch *w, const struct observation *o)
{
	if (w->has_answer) {
		y->n--;
		y->n_authoritative -= w->is_authoritative;
		y->n_rcode[w->rcode]--;
	}
	w->has_answer = true;
	w->is_authoritative = o->dns.is_aa && !o->dns.is_ra;
	w->rcode = rcode_of(o);
	y->n++;
	y->n_authoritative += w->is_authoritative;
	y->n_rcode[w->rcode]++;
}

/* Do enough others get this code? */
static bool
is_usual(const struct tally *y, const struct watch *w, uint8_t rcode)
{
	uint32_t n_like = y->n_rcode[rcode] - (w->rcode == rcode);

	return n_like > 0 && n_like * USUAL_PART >= y->n - 1;
}

static void
see_service(struct suspects *s, struct suspect *x, const struct target *t,
    const struct observation *o, const struct signal_view *base,
    int64_t site_id)
{
	struct tally *y = &s->tallies[t - s->services->targets];
	const struct service *service = &s->services->list[t->service];
	struct watch *w = need_watch(s, x, t);
	struct signal_view v = *base;

	if (w == NULL)
		return;
	v.target = t->id;
	v.group = (int64_t)t->service + 1;
	v.standing = interpret_standing(service, o);
	if (site_id != 0)
		v.key = flow_key(&site_id, sizeof site_id);
	if (o->kind == KIND_DNS && outcome_is_answer(o->outcome)) {
		if (is_plain_question(o) && o->why != WHY_VARIED)
			count(y, w, o);
		v.is_authoritative = 2 * y->n_authoritative > y->n;
		v.is_rcode_usual = w->has_answer && is_usual(y, w, rcode_of(o));
	}
	if (is_plain_question(o))
		see_flow(w, o, v.at_us, site_id, v.standing);
	if (signals_add(&x->signals, o, &v)) {
		x->has_sign = true;
		judge_all(s, x, false);
	} else if (o->kind == KIND_TRACE && finding_of(w)->now.is_intercepted)
		judge(s, x, w, false);
	else
		tell(s, x, w, false);
}

static void
see_decoy(struct suspects *s, struct suspect *x, const struct target *t,
    const struct observation *o, const struct signal_view *v)
{
	struct told_signal told = { 0 };

	if (!signals_add(&x->signals, o, v))
		return;
	x->has_sign = true;
	tell_signal(
	    s, x->vantage_id, t->id, SIGNAL_DECOY, &x->signals.decoy, &told);
	judge_all(s, x, false);
}

void
suspects_see(struct suspects *s, int64_t vantage_id, const struct target *t,
    const struct observation *o, int64_t at_us, int64_t site_id)
{
	struct signal_view v = { .at_us = at_us };

	if (at_us > s->now_us)
		s->now_us = at_us;
	if (t->role == ROLE_SERVICE && o->why != WHY_DECOY)
		see_service(s, need_suspect(s, vantage_id), t, o, &v, site_id);
	else if (t->role == ROLE_DECOY && o->why == WHY_DECOY)
		see_decoy(s, need_suspect(s, vantage_id), t, o, &v);
}

/* Of every so many vantages one, beginning with a given one.  Where there was
 * no sign, nothing grows or ceases by itself. */
static void
judge_softly(struct suspects *s, size_t first, size_t every)
{
	for (size_t i = first; i < s->n; i += every)
		if (s->list[i]->has_sign)
			judge_all(s, s->list[i], true);
}

void
suspects_tick(struct suspects *s, int64_t now_us)
{
	int64_t beat_us = now_us - now_us % BEAT_US;
	int64_t first_us = beat_us - (SOFT_BEATS - 1) * BEAT_US;

	if (now_us > s->now_us)
		s->now_us = now_us;
	/* After a pause each has one turn, not one for every minute of it. */
	if (s->beat_us < first_us)
		s->beat_us = first_us - BEAT_US;
	while (s->beat_us < beat_us) {
		s->beat_us += BEAT_US;
		judge_softly(
		    s, (size_t)(s->beat_us / BEAT_US) % SOFT_BEATS, SOFT_BEATS);
	}
}

void
suspects_flush(struct suspects *s, int64_t now_us)
{
	if (now_us > s->now_us)
		s->now_us = now_us;
	judge_softly(s, 0, 1);
}

/* Restoring. */

void
suspects_restore_view(struct suspects *s, const struct suspect_view *v)
{
	const struct target *t =
	    services_target_by_id(s->services, v->target_id);
	struct suspect *x;
	struct signal_target *st;
	struct finding *f;
	struct watch *w;

	if (t == NULL || t->role != ROLE_SERVICE)
		return;
	x = need_suspect(s, v->vantage_id);
	w = need_watch(s, x, t);
	if (w == NULL)
		return;
	w->class = w->told_class = (uint8_t)v->class;
	w->class_since_us = v->class_since_us;
	if (v->is_intercepted || v->score > 0) {
		x->has_sign = true;
		f = need_finding(w);
		f->now = f->told =
		    (struct verdict){ v->is_intercepted, v->score, v->place };
		f->intercepted_since_us = v->intercepted_since_us;
	}
	st = signals_find(&x->signals, t->id);
	if (st != NULL)
		signals_restore_place(st, v->is_intercepted, &v->place);
}

void
suspects_restore_signal(struct suspects *s, const struct suspect_signal *old)
{
	const struct target *t =
	    services_target_by_id(s->services, old->target_id);
	struct suspect *x;
	struct watch *w;

	if (t == NULL || old->signal.n == 0 ||
	    (t->role == ROLE_DECOY) != (old->kind == SIGNAL_DECOY))
		return;
	x = need_suspect(s, old->vantage_id);
	x->has_sign = true;
	if (old->kind == SIGNAL_DECOY &&
	    old->signal.last_us < x->signals.decoy.last_us)
		return; /* another decoy's, and older */
	signals_restore(&x->signals, t->id, (int64_t)t->service + 1, old->kind,
	    &old->signal);
	if (old->kind == SIGNAL_DECOY)
		return;
	w = need_watch(s, x, t);
	if (w != NULL)
		need_finding(w)->signals[old->kind] =
		    (struct told_signal){ old->signal.n, old->signal.last_us };
}

bool
suspect_counts(const struct suspect_view *v)
{
	return !v->is_intercepted && v->class != FLOWS_PER_PACKET;
}
