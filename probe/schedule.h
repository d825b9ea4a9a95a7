/*
 * schedule.h - when each target's next round is due.                 (pure)
 *
 * Uses     schema/assignment.h, probe/pace.h
 * Used by  probe/resident
 *
 * A task is one kind of measurement of one target.  Its rounds fall on
 * multiples of its period plus its phase, in Unix time, so that a fleet with
 * phases from one collector looks at a target evenly spread; only a new
 * target's first look comes at once, out of turn.  A round that was missed by
 * long (suspend, a stopped process) is skipped, never caught up.
 *
 * Traces of all targets share the routers next to the probe, which answer
 * about once a second: they start one after the other, as the lent pace says.
 * One that would wait half its period is skipped.
 */
#ifndef PROBE_SCHEDULE_H
#define PROBE_SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "probe/pace.h"
#include "schema/assignment.h"

#define SCHEDULE_SLOT_US 5000     /* what is due within it leaves together */
#define SCHEDULE_CHAOS_ROUNDS 10  /* the CHAOS half, every so many rounds */
#define SCHEDULE_VARIED_ROUNDS 30 /* other source ports, every so many */
/* About so often a target is looked at for signs of a middlebox: by TCP
 * beside UDP, and by an ICMP trace beside the trace of DNS questions. */
#define SCHEDULE_SIGNAL_US INT64_C(21600000000)

struct schedule_task {
	int64_t due_at_us;
	uint32_t target;    /* index into the assignment's targets */
	uint32_t n_rounds;  /* taken so far */
	uint32_t waited_ms; /* trace: for other traces */
	uint8_t kind;
	bool is_icmp_next; /* trace: the same once more, by ICMP */
};

struct schedule {
	uint64_t seed;       /* of the jitter */
	struct pace *traces; /* lent: when the next trace may start */
	const struct assignment *assignment; /* lent */
	size_t n_tasks;
	struct schedule_task *tasks; /* a heap: the first is due first */
};

struct round {
	size_t target;
	enum kind kind;
	bool with_chaos;  /* dns: the turn of the CHAOS half */
	bool with_varied; /* dns: the turn of other source ports */
	bool with_tcp;    /* dns: the turn of the same by TCP */
	bool is_icmp;     /* trace: by ICMP, not by DNS questions */
	bool with_looks;  /* trace: more packets to each hop, for true links */
};

/* Starts empty.  Lends traces.  Release with schedule_fini. */
void schedule_init(struct schedule *s, uint64_t seed, struct pace *traces);
void schedule_fini(struct schedule *s); /* NULL is fine */

/* Takes over another assignment, and lends it until the next; the last one
 * must still be there.  A task that both have goes on undisturbed. */
void schedule_replace(
    struct schedule *s, const struct assignment *a, int64_t now_us);

/* Looks at every target of the family soon, one after the other: the host's
 * network came back, or is another one. */
void schedule_look(struct schedule *s, uint8_t family, int64_t now_us);

/* When the next round is due; INT64_MAX when there is none. */
int64_t schedule_next_us(const struct schedule *s);

/* Takes one round that is due now or within the slot; false: no more. */
bool schedule_take(struct schedule *s, int64_t now_us, struct round *out);

#endif
