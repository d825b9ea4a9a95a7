/*
 * history_steps.h - rollups added up in equal steps of time.         (pure)
 *
 * Uses     collector/rollup.h
 * Used by  history
 */
#ifndef COLLECTOR_HISTORY_STEPS_H
#define COLLECTOR_HISTORY_STEPS_H

#include <stddef.h>
#include <stdint.h>

#include "collector/rollup.h"
#include "collector/store_rollup.h"

#define HISTORY_STEPS_MAX 100000

struct history_steps {
	int64_t since_us, until_us; /* slots that begin in between count */
	int64_t step_us;
	int64_t first_us; /* of the first step: a multiple of step_us */
	size_t n;
	struct rollup_slot *steps;
};

/* step_us 0: five minutes for up to six hours, hours for up to a week, else
 * days.  Release with history_steps_fini.  RC_RANGE: not a multiple of five
 * minutes, no time at all, or more than HISTORY_STEPS_MAX steps. */
MUST_USE enum rc history_steps_init(struct history_steps *h, int64_t since_us,
    int64_t until_us, int64_t step_us, struct err *err);
void history_steps_fini(struct history_steps *h);
void history_steps_clear(struct history_steps *h);

/* Adds a row's slots, those that also begin between from_us and to_us.
 * RC_MALFORMED: the body is damaged. */
MUST_USE enum rc history_steps_add(struct history_steps *h,
    enum rollup_span span, int64_t at, const void *body, size_t len,
    int64_t from_us, int64_t to_us);

#endif
