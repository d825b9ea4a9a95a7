/*
 * play.h - a story's inputs, handed to the real detector.          (wiring)
 *
 * Uses     story.h, rules.h, collector/detect.h, suspect.h
 * Used by  main, tests/sim/test_fleet.c
 *
 * As ingest does: what a vantage meets is first shown to suspect, which says
 * what does not count, then to the detector, which is ticked every second.
 */
#ifndef SIMULATE_PLAY_H
#define SIMULATE_PLAY_H

#include "rules.h"
#include "scenario.h"
#include "story.h"

struct play {
	struct story story;
	struct detect *detect;
	struct suspects *suspects;
	struct rules *rules;
	struct event *events; /* as last told, by id from 1 */
	size_t n_events;
	struct vote *votes; /* as they were told */
	size_t n_votes, cap_votes;
	uint64_t n_sightings;
};

/* Runs the scenario to its end.  Release with play_fini.  Its address must
 * not change. */
void play_run(struct play *p, const struct scenario *s, uint64_t seed,
    const struct internet_plan *plan);
void play_fini(struct play *p);

#endif
