/*
 * detect_leak.h - a local site seen outside its scope.               (pure)
 *
 * Uses     collector/detect_part.h, displaced.h, quorum.h
 * Used by  detect_part (the table), detect_cause (leak_is_outside)
 *
 * A site with scope = "local" is for some networks: those of local_to, or,
 * without that, those that landed there in the seven days before (at most 64,
 * the oldest is forgotten first); one is learnt when it has landed there for a
 * day and no leak of the site is open.  In the first day of a site everybody is
 * learnt at once, and nothing is a leak.  Vantages whose AS is not known are
 * never outside.
 *
 * Open when two networks from outside land there, or, where vantages move by
 * themselves more often, one less than a shift would need (quorum.h).
 * Resolved when none has for two periods.  Moves of networks from outside, to
 * the site and home, are of the leak and never of a shift; nor are those that
 * it sends elsewhere (displaced.h), and a shift of them becomes the leak.
 */
#ifndef COLLECTOR_DETECT_LEAK_H
#define COLLECTOR_DETECT_LEAK_H

#include "collector/detect_part.h"

/* Is the site a local one, and t's network not of those it is for? */
bool
leak_is_outside(const struct detect *d, const struct track *t, int64_t site_id);

extern const struct detect_part leak_part;

#endif
