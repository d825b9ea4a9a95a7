/*
 * notice.h - what an alert says, and the JSON of it.                 (pure)
 *
 * Uses     collector/store_event.h, summary.h, report.h, jansson
 * Used by  collector/alert.c, alert_self.c, alert_command.c, alert_send and
 *          what writes a message in the form of a channel
 *
 * A notice is told of one event; what goes out at once is a message of one or
 * more of them.  Words and summaries are printable ASCII, whoever gave them.
 */
#ifndef COLLECTOR_NOTICE_H
#define COLLECTOR_NOTICE_H

#include <jansson.h>

#include "collector/store_event.h"

#define NOTICE_VERSION 1
#define NOTICE_KEY_LEN 200
#define NOTICE_SUMMARY_LEN 1025
#define NOTICE_TEXT_LEN (NOTICE_SUMMARY_LEN + 200)

enum notice_kind { NOTICE_OPEN, NOTICE_REPEAT, NOTICE_RESOLVE, NOTICE_TEST };

struct alert_notice {
	enum notice_kind kind;
	bool is_self; /* of the collector, not of an event */
	/* The same at every attempt, and of no other notice. */
	char key[NOTICE_KEY_LEN];
	int64_t created_us; /* Unix time */
	/* The message that told the beginning, by the key and time of its first
	 * notice; "": this one does. */
	char first_key[NOTICE_KEY_LEN];
	int64_t first_us;
	struct event_row event;   /* of a test: empty */
	struct event_moves moves; /* given: notice_fini */
	char summary[NOTICE_SUMMARY_LEN], text[NOTICE_TEXT_LEN];
};

/* What goes out at once, under the key and time of its first notice.  Lent. */
struct message {
	size_t n; /* at least 1 */
	const struct alert_notice *notices;
};

const char *notice_kind_name(enum notice_kind kind); /* "open", ... */

/* The notice of an event; its key, times and kind are set.  Takes moves. */
void notice_of_event(struct alert_notice *n, const struct event_row *e,
    const struct event_moves *moves);

/* What is wrong with the collector itself, or no longer is. */
struct self_notice {
	const char *part, *severity, *why;
	int64_t since_us, detected_us, over_us; /* Unix time */
	bool is_over;
};

/* The notice of that: an event of no service, whose kind is "collector".  Sets
 * the kind and created_us; the keys are set. */
void notice_of_self(struct alert_notice *n, const struct self_notice *self);

/* A test of the alert of that name, made now. */
void notice_of_test(struct alert_notice *n, const char *alert, int64_t now_us);

void notice_fini(struct alert_notice *n);

/* One line for a person: of several notices, how many and the first ones'. */
void message_text(const struct message *m, char buf[static NOTICE_TEXT_LEN]);

/* The body of a message as webhooks and commands get it.  Gives text. */
char *message_json(const struct message *m);

/* An event as it stands in notices and in explain --json.  Gives. */
json_t *
notice_event(const struct event_row *e, const struct event_moves *moves);

#endif
