/*
 * events_report.h - events as a report.                            (wiring)
 *
 * Uses     store_event.h, report_command.h
 * Used by  events, replay
 */
#ifndef COLLECTOR_EVENTS_REPORT_H
#define COLLECTOR_EVENTS_REPORT_H

#include "collector/report_command.h"
#include "collector/store_event.h"

/* Prints the events that the filter lets through, newest first, in the form
 * asked for; empty: what to say when there are none.  RC_DB. */
MUST_USE enum rc events_print(struct store *st, const struct where *w,
    const struct event_filter *filter, const char *empty, struct err *err);

#endif
