/*
 * detect_cause.h - one event per cause.                              (pure)
 *
 * Uses     collector/ballot.h, displaced.h
 * Used by  detect_shift, detect_mismatch (what is not theirs), and the parts
 *          whose kinds come after those (enum event_kind: the order of blame)
 *
 * Three ways out of two events for one cause.  What an open event explains
 * opens none.  A shift most of whose networks turn out to meet an impostor, or
 * to flap, was that from the start and becomes it, with its id and its votes.
 * And what overlaps with an open event by fewer belongs to it (parent_id), so
 * that it is shown and not told.
 */
#ifndef COLLECTOR_DETECT_CAUSE_H
#define COLLECTOR_DETECT_CAUSE_H

#include "collector/ballot.h"

/* Is a confirmed move explained by something that is no shift: an impostor at
 * either end, a route leak of a local site (and whom it sends elsewhere), sites
 * between which it flaps? */
bool cause_takes_move(
    const struct detect *d, const struct track *t, const struct move *m);

/* The open event of one of the kinds (bits 1 << kind) half of whose networks
 * claim: it is what the ballot is about.  NULL: none. */
struct open_event *
cause_same(struct detect *d, const struct ballot *b, unsigned kinds);

/* Makes the open shifts, mismatches and unknown identities in which a vantage
 * that claims has a vote, and a mismatch of o's site, part of o. */
void cause_adopt(
    struct detect *d, const struct ballot *b, const struct open_event *o);

/* The first open shift, black hole or impostor in which a vantage that claims
 * has a vote; 0: none. */
int64_t cause_parent(struct detect *d, const struct ballot *b);

/* The open event that has to do with a site: of one of the kinds (bits
 * 1 << kind), about it or with votes from or to it.  NULL: none. */
const struct open_event *
cause_at_site(const struct detect *d, int64_t site_id, unsigned kinds);

/* Is an event of one of the kinds open in a service? */
bool cause_in_service(const struct detect *d, size_t service, unsigned kinds);

/* Distinct networks among the votes of o whose vantages claim. */
size_t cause_share(
    struct detect *d, const struct ballot *b, const struct open_event *o);

#endif
