#include "probe/steady.h"

#include <stdio.h>

static void
count(struct steady *s, const struct site_answer *a, int64_t since_us)
{
	if (s->said != a->said)
		s->since_us = since_us;
	s->said = a->said;
	snprintf(s->why, sizeof s->why, "%s", a->why);
}

void
steady_hear(struct steady *s, const struct site_answer *a, unsigned fall,
    unsigned rise, int64_t now_us)
{
	unsigned needed = a->said == SAID_NO    ? fall
			  : a->said == SAID_YES ? rise
						: 1;

	if (a->said != s->next || s->n == 0) {
		s->next = a->said;
		s->n = 0;
		s->next_since_us = now_us;
	}
	if (s->n < needed)
		s->n++;
	if (s->n >= needed) {
		count(s, a, s->next_since_us);
	} else if (s->said == SAID_NOTHING) {
		s->said = SAID_UNKNOWN;
		s->since_us = now_us;
		snprintf(s->why, sizeof s->why, "not looked long enough yet");
	}
}

struct site_answer
steady_answer(const struct steady *s, int64_t now_us)
{
	struct site_answer a = { .said = s->said,
		.for_us = s->said == SAID_NOTHING ? 0 : now_us - s->since_us };

	snprintf(a.why, sizeof a.why, "%s", s->why);
	return a;
}
