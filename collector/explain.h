/*
 * explain.h - everything that is known of one event, and its forms.  (pure)
 *
 * Uses     collector/store_event.h, store_evidence.h, store_doubt.h,
 *          store_left_out.h
 * Used by  collector/explain.c
 */
#ifndef COLLECTOR_EXPLAIN_H
#define COLLECTOR_EXPLAIN_H

#include <jansson.h>
#include <stdio.h>

#include "collector/store_doubt.h"
#include "collector/store_event.h"
#include "collector/store_evidence.h"
#include "collector/store_left_out.h"

#define BEFORE_MAX 2 /* samples shown of each voter, before its vote */
#define AFTER_MAX 4

struct explanation {
	struct event_row event;
	struct event_moves moves;
	struct vote_list votes;
	struct sample_list samples;
	struct vote_doubt_list doubts;
	struct left_out_list left_out;
};

/* What one voter saw.  All lent from the explanation. */
struct testimony {
	const struct vote_row *vote;
	size_t n_before, n_after;
	const struct sample *before[BEFORE_MAX], *after[AFTER_MAX];
	const struct sample *path_before, *path_during; /* NULL: no trace */
};

void explain_vote(const struct explanation *x, const struct vote_row *vote,
    struct testimony *out);

void explain_text(const struct explanation *x, FILE *to);
void explain_paths(const struct explanation *x, FILE *to); /* its last part */
/* Whom it believes: the doubts about the voters, and who was left out. */
void explain_trust(const struct explanation *x, FILE *to);
json_t *explain_doubts_json(
    const struct explanation *x, const struct vote_row *vote); /* gives */
json_t *explain_left_out_json(const struct explanation *x);    /* gives */

json_t *explain_json(const struct explanation *x); /* gives */

#endif
