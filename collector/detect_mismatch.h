/*
 * detect_mismatch.h - announced, healthy, receiving: the same set?   (pure)
 *
 * Uses     collector/detect_part.h
 * Used by  detect_part (the table), detect_fold, detect_withdrawn
 *
 * Per site and family, three answers that may each be unknown:
 *
 *   announced  what was last said, while its lease lasts;
 *   healthy    what the site itself says, while that lease lasts; when it says
 *              nothing, what most vantages get from its own unicast address:
 *              two or more must report, and a failure counts only of a
 *              vantage that something else answers.  When the site says that
 *              it is well and most vantages that it is not, nobody knows;
 *   receiving  yes: two networks (in a fleet under six: one) land there, or
 *              did until it went dark.  No: none does, and the fleet is large
 *              enough to have met it: with the share it usually has, the
 *              chance to miss it is under 5 %.  The usual share is that of
 *              the networks which stayed there within the last seven days.
 *
 * The verdict is the row of the table.  Where an input is unknown, several rows
 * are possible: the mildest of them when each is an alarm (sick and receiving is
 * sick_attracting even when nobody says whether it is announced, at a lower
 * severity), else unknown; the gates say which are possible and what is missing.
 *
 * A site in drain is meant not to be announced, and is judged so: receiving
 * after the hold is "ghost", whether or not its route was withdrawn.
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

/* How long a verdict that is no sickness must stand: while routes settle, but no
 * less than three periods, in which every vantage has been asked again, even if
 * one question of it was lost. */
int64_t mismatch_hold_us(const struct service *s);

void mismatch_restore(struct detect *d, const struct site_state *s);

/* The word for a row of the table, or for what is known of it. */
const char *
mismatch_verdict(enum tri announced, enum tri healthy, enum tri receiving);

/* The words of all rows that may be, a comma between. */
#define MISMATCH_POSSIBLE_LEN 96
void mismatch_possible(char out[static MISMATCH_POSSIBLE_LEN],
    enum tri announced, enum tri healthy, enum tri receiving);

#endif
