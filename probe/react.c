/* react.c - see react.h. */
#include "probe/react.h"

#include <stdlib.h>
#include <string.h>

#include "schema/base/mem.h"

#define PENDING_MAX 4096 /* about what 512 targets failing together need */

/* Tokens that come back with time. */
struct bucket {
	unsigned n_used;
	int64_t since_us; /* the refill of the oldest used token began */
};

enum standing { STANDING_UNKNOWN, STANDING_ANSWERS, STANDING_SILENT };

struct target_state {
	struct assigned_target conf;
	enum standing standing;
	bool is_healthy;   /* the last answer's outcome was ok */
	bool is_from_nsid; /* identity came as NSID, not as CHAOS TXT */
	struct identity identity;
	struct bucket reactions;
	bool has_control_asked;
	int64_t control_asked_us;
};

struct pending {
	int64_t due_us;
	struct reaction ask;
};

struct react {
	uint8_t n_confirm, n_retry;
	int64_t confirm_after_us[ASSIGNMENT_TRIES_MAX];
	int64_t retry_after_us[ASSIGNMENT_TRIES_MAX];
	struct bucket traces;
	size_t n_targets;
	struct target_state *targets;
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
react_new(void)
{
	return mem_new(sizeof(struct react));
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

/* Forgets what is still to be asked of a target. */
static void
cancel(struct react *r, size_t target)
{
	for (size_t i = r->n_pending; i-- > 0;)
		if (r->pending[i].ask.target == target)
			remove_pending(r, i);
}

/* What tells a target's standing: DNS, or ping where no DNS is asked. */
static enum kind
main_kind(const struct target_state *t)
{
	return t->conf.dns_every_us > 0 ? KIND_DNS : KIND_PING;
}

static void
ask_again(struct react *r, size_t target, enum why why, int64_t now_us)
{
	bool is_confirm = why == WHY_CONFIRM;
	unsigned n = is_confirm ? r->n_confirm : r->n_retry;
	const int64_t *after_us =
	    is_confirm ? r->confirm_after_us : r->retry_after_us;
	enum kind kind = main_kind(&r->targets[target]);

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

/* Every control of the family, once for all targets that fail together. */
static void
ask_controls(struct react *r, uint8_t family, int64_t now_us)
{
	for (size_t i = 0; i < r->n_targets; i++) {
		struct target_state *t = &r->targets[i];

		if (!t->conf.is_control || t->conf.address.family != family ||
		    (t->has_control_asked &&
			now_us - t->control_asked_us < REACT_CONTROL_US))
			continue;
		t->has_control_asked = true;
		t->control_asked_us = now_us;
		ask(r, now_us,
		    (struct reaction){ .target = i,
			.kind = main_kind(t),
			.why = WHY_CONTROL });
	}
}

/* ---- reactions ---- */

static void
react_to_change(struct react *r, size_t target, int64_t now_us)
{
	struct target_state *t = &r->targets[target];

	ask_again(r, target, WHY_CONFIRM, now_us);
	if (t->conf.is_control || main_kind(t) != KIND_DNS)
		return;
	ask_other_ports(r, target, now_us);
	ask_trace(r, target, WHY_CONFIRM, now_us);
}

static void
react_to_failure(struct react *r, size_t target, int64_t now_us)
{
	struct target_state *t = &r->targets[target];

	ask_again(r, target, WHY_RETRY, now_us);
	if (t->conf.is_control)
		return;
	ask_controls(r, t->conf.address.family, now_us);
	if (main_kind(t) == KIND_DNS)
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

/* Notes who answered; true when it is somebody else than before.  No identity
 * at all is no news of a server known by CHAOS alone: BIND drops CHAOS
 * questions above a rate. */
static bool
note_identity(struct target_state *t, const struct dns_result *dns)
{
	bool is_nsid = dns->nsid.is_present;
	const struct identity *id = is_nsid ? &dns->nsid : &dns->chaos.txt;
	bool is_changed =
	    is_nsid != t->is_from_nsid || !identity_equal(id, &t->identity);

	if (!id->is_present && !t->is_from_nsid)
		return false;
	t->identity = *id;
	t->is_from_nsid = is_nsid;
	return is_changed;
}

static enum news
note_answer(struct target_state *t, const struct observation *o)
{
	enum standing before = t->standing;
	bool was_healthy = t->is_healthy;
	bool is_other = o->kind == KIND_DNS && note_identity(t, &o->dns);

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
	enum standing before = t->standing;

	t->standing = STANDING_SILENT;
	return before == STANDING_SILENT ? NEWS_NONE : NEWS_FAILED;
}

/* Is it on the target's own flow, so that it tells the target's standing? */
static bool
tells_standing(const struct target_state *t, const struct observation *o)
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

	if (outcome_is_own_fault(o->outcome))
		return false;
	if (!tells_standing(t, o))
		return o->why != WHY_ROUND && o->why != WHY_VARIED;
	news =
	    outcome_is_answer(o->outcome) ? note_answer(t, o) : note_failure(t);
	if (news != NEWS_NONE)
		react_to(r, target, news, now_us);
	return news != NEWS_NONE || o->why != WHY_ROUND;
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

bool
react_take(struct react *r, int64_t now_us, struct reaction *out)
{
	size_t first = 0;

	for (size_t i = 1; i < r->n_pending; i++)
		if (r->pending[i].due_us < r->pending[first].due_us)
			first = i;
	if (r->n_pending == 0 || r->pending[first].due_us > now_us)
		return false;
	*out = r->pending[first].ask;
	remove_pending(r, first);
	return true;
}

bool
react_wants_chaos(const struct react *r, size_t target)
{
	return !r->targets[target].is_from_nsid;
}

/* ---- another assignment ---- */

static size_t
find_target(const struct target_state *targets, size_t n,
    const struct assigned_target *like)
{
	for (size_t i = 0; i < n; i++)
		if (targets[i].conf.port == like->port &&
		    addr_equal(&targets[i].conf.address, &like->address))
			return i;
	return n;
}

static void
move_pending(struct react *r, const struct target_state *targets, size_t n)
{
	for (size_t i = r->n_pending; i-- > 0;) {
		struct reaction *what = &r->pending[i].ask;
		size_t to =
		    find_target(targets, n, &r->targets[what->target].conf);

		if (to == n)
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

	for (size_t i = 0; i < a->n_targets; i++) {
		size_t old =
		    find_target(r->targets, r->n_targets, &a->targets[i]);

		if (old < r->n_targets)
			targets[i] = r->targets[old];
		targets[i].conf = a->targets[i];
	}
	move_pending(r, targets, a->n_targets);
	free(r->targets);
	r->targets = targets;
	r->n_targets = a->n_targets;
	r->n_confirm = a->n_confirm;
	r->n_retry = a->n_retry;
	memcpy(r->confirm_after_us, a->confirm_after_us,
	    sizeof r->confirm_after_us);
	memcpy(r->retry_after_us, a->retry_after_us, sizeof r->retry_after_us);
}
