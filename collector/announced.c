#include "collector/announced.h"

#include <stdlib.h>

#include "schema/base/mem.h"

void
announced_init(struct announced *a, const struct services *services)
{
	size_t n_sites = 0;

	for (size_t i = 0; i < services->n; i++)
		n_sites += services->list[i].n_sites;
	*a = (struct announced){ .list = mem_new(
				     (2 * n_sites + 1) * sizeof *a->list) };
	for (size_t i = 0; i < services->n; i++) {
		for (size_t k = 0; k < 2 * services->list[i].n_sites; k++) {
			struct announced_site *s = &a->list[a->n++];

			s->site_id = services->list[i].sites[k / 2].id;
			s->family = k % 2 == 0 ? 4 : 6;
		}
	}
}

void
announced_fini(struct announced *a)
{
	free(a->list);
	*a = (struct announced){ 0 };
}

static bool
hear(struct announced_site *s, bool is_up, int64_t at_us, int64_t until_us)
{
	bool is_change;

	if (s->is_said && at_us < s->at_us)
		return false;
	if (until_us <= at_us) {
		s->lease_until_us = until_us;
		return false;
	}
	is_change = s->is_said && s->is_up != is_up;
	if (is_change)
		s->changed_us = at_us;
	s->is_said = true;
	s->is_up = is_up;
	s->at_us = at_us;
	s->lease_until_us = until_us;
	return is_change;
}

bool
announced_hear(struct announced *a, int64_t site_id, uint8_t family, bool is_up,
    int64_t at_us, int64_t lease_until_us)
{
	bool is_change = false;

	for (size_t i = 0; i < a->n; i++) {
		struct announced_site *s = &a->list[i];

		if (s->site_id == site_id &&
		    (family == 0 || s->family == family))
			is_change |= hear(s, is_up, at_us, lease_until_us);
	}
	return is_change;
}

static bool
is_news(
    const struct announced_site *s, bool is_up, int64_t at_us, int64_t until_us)
{
	if (s->is_said && at_us < s->at_us)
		return false;
	if (s->lease_until_us != until_us)
		return true;
	return until_us > at_us &&
	       (!s->is_said || s->is_up != is_up || s->at_us != at_us);
}

bool
announced_is_news(const struct announced *a, int64_t site_id, uint8_t family,
    bool is_up, int64_t at_us, int64_t lease_until_us)
{
	for (size_t i = 0; i < a->n; i++) {
		const struct announced_site *s = &a->list[i];

		if (s->site_id == site_id &&
		    (family == 0 || s->family == family) &&
		    is_news(s, is_up, at_us, lease_until_us))
			return true;
	}
	return false;
}

enum tri
announced_now(
    const struct announced *a, int64_t site_id, uint8_t family, int64_t now_us)
{
	for (size_t i = 0; i < a->n; i++) {
		const struct announced_site *s = &a->list[i];

		if (s->site_id != site_id || s->family != family)
			continue;
		if (!s->is_said || now_us >= s->lease_until_us)
			return TRI_UNKNOWN;
		return s->is_up ? TRI_YES : TRI_NO;
	}
	return TRI_UNKNOWN;
}

bool
announced_changed_near(
    const struct announced *a, int64_t site_id, int64_t at_us, int64_t span_us)
{
	for (size_t i = 0; i < a->n; i++) {
		const struct announced_site *s = &a->list[i];
		int64_t apart = s->changed_us - at_us;

		if (s->site_id == site_id && s->changed_us != 0 &&
		    apart <= span_us && -apart <= span_us)
			return true;
	}
	return false;
}
