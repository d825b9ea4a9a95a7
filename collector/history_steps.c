/* history_steps.c - see history_steps.h. */
#include "collector/history_steps.h"

#include <stdlib.h>

#include "schema/base/clock.h"
#include "schema/base/mem.h"

static int64_t
default_step_us(int64_t length_us)
{
	if (length_us <= 6 * ROLLUP_HOUR_US)
		return ROLLUP_SLOT_US;
	return length_us <= 7 * ROLLUP_DAY_US ? ROLLUP_HOUR_US : ROLLUP_DAY_US;
}

enum rc
history_steps_init(struct history_steps *h, int64_t since_us, int64_t until_us,
    int64_t step_us, struct err *err)
{
	int64_t n;

	if (since_us < 0 || since_us >= until_us)
		return err_set(err, RC_RANGE,
		    "no time to look at: --since must be before --until");
	if (step_us == 0)
		step_us = default_step_us(until_us - since_us);
	if (step_us < 0 || step_us % ROLLUP_SLOT_US != 0)
		return err_set(err, RC_RANGE,
		    "--step: expected a multiple of 5m, such as 5m, 1h or 1d");
	*h = (struct history_steps){ .since_us = since_us,
		.until_us = until_us,
		.step_us = step_us,
		.first_us = since_us - since_us % step_us };
	n = (until_us - 1 - h->first_us) / step_us + 1;
	if (n > HISTORY_STEPS_MAX)
		return err_set(err, RC_RANGE,
		    "%lld steps are too many (%d at most); ask for longer ones "
		    "with --step, or for less time",
		    (long long)n, HISTORY_STEPS_MAX);
	h->n = (size_t)n;
	h->steps = mem_new(h->n * sizeof *h->steps);
	return RC_OK;
}

void
history_steps_clear(struct history_steps *h)
{
	for (size_t i = 0; i < h->n; i++)
		rollup_slot_fini(&h->steps[i]);
}

void
history_steps_fini(struct history_steps *h)
{
	history_steps_clear(h);
	free(h->steps);
	*h = (struct history_steps){ 0 };
}

enum rc
history_steps_add(struct history_steps *h, enum rollup_span span, int64_t at,
    const void *body, size_t len, int64_t from_us, int64_t to_us)
{
	int64_t slot_us = span == ROLLUP_HOUR ? ROLLUP_SLOT_US : ROLLUP_HOUR_US;
	int64_t at_us =
	    at * (span == ROLLUP_HOUR ? ROLLUP_HOUR_US : ROLLUP_DAY_US);
	struct rollup row = { 0 };
	enum rc rc = rollup_decode(&row, body, len);

	for (size_t i = 0; rc == RC_OK && i < ROLLUP_SLOTS; i++) {
		int64_t begin_us = at_us + (int64_t)i * slot_us;

		if (row.slots[i].n > 0 && begin_us >= h->since_us &&
		    begin_us < h->until_us && begin_us >= from_us &&
		    begin_us < to_us)
			rollup_slot_merge(
			    &h->steps[(begin_us - h->first_us) / h->step_us],
			    &row.slots[i]);
	}
	rollup_fini(&row);
	return rc;
}
