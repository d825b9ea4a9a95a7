/*
 * place.h - where a vantage is, from all that is known of it.      (wiring)
 *
 * Uses     geo.h (look up), store_probe.h and detect.h (values)
 * Used by  ingest
 */
#ifndef COLLECTOR_PLACE_H
#define COLLECTOR_PLACE_H

#include <stdbool.h>

#include "collector/detect.h"
#include "collector/geo.h"
#include "collector/store_probe.h"

/* The row of a probe's vantage of a family as it should be, given the old one
 * (id 0: none).  Its source is the connection's address if that is of the
 * family, else what the probe says is its own; an address that nobody outside
 * owns says nothing, and the last one known stays.  AS, country and position
 * are the geo databases', else the probe's own word.  seen and own are the
 * last ones of the family. */
struct vantage_row place_row(const struct vantage_row *old,
    const struct probe_row *probe, uint8_t family,
    const struct addr *connection, const struct addr *own,
    const struct geo *geo);

/* Is there NAT between the vantage and the collector?  NULL: not known, else
 * "yes" or "no".  Requests from a loopback address came through a proxy, which
 * hides it; IPv6 hosts have several addresses of one /64. */
const char *place_nat(const struct addr *seen, const struct addr *own);

/* Does the stored row b say the same as a? */
bool place_equal(const struct vantage_row *a, const struct vantage_row *b);

/* The vantage as the detector knows it. */
struct vantage place_vantage(const char *probe_id, enum probe_state state,
    const struct vantage_row *row);

#endif
