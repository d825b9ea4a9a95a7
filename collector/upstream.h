/*
 * upstream.h - which sites lie behind which routers.                 (pure)
 *
 * Uses     schema/base/addr.h
 * Used by  ingest
 *
 * Learned from traces that named their site with their own last answer: so the
 * router and the site are of the same packets.  A router that was often seen
 * before other sites of a service, by different vantages, and never before this
 * one, contradicts what the answer says.  Kept in memory only, bounded: after a
 * restart it says nothing until it has seen enough.
 */
#ifndef COLLECTOR_UPSTREAM_H
#define COLLECTOR_UPSTREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "schema/base/addr.h"

#define UPSTREAM_ENOUGH 3 /* traces, of different vantages */

struct upstreams;

struct upstreams *upstreams_new(void);
void upstreams_free(struct upstreams *u); /* NULL is fine */

/* Remembers that the router stands before the site for this vantage, and says
 * whether that contradicts what was known. */
bool upstreams_see(struct upstreams *u, const struct addr *router,
    int64_t site_id, int64_t vantage_id);

#endif
