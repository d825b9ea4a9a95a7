/*
 * detect_shift.h - moves of many networks become one event.          (pure)
 *
 * Uses     collector/detect_part.h, shift_group.h, quorum.h
 * Used by  detect_part (the table), detect_fold (moves), detect_suspected
 *
 * Moves of the last window (two periods and a minute) are grouped by the site
 * that was left and by the site that was gained, over both families.  A group
 * opens an event when its distinct networks
 *
 *   quorum        reach k (quorum.h, with the false moves of seven days; of
 *                 days not yet watched, one of each vantage in the week), or
 *   majority      are two or more, and 60 % of those that were on the site
 *                 that was left, or
 *   announcement  reach k - 1 (2 or more), and the announcement of a site of
 *                 theirs changed within five minutes.
 *
 * So a site that a single network sees cannot open one.
 *
 * One event per cause: while it is open it takes in every later move that
 * shares its site, and those that share either end with half of the networks
 * that voted within a window of the move (where they went says nothing once the
 * site of the label has lost nearly all); its label is the site that most of
 * them share, preferring the one that was left.  Voters that move on, or home, only
 * change their vote.
 */
#ifndef COLLECTOR_DETECT_SHIFT_H
#define COLLECTOR_DETECT_SHIFT_H

#include "collector/detect_part.h"

/* Takes a confirmed move of t. */
void shift_move(struct detect *d, struct track *t, const struct move *m);

/* What is known of the event beside its votes has changed: emits it. */
void shift_refresh(struct detect *d, struct open_event *o);

/* A move that no event took in becomes noise. */
void shift_age(struct detect *d, struct track *t);

/* False moves of the last NOISE_DAYS days: those measured, and those assumed of
 * the time before anybody watched. */
unsigned shift_noise(struct detect *d, size_t service);

/* On a tick: reconsiders when an announcement changed, for groups may be full
 * now; resolves what returned or settled. */
extern const struct detect_part shift_part;

#endif
