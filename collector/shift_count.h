/*
 * shift_count.h - what the votes of a shift come to, vote by vote.   (pure)
 *
 * Uses     collector/detect_state.h, crowds.h
 * Used by  detect_shift, ballot (forgets it)
 *
 * When a site is withdrawn, thousands of votes come one by one, and each asks
 * what all of them come to.  So that is kept: how many networks of each crowd
 * (crowds.h) every question counts.  A vote, or a landing that comes to the
 * site or goes, has its own crowd counted again and no other.  What is kept is
 * what a walk over all votes finds; it is made by one where it is missing.
 */
#ifndef COLLECTOR_SHIFT_COUNT_H
#define COLLECTOR_SHIFT_COUNT_H

#include "collector/detect_state.h"

/* A vote of the event is new (old NULL), or changed in all but its time. */
void shift_count_note(struct detect *d, struct open_event *o,
    const struct vote *old, const struct vote *new);

/* Forgets what is kept: the votes are others now. */
void shift_count_forget(struct open_event *o);

/* Networks of which a vote left the site, or (is_to) came to it. */
size_t shift_count_label(
    struct detect *d, struct open_event *o, bool is_to, int64_t site_id);

/* Networks that were on the event's site: those that left it and those that
 * are there still. */
size_t shift_count_before(struct detect *d, struct open_event *o);

/* As detect_sum_votes. */
void shift_count_sum(struct detect *d, struct open_event *o);

/* When the newest vote began. */
int64_t shift_count_last_us(struct detect *d, struct open_event *o);

/* What the moves cost, over the votes that stand and of which both round trips
 * are known. */
struct shift_cost {
	size_t n, n_worse;
	int64_t median_us, worst_us;
};
struct shift_cost shift_count_cost(struct detect *d, struct open_event *o);

#endif
