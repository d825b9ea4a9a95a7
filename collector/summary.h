/*
 * summary.h - an event in one line of words.                         (pure)
 *
 * Uses     collector/store_event.h
 * Used by  events, explain, alert
 */
#ifndef COLLECTOR_SUMMARY_H
#define COLLECTOR_SUMMARY_H

#include "collector/store_event.h"

#define SUMMARY_LEN 256

/* "ams lost 6 vantages (3 ASes) to nyc 4, sin 2".  Returns buf. */
const char *event_summary(const struct event_row *e,
    const struct event_moves *moves, char buf[static SUMMARY_LEN]);

/* When such an event opens, in a few words; "" for a shift, a black hole and a
 * mismatch, whose gates say it. */
const char *event_rule(const struct event_row *e);

/* What a mismatch's verdict means: "withdrawn, but still receiving"; "" for a
 * word that is not one. */
const char *verdict_meaning(const char *verdict);

#endif
