/* alert_policy.c - see alert_policy.h. */
#include "collector/alert_policy.h"

#include <string.h>

#include "schema/base/clock.h"

#define LOOK_AGAIN_US (3 * US_PER_S)

static const struct policy go_out = { .act = POLICY_SEND };

static struct policy
wait_until(int64_t until_us)
{
	return (struct policy){ .act = POLICY_WAIT, .until_us = until_us };
}

static struct policy
hold(const char *why)
{
	return (struct policy){ .act = POLICY_HOLD, .why = why };
}

static bool
is_one_of(const char *word, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(word, list[i]) == 0)
			return true;
	return false;
}

/* What emptying a site on purpose, and working on it, brings about.  That it
 * still attracts traffic, that its users reach nothing, and that somebody else
 * answers are no part of that; which shift is, the detector knows. */
static bool
is_by_drain(const struct event_row *e)
{
	static const char *const kinds[] = { "split", "latency", "stale",
		"flapping", "unknown_identity" };
	static const char *const verdicts[] = { "shadowed", "sick_announced",
		"withdrawn", "idle", "down" };

	if (strcmp(e->severity, "critical") == 0)
		return false;
	if (strcmp(e->kind, "mismatch") == 0)
		return is_one_of(
		    e->verdict, verdicts, sizeof verdicts / sizeof verdicts[0]);
	return is_one_of(e->kind, kinds, sizeof kinds / sizeof kinds[0]);
}

static struct policy
decide_open(const struct alert_settings *a, const struct delivery *d,
    const struct event_row *e, bool is_silent, int64_t now_us)
{
	int64_t ripe_us = d->created_us + a->open_for_us;

	if (a->open_for_us > 0 && e->is_resolved && e->resolved_us < ripe_us)
		return hold("over before it had been open for long enough");
	if (now_us < ripe_us)
		return wait_until(ripe_us);
	if (is_silent && e->is_resolved)
		return hold("its site was in drain");
	if (is_silent)
		return wait_until(now_us + LOOK_AGAIN_US);
	return go_out;
}

struct policy
policy_decide(const struct alert_settings *a, const struct delivery *d,
    const struct event_row *e, bool is_drained, int64_t now_us)
{
	bool is_silent = is_drained && !a->tells_drained && is_by_drain(e);

	if (d->n_tries > 0)
		return go_out;
	if (strcmp(d->notice, "resolve") == 0)
		return d->is_open_held ? hold("its beginning was not told")
				       : go_out;
	if (strcmp(d->notice, "open") != 0)
		return go_out;
	if (d->n_repeat == 0)
		return decide_open(a, d, e, is_silent, now_us);
	if (e->is_resolved)
		return hold("over by then");
	return is_silent ? hold("its site is in drain") : go_out;
}
