/*
 * geo.h - AS, country and position of an address.                    (edge)
 *
 * Uses     libmaxminddb
 * Used by  ingest
 */
#ifndef COLLECTOR_GEO_H
#define COLLECTOR_GEO_H

#include "collector/store_probe.h"
#include "schema/base/addr.h"
#include "schema/base/err.h"

struct geo;

/* Opens the two databases in MaxMind DB format; either path may be NULL.
 * Gives *out: release with geo_close.  RC_NOTFOUND, RC_MALFORMED. */
MUST_USE enum rc geo_open(struct geo **out, const char *asn_path,
    const char *city_path, struct err *err);
void geo_close(struct geo *g); /* NULL is fine */

/* Replaces in *w what the databases know of the address, and leaves the rest
 * as it is.  g may be NULL.  From one thread at a time. */
void
geo_look_up(const struct geo *g, const struct addr *a, struct whereabouts *w);

#endif
