/*
 * memory.h - keeps effects as the store would, to look at and to restore from.
 *
 * Uses     collector/detect.h
 * Used by  tests/sim/test_sim.c
 */
#ifndef TESTS_SIM_MEMORY_H
#define TESTS_SIM_MEMORY_H

#include <stddef.h>
#include <stdint.h>

#include "collector/detect.h"

/* The newest of each id or key; site states and moves all. */
struct memory {
	struct landing *landings;
	struct track_bytes *tracks;
	struct move *moves;
	struct event *events;
	struct vote *votes;
	struct site_state *states;
	struct quarantine *quarantines;
	struct kept_memo {
		char key[MEMO_KEY_MAX + 1];
		uint8_t *bytes;
		size_t len;
	} * memos;
	size_t n_landings, n_tracks, n_moves, n_events, n_votes, n_states,
	    n_quarantines, n_memos;
	size_t *opened, *resolved; /* notices of each event */
	enum severity *told_severity;
	enum event_kind *told_kind;

	/* Effects about events, as text with the input that made them. */
	struct told {
		size_t input;
		char *text;
	} * told;
	size_t n_told;
	struct told *suspected; /* the same: the memo of each change */
	size_t n_suspected;
	size_t input; /* that is being handed in: set by the caller */
};

detect_emit memory_take; /* ctx: struct memory */

/* Restores a new detector from what is kept. */
void memory_restore(const struct memory *m, struct detect *d);

/* The open interval of a track, or NULL. */
const struct landing *memory_open_landing(
    const struct memory *m, int64_t vantage_id, int64_t target_id);

void memory_fini(struct memory *m);

#endif
