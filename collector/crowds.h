/*
 * crowds.h - vantages that may stand in for one another.             (pure)
 *
 * Uses     collector/fleet.h
 * Used by  collector/shift_count
 *
 * Whether a vantage is one network more (fleet_count_as) depends on those of
 * its AS, its probe and its prefix that were counted before, on theirs, and so
 * on: its crowd.  Networks of several crowds are the sum of those of each, so
 * when one vantage changes, only its crowd is counted again.
 */
#ifndef COLLECTOR_CROWDS_H
#define COLLECTOR_CROWDS_H

#include <stddef.h>
#include <stdint.h>

#include "collector/fleet.h"

struct crowds {          /* {0}: none yet */
	uint64_t n_news; /* of the fleet that they are of */
	size_t n;
	uint32_t *of_member; /* by the member's index */
	uint32_t *first;     /* of each, into members; and the end */
	uint32_t *members;   /* crowd by crowd, in order of the vantages' ids */
};

/* Finds them anew, unless the fleet's vantages are as they were. */
void crowds_update(struct crowds *c, const struct fleet *f);
void crowds_fini(struct crowds *c);

#endif
