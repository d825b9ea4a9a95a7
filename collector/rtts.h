/*
 * rtts.h - the round trips to each site, counted for /metrics.       (edge)
 *
 * Uses     histogram, service
 * Used by  ingest (adds), metrics (writes), serve (says which sites)
 *
 * One histogram for each site and family of the configuration, and one of
 * each service for identities that name no site: nothing that comes from the
 * network makes another.
 */
#ifndef COLLECTOR_RTTS_H
#define COLLECTOR_RTTS_H

#include <stdint.h>

#include "collector/exposition.h"
#include "collector/service.h"

struct rtts;

struct rtts *rtts_new(void);    /* Gives: release with rtts_free. */
void rtts_free(struct rtts *r); /* NULL is fine */

/* From now on for these sites, whose names it copies; what was counted of the
 * same ids goes on.  They have their ids. */
void rtts_set_services(struct rtts *r, const struct services *all);

/* Adds one; of what is not configured, nothing.  site_id 0: none was named.
 * NULL is fine, as r. */
void rtts_add(struct rtts *r, int64_t service_id, int64_t site_id,
    uint8_t family, int64_t rtt_us);

/* Writes the family; of what was never seen, nothing. */
void rtts_write(struct rtts *r, struct exposition *e);

#endif
