/*
 * detect_trust.h - vantages whose answers cannot be believed.        (pure)
 *
 * Uses     collector/detect_part.h, trust.h, position.h
 * Used by  detect_part (the table), detect_fold (releases by hand)
 *
 * Every ten minutes each vantage is held against those who must see what it
 * sees, and against physics; trust.h has the shares, times and limits.  In
 * quarantine it is stored as before and counts for nothing (track_counts), as
 * one that was put there by hand (whose quarantine never ends by itself).
 *
 *   peers        at a service address it lands at a site where nobody else of
 *                its AS does, while three hosts of its AS within 500 km of it
 *                (five, when fewer than three addresses can be compared), and
 *                four in five of these, land together at another.  Hosts are
 *                distinct in probe and in prefix, and both positions must be
 *                known: an AS may span a continent.
 *   own_address  a site's own address answers it with the name of another site
 *                of the service, while three networks get the right one there.
 *                No routing explains that.  Of two addresses or more.
 *   light        an answer came sooner than light in fibre allows (confidence.h)
 *                from a site whose answers reach three other networks at
 *                believable times, and no other too soon: else it may be the
 *                site's position that is wrong, or the beginning of a hijack.
 *
 * Nothing is held against a vantage
 *   - that is intercepted or flaps, at addresses where its packets are
 *     balanced, and at those where its varied source ports, or those of a peer,
 *     were answered by another site in the last 24 h: networks that balance by
 *     flow may land apart for ever (of 74 ccTLD servers that gave one place
 *     several names in three questions, 20 were at several sites);
 *   - at a service in which a shift, black hole, impostor, leak or flapping is
 *     open;
 *   - that has no peers: neighbours in other ASes say nothing of where it
 *     lands, for policy decides that and not distance;
 *   - for an identity that nobody knows (impostor, intercepted and
 *     unknown_identity are about these), for its clock (times are corrected),
 *     or for silence.
 */
#ifndef COLLECTOR_DETECT_TRUST_H
#define COLLECTOR_DETECT_TRUST_H

#include "collector/detect_part.h"

#define TRUST_NEAR_KM 500

/* Is the vantage in quarantine by the detector's word, since at_us or before? */
bool
trust_is_withheld(const struct detect *d, int64_t vantage_id, int64_t at_us);

/* Released by hand: must be so. */
void trust_release(struct detect *d, int64_t vantage_id, int64_t at_us);

extern const struct detect_part trust_part;

#endif
