/* schedule.c - see schedule.h. */
#include "probe/schedule.h"

#include <stdlib.h>

#include "schema/base/clock.h"
#include "schema/base/mem.h"

#define LATE_US (5 * US_PER_S)        /* later than this a round is skipped */
#define JITTER_PART 100               /* of the period */
#define FIRST_ROUND_US (US_PER_S / 2) /* between the targets' first looks */
#define KINDS 3
#define FIRST_SIGNAL_ROUND 2 /* a new probe need not wait hours */

/* splitmix64: spreads any number over 64 bits. */
static uint64_t
mix(uint64_t x)
{
	x += UINT64_C(0x9e3779b97f4a7c15);
	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

static int64_t
period_of(const struct assigned_target *t, enum kind kind)
{
	switch (kind) {
	case KIND_DNS:
		return t->dns_every_us;
	case KIND_PING:
		return t->ping_every_us;
	case KIND_TRACE:
		return t->trace_every_us;
	}
	return 0;
}

/* The assigned phase belongs to the first of the periods; the others get the
 * same share of theirs, so that the fleet is spread over each, and half (or a
 * quarter) more, so that a target's own kinds do not disturb each other. */
static int64_t
phase_of(const struct assigned_target *t, enum kind kind)
{
	static const double shift[KINDS] = {
		[KIND_DNS] = 0, [KIND_PING] = 0.5, [KIND_TRACE] = 0.25
	};
	int64_t base = 0;
	double share;

	for (enum kind k = KIND_DNS; base == 0 && k <= KIND_TRACE; k++)
		base = period_of(t, k);
	share = (double)(t->phase_us % base) / (double)base + shift[kind];
	return (int64_t)(share * (double)period_of(t, kind) + 0.5);
}

static const struct assigned_target *
target_of(const struct schedule *s, const struct schedule_task *t)
{
	return &s->assignment->targets[t->target];
}

static int64_t
jitter_us(const struct schedule *s, const struct schedule_task *t,
    int64_t every_us, int64_t turn)
{
	uint64_t span = (uint64_t)(every_us / JITTER_PART) + 1;
	uint64_t key = (uint64_t)turn * KINDS + t->kind;

	key += (uint64_t)t->target << 48;
	return (int64_t)(mix(s->seed ^ mix(key)) % span);
}

/* The first round whose undisturbed time is after now. */
static void
set_due(const struct schedule *s, struct schedule_task *t, int64_t now_us)
{
	int64_t every_us = period_of(target_of(s, t), t->kind);
	int64_t phase_us = phase_of(target_of(s, t), t->kind);
	int64_t turn = (now_us - phase_us) / every_us;
	int64_t at_us;

	do
		at_us = turn++ * every_us + phase_us;
	while (at_us <= now_us);
	t->due_at_us = at_us + jitter_us(s, t, every_us, turn);
	t->waited_ms = 0;
}

/* ---- the heap ---- */

/* Of those that are due together, who waited longest goes first. */
static bool
is_before(const struct schedule_task *a, const struct schedule_task *b)
{
	return a->due_at_us != b->due_at_us ? a->due_at_us < b->due_at_us
					    : a->waited_ms > b->waited_ms;
}

static void
sift_down(struct schedule *s, size_t i)
{
	for (;;) {
		size_t first = i;
		struct schedule_task swap = s->tasks[i];

		for (size_t k = 2 * i + 1; k <= 2 * i + 2; k++)
			if (k < s->n_tasks &&
			    is_before(&s->tasks[k], &s->tasks[first]))
				first = k;
		if (first == i)
			return;
		s->tasks[i] = s->tasks[first];
		s->tasks[first] = swap;
		i = first;
	}
}

static void
heapify(struct schedule *s)
{
	for (size_t i = s->n_tasks / 2; i-- > 0;)
		sift_down(s, i);
}

/* ---- life ---- */

void
schedule_init(struct schedule *s, uint64_t seed, struct pace *traces)
{
	*s = (struct schedule){ .seed = seed, .traces = traces };
}

void
schedule_fini(struct schedule *s)
{
	if (s == NULL)
		return;
	free(s->tasks);
	*s = (struct schedule){ 0 };
}

/* ---- another assignment ---- */

/* Where each kind of each old target has its task. */
static const struct schedule_task **
index_tasks(const struct schedule *s)
{
	size_t n = s->assignment == NULL ? 0 : s->assignment->n_targets;
	const struct schedule_task **out =
	    mem_new((n * KINDS + 1) * sizeof *out);

	for (size_t i = 0; i < s->n_tasks; i++)
		out[s->tasks[i].target * KINDS + s->tasks[i].kind] =
		    &s->tasks[i];
	return out;
}

/* The old task that does the same, or NULL. */
static const struct schedule_task *
find_task(const struct assignment *was, const struct schedule_task **old,
    const struct assigned_target *t, enum kind kind)
{
	size_t i = was == NULL ? 0 : assignment_find(was, &t->address, t->port);

	if (was == NULL || i == was->n_targets ||
	    period_of(&was->targets[i], kind) != period_of(t, kind) ||
	    phase_of(&was->targets[i], kind) != phase_of(t, kind))
		return NULL;
	return old[i * KINDS + kind];
}

/* A new target's identity is asked for at once, one target after the other:
 * nobody waits a period to learn where a new probe lands. */
static void
look_soon(struct schedule_task *t, size_t place, int64_t now_us)
{
	int64_t soon_us = now_us + (int64_t)place * FIRST_ROUND_US;

	if (t->kind == KIND_DNS && soon_us < t->due_at_us)
		t->due_at_us = soon_us;
}

static struct schedule_task
make_task(const struct schedule *s, size_t target, enum kind kind,
    const struct schedule_task *old, int64_t now_us)
{
	struct schedule_task task = { .target = (uint32_t)target,
		.kind = (uint8_t)kind };

	if (old != NULL) {
		task = *old;
		task.target = (uint32_t)target;
	} else {
		set_due(s, &task, now_us);
		look_soon(&task, target, now_us);
	}
	return task;
}

void
schedule_replace(struct schedule *s, const struct assignment *a, int64_t now_us)
{
	const struct schedule_task **old = index_tasks(s);
	const struct assignment *was = s->assignment;
	struct schedule_task *tasks =
	    mem_grow(NULL, a->n_targets * KINDS + 1, sizeof *tasks);
	size_t n = 0;

	s->assignment = a;
	for (size_t i = 0; i < a->n_targets; i++)
		for (enum kind k = KIND_DNS; k <= KIND_TRACE; k++)
			if (period_of(&a->targets[i], k) > 0)
				tasks[n++] = make_task(s, i, k,
				    find_task(was, old, &a->targets[i], k),
				    now_us);
	free(old);
	free(s->tasks);
	s->tasks = mem_grow(tasks, n + 1, sizeof *tasks);
	s->n_tasks = n;
	heapify(s);
}

void
schedule_look(struct schedule *s, uint8_t family, int64_t now_us)
{
	size_t place = 0;

	for (size_t i = 0; i < s->n_tasks; i++) {
		struct schedule_task *t = &s->tasks[i];

		if (t->kind == KIND_DNS && !target_of(s, t)->is_decoy &&
		    target_of(s, t)->address.family == family)
			look_soon(t, place++, now_us);
	}
	heapify(s);
}

/* ---- rounds ---- */

int64_t
schedule_next_us(const struct schedule *s)
{
	return s->n_tasks == 0 ? INT64_MAX : s->tasks[0].due_at_us;
}

/* Is this round the turn of the middlebox signals? */
static bool
is_signal_turn(int64_t every_us, uint32_t n)
{
	int64_t rounds = (SCHEDULE_SIGNAL_US + every_us / 2) / every_us;

	if (rounds <= FIRST_SIGNAL_ROUND)
		return true;
	return n % rounds == FIRST_SIGNAL_ROUND;
}

/* Notes the task's next due time, and what this round is. */
static struct round
take_round(struct schedule *s, struct schedule_task *t, int64_t now_us)
{
	const struct assigned_target *target = target_of(s, t);
	struct round out = { .target = t->target, .kind = t->kind };
	bool is_dns = t->kind == KIND_DNS;
	/* Within the slot it is still ahead, and must not come twice. */
	int64_t from_us = t->due_at_us > now_us ? t->due_at_us : now_us;
	uint32_t n = t->n_rounds;
	bool is_signal;

	out.is_icmp = t->is_icmp_next;
	is_signal = !target->is_decoy && !out.is_icmp &&
		    is_signal_turn(period_of(target, t->kind), n);
	t->n_rounds += !out.is_icmp;
	t->is_icmp_next = t->kind == KIND_TRACE && is_signal;
	set_due(s, t, from_us);
	if (t->is_icmp_next)
		t->due_at_us = now_us;
	out.with_chaos = is_dns && n % SCHEDULE_CHAOS_ROUNDS == 0;
	out.with_varied =
	    is_dns && !target->is_decoy &&
	    n % SCHEDULE_VARIED_ROUNDS == SCHEDULE_VARIED_ROUNDS - 1;
	out.with_tcp = is_dns && is_signal;
	out.with_looks = t->kind == KIND_TRACE && !target->is_decoy &&
			 (n == 0 || out.is_icmp);
	return out;
}

/* May the trace start?  Else it waits for its turn, or is skipped. */
static bool
may_trace(struct schedule *s, struct schedule_task *t, int64_t now_us)
{
	int64_t every_us = period_of(target_of(s, t), KIND_TRACE);
	int64_t ready_us = pace_ready_us(s->traces, now_us);

	if (pace_take(s->traces, now_us))
		return true;
	t->waited_ms += (uint32_t)((ready_us - t->due_at_us) / US_PER_MS);
	t->due_at_us = ready_us;
	if (t->waited_ms * US_PER_MS > every_us / 2) {
		t->is_icmp_next = false;
		set_due(s, t, now_us);
	}
	return false;
}

bool
schedule_take(struct schedule *s, int64_t now_us, struct round *out)
{
	while (s->n_tasks > 0) {
		struct schedule_task *t = &s->tasks[0];
		int64_t late_us = now_us - t->due_at_us;
		bool is_taken = false;

		/* Traces keep their distance: none starts before its time. */
		if (late_us < (t->kind == KIND_TRACE ? 0 : -SCHEDULE_SLOT_US))
			return false;
		if (late_us > LATE_US) {
			t->is_icmp_next = false;
			set_due(s, t, now_us);
		} else if (t->kind != KIND_TRACE || may_trace(s, t, now_us)) {
			*out = take_round(s, t, now_us);
			is_taken = true;
		}
		sift_down(s, 0);
		if (is_taken)
			return true;
	}
	return false;
}
