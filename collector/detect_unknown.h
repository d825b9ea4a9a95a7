/*
 * detect_unknown.h - answers under a name that no site has.          (pure)
 *
 * Uses     collector/detect_part.h, detect_impostor.h
 * Used by  detect_part (the table)
 *
 * Event unknown_identity, with two verdicts:
 *
 *   new_site  three networks are answered by one name (numbers aside) of a
 *             form that the service has, of a site that it does not have;
 *   renamed   three networks of one site, and 60 % of its networks, have for
 *             five periods been answered by names of no known form, and are
 *             not displaced (detect_impostor.h): its servers changed theirs.
 *
 * A notice.  Resolved when at most one network is still answered so, for two
 * periods.  A string that arrives broken is neither: it has to come thrice in
 * a row to each of three networks.  While an impostor has been found at the
 * same vantages, it is that.
 */
#ifndef COLLECTOR_DETECT_UNKNOWN_H
#define COLLECTOR_DETECT_UNKNOWN_H

#include "collector/detect_part.h"

extern const struct detect_part unknown_part;

#endif
