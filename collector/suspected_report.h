/*
 * suspected_report.h - what is suspected, as reports.               (wiring)
 *
 * Uses     store_suspected.h, report_command.h, votes_report.h, summary.h
 * Used by  events, explain
 */
#ifndef COLLECTOR_SUSPECTED_REPORT_H
#define COLLECTOR_SUSPECTED_REPORT_H

#include "collector/report_command.h"
#include "collector/store.h"

/* One row of each, in the form asked for; kind: NULL: all.  RC_DB. */
MUST_USE enum rc suspected_print(
    struct store *st, const struct where *w, const char *kind, struct err *err);

/* How many there are, in a line of its own; nothing when there are none.
 * RC_DB. */
MUST_USE enum rc
suspected_hint(struct store *st, const char *kind, struct err *err);

/* Each with its votes and what would make it an event.  RC_DB. */
MUST_USE enum rc
suspected_explain(struct store *st, const struct where *w, struct err *err);

#endif
