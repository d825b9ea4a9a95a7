/*
 * metrics_page.h - all that /metrics says.                         (wiring)
 *
 * Uses     metrics, process_metrics, store_metrics, selfcheck, exposition
 * Used by  api
 *
 * Anyone who reaches the collector may ask: what is counted in the database is
 * counted at most every five seconds, and a twentieth of the time, over a
 * connection of its own.
 */
#ifndef COLLECTOR_METRICS_PAGE_H
#define COLLECTOR_METRICS_PAGE_H

#include "collector/exposition.h"
#include "collector/metrics.h"
#include "collector/selfcheck.h"
#include "schema/base/err.h"

struct metrics_page;

/* Gives *out: release with metrics_page_close.  The database must be there.
 * Lends the others.  RC_DB. */
MUST_USE enum rc metrics_page_open(struct metrics_page **out,
    const char *database, struct metrics *metrics, struct selfcheck *selfcheck,
    struct err *err);
void metrics_page_close(struct metrics_page *p); /* NULL is fine */

/* Gives the text: free().  From any thread. */
char *metrics_page_text(
    struct metrics_page *p, enum exposition_format format, size_t *len);

#endif
