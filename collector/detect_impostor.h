/*
 * detect_impostor.h - somebody else answers for the service.         (pure)
 *
 * Uses     collector/detect_part.h, ways.h
 * Used by  detect_part (the table), detect_unknown
 *
 * Two verdicts, both critical:
 *
 *   foreign  three networks are answered by one name (numbers aside) of a form
 *            that the service does not have, and it is not the service under
 *            another name: two or more, and half of them, are displaced; or
 *            they come from several sites, and fewer than half of them are in
 *            place.  A vantage to which another service answers with the same
 *            name is only intercepted, and is left out.
 *   copied   three networks (of a site that fewer than six see: two, and 60 %)
 *            are answered by the name of a site that cannot be there: sooner
 *            than light, where it was not so before; or they moved there in
 *            the last ten periods, through a router and an AS through which
 *            nobody came to that site before, while others still come the
 *            known ways (major only: it may be a new upstream,
 *            and none is told when the site's announcement changed within five
 *            minutes).
 *
 * Displaced is who is answered too fast, by a new way, by a stranger while the
 * site's own address has its old name still, or with a round trip off the
 * habit by 20 ms and half of it; in place is to whom that address has a new
 * name too, or who comes the known way, or with a round trip within 5 ms or a
 * quarter of the habit.  Resolved when at
 * most one network is still answered so, for two periods; a copied one also
 * when it has stood for shift_settles, and its ways are learnt.
 *
 * A shift, or an unknown identity, half of whose networks turn out to meet an
 * impostor becomes it; moves to and from the copied site open no shift.
 */
#ifndef COLLECTOR_DETECT_IMPOSTOR_H
#define COLLECTOR_DETECT_IMPOSTOR_H

#include "collector/detect_part.h"

/* Does t land where it seems?  Asked of one whose landing has a name that no
 * site has, about the site it was at. */
enum presence { PRESENCE_UNKNOWN, IN_PLACE, DISPLACED };
enum presence impostor_presence(const struct detect *d, const struct track *t);

/* Is t believed to be answered by a stranger, that counts? */
bool impostor_is_stranger(
    const struct detect *d, const struct track *t, bool is_foreign);

extern const struct detect_part impostor_part;

#endif
