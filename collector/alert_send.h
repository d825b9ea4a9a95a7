/*
 * alert_send.h - a message through an alert's channel, whichever it is.
 *                                                                  (wiring)
 * Uses     alert_webhook, alert_template, alert_manager, alert_mail,
 *          alert_smtp, alert_exec, alert_helper, alert_syslog
 * Used by  alert, alert_self, alert_command
 */
#ifndef COLLECTOR_ALERT_SEND_H
#define COLLECTOR_ALERT_SEND_H

#include <stdatomic.h>

#include "collector/alert_helper.h"
#include "collector/notice.h"
#include "collector/alert_settings.h"

struct sending {
	const struct alert_settings *alert;
	const char *url; /* of the collector; NULL: not said */
	/* Run the command; NULL: it is run from here, as a person's test is. */
	struct helpers *helpers;
	const atomic_bool *is_stopped; /* breaks it off; NULL: never */
};

/* RC_OK: the other end has taken it.  RC_PEER, RC_SYS, RC_NOTFOUND (a password
 * file): it has not, *err says in words.  RC_AGAIN: broken off.  *status: what
 * it answered by its own numbers, 0 for none. */
MUST_USE enum rc alert_send(const struct sending *s, const struct message *m,
    long *status, struct err *err);

#endif
