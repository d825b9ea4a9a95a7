/* react.c - see react.h. */
#include "probe/react.h"

#include <stdlib.h>
#include <string.h>

#include "probe/guise.h"
#include "schema/base/bytes.h"
#include "schema/base/mem.h"

#define PENDING_MAX 4096 /* minutes of all that may be sent */

/* Tokens that come back with time. */
struct bucket {
	int64_t since_us; /* the refill of the oldest used token began */
	uint8_t n_used;
};

enum standing { STANDING_UNKNOWN, STANDING_ANSWERS, STANDING_SILENT };

struct target_state {
	uint64_t identity;        /* a hash of it; 0: none was given */
	int64_t control_asked_us; /* 0: never */
	struct bucket reactions;
	uint8_t standing;
	bool is_healthy;   /* the last answer's outcome was ok */
	bool is_from_nsid; /* identity came as NSID, not as CHAOS TXT */
	bool wants_flows;  /* of a look, where a trace will say */
	struct guise guise;
};

struct pending {
	int64_t due_us;
	struct reaction ask;
};

struct react {
	struct pace *traces_apart;           /* lent */
	const struct assignment *assignment; /* lent; NULL: none yet */
	struct bucket traces, looks;
	struct target_state *targets; /* of the assignment's */
	size_t n_pending, cap_pending;
	struct pending *pending; /* in no order */
};

static bool
take_token(struct bucket *b, unsigned burst, int64_t refill_us, int64_t now_us)
{
	while (b->n_used > 0 && now_us - b->since_us >= refill_us) {
		b->since_us += refill_us;
		b->n_used--;
	}
	if (b->n_used == burst)
		return false;
	if (b->n_used++ == 0)
		b->since_us = now_us;
	return true;
}

struct react *
react_new(struct pace *traces)
{
	struct react *r = mem_new(sizeof *r);

	r->traces_apart = traces;
	return r;
}

void
react_free(struct react *r)
{
	if (r == NULL)
		return;
	free(r->targets);
	free(r->pending);
	free(r);
}

/* ---- what is to be asked ---- */

static void
ask(struct react *r, int64_t due_us, struct reaction what)
{
	if (r->n_pending == PENDING_MAX)
		return;
	if (r->n_pending == r->cap_pending) {
		r->cap_pending = r->cap_pending == 0 ? 16 : 2 * r->cap_pending;
		r->pending =
		    mem_grow(r->pending, r->cap_pending, sizeof *r->pending);
	}
	r->pending[r->n_pending++] = (struct pending){ due_us, what };
}

static void
remove_pending(struct react *r, size_t i)
{
	r->pending[i] = r->pending[--r->n_pending];
}

/* Forgets what is still to be asked of a target, but a look. */
static void
cancel(struct react *r, size_t target)
{
	for (size_t i = r->n_pending; i-- > 0;)
		if (r->pending[i].ask.target == target &&
		    !r->pending[i].ask.is_look)
			remove_pending(r, i);
}

static const struct assigned_target *
conf_of(const struct react *r, size_t target)
{
	return &r->assignment->targets[target];
}

/* What tells a target's standing: DNS, or ping where no DNS is asked. */
static enum kind
main_kind(const struct assigned_target *t)
{
	return t->dns_every_us > 0 ? KIND_DNS : KIND_PING;
}

static void
ask_again(struct react *r, size_t target, enum why why, int64_t now_us)
{
	const struct assignment *a = r->assignment;
	bool is_confirm = why == WHY_CONFIRM;
	unsigned n = is_confirm ? a->n_confirm : a->n_retry;
	const int64_t *after_us =
	    is_confirm ? a->confirm_after_us : a->retry_after_us;
	enum kind kind = main_kind(conf_of(r, target));

	for (unsigned i = 0; i < n; i++)
		ask(r, now_us + after_us[i],
		    (struct reaction){ .target = target,
			.kind = kind,
			.why = why,
			.with_chaos = is_confirm && kind == KIND_DNS });
}

static void
ask_trace(struct react *r, size_t target, enum why why, int64_t now_us)
{
	if (take_token(
		&r->traces, REACT_TRACE_BURST, REACT_TRACE_REFILL_US, now_us))
		ask(r, now_us,
		    (struct reaction){
			.target = target, .kind = KIND_TRACE, .why = why });
}

static void
ask_other_ports(struct react *r, size_t target, int64_t now_us)
{
	for (unsigned i = 0; i < REACT_VARIED_PORTS; i++)
		ask(r, now_us,
		    (struct reaction){ .target = target,
			.kind = KIND_DNS,
			.why = WHY_VARIED,
			.is_any_port = true });
}

/* Is it a control of the family that was not asked just now? */
static bool
wants_asking(
    const struct react *r, size_t target, uint8_t family, int64_t now_us)
{
	const struct assigned_target *conf = conf_of(r, target);
	int64_t asked_us = r->targets[target].control_asked_us;

	return conf->is_control && !conf->is_decoy &&
	       conf->address.family == family &&
	       (asked_us == 0 || now_us - asked_us >= REACT_CONTROL_US);
}

/* Every control of the family, once for all targets that fail together. */
static void
ask_controls(struct react *r, uint8_t family, int64_t now_us)
{
	for (size_t i = 0; i < r->assignment->n_targets; i++) {
		if (!wants_asking(r, i, family, now_us))
			continue;
		r->targets[i].control_asked_us = now_us;
		ask(r, now_us,
		    (struct reaction){ .target = i,
			.kind = main_kind(conf_of(r, i)),
			.why = WHY_CONTROL });
	}
}

/* ---- looks ---- */

static void
look_by(struct react *r, size_t target, enum proto proto, uint8_t ttl,
    int64_t now_us)
{
	bool is_own_flow = proto == PROTO_UDP;

	ask(r, now_us,
	    (struct reaction){ .target = target,
		.kind = KIND_TRACE,
		.why = is_own_flow ? WHY_CONFIRM : WHY_VARIED,
		.is_any_port = !is_own_flow,
		.is_look = true,
		.proto = proto,
		.ttl = ttl });
}

/* True: a look begins. */
static bool
look(struct react *r, size_t target, int64_t now_us)
{
	if (!take_token(
		&r->looks, REACT_LOOK_BURST, REACT_LOOK_REFILL_US, now_us))
		return false;
	guise_looked(&r->targets[target].guise, now_us);
	r->targets[target].wants_flows = true;
	for (unsigned i = 0; i < REACT_LOOK_TRACES; i++)
		look_by(r, target, PROTO_UDP, 0, now_us);
	look_by(r, target, PROTO_ICMP, 0, now_us);
	return true;
}

/* The first trace says at which hop the others are to look. */
static void
look_closer(
    struct react *r, size_t target, const struct observation *o, int64_t now_us)
{
	const struct trace_result *t = &o->trace;
	unsigned i = 0;

	if (o->kind != KIND_TRACE || o->proto != PROTO_UDP ||
	    !r->targets[target].wants_flows)
		return;
	while (i < t->n_hops && !t->hops[i].is_target)
		i++;
	if (i == t->n_hops)
		return;
	r->targets[target].wants_flows = false;
	for (unsigned k = 0; k < REACT_LOOK_FLOWS; k++)
		look_by(r, target, PROTO_PLAIN, t->hops[i].ttl, now_us);
}

static bool
is_looked_at(const struct assigned_target *t)
{
	return !t->is_decoy && !t->is_control && main_kind(t) == KIND_DNS;
}

static bool
look_if_odd(
    struct react *r, size_t target, const struct observation *o, int64_t now_us)
{
	struct guise *g = &r->targets[target].guise;

	if (o->kind != KIND_DNS || !outcome_is_answer(o->outcome) ||
	    !is_looked_at(conf_of(r, target)))
		return false;
	guise_see(g, o);
	return guise_wants_look(g, now_us) && look(r, target, now_us);
}

/* Somebody answers for an address that nobody has: perhaps for all others. */
static bool
look_at_all(struct react *r, uint8_t family, int64_t now_us)
{
	bool has_begun = false;

	for (size_t i = 0; i < r->assignment->n_targets; i++) {
		const struct assigned_target *t = conf_of(r, i);
		int64_t looked_us = r->targets[i].guise.looked_us;

		if (is_looked_at(t) && t->address.family == family &&
		    (looked_us == 0 || now_us - looked_us >= GUISE_AGAIN_US))
			has_begun |= look(r, i, now_us);
	}
	return has_begun;
}

/* ---- reactions ---- */

static void
react_to_change(struct react *r, size_t target, int64_t now_us)
{
	const struct assigned_target *conf = conf_of(r, target);

	ask_again(r, target, WHY_CONFIRM, now_us);
	if (conf->is_control || main_kind(conf) != KIND_DNS)
		return;
	ask_other_ports(r, target, now_us);
	ask_trace(r, target, WHY_CONFIRM, now_us);
}

static void
react_to_failure(struct react *r, size_t target, int64_t now_us)
{
	const struct assigned_target *conf = conf_of(r, target);

	ask_again(r, target, WHY_RETRY, now_us);
	if (conf->is_control)
		return;
	ask_controls(r, conf->address.family, now_us);
	if (main_kind(conf) == KIND_DNS)
		ask(r, now_us,
		    (struct reaction){ .target = target,
			.kind = KIND_DNS,
			.why = WHY_RETRY,
			.is_tcp = true,
			.is_any_port = true });
	ask_trace(r, target, WHY_RETRY, now_us);
}

/* ---- news ---- */

enum news { NEWS_NONE, NEWS_CHANGED, NEWS_FAILED, NEWS_BACK };

/* 64 bits tell one server's identity from another's; never 0. */
static uint64_t
hash_identity(const struct identity *id)
{
	uint64_t h = bytes_hash(BYTES_HASH_START, id->bytes, id->len);

	return id->is_present ? h | 1 : 0;
}

/* Notes who answered; true when it is somebody else than before.  No identity
 * at all is no news of a server known by CHAOS alone: BIND drops CHAOS
 * questions above a rate.  NSID is no identity where the collector goes by
 * another. */
static bool
note_identity(struct target_state *t, const struct dns_result *dns,
    enum assigned_identity by)
{
	bool is_nsid = dns->nsid.is_present && by == ASSIGNED_NSID;
	uint64_t identity =
	    hash_identity(is_nsid ? &dns->nsid : &dns->chaos.txt);
	bool is_changed = is_nsid != t->is_from_nsid || identity != t->identity;

	if (identity == 0 && !t->is_from_nsid)
		return false;
	t->identity = identity;
	t->is_from_nsid = is_nsid;
	return is_changed;
}

static enum news
note_answer(struct target_state *t, const struct observation *o,
    enum assigned_identity by)
{
	enum standing before = (enum standing)t->standing;
	bool was_healthy = t->is_healthy;
	bool is_other = o->kind == KIND_DNS && note_identity(t, &o->dns, by);

	t->standing = STANDING_ANSWERS;
	t->is_healthy = o->outcome == OUTCOME_OK;
	if (is_other || before == STANDING_UNKNOWN ||
	    (before == STANDING_ANSWERS && was_healthy != t->is_healthy))
		return NEWS_CHANGED;
	return before == STANDING_SILENT ? NEWS_BACK : NEWS_NONE;
}

static enum news
note_failure(struct target_state *t)
{
	enum standing before = (enum standing)t->standing;

	t->standing = STANDING_SILENT;
	return before == STANDING_SILENT ? NEWS_NONE : NEWS_FAILED;
}

/* Is it on the target's own flow, so that it tells the target's standing? */
static bool
tells_standing(const struct assigned_target *t, const struct observation *o)
{
	bool is_why =
	    o->why == WHY_ROUND || o->why == WHY_CONFIRM || o->why == WHY_RETRY;
	bool is_tcp_try = o->kind == KIND_DNS && o->proto == PROTO_TCP &&
			  !o->dns.is_truncated_udp;

	return is_why && o->kind == main_kind(t) && !is_tcp_try;
}

static void
react_to(struct react *r, size_t target, enum news news, int64_t now_us)
{
	if (!take_token(&r->targets[target].reactions, REACT_BURST,
		REACT_REFILL_US, now_us))
		return;
	cancel(r, target);
	switch (news) {
	case NEWS_CHANGED:
		react_to_change(r, target, now_us);
		break;
	case NEWS_FAILED:
		react_to_failure(r, target, now_us);
		break;
	case NEWS_BACK:
		ask_again(r, target, WHY_CONFIRM, now_us);
		break;
	case NEWS_NONE:
		break;
	}
}

bool
react_observe(
    struct react *r, size_t target, const struct observation *o, int64_t now_us)
{
	struct target_state *t = &r->targets[target];
	enum news news;
	bool is_odd;

	if (outcome_is_own_fault(o->outcome))
		return false;
	if (conf_of(r, target)->is_decoy)
		return outcome_is_answer(o->outcome) &&
		       look_at_all(r, o->target.family, now_us);
	look_closer(r, target, o, now_us);
	if (!tells_standing(conf_of(r, target), o))
		return o->why != WHY_ROUND &&
		       (o->why != WHY_VARIED || o->kind == KIND_TRACE);
	news = outcome_is_answer(o->outcome)
		   ? note_answer(t, o, conf_of(r, target)->identity)
		   : note_failure(t);
	if (news != NEWS_NONE)
		react_to(r, target, news, now_us);
	is_odd = look_if_odd(r, target, o, now_us);
	return is_odd || news != NEWS_NONE || o->why != WHY_ROUND;
}

int64_t
react_next_us(const struct react *r)
{
	int64_t next_us = INT64_MAX;

	for (size_t i = 0; i < r->n_pending; i++)
		if (r->pending[i].due_us < next_us)
			next_us = r->pending[i].due_us;
	return next_us;
}

static size_t
first_pending(const struct react *r)
{
	size_t first = 0;

	for (size_t i = 1; i < r->n_pending; i++)
		if (r->pending[i].due_us < r->pending[first].due_us)
			first = i;
	return first;
}

bool
react_take(struct react *r, int64_t now_us, struct reaction *out)
{
	for (;;) {
		size_t first = first_pending(r);

		if (r->n_pending == 0 || r->pending[first].due_us > now_us)
			return false;
		if (r->pending[first].ask.kind == KIND_TRACE &&
		    !pace_take(r->traces_apart, now_us)) {
			r->pending[first].due_us =
			    pace_ready_us(r->traces_apart, now_us);
			continue;
		}
		*out = r->pending[first].ask;
		remove_pending(r, first);
		return true;
	}
}

bool
react_wants_chaos(const struct react *r, size_t target)
{
	return !r->targets[target].is_from_nsid;
}

/* ---- another assignment ---- */

/* Where a target of the last assignment is now; n_targets: nowhere. */
static size_t
find_again(const struct react *r, const struct assignment *a, size_t target)
{
	const struct assigned_target *t = conf_of(r, target);

	return assignment_find(a, &t->address, t->port);
}

static void
move_pending(struct react *r, const struct assignment *a)
{
	for (size_t i = r->n_pending; i-- > 0;) {
		struct reaction *what = &r->pending[i].ask;
		size_t to = find_again(r, a, what->target);

		if (to == a->n_targets)
			remove_pending(r, i);
		else
			what->target = to;
	}
}

void
react_replace(struct react *r, const struct assignment *a)
{
	struct target_state *targets =
	    mem_new((a->n_targets + 1) * sizeof *targets);
	size_t n_old = r->assignment == NULL ? 0 : r->assignment->n_targets;

	for (size_t i = 0; i < n_old; i++) {
		size_t to = find_again(r, a, i);

		if (to < a->n_targets)
			targets[to] = r->targets[i];
	}
	move_pending(r, a);
	free(r->targets);
	r->targets = targets;
	r->assignment = a;
}
