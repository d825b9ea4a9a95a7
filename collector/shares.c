/* shares.c - see shares.h. */
#include "collector/shares.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schema/base/clock.h"
#include "schema/base/mem.h"

#define MOMENTS_USUAL 400

/* The least of some round steps that does not give too many moments. */
static int64_t
usual_step_us(int64_t length_us)
{
	static const int64_t steps_s[] = { 1, 5, 10, 30, 60, 300, 900, 3600,
		6 * 3600 };

	for (size_t i = 0; i < sizeof steps_s / sizeof steps_s[0]; i++)
		if (length_us / (steps_s[i] * US_PER_S) < MOMENTS_USUAL)
			return steps_s[i] * US_PER_S;
	return (length_us / MOMENTS_USUAL / (86400 * US_PER_S) + 1) * 86400 *
	       US_PER_S;
}

enum rc
shares_init(struct shares *s, int64_t since_us, int64_t until_us,
    int64_t step_us, struct err *err)
{
	int64_t n;

	if (since_us < 0 || since_us >= until_us)
		return err_set(err, RC_RANGE,
		    "no time to look at: since must be before until");
	if (step_us == 0)
		step_us = usual_step_us(until_us - since_us);
	if (step_us < US_PER_S)
		return err_set(
		    err, RC_RANGE, "step: expected a second or more");
	n = (until_us - since_us) / step_us + 1;
	if (n > SHARES_MOMENTS_MAX)
		return err_set(err, RC_RANGE,
		    "%lld moments are too many (%d at most); ask for a longer "
		    "step, or for less time",
		    (long long)n, SHARES_MOMENTS_MAX);
	*s = (struct shares){ .first_us = until_us - (n - 1) * step_us,
		.step_us = step_us,
		.n_moments = (size_t)n };
	return RC_OK;
}

void
shares_fini(struct shares *s)
{
	for (size_t i = 0; i < s->n_groups; i++)
		free(s->groups[i].n);
	free(s->groups);
	*s = (struct shares){ 0 };
}

/* They come sorted: looked for from the end. */
static struct share_group *
find_group(struct shares *s, const char *service, const char *group)
{
	struct share_group *g;

	for (size_t i = s->n_groups; i-- > 0;) {
		g = &s->groups[i];
		if (strcmp(g->service, service) == 0 &&
		    strcmp(g->group, group) == 0)
			return g;
	}
	s->groups = mem_grow(s->groups, s->n_groups + 1, sizeof *s->groups);
	g = &s->groups[s->n_groups++];
	*g = (struct share_group){ .n = mem_new(s->n_moments * sizeof *g->n) };
	snprintf(g->service, sizeof g->service, "%s", service);
	snprintf(g->group, sizeof g->group, "%s", group);
	return g;
}

/* The first moment that is not before at_us. */
static size_t
moment_from(const struct shares *s, int64_t at_us)
{
	int64_t last_us =
	    s->first_us + (int64_t)(s->n_moments - 1) * s->step_us;

	if (at_us <= s->first_us)
		return 0;
	if (at_us > last_us)
		return s->n_moments;
	return (size_t)((at_us - s->first_us + s->step_us - 1) / s->step_us);
}

void
shares_add(struct shares *s, const char *service, const char *group,
    int64_t since_us, int64_t until_us)
{
	size_t from = moment_from(s, since_us), to = moment_from(s, until_us);
	struct share_group *g;

	if (from >= to)
		return;
	g = find_group(s, service, group);
	for (size_t i = from; i < to; i++)
		g->n[i]++;
}

int64_t
shares_n_landed(const struct shares *s, const char *service, size_t i)
{
	int64_t n = 0;

	for (size_t k = 0; k < s->n_groups; k++)
		if (s->groups[k].group[0] != '(' &&
		    strcmp(s->groups[k].service, service) == 0)
			n += s->groups[k].n[i];
	return n;
}
