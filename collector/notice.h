/*
 * notice.h - what an alert says: the JSON that is posted.            (pure)
 *
 * Uses     collector/store_event.h, summary.h, report.h, jansson
 * Used by  collector/alert.c, alert_self.c, alert_command.c
 */
#ifndef COLLECTOR_NOTICE_H
#define COLLECTOR_NOTICE_H

#include <jansson.h>

#include "collector/store_event.h"

#define NOTICE_VERSION 1

/* The body for an event; notice is "open" or "resolve".  Gives text. */
char *notice_json(const char *notice, const char *key,
    const struct event_row *e, const struct event_moves *moves);

/* What is wrong with the collector itself, or no longer is. */
struct self_notice {
	const char *part, *severity, *why;
	int64_t since_us, detected_us, over_us; /* Unix time */
	bool is_over;
};

/* The body for that: an event of no service, whose kind is "collector".  Gives
 * text. */
char *notice_self_json(const char *key, const struct self_notice *n);

/* The body of a test of the alert of that name.  Gives text. */
char *notice_test_json(const char *key, const char *alert);

/* An event as it stands in notices and in explain --json.  Gives. */
json_t *
notice_event(const struct event_row *e, const struct event_moves *moves);

#endif
