/*
 * detect_suspected.h - what is too little for an event, yet.         (pure)
 *
 * Uses     collector/detect_part.h, detect_shift.h, detect_blackhole.h
 * Used by  detect_part (the table), store_suspected (the memo)
 *
 * Two tiers: an event is confirmed, and told.  Below it, and never told, is
 * what two networks or more agree on and no rule of the kind is content with:
 *
 *   shift      moves that share an end, within a window (two periods and a
 *              minute) before the newest of them, which is no older than that;
 *              each move is shown once, where most others share its end;
 *   blackhole  networks that are dark at a site of which no black hole is open.
 *
 * It is a view of the moves and the darkness that the detector remembers anyway
 * and no event: it has no number, and when a rule is full, an event opens in
 * its place, whose votes are these.  Else it is gone when the moves are too old,
 * or undone.  Rounds of imported history are judged whole, and have none.
 */
#ifndef COLLECTOR_DETECT_SUSPECTED_H
#define COLLECTOR_DETECT_SUSPECTED_H

#include "collector/detect_part.h"

/* The memo: a JSON array of what is suspected now, each an object with kind,
 * service and site (ids), direction (shift: from, to), since_us, last_us,
 * vantages, asns, needed (networks, by the rule that asks for the fewest), needs
 * (array: rule, asns, needed) and votes (array: vantage, target, from, to: 0 for
 * nowhere, at_us, confirmed_us: 0 for not known; no more than 100).  Emitted when it changes. */
#define SUSPECTED_MEMO "suspected/now"

extern const struct detect_part suspected_part; /* looks on each tick */

#endif
