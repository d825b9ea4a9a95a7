/* troubles.c - see troubles.h. */
#include "collector/troubles.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "schema/base/clock.h"
#include "schema/base/mem.h"

/* For how long, before it is told and before it is over.  A disk on the edge
 * would be both all the time. */
static const struct {
	int64_t sick_us, well_us;
	enum severity severity;
} rules[SELF_PARTS] = {
	[SELF_STORE] = { 10 * US_PER_S, 10 * US_PER_S, SEVERITY_CRITICAL },
	[SELF_DETECTOR] = { 10 * US_PER_S, 10 * US_PER_S, SEVERITY_CRITICAL },
	[SELF_QUEUE] = { 10 * US_PER_S, 10 * US_PER_S, SEVERITY_CRITICAL },
	[SELF_HEARD] = { 0, 0, SEVERITY_CRITICAL },
	[SELF_DISK] = { 10 * US_PER_S, 300 * US_PER_S, SEVERITY_MAJOR },
};

struct part {
	struct trouble trouble;
	int64_t opened_mono_us;
	int64_t sick_mono_us, well_mono_us; /* since when; 0: it is not */
};

struct troubles {
	pthread_mutex_t lock;
	struct part parts[SELF_PARTS];
};

struct troubles *
troubles_new(void)
{
	struct troubles *t = mem_new(sizeof *t);

	pthread_mutex_init(&t->lock, NULL);
	return t;
}

void
troubles_free(struct troubles *t)
{
	if (t == NULL)
		return;
	pthread_mutex_destroy(&t->lock);
	free(t);
}

void
troubles_restore(
    struct troubles *t, enum self_part p, int64_t since_us, int64_t mono_us)
{
	struct part *part = &t->parts[p];

	pthread_mutex_lock(&t->lock);
	if (!part->trouble.is_open) {
		part->trouble.is_open = true;
		part->trouble.since_us = part->trouble.detected_us = since_us;
		part->opened_mono_us = mono_us;
		snprintf(part->trouble.why, sizeof part->trouble.why,
		    "%s was in trouble when the collector was stopped",
		    self_part_name(p));
	}
	pthread_mutex_unlock(&t->lock);
}

/* A silence is over when something is heard, not when its clock starts anew,
 * as after a restart. */
static bool
is_well(const struct part *part, enum self_part p, const struct self_report *r)
{
	if (!r->is_well[p])
		return false;
	return p != SELF_HEARD || !part->trouble.is_open ||
	       r->sample.n_probes == 0 ||
	       r->sample.last_heard_us > part->opened_mono_us;
}

/* Gives 1: it began; -1: it ended; 0: neither. */
static int
step_part(struct part *part, enum self_part p, const struct self_report *r,
    int64_t now_us)
{
	int64_t mono_us = r->sample.now_us;
	struct trouble *t = &part->trouble;

	if (!is_well(part, p, r)) {
		part->well_mono_us = 0;
		if (part->sick_mono_us == 0)
			part->sick_mono_us = mono_us;
		if (!r->is_well[p])
			snprintf(t->why, sizeof t->why, "%s", r->why[p]);
		if (t->is_open ||
		    mono_us - part->sick_mono_us < rules[p].sick_us)
			return 0;
		t->is_open = true;
		t->since_us = now_us - (mono_us - part->sick_mono_us);
		t->detected_us = now_us;
		part->opened_mono_us = mono_us;
		return 1;
	}
	part->sick_mono_us = 0;
	if (part->well_mono_us == 0)
		part->well_mono_us = mono_us;
	if (!t->is_open || mono_us - part->well_mono_us < rules[p].well_us)
		return 0;
	t->is_open = false;
	t->over_us = now_us;
	return -1;
}

void
troubles_step(struct troubles *t, const struct self_report *r, int64_t now_us,
    unsigned *began, unsigned *ended)
{
	*began = *ended = 0;
	pthread_mutex_lock(&t->lock);
	for (unsigned p = 0; p < SELF_PARTS; p++) {
		int what =
		    step_part(&t->parts[p], (enum self_part)p, r, now_us);

		*began |= (what > 0 ? 1u : 0u) << p;
		*ended |= (what < 0 ? 1u : 0u) << p;
	}
	pthread_mutex_unlock(&t->lock);
}

struct trouble
troubles_get(struct troubles *t, enum self_part p)
{
	struct trouble copy;

	pthread_mutex_lock(&t->lock);
	copy = t->parts[p].trouble;
	pthread_mutex_unlock(&t->lock);
	return copy;
}

enum severity
troubles_severity(enum self_part p)
{
	return rules[p].severity;
}
