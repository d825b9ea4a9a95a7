/*
 * shift_group.h - moves that share an end, and whether they are enough. (pure)
 *
 * Uses     collector/detect_state.h, quorum.h
 * Used by  detect_shift (opens events), detect_suspected (shows what is too
 *          little for one)
 */
#ifndef COLLECTOR_SHIFT_GROUP_H
#define COLLECTOR_SHIFT_GROUP_H

#include "collector/detect_state.h"

/* Within a window around one of them. */
struct shift_group {
	size_t service;
	bool is_to;
	int64_t site_id; /* that was left, or (is_to) gained */
	int64_t at_us, window_us;
	bool is_round; /* all moves of the present round, whatever their ends */
	unsigned noise; /* false moves of NOISE_DAYS days */

	size_t n_asns, n_before; /* moved; were on the site that was left */
	/* How many each rule asks for; 0: it does not hold here. */
	size_t needed, needed_majority, needed_announcement;
	const char *rule; /* NULL: no quorum is full */
};

/* Two periods and a minute: moves so near to one another may have one cause. */
int64_t shift_window_us(const struct track *t);

/* No further apart than span_us? */
bool shift_is_near(int64_t a_us, int64_t b_us, int64_t span_us);

bool shift_is_in_group(const struct track *t, const struct shift_group *g);

/* Counts the networks, and says what would be needed. */
void shift_count_group(struct detect *d, struct shift_group *g);

/* The same, and which rule is full. */
void shift_judge_group(struct detect *d, struct shift_group *g);

#endif
