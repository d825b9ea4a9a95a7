#include "collector/shift_group.h"

#include "collector/quorum.h"
#include "schema/base/clock.h"

int64_t
shift_window_us(const struct track *t)
{
	return 2 * t->rules->dns_every_us + 60 * US_PER_S;
}

bool
shift_is_near(int64_t a_us, int64_t b_us, int64_t span_us)
{
	return a_us - b_us <= span_us && b_us - a_us <= span_us;
}

bool
shift_is_in_group(const struct track *t, const struct shift_group *g)
{
	if (track_rare(t)->recent.from_site_id == 0 || !track_counts(t))
		return false;
	if (g->is_round)
		return track_rare(t)->recent.at_us >= t->rules->round_us;
	return (g->is_to ? t->home : track_rare(t)->recent.from_site_id) ==
		   g->site_id &&
	       shift_is_near(
		   track_rare(t)->recent.at_us, g->at_us, g->window_us);
}

static size_t
at_least_2(size_t n)
{
	return n < 2 ? 2 : n;
}

void
shift_count_group(struct detect *d, struct shift_group *g)
{
	struct track_query q = { .now_us = d->now_us, .site_id = g->site_id };
	struct roll_walk w =
	    roll_walk(d->roll, g->service, ROLL_MOVED, d->now_us);
	const struct track *t;

	g->n_asns = 0;
	fleet_count_begin(&d->fleet);
	while ((t = roll_next(&w)) != NULL)
		g->n_asns += shift_is_in_group(t, g) &&
			     fleet_count_as(&d->fleet, t->member);
	/* Going on in the same count: who is there and has not moved. */
	g->n_before = g->n_asns;
	w = roll_walk_site(d->roll, g->service, g->site_id, d->now_us);
	while ((t = roll_next(&w)) != NULL)
		g->n_before += track_is_on_site(t, &q) &&
			       fleet_count_as(&d->fleet, t->member);
	g->needed = quorum_needed(
	    g->noise, NOISE_DAYS * 86400 * US_PER_S, g->window_us);
	g->needed_majority = g->is_to || g->is_round
				 ? 0
				 : at_least_2((g->n_before * 6 + 9) / 10);
	g->needed_announcement = at_least_2(g->needed - 1);
}

static bool
has_announcement(const struct detect *d, const struct shift_group *g)
{
	struct roll_walk w =
	    roll_walk(d->roll, g->service, ROLL_MOVED, d->now_us);
	const struct track *t;

	while ((t = roll_next(&w)) != NULL) {
		if (!shift_is_in_group(t, g))
			continue;
		if (announced_changed_near(&d->announced,
			track_rare(t)->recent.from_site_id,
			track_rare(t)->recent.at_us, DETECT_NEAR_US) ||
		    announced_changed_near(&d->announced, t->home,
			track_rare(t)->recent.at_us, DETECT_NEAR_US))
			return true;
	}
	return false;
}

void
shift_judge_group(struct detect *d, struct shift_group *g)
{
	shift_count_group(d, g);
	if (g->n_asns >= g->needed)
		g->rule = "quorum";
	else if (g->needed_majority != 0 && g->n_asns >= g->needed_majority)
		g->rule = "majority";
	else if (g->n_asns >= g->needed_announcement && has_announcement(d, g))
		g->rule = "announcement";
}
