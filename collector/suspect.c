/* suspect.c - see suspect.h. */
#include "collector/suspect.h"

#include <stdlib.h>
#include <string.h>

#include "collector/interpret.h"
#include "collector/map.h"
#include "schema/base/clock.h"
#include "schema/base/mem.h"

#define SOFT_EVERY_US (60 * US_PER_S)
#define FLOW_ROOM 24      /* flows and changes of six hours, about */
#define FLOW_ROOM_FIRST 2 /* most need no more */
#define RCODES 17         /* told apart; the last stands for all others */

/* Codes that a tenth of the others get are usual: a site is ill, or the
 * target is so. */
#define USUAL_PART 10

/* A landing at no known site: one key, whatever the server's name. */
#define SITE_UNKNOWN (-1)

struct told_signal { /* what the sink has */
	uint32_t n;
	int64_t last_us;
};

/* One vantage and one target. */
struct watch {
	const struct target *target; /* NULL: not used yet */
	struct suspect_view view, told;
	struct flows flows;
	/* the last answer, as it stands in the tally */
	bool has_answer, is_authoritative;
	uint8_t rcode;
	struct told_signal *signals; /* N_SIGNALS; NULL: none was told */
};

struct suspect { /* one vantage */
	int64_t vantage_id;
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
	int64_t now_us; /* the newest time heard of: batches may be late */
	int64_t soft_us;
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
		free(x->watches[i].flows.seen);
		free(x->watches[i].signals);
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
	x->room = mem_new((s->n_watches + 1) * sizeof *x->room);
	x->watches = mem_new((s->n_watches + 1) * sizeof *x->watches);
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
		w->view.vantage_id = x->vantage_id;
		w->view.target_id = t->id;
		w->told = w->view;
		flows_init(&w->flows, NULL,
		    mem_new(FLOW_ROOM_FIRST * sizeof(struct flow_seen)),
		    FLOW_ROOM_FIRST);
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

static bool
is_view_equal(const struct suspect_view *a, const struct suspect_view *b)
{
	return a->class == b->class && a->is_intercepted == b->is_intercepted &&
	       a->score == b->score && is_place_equal(&a->place, &b->place);
}

static struct told_signal *
need_told(struct watch *w)
{
	if (w->signals == NULL)
		w->signals = mem_new(N_SIGNALS * sizeof *w->signals);
	return w->signals;
}

/* All that changed, or only (is_soft false) what others wait for. */
static void
tell(struct suspects *s, struct suspect *x, struct watch *w, bool is_soft)
{
	const struct signal_target *t;
	bool is_hard = w->view.class != w->told.class ||
		       w->view.is_intercepted != w->told.is_intercepted ||
		       !is_place_equal(&w->view.place, &w->told.place);

	if (!is_hard && !is_soft)
		return;
	if (!is_view_equal(&w->view, &w->told)) {
		w->told = w->view;
		s->sink.view(s->sink.ctx, &w->view);
	}
	t = signals_find(&x->signals, w->target->id);
	if (t == NULL || (t->signals == NULL && w->signals == NULL))
		return;
	for (unsigned k = 0; k < N_SIGNALS; k++)
		tell_signal(s, x->vantage_id, w->target->id,
		    (enum signal_kind)k, signals_of(t, (enum signal_kind)k),
		    &need_told(w)[k]);
}

static void
judge(struct suspects *s, struct suspect *x, struct watch *w, bool is_soft)
{
	struct signal_verdict v;

	signals_judge(&x->signals, w->target->id, s->now_us, &v);
	if (v.is_intercepted && !w->view.is_intercepted)
		w->view.intercepted_since_us = s->now_us;
	w->view.is_intercepted = v.is_intercepted;
	w->view.score = v.score;
	w->view.place = v.place;
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

/* Room for one more, up to FLOW_ROOM. */
static void
widen(struct flows *f)
{
	size_t room = 2 * f->max_seen;

	if (f->n_seen < f->max_seen || f->max_seen >= FLOW_ROOM)
		return;
	f->max_seen = room < FLOW_ROOM ? room : FLOW_ROOM;
	f->seen = mem_grow(f->seen, f->max_seen, sizeof *f->seen);
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
	widen(&w->flows);
	if (flows_add(&w->flows, &a) < 0)
		return;
	flows_judge(&w->flows, &v);
	class = flows_next(w->view.class, &v);
	if (class != w->view.class)
		w->view.class_since_us = at_us;
	w->view.class = class;
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
	if (signals_add(&x->signals, o, &v))
		judge_all(s, x, false);
	else if (o->kind == KIND_TRACE && w->view.is_intercepted)
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

void
suspects_tick(struct suspects *s, int64_t now_us)
{
	if (now_us - s->soft_us >= SOFT_EVERY_US)
		suspects_flush(s, now_us);
}

void
suspects_flush(struct suspects *s, int64_t now_us)
{
	s->soft_us = now_us;
	if (now_us > s->now_us)
		s->now_us = now_us;
	for (size_t i = 0; i < s->n; i++)
		judge_all(s, s->list[i], true);
}

/* Restoring. */

void
suspects_restore_view(struct suspects *s, const struct suspect_view *v)
{
	const struct target *t =
	    services_target_by_id(s->services, v->target_id);
	struct suspect *x;
	struct watch *w;
	struct signal_target *st;

	if (t == NULL || t->role != ROLE_SERVICE)
		return;
	x = need_suspect(s, v->vantage_id);
	w = need_watch(s, x, t);
	if (w == NULL)
		return;
	w->view = w->told = *v;
	st = signals_find(&x->signals, t->id);
	if (st == NULL)
		return;
	st->is_intercepted = v->is_intercepted;
	st->place = v->place;
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
	if (old->kind == SIGNAL_DECOY &&
	    old->signal.last_us < x->signals.decoy.last_us)
		return; /* another decoy's, and older */
	signals_restore(&x->signals, t->id, (int64_t)t->service + 1, old->kind,
	    &old->signal);
	if (old->kind == SIGNAL_DECOY)
		return;
	w = need_watch(s, x, t);
	if (w != NULL)
		need_told(w)[old->kind] =
		    (struct told_signal){ old->signal.n, old->signal.last_us };
}

bool
suspect_counts(const struct suspect_view *v)
{
	return !v->is_intercepted && v->class != FLOWS_PER_PACKET;
}
