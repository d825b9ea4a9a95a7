/*
 * votes_report.h - the votes of an event, or for one, as a table.    (pure)
 *
 * Uses     store_evidence.h (the values), confidence.h, report.h
 * Used by  explain, suspected_report
 */
#ifndef COLLECTOR_VOTES_REPORT_H
#define COLLECTOR_VOTES_REPORT_H

#include <stdio.h>

#include "collector/store_evidence.h"

/* Under a heading of its own. */
void votes_print(const struct vote_list *votes, FILE *to);

/* "ok", "suspect", ... of the voter's landing; NULL: there is none. */
const char *vote_confidence(const struct vote_row *v);

#endif
