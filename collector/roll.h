/*
 * roll.h - which tracks are worth a look, without looking at all.    (pure)
 *
 * Uses     collector/roll_row.h (the marks), fleet.h, agenda.h
 * Used by  detect_fold (says what changed), the parts of the detector (ask)
 *
 * The detector's questions come every second and are about the whole fleet,
 * while most of it says the same for days.  So of each track there is a short
 * row, in the order of fleet_walk: what makes it worth a look, as marks, and
 * where it lands.  A row is written anew when its track was touched, or when
 * a moment comes at which it changes by itself (news grow old); what is
 * counted over rows, only when one of them has changed.
 *
 * The marks only say where to look: who asks judges the track itself.  A mark
 * may be there too long, and never too late.
 */
#ifndef COLLECTOR_ROLL_H
#define COLLECTOR_ROLL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collector/fleet.h"
#include "collector/roll_row.h"

struct roll;

/* Lends the fleet.  Gives: roll_free. */
struct roll *roll_new(struct fleet *f);
void roll_free(struct roll *r); /* NULL is fine */

/* Something of the track changed, or will before it is asked about. */
void roll_touch(struct roll *r, const struct track *t);
/* ... of all tracks of a vantage, and which network it is. */
void roll_touch_member(struct roll *r, const struct member *m);
void roll_touch_all(struct roll *r);

/* Walks the tracks of one service that have any of the marks (0: all), in
 * the order of fleet_walk. */
struct roll_walk {
	struct roll *roll;
	size_t service, target, n_targets, i;
	uint16_t marks;
	uint16_t here;       /* only those at this site; 0: wherever */
	bool is_unicast_too; /* the sites' own addresses, as well */
};
struct roll_walk
roll_walk(struct roll *r, size_t service, unsigned marks, int64_t now_us);

/* ... those of which track_is_on_site is true of the site. */
struct roll_walk
roll_walk_site(struct roll *r, size_t service, int64_t site_id, int64_t now_us);

/* ... those at one target, an index into the services' targets. */
struct roll_walk
roll_walk_target(struct roll *r, size_t target, unsigned marks, int64_t now_us);
struct track *roll_next(struct roll_walk *w); /* NULL: that was all */

/* Networks of the walk with a track for which the claim is true. */
size_t roll_count_networks(
    struct roll_walk w, track_claim *claim, const struct track_query *q);

/* The serial that roll_next's last track was given. */
uint32_t roll_serial(const struct roll_walk *w);

/* How many tracks at the service's addresses have the mark. */
size_t
roll_count(struct roll *r, size_t service, enum roll_mark mark, int64_t now_us);

/* The same at one target: an index into the services' targets. */
size_t roll_count_target(
    struct roll *r, size_t target, enum roll_mark mark, int64_t now_us);

/* As fleet_noise. */
unsigned roll_noise(struct roll *r, size_t service, int64_t now_us);

/* Grows whenever a track of the service has a serial that it had not. */
uint64_t roll_serial_changes(struct roll *r, size_t service, int64_t now_us);

/* Members of whom a landing came to a site of the service, left it, or became
 * fresh or stale, one after another; lent until the next question.  When epoch
 * is another than before, it may have been anybody, and n began anew. */
struct roll_changes {
	uint64_t epoch;
	const uint32_t *members;
	size_t n;
};
struct roll_changes
roll_changes(struct roll *r, size_t service, int64_t now_us);

/* Of the whole service: networks and tracks that are fresh. */
struct roll_fleet {
	size_t n_asns, landings;
};
struct roll_fleet roll_fleet(struct roll *r, size_t service, int64_t now_us);

/* Of one site, in one family (0: both). */
struct roll_numbers {
	size_t n_here, n_usual, n_fleet; /* networks: there, there in the last
	                                  * days and now elsewhere, fresh */
	size_t landings_here, landings;  /* tracks: there, fresh */
};
struct roll_numbers roll_numbers(struct roll *r, size_t service, size_t site,
    uint8_t family, int64_t now_us);

#endif
