/*
 * scenario.h - what happens to simulated fleets, by name.            (pure)
 *
 * Uses     story.h
 * Used by  play, main (--list)
 */
#ifndef SIMULATE_SCENARIO_H
#define SIMULATE_SCENARIO_H

#include <stddef.h>

#include "story.h"

struct scenario {
	const char *name, *summary;
	void (*tell)(struct story *s);
	double share; /* of the networks at site 0; 0: drawn */
};

extern const struct scenario scenarios[];
extern const size_t n_scenarios;

/* NULL: none has the name. */
const struct scenario *scenario_find(const char *name);

/* A fleet for a scenario, drawn from the seed. */
struct internet_plan scenario_plan(const struct scenario *s, uint64_t seed);

#endif
