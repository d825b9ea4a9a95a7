/*
 * detect_mismatch.h - announced, healthy, receiving: the same set?   (pure)
 *
 * Uses     collector/detect_part.h
 * Used by  detect_part (the table), detect_fold
 *
 * Per site and family, three answers that may each be unknown:
 *
 *   announced  what was last said, while its lease lasts;
 *   healthy    what most vantages get from the site's own unicast address:
 *              two or more must report, and a failure counts only of a
 *              vantage that something else answers;
 *   receiving  yes: two networks (in a fleet under six: one) land there, or
 *              did until it went dark.  No: none does, and the fleet is large
 *              enough to have met it: with the share it usually has, the
 *              chance to miss it is under 5 %.  The usual share is that of
 *              the networks which stayed there within the last seven days.
 *
 * The verdict is the row of the table; unknown when an input is, but for
 * one: sick and receiving is sick_attracting even when nobody says whether it
 * is announced, at a lower severity, the gates saying what is missing.
 *
 * While a black hole of the site is open, no sick_attracting or ghost_sick
 * event opens: it is the same cause.
 */
#ifndef COLLECTOR_DETECT_MISMATCH_H
#define COLLECTOR_DETECT_MISMATCH_H

#include "collector/detect_part.h"

void mismatch_init(struct detect *d);

/* Looks at every site again on each tick. */
extern const struct detect_part mismatch_part;

void mismatch_restore(struct detect *d, const struct site_state *s);

/* The word for a row of the table. */
const char *
mismatch_verdict(enum tri announced, enum tri healthy, enum tri receiving);

#endif
