/*
 * drains.h - which sites are emptied on purpose, and since when.      (pure)
 *
 * Uses     collector/detect.h (the value)
 * Used by  detect_fold (hears), detect_drain, detect_mismatch
 */
#ifndef COLLECTOR_DRAINS_H
#define COLLECTOR_DRAINS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collector/detect.h"

struct drains {
	size_t n;
	struct drain *list; /* in the order that they were told */
};

void drains_fini(struct drains *d);

/* Adds one, or replaces the one with its id. */
void drains_hear(struct drains *d, const struct drain *x);

/* Is it new, or other than the one with its id? */
bool drains_is_news(const struct drains *d, const struct drain *x);

/* When it is over: undone, or its time is up; INT64_MAX: not yet known. */
int64_t drain_end_us(const struct drain *x);

/* The drain of a site that is in force at a moment, or NULL.  Lent until the
 * next drains_hear. */
const struct drain *
drains_at(const struct drains *d, int64_t site_id, int64_t at_us);

/* The drain by which a move between two sites was to be expected: away from one
 * that is drained, or back to one whose drain is over.  NULL: none. */
const struct drain *drains_explain(const struct drains *d, int64_t from_site_id,
    int64_t to_site_id, int64_t at_us);

#endif
