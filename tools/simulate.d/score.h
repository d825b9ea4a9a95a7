/*
 * score.h - what was told against what was true.                     (pure)
 *
 * Uses     play.h
 * Used by  main, tests/sim/test_fleet.c
 *
 * An event is right when a label of its kind and site, still free, covers the
 * moment of its detection; nested ones (parent_id) belong to their cause and
 * are not counted.  The second event for one label is a false one.
 */
#ifndef SIMULATE_SCORE_H
#define SIMULATE_SCORE_H

#include "play.h"

#define SCORE_KINDS 3 /* shift, blackhole, mismatch */

struct tally_of_kind {
	unsigned n_must, n_found, n_right, n_false;
	double *delays_s; /* n_delays: of those found */
	size_t n_delays, cap_delays;
	double minimum_s, formula_s; /* sums, of those found */
};

struct score {
	struct tally_of_kind kinds[SCORE_KINDS];
	struct tally_of_kind rules[RULES][SCORE_KINDS];
	unsigned n_other; /* events of other kinds that no label allows */
};

/* Adds a play's; told: called with a line for each mistake, or NULL. */
void score_add(struct score *s, const struct play *p,
    void (*told)(void *ctx, const char *line), void *ctx);
void score_fini(struct score *s);

double score_precision(const struct tally_of_kind *t); /* 1 without alarms */
double score_recall(const struct tally_of_kind *t);
double score_percentile(struct tally_of_kind *t, double percent);

#endif
