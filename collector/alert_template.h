/*
 * alert_template.h - a message as the JSON that a chat wants.        (pure)
 *
 * Uses     collector/notice.h, jansson
 * Used by  settings_alert (checks), alert_send (fills)
 *
 * A template is JSON whose strings hold placeholders such as {text}.  What
 * takes their place is escaped for JSON; '@', '<' and '>' are replaced by marks
 * that look like them, so that no name from the network calls a whole channel
 * or makes a link.
 */
#ifndef COLLECTOR_ALERT_TEMPLATE_H
#define COLLECTOR_ALERT_TEMPLATE_H

#include "collector/notice.h"
#include "schema/base/err.h"

/* The template of a chat by its name ("slack"); NULL: there is none. */
const char *template_of_chat(const char *name);

/* The names, for an error: "discord, ... and teams". */
const char *template_chats(void);

/* RC_MALFORMED: an unknown placeholder, or what is filled in makes no JSON. */
MUST_USE enum rc template_check(const char *text, struct err *err);

/* Fills a template that was checked.  Of several notices {text} has a line
 * each, and the rest is the first one's.  Gives text. */
char *template_fill(const char *text, const struct message *m);

#endif
