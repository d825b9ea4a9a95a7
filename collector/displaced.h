/*
 * displaced.h - whom a route leak sends elsewhere.                   (pure)
 *
 * Uses     collector/ballot.h
 * Used by  detect_cause (their moves are the leak's), detect_leak
 *
 * A leaked route takes some vantages of a site, and routing moves others of it
 * to a third one, within five minutes.
 */
#ifndef COLLECTOR_DISPLACED_H
#define COLLECTOR_DISPLACED_H

#include "collector/ballot.h"

/* Does the move leave a site from which the leak takes others, or come home to
 * it as they do? */
bool displaced_takes_move(const struct open_event *leak, const struct move *m);

/* The open shift away from a site from which the ballot's claims take half as
 * many networks, or more.  NULL: none. */
struct open_event *displaced_shift(struct detect *d, const struct ballot *leak);

#endif
