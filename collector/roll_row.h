/*
 * roll_row.h - one track, in short.                                  (pure)
 *
 * Uses     collector/roll.h (the marks), fleet.h, map.h
 * Used by  collector/roll
 */
#ifndef COLLECTOR_ROLL_ROW_H
#define COLLECTOR_ROLL_ROW_H

#include <stdint.h>

#include "collector/fleet.h"
#include "collector/map.h"

/* A site is its place in the service's list and one more; 0: none. */
struct roll_row {
	int64_t vantage_id;
	struct track *track;
	uint32_t member;
	uint32_t serial; /* with ROLL_SERIAL */
	uint16_t marks;
	uint16_t here;   /* track_is_on_site */
	uint16_t before; /* where it usually was until lately */
	uint16_t noise;  /* noise_count */
};

#define ROLL_NEVER INT64_MAX

/* What is to be said of t at now_us.  sites: of (site, 0) the place in its
 * service's list.  *until_us: when it says something else without having been
 * touched; ROLL_NEVER. */
struct roll_row roll_row_of(struct track *t, const struct map *sites,
    int64_t now_us, int64_t *until_us);

#endif
