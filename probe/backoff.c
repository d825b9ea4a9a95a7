/* backoff.c - see backoff.h. */
#include "probe/backoff.h"

void
backoff_failed(
    struct backoff *b, int64_t now_us, int64_t asked_us, uint64_t random)
{
	int64_t wait_us = BACKOFF_FIRST_US;

	for (unsigned i = 0; i < b->n_failures && wait_us < BACKOFF_MAX_US; i++)
		wait_us *= 2;
	if (wait_us > BACKOFF_MAX_US)
		wait_us = BACKOFF_MAX_US;
	wait_us -= (int64_t)(random % (uint64_t)(wait_us / 2));
	if (asked_us > BACKOFF_ASKED_MAX_US)
		asked_us = BACKOFF_ASKED_MAX_US;
	if (asked_us > wait_us)
		wait_us = asked_us;
	b->n_failures++;
	b->not_before_us = now_us + wait_us;
}

void
backoff_succeeded(struct backoff *b)
{
	*b = (struct backoff){ 0 };
}
