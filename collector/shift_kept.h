/*
 * shift_kept.h - the memory of shift_count.                          (pure)
 *
 * Used by  collector/shift_count (fills and reads it), events (frees it)
 */
#ifndef COLLECTOR_SHIFT_KEPT_H
#define COLLECTOR_SHIFT_KEPT_H

#include <stddef.h>
#include <stdint.h>

enum question {
	NETWORKS, /* of votes that count */
	VANTAGES,
	VANTAGES_V4,
	VANTAGES_V6,
	LEFT,   /* networks of votes from the site */
	GAINED, /* ... to the site */
	BEFORE  /* ... from the site, and of landings there */
};

/* The answer to one question, crowd by crowd. */
struct answer {
	enum question question;
	int64_t site_id;
	size_t total;
	uint32_t *of_crowd;
};

struct shift_count {            /* of one event */
	uint64_t epoch, n_news; /* of the roll, of the fleet */
	size_t n_seen;          /* of the roll's changes */
	size_t n_crowds;
	struct answer *answers;
	size_t n_answers;
	uint32_t *changed; /* crowds that are to be counted again */
	size_t n_changed, cap_changed;
	int64_t first_us, last_us; /* that votes began */
	int64_t *costs;            /* in order */
	size_t n_costs, cap_costs, n_worse;
};

void shift_kept_free(struct shift_count *c); /* NULL is fine */

#endif
