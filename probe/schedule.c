/* schedule.c - see schedule.h. */
#include "probe/schedule.h"

#include <stdlib.h>

#include "schema/base/clock.h"
#include "schema/base/mem.h"

#define LATE_US (5 * US_PER_S)        /* later than this a round is skipped */
#define JITTER_PART 100               /* of the period */
#define FIRST_ROUND_US (US_PER_S / 2) /* between the targets' first looks */
#define KINDS 3

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
jitter_us(const struct schedule *s, const struct schedule_task *t, int64_t turn)
{
	uint64_t span = (uint64_t)(t->every_us / JITTER_PART) + 1;
	uint64_t key = (uint64_t)turn * KINDS + (uint64_t)t->kind;

	return (int64_t)(mix(s->seed ^ mix(key + (t->target << 48))) % span);
}

/* The first round whose undisturbed time is after now. */
static void
set_due(const struct schedule *s, struct schedule_task *t, int64_t now_us)
{
	int64_t turn = (now_us - t->phase_us) / t->every_us;
	int64_t at_us;

	do
		at_us = turn++ * t->every_us + t->phase_us;
	while (at_us <= now_us);
	t->due_at_us = at_us + jitter_us(s, t, turn);
}

void
schedule_init(struct schedule *s, uint64_t seed)
{
	*s = (struct schedule){ .seed = seed };
}

void
schedule_fini(struct schedule *s)
{
	if (s == NULL)
		return;
	free(s->tasks);
	*s = (struct schedule){ 0 };
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

static const struct schedule_task *
find_task(const struct schedule *s, const struct schedule_task *like)
{
	for (size_t i = 0; i < s->n_tasks; i++) {
		const struct schedule_task *t = &s->tasks[i];

		if (t->kind == like->kind && t->port == like->port &&
		    t->every_us == like->every_us &&
		    t->phase_us == like->phase_us &&
		    addr_equal(&t->address, &like->address))
			return t;
	}
	return NULL;
}

/* A new target's identity is asked for at once, one target after the other:
 * nobody waits a period to learn where a new probe lands. */
static void
look_soon(struct schedule_task *t, int64_t now_us)
{
	int64_t soon_us = now_us + (int64_t)t->target * FIRST_ROUND_US;

	if (t->kind == KIND_DNS && soon_us < t->due_at_us)
		t->due_at_us = soon_us;
}

static struct schedule_task
make_task(const struct schedule *s, const struct assignment *a, size_t target,
    enum kind kind, int64_t now_us)
{
	const struct assigned_target *t = &a->targets[target];
	struct schedule_task task = {
		.address = t->address,
		.port = t->port,
		.kind = kind,
		.target = target,
		.every_us = period_of(t, kind),
		.phase_us = phase_of(t, kind),
	};
	const struct schedule_task *old = find_task(s, &task);

	if (old != NULL) {
		task.due_at_us = old->due_at_us;
		task.n_rounds = old->n_rounds;
	} else {
		set_due(s, &task, now_us);
		look_soon(&task, now_us);
	}
	return task;
}

void
schedule_replace(struct schedule *s, const struct assignment *a, int64_t now_us)
{
	struct schedule_task *tasks =
	    mem_grow(NULL, a->n_targets * KINDS + 1, sizeof *tasks);
	size_t n = 0;

	for (size_t i = 0; i < a->n_targets; i++)
		for (enum kind k = KIND_DNS; k <= KIND_TRACE; k++)
			if (period_of(&a->targets[i], k) > 0)
				tasks[n++] = make_task(s, a, i, k, now_us);
	free(s->tasks);
	s->tasks = tasks;
	s->n_tasks = n;
}

int64_t
schedule_next_us(const struct schedule *s)
{
	int64_t next_us = INT64_MAX;

	for (size_t i = 0; i < s->n_tasks; i++)
		if (s->tasks[i].due_at_us < next_us)
			next_us = s->tasks[i].due_at_us;
	return next_us;
}

static struct round
take_round(struct schedule_task *t)
{
	uint32_t n = t->n_rounds++;
	bool is_dns = t->kind == KIND_DNS;

	return (struct round){
		.target = t->target,
		.kind = t->kind,
		.with_chaos = is_dns && n % SCHEDULE_CHAOS_ROUNDS == 0,
		.with_varied = is_dns && n % SCHEDULE_VARIED_ROUNDS ==
					     SCHEDULE_VARIED_ROUNDS - 1,
	};
}

bool
schedule_take(struct schedule *s, int64_t now_us, struct round *out)
{
	for (size_t i = 0; i < s->n_tasks; i++) {
		struct schedule_task *t = &s->tasks[i];
		int64_t late_us = now_us - t->due_at_us;

		if (late_us < -SCHEDULE_SLOT_US)
			continue;
		/* Counted from the due time too: within the slot it is still
		 * ahead, and must not come twice. */
		set_due(s, t, late_us < 0 ? t->due_at_us : now_us);
		if (late_us > LATE_US)
			continue;
		*out = take_round(t);
		return true;
	}
	return false;
}
