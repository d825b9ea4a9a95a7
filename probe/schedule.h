/*
 * schedule.h - when each target's next round is due.                 (pure)
 *
 * Uses     schema/assignment.h
 * Used by  probe/resident
 *
 * A task is one kind of measurement of one target.  Its rounds fall on
 * multiples of its period plus its phase, in Unix time, so that a fleet with
 * phases from one collector looks at a target evenly spread; only a new
 * target's first look comes at once, out of turn.  A round that was missed by long (suspend, a stopped process) is skipped, never caught up.
 */
#ifndef PROBE_SCHEDULE_H
#define PROBE_SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "schema/assignment.h"

#define SCHEDULE_SLOT_US 5000     /* what is due within it leaves together */
#define SCHEDULE_CHAOS_ROUNDS 10  /* the CHAOS half, every so many rounds */
#define SCHEDULE_VARIED_ROUNDS 30 /* other source ports, every so many */

struct schedule_task {
	struct addr address;
	uint16_t port;
	enum kind kind;
	size_t target; /* index into the assignment's targets */
	int64_t every_us, phase_us;
	int64_t due_at_us;
	uint32_t n_rounds; /* taken so far */
};

struct schedule {
	uint64_t seed; /* of the jitter */
	size_t n_tasks;
	struct schedule_task *tasks;
};

struct round {
	size_t target;
	enum kind kind;
	bool with_chaos;  /* dns: the turn of the CHAOS half */
	bool with_varied; /* dns: the turn of other source ports */
};

/* Starts empty.  Release with schedule_fini. */
void schedule_init(struct schedule *s, uint64_t seed);
void schedule_fini(struct schedule *s); /* NULL is fine */

/* Takes over another assignment.  A task that both have goes on undisturbed. */
void schedule_replace(
    struct schedule *s, const struct assignment *a, int64_t now_us);

/* When the next round is due; INT64_MAX when there is none. */
int64_t schedule_next_us(const struct schedule *s);

/* Takes one round that is due now or within the slot; false: no more. */
bool schedule_take(struct schedule *s, int64_t now_us, struct round *out);

#endif
