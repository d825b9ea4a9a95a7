/*
 * detect_withdrawn.h - a site that is announced no more, unplanned.  (pure)
 *
 * Uses     collector/detect_part.h, detect_mismatch.h (the sites' answers)
 * Used by  detect_part (the table)
 *
 * Where vantages land, a withdrawal is a shift.  A site that too few of them see
 * has nothing but its own word: this tells it, as a mismatch with the verdict
 * "withdrawn", when that word was yes and has been no for the hold of a
 * mismatch, or a shift's window if that is longer, while nobody is known to land
 * there any more.
 *
 * One event per cause: it is told only when nothing else is.  A shift with votes
 * from the site, a black hole, impostor, leak or another mismatch of it, or a
 * drain, while it is withdrawn or before, explains the whole of it, even when
 * that is over; until the site is announced again.  A shift that comes later takes
 * it in as its part.  A site that has not been announced since it is known (it
 * stands by) is not withdrawn.
 *
 * Rounds of imported history differ on purpose, and have none.
 */
#ifndef COLLECTOR_DETECT_WITHDRAWN_H
#define COLLECTOR_DETECT_WITHDRAWN_H

#include "collector/detect_part.h"

#define WITHDRAWN "withdrawn" /* the verdict */

extern const struct detect_part withdrawn_part; /* looks on each tick */

#endif
