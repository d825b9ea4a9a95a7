/*
 * roll_row.h - one track, in short.                                  (pure)
 *
 * Uses     collector/fleet.h, map.h
 * Used by  collector/roll
 */
#ifndef COLLECTOR_ROLL_ROW_H
#define COLLECTOR_ROLL_ROW_H

#include <stdint.h>

#include "collector/fleet.h"
#include "collector/map.h"
#include "schema/base/clock.h"

enum roll_mark {
	ROLL_DARK = 1 << 0,        /* is_dark */
	ROLL_STRANGER = 1 << 1,    /* at a place that is unknown */
	ROLL_ODD = 1 << 2,         /* too fast, or by a way not known yet */
	ROLL_INTERCEPTED = 1 << 3, /* excused so */
	ROLL_FLAPS = 1 << 4,
	ROLL_SLOW = 1 << 5,    /* above its habit */
	ROLL_QUIET = 1 << 6,   /* without news for longer than news are fresh */
	ROLL_MOVED = 1 << 7,   /* has a recent move */
	ROLL_CAME = 1 << 8,    /* came home in the last three windows */
	ROLL_EXPIRED = 1 << 9, /* its interval is to be closed */
	ROLL_COUNTS = 1 << 10, /* track_counts */
	ROLL_FRESH = 1 << 11,  /* track_is_fresh */
	ROLL_FIRST = 1 << 12,  /* its vantage's first at a service address */
	ROLL_SERIAL = 1 << 13, /* a fresh serial, of somebody that is trusted */
	ROLL_ANSWERED = 1 << 14, /* counts, and its news is a good answer */
	ROLL_FAILING = 1 << 15,  /* ... two failures or more */
};
#define ROLL_MARKS 16

/* So long a site counts as where a vantage usually was. */
#define ROLL_USUAL_US (7 * 86400 * US_PER_S)

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
