/*
 * map.h - a hash map from a pair of integers to a small number.      (pure)
 *
 * Used by  collector/fleet, roll, suspect
 *
 * Open addressing, linear probing, doubled at three quarters full.  Nothing
 * is ever removed: the keys are vantages and targets, which stay.
 */
#ifndef COLLECTOR_MAP_H
#define COLLECTOR_MAP_H

#include <stddef.h>
#include <stdint.h>

#define MAP_NONE SIZE_MAX

struct map_slot {
	uint64_t a, b;
	size_t value; /* MAP_NONE: free */
};

struct map { /* {0} is an empty one */
	struct map_slot *slots;
	size_t n, cap; /* cap is a power of two, or 0 */
};

/* The value of (a, b), or MAP_NONE. */
size_t map_get(const struct map *m, uint64_t a, uint64_t b);

/* Adds (a, b), which must not be there yet. */
void map_add(struct map *m, uint64_t a, uint64_t b, size_t value);

void map_fini(struct map *m);

#endif
