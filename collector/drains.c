#include "collector/drains.h"

#include <stdbool.h>
#include <stdlib.h>

#include "schema/base/clock.h"
#include "schema/base/mem.h"

/* The clocks of vantages are corrected when they are off by more than a
 * second; announcements take their minutes, and damped ones an hour (RFC 7196
 * section 4: the longest suppression in use). */
#define EARLY_US (5 * US_PER_S)
#define RETURN_US (3600 * US_PER_S)

void
drains_fini(struct drains *d)
{
	free(d->list);
	*d = (struct drains){ 0 };
}

void
drains_hear(struct drains *d, const struct drain *x)
{
	for (size_t i = 0; i < d->n; i++) {
		if (d->list[i].id == x->id) {
			d->list[i] = *x;
			return;
		}
	}
	d->list = mem_grow(d->list, d->n + 1, sizeof *d->list);
	d->list[d->n++] = *x;
}

bool
drains_is_news(const struct drains *d, const struct drain *x)
{
	for (size_t i = 0; i < d->n; i++) {
		const struct drain *y = &d->list[i];

		if (y->id == x->id)
			return y->site_id != x->site_id ||
			       y->since_us != x->since_us ||
			       y->until_us != x->until_us ||
			       y->ended_us != x->ended_us;
	}
	return true;
}

int64_t
drain_end_us(const struct drain *x)
{
	int64_t end_us = INT64_MAX;

	if (x->until_us != 0)
		end_us = x->until_us;
	if (x->ended_us != 0 && x->ended_us < end_us)
		end_us = x->ended_us;
	return end_us;
}

const struct drain *
drains_at(const struct drains *d, int64_t site_id, int64_t at_us)
{
	for (size_t i = 0; i < d->n; i++) {
		const struct drain *x = &d->list[i];

		if (x->site_id == site_id && at_us >= x->since_us &&
		    at_us < drain_end_us(x))
			return x;
	}
	return NULL;
}

/* Its end as far as moves go: those under way at the end were still meant. */
static bool
is_leaving(const struct drain *x, int64_t at_us)
{
	int64_t end_us = drain_end_us(x);

	return at_us >= x->since_us - EARLY_US &&
	       (end_us == INT64_MAX || at_us < end_us + EARLY_US);
}

static bool
is_returning(const struct drain *x, int64_t at_us)
{
	int64_t end_us = drain_end_us(x);

	return end_us != INT64_MAX && at_us >= end_us - EARLY_US &&
	       at_us < end_us + RETURN_US;
}

const struct drain *
drains_explain(const struct drains *d, int64_t from_site_id, int64_t to_site_id,
    int64_t at_us)
{
	for (size_t i = 0; i < d->n; i++) {
		const struct drain *x = &d->list[i];

		if ((x->site_id == from_site_id && is_leaving(x, at_us)) ||
		    (x->site_id == to_site_id && is_returning(x, at_us)))
			return x;
	}
	return NULL;
}
