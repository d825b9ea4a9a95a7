/* signals.c - see signals.h. */
#include "schema/signals.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schema/base/mem.h"
#include "schema/flows.h"

#define SECOND INT64_C(1000000)

const struct signal_params signal_defaults = {
	.window_us = 24 * 3600 * SECOND,
	.fresh_us = 30 * 60 * SECOND,
	.n_signs = 3,
	.n_rounds = 5,
	.enter = 4,
	.leave = 2,
	.lower_us = 2000,
	.higher_us = 20000,
	.lower_percent = 20,
	.higher_percent = 50,
	.ttl_margin = 2,
	.reply_margin = 3,
};

/* Signals of one cause. */
enum group {
	GROUP_IDENTITY,
	GROUP_ANSWER,
	GROUP_DISTANCE,
	GROUP_TRANSPORT,
	GROUP_SECOND,
	GROUP_DECOY,
	N_GROUPS
};

static const struct {
	const char *name;
	enum group group;
	unsigned weight;
	bool is_frail; /* may be chance: wants n_signs */
} kinds[N_SIGNALS] = {
	[SIGNAL_FOREIGN] = { "foreign", GROUP_IDENTITY, 2, true },
	[SIGNAL_SHARED] = { "shared", GROUP_IDENTITY, 4, false },
	[SIGNAL_RCODE] = { "rcode", GROUP_ANSWER, 2, true },
	[SIGNAL_FLAGS] = { "flags", GROUP_ANSWER, 2, true },
	[SIGNAL_TTL] = { "ttl", GROUP_DISTANCE, 4, false },
	[SIGNAL_RTT] = { "rtt", GROUP_DISTANCE, 1, false },
	[SIGNAL_REPLY_TTL] = { "reply_ttl", GROUP_DISTANCE, 1, false },
	[SIGNAL_TRANSPORT] = { "transport", GROUP_TRANSPORT, 1, false },
	[SIGNAL_SECOND] = { "second", GROUP_SECOND, 2, true },
	[SIGNAL_DECOY] = { "decoy", GROUP_DECOY, 4, false },
};

#define TTL_NAMELESS_WEIGHT 2

void
signals_init(struct signals *s, const struct signal_params *p,
    struct signal_target *room, size_t n)
{
	*s = (struct signals){ .params = p == NULL ? &signal_defaults : p,
		.targets = room,
		.max_targets = n };
}

void
signals_fini(struct signals *s)
{
	for (size_t i = 0; i < s->n_targets; i++) {
		struct signal_target *t = &s->targets[i];

		if (t->ways != NULL)
			free(t->ways->path.hops);
		free(t->ways);
		free(t->found);
		free(t->signals);
		locate_fini(&t->locate);
	}
	s->n_targets = 0;
}

const struct signal *
signals_of(const struct signal_target *t, enum signal_kind kind)
{
	static const struct signal none;

	return t->signals == NULL ? &none : &t->signals[kind];
}

/* The same, to write to. */
static struct signal *
need_signal(struct signal_target *t, enum signal_kind kind)
{
	if (t->signals == NULL)
		t->signals = mem_new(N_SIGNALS * sizeof *t->signals);
	return &t->signals[kind];
}

static const struct signal_ways no_ways = {
	.ping.at_us = SIGNAL_NEVER,
	.trace.at_us = SIGNAL_NEVER,
	.path.at_us = SIGNAL_NEVER,
};

static const struct signal_ways *
ways_of(const struct signal_target *t)
{
	return t->ways == NULL ? &no_ways : t->ways;
}

static struct signal_ways *
need_ways(struct signal_target *t)
{
	if (t->ways == NULL) {
		t->ways = mem_new(sizeof *t->ways);
		*t->ways = no_ways;
	}
	return t->ways;
}

static struct signal_found *
need_found(struct signal_target *t)
{
	if (t->found == NULL) {
		t->found = mem_new(sizeof *t->found);
		t->found->foreign_at_us = SIGNAL_NEVER;
	}
	return t->found;
}

struct signal_target *
signals_find(struct signals *s, int64_t target)
{
	for (size_t i = 0; i < s->n_targets; i++) {
		if (s->targets[i].target == target)
			return &s->targets[i];
	}
	return NULL;
}

static struct signal_target *
need_target(struct signals *s, int64_t target, int64_t group)
{
	struct signal_target *t = signals_find(s, target);

	if (t != NULL || s->n_targets == s->max_targets)
		return t;
	t = &s->targets[s->n_targets++];
	*t = (struct signal_target){ .target = target, .group = group };
	t->udp.at_us = SIGNAL_NEVER;
	return t;
}

/* One observation on its way through the rules. */
struct look {
	struct signals *s;
	struct signal_target *t;
	const struct observation *o;
	const struct signal_view *v;
	bool has_sign;
	bool is_caught; /* the answer itself says that it is not the target's */
	bool is_unclear; /* it would, were the target known to be
			  * authoritative */
};

__attribute__((format(printf, 3, 4))) static void
sign_into(struct look *l, struct signal *x, const char *format, ...)
{
	int64_t at_us = l->v->at_us;
	va_list args;

	if (x->n == 0 || at_us - x->last_us >= l->s->params->window_us)
		*x = (struct signal){ .first_us = at_us, .last_us = at_us };
	if (x->n < UINT32_MAX)
		x->n++;
	if (at_us > x->last_us)
		x->last_us = at_us;
	va_start(args, format);
	vsnprintf(x->detail, sizeof x->detail, format, args);
	va_end(args);
	l->has_sign = true;
}

#define SIGN(l, kind, ...) sign_into(l, need_signal((l)->t, kind), __VA_ARGS__)

static bool
is_fresh(const struct look *l, int64_t at_us)
{
	return at_us != SIGNAL_NEVER &&
	       l->v->at_us - at_us <= l->s->params->fresh_us;
}

/* Counts a round; true from the n_rounds-th bad one in a row on. */
static bool
is_steady(struct look *l, enum signal_kind kind, bool is_bad)
{
	uint8_t *run = &l->t->run[kind];

	if (!is_bad)
		*run = 0;
	else if (*run < UINT8_MAX)
		++*run;
	return *run >= l->s->params->n_rounds;
}

static double
ms(int64_t us)
{
	return (double)us / 1000;
}

/* What the answer says of who gave it. */
static const struct identity *
identity_of(const struct observation *o)
{
	const struct dns_result *d = &o->dns;

	return d->nsid.is_present && d->nsid.len > 0 ? &d->nsid : &d->chaos.txt;
}

static void
look_at_identity(struct look *l)
{
	struct signal_target *t = l->t;
	const struct identity *id = identity_of(l->o);
	uint64_t key = flow_key(id->bytes, id->len);
	char text[IDENTITY_TEXT_LEN];

	if (l->v->standing != STANDING_FOREIGN || key == 0)
		return;
	identity_format(id, text);
	SIGN(l, SIGNAL_FOREIGN, "%.60s", text);
	l->is_caught = true;
	need_found(t)->foreign_key = key;
	t->found->foreign_at_us = l->v->at_us;
	for (size_t i = 0; i < l->s->n_targets; i++) {
		struct signal_target *u = &l->s->targets[i];

		if (u->group == t->group || u->found == NULL ||
		    u->found->foreign_key != key ||
		    l->v->at_us - u->found->foreign_at_us >=
			l->s->params->window_us)
			continue;
		SIGN(l, SIGNAL_SHARED, "%.60s", text);
		sign_into(l, need_signal(u, SIGNAL_SHARED), "%.60s", text);
	}
}

/* A server that names itself as one of the service's may be ill; AA says
 * nothing in an error. */
static void
look_at_answer(struct look *l)
{
	const struct observation *o = l->o;
	bool is_unowned = o->outcome == OUTCOME_OK && !o->dns.is_aa;
	bool has_code = o->outcome == OUTCOME_RCODE && !l->v->is_rcode_usual &&
			l->v->standing != STANDING_KNOWN;
	bool is_odd = is_unowned || o->dns.is_ra;
	bool has_flags = l->v->is_authoritative && is_odd;

	l->is_unclear = is_odd && !has_flags;
	l->is_caught |= has_code || has_flags;
	if (has_code)
		SIGN(l, SIGNAL_RCODE, "rcode %u", o->dns.rcode);
	if (has_flags)
		SIGN(l, SIGNAL_FLAGS, "aa %d, ra %d", o->dns.is_aa,
		    o->dns.is_ra);
	if (o->dns.second.is_present && o->dns.second.is_different)
		SIGN(l, SIGNAL_SECOND, "rcode %u after %.1f ms",
		    o->dns.second.rcode, ms(o->dns.second.rtt_us));
}

static int64_t
larger(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static void
look_at_rtt(struct look *l)
{
	const struct signal_params *p = l->s->params;
	const struct signal_ping *ping = &ways_of(l->t)->ping;
	int64_t gap_us = l->o->dns.rtt_us - ping->rtt_us;
	bool is_bad;

	if (!is_fresh(l, ping->at_us) || ping->is_used)
		return;
	is_bad = -gap_us > larger(p->lower_us,
			       ping->rtt_us * p->lower_percent / 100) ||
		 gap_us > larger(p->higher_us,
			      ping->rtt_us * p->higher_percent / 100);
	if (is_steady(l, SIGNAL_RTT, is_bad))
		SIGN(l, SIGNAL_RTT, "dns %.1f ms, %s %.1f ms",
		    ms(l->o->dns.rtt_us), ping->is_icmp ? "icmp" : "tcp",
		    ms(ping->rtt_us));
}

/* Hops of a way back: senders start at 32, 64, 128 or 255. */
static unsigned
way_back(uint8_t ttl)
{
	unsigned start = ttl <= 32    ? 32
			 : ttl <= 64  ? 64
			 : ttl <= 128 ? 128
				      : 255;

	return start - ttl;
}

/* Ways there and back may well differ by a few hops, and by more between
 * carriers: without an echo to compare with it wants half of the way. */
static void
look_at_reply_ttl(struct look *l)
{
	unsigned margin = l->s->params->reply_margin;
	const struct signal_ping *ping = &ways_of(l->t)->ping;
	const struct signal_path *path = &ways_of(l->t)->path;
	unsigned hops = way_back(l->o->dns.reply_ttl), other;

	if (!l->o->dns.has_reply_ttl)
		return;
	if (is_fresh(l, ping->at_us) && ping->ttl > 0) {
		other = way_back(ping->ttl);
		if (is_steady(l, SIGNAL_REPLY_TTL, hops + margin <= other))
			SIGN(l, SIGNAL_REPLY_TTL, "dns %u hops, %s %u", hops,
			    ping->is_icmp ? "icmp" : "tcp", other);
	} else if (is_fresh(l, path->at_us)) {
		other = path->length - 1U;
		if (is_steady(l, SIGNAL_REPLY_TTL,
			2 * hops <= other && hops + 2 * margin <= other))
			SIGN(l, SIGNAL_REPLY_TTL,
			    "dns %u hops, the way there %u", hops, other);
	}
}

static void
look_at_transport(struct look *l)
{
	struct signal_answer *udp = &l->t->udp;

	if (!is_fresh(l, udp->at_us) || udp->is_used || udp->key == 0 ||
	    l->v->key == 0)
		return;
	udp->is_used = true;
	if (is_steady(l, SIGNAL_TRANSPORT, udp->key != l->v->key))
		SIGN(l, SIGNAL_TRANSPORT, "other site by %s",
		    proto_name(l->o->proto));
}

static void
look_at_dns(struct look *l)
{
	if (!outcome_is_answer(l->o->outcome))
		return;
	look_at_identity(l);
	look_at_answer(l);
	if (l->o->proto != PROTO_UDP)
		look_at_transport(l);
	else if (l->o->why != WHY_VARIED) {
		look_at_rtt(l);
		look_at_reply_ttl(l);
		if (l->is_caught || !l->is_unclear)
			locate_answer(
			    &l->t->locate, l->o, l->v->at_us, l->is_caught);
		if (l->t->ways != NULL)
			l->t->ways->ping.is_used = true;
		l->t->udp = (struct signal_answer){ .at_us = l->v->at_us,
			.standing = (uint8_t)l->v->standing,
			.key = l->v->key };
	}
}

/* ICMP is preferred: TCP to the port may be intercepted too. */
static void
look_at_ping(struct look *l)
{
	const struct ping_result *p = &l->o->ping;
	const struct signal_ping *old = &ways_of(l->t)->ping;
	bool is_icmp = l->o->proto == PROTO_ICMP;

	if (p->n_received == 0 ||
	    (!is_icmp && old->is_icmp && is_fresh(l, old->at_us)))
		return;
	need_ways(l->t)->ping = (struct signal_ping){ .at_us = l->v->at_us,
		.rtt_us = p->rtt_median_us,
		.ttl = p->has_reply_ttl ? p->reply_ttl : 0,
		.is_icmp = is_icmp };
}

/* The TTL at which the target itself answered; 0: it did not. */
static uint8_t
end_ttl(const struct trace_result *t)
{
	uint8_t ttl = 0;

	for (unsigned i = 0; i < t->n_hops; i++) {
		const struct hop *h = &t->hops[i];

		if (h->is_target && !h->is_extra && (ttl == 0 || h->ttl < ttl))
			ttl = h->ttl;
	}
	return ttl;
}

/* The hop of a TTL that is balanced is not known. */
static void
keep_hop(struct signal_path *path, const struct trace_result *r, unsigned i)
{
	const struct hop *h = &r->hops[i];

	if (!trace_is_balanced(r, i))
		path->hops[h->ttl] = h->address;
}

/* Takes over another way, whose hops are of every TTL. */
static void
replace_path(struct signal_path *old, const struct signal_path *new)
{
	size_t n = new->length < TRACE_TTL_MAX ? new->length : TRACE_TTL_MAX;
	struct addr *hops = mem_grow(old->hops, n + 1, sizeof *hops);

	memcpy(hops, new->hops, (n + 1) * sizeof *hops);
	*old = *new;
	old->hops = hops;
}

static void
keep_path(struct look *l)
{
	const struct trace_result *r = &l->o->trace;
	struct addr hops[TRACE_TTL_MAX + 1] = { 0 };
	struct signal_path path = { .at_us = l->v->at_us,
		.hops = hops,
		.is_tcp = l->o->proto == PROTO_TCP,
		.length = end_ttl(r) };
	const struct signal_path *old = &ways_of(l->t)->path;
	uint8_t farthest = 0;

	if (path.is_tcp && !old->is_tcp && is_fresh(l, old->at_us))
		return;
	for (unsigned i = 0; i < r->n_hops; i++) {
		const struct hop *h = &r->hops[i];

		if (h->address.family == 0 || h->is_extra || h->ttl == 0 ||
		    h->ttl > TRACE_TTL_MAX)
			continue;
		keep_hop(&path, r, i);
		if (h->ttl > farthest)
			farthest = h->ttl;
	}
	if (path.length == 0 && farthest > 0)
		path.length = farthest + 1;
	if (path.length > 0)
		replace_path(&need_ways(l->t)->path, &path);
}

/* Who names himself in CHAOS only is known from the questions. */
static bool
is_named(const struct look *l)
{
	const struct signal_answer *udp = &l->t->udp;
	const struct signal_trace *trace = &ways_of(l->t)->trace;

	return trace->standing == STANDING_KNOWN ||
	       (trace->standing == STANDING_NONE && is_fresh(l, udp->at_us) &&
		   udp->standing == STANDING_KNOWN);
}

static void
look_at_trace(struct look *l)
{
	struct signal_target *t = l->t;
	const struct signal_ways *ways;
	uint8_t ttl;

	if (locate_is_narrow(l->o)) {
		locate_narrow(&t->locate, l->o, l->v->at_us);
		return;
	}
	if (l->o->proto != PROTO_UDP) {
		keep_path(l);
	} else {
		/* Also what stands for ICMP where that is not permitted. */
		if (l->o->why != WHY_VARIED)
			locate_trace(&t->locate, l->o, l->v->at_us);
		need_ways(t)->trace =
		    (struct signal_trace){ .at_us = l->v->at_us,
			    .standing = (uint8_t)l->v->standing,
			    .ttl = end_ttl(&l->o->trace) };
	}
	ways = ways_of(t);
	ttl = ways->trace.ttl;
	if (!is_fresh(l, ways->trace.at_us) || !is_fresh(l, ways->path.at_us) ||
	    ttl == 0 || ttl + l->s->params->ttl_margin > ways->path.length ||
	    is_named(l))
		return;
	SIGN(l, SIGNAL_TTL, "answered at TTL %u, the way ends at %u", ttl,
	    ways->path.length);
}

static void
look_at_decoy(struct look *l)
{
	char text[ADDR_TEXT_LEN];

	if (l->o->kind != KIND_DNS || !outcome_is_answer(l->o->outcome))
		return;
	addr_format(&l->o->target, text);
	sign_into(l, &l->s->decoy, "%s in %.1f ms", text, ms(l->o->dns.rtt_us));
}

bool
signals_add(
    struct signals *s, const struct observation *o, const struct signal_view *v)
{
	struct look l = { .s = s, .o = o, .v = v };

	if (outcome_is_own_fault(o->outcome))
		return false;
	if (o->why == WHY_DECOY) {
		look_at_decoy(&l);
		return l.has_sign;
	}
	l.t = need_target(s, v->target, v->group);
	if (l.t == NULL)
		return false;
	l.t->address = o->target;
	if (o->kind == KIND_DNS)
		look_at_dns(&l);
	else if (o->kind == KIND_PING)
		look_at_ping(&l);
	else if (o->kind == KIND_TRACE)
		look_at_trace(&l);
	return l.has_sign;
}

bool
signal_counts(const struct signal_params *p, enum signal_kind kind,
    const struct signal *x, int64_t now_us)
{
	if (p == NULL)
		p = &signal_defaults;
	return x->n >= (kinds[kind].is_frail ? p->n_signs : 1) &&
	       now_us - x->last_us < p->window_us;
}

/* Its own evidence is of the same age as that of the score. */
static void
judge_place(const struct signals *s, struct signal_target *t, int64_t now_us)
{
	int64_t since_us = now_us - s->params->window_us;
	const struct signal_path *path = &ways_of(t)->path;
	const struct locate_way way = { .hops = path->hops,
		.n = path->length < TRACE_TTL_MAX ? path->length
						  : TRACE_TTL_MAX };
	bool has_way = path->at_us != SIGNAL_NEVER && path->at_us >= since_us;
	int64_t turned_us = locate_turned_us(&t->locate);
	struct signal_found *known = t->found;
	struct located now;

	if (!t->is_intercepted) {
		if (known != NULL)
			known->place = (struct located){ 0 };
		return;
	}
	known = need_found(t);
	now = locate_judge(
	    &t->locate, &t->address, has_way ? &way : NULL, since_us);
	known->place = known->place_turned_us == turned_us
			   ? locate_keep(&known->place, &now)
			   : now; /* of another, perhaps elsewhere */
	known->place_turned_us = turned_us;
}

void
signals_judge(struct signals *s, int64_t target, int64_t now_us,
    struct signal_verdict *out)
{
	struct signal_target *t = signals_find(s, target);
	unsigned heaviest[N_GROUPS] = { 0 };
	bool is_foreign = false;

	*out = (struct signal_verdict){ 0 };
	for (unsigned k = 0; k < N_SIGNALS; k++) {
		const struct signal *x =
		    k == SIGNAL_DECOY ? &s->decoy
		    : t != NULL       ? signals_of(t, (enum signal_kind)k)
				      : NULL;
		unsigned weight = kinds[k].weight;

		if (x == NULL ||
		    !signal_counts(s->params, (enum signal_kind)k, x, now_us))
			continue;
		is_foreign |= kinds[k].group == GROUP_IDENTITY;
		if (k == SIGNAL_TTL && !is_foreign)
			weight = TTL_NAMELESS_WEIGHT;
		if (weight > heaviest[kinds[k].group])
			heaviest[kinds[k].group] = weight;
		out->list[out->n++] =
		    (struct signal_count){ .kind = (enum signal_kind)k,
			    .weight = weight,
			    .signal = x };
	}
	for (unsigned g = 0; g < N_GROUPS; g++)
		out->score += heaviest[g];
	out->is_intercepted =
	    out->score >= s->params->enter ||
	    (t != NULL && t->is_intercepted && out->score >= s->params->leave);
	if (t == NULL)
		return;
	t->is_intercepted = out->is_intercepted;
	judge_place(s, t, now_us);
	if (t->found != NULL)
		out->place = t->found->place;
}

void
signals_restore(struct signals *s, int64_t target, int64_t group,
    enum signal_kind kind, const struct signal *old)
{
	struct signal_target *t;

	if (kind == SIGNAL_DECOY) {
		s->decoy = *old;
		return;
	}
	t = need_target(s, target, group);
	if (t != NULL)
		*need_signal(t, kind) = *old;
}

void
signals_restore_place(
    struct signal_target *t, bool is_intercepted, const struct located *place)
{
	t->is_intercepted = is_intercepted;
	if (is_intercepted)
		need_found(t)->place = *place;
}

unsigned
signal_weight(enum signal_kind k)
{
	return k < N_SIGNALS ? kinds[k].weight : 0;
}

const char *
signal_name(enum signal_kind k)
{
	return k < N_SIGNALS ? kinds[k].name : "?";
}

enum rc
signal_from_name(enum signal_kind *out, const char *name)
{
	for (unsigned k = 0; k < N_SIGNALS; k++) {
		if (strcmp(name, kinds[k].name) != 0)
			continue;
		*out = (enum signal_kind)k;
		return RC_OK;
	}
	return RC_MALFORMED;
}
