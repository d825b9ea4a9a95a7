/*
 * sight.h - from an observation to what the detector hears of it.  (wiring)
 *
 * Uses     interpret, geo, detect.h (values)
 * Used by  ingest (as observations come), replay (as they were stored)
 */
#ifndef COLLECTOR_SIGHT_H
#define COLLECTOR_SIGHT_H

#include <stdbool.h>
#include <stdint.h>

#include "collector/detect.h"
#include "collector/geo.h"
#include "collector/service.h"
#include "schema/record.h"

/* What the collector knows of an observation beside what the probe said. */
struct sight_context {
	int64_t observation_id, vantage_id;
	const struct target *target;
	int64_t site_id;  /* what the identity meant; 0: nothing */
	bool is_named;    /* whoever stored it knows the site, if any */
	bool is_too_fast; /* sooner than light in fibre from there */
	int64_t at_us, received_us;
};

/* Tells the detector of an observation, if it is one that it hears: a DNS
 * question of anything but a decoy, another one whose site is known (of
 * imported history), or a trace to a service address.  geo may be NULL. */
void sight_tell(struct detect *d, const struct services *services,
    const struct geo *geo, const struct observation *o,
    const struct sight_context *c);

#endif
