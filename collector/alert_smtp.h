/*
 * alert_smtp.h - one mail to a server.                               (edge)
 *
 * Uses     libcurl
 * Used by  alert_send
 *
 * TLS certificates are verified.
 */
#ifndef COLLECTOR_ALERT_SMTP_H
#define COLLECTOR_ALERT_SMTP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "schema/base/err.h"

struct smtp_mail {
	const char *url;             /* smtp://host:port or smtps:// */
	bool needs_tls;              /* smtp://: by STARTTLS, or not at all */
	const char *user, *password; /* NULL: without */
	const char *from;
	size_t n_to;
	char *const *to;
	bool is_strict; /* each recipient is to be taken; else one is enough */
	const char *text; /* headers and body */
	int64_t timeout_us;
	const atomic_bool *is_stopped; /* breaks it off; NULL: never */
};

/* RC_OK: the server has taken it.  RC_PEER: it has not; *err says in words.
 * RC_AGAIN: broken off.  *status: the server's last reply code, 0 for none. */
MUST_USE enum rc
smtp_send(const struct smtp_mail *mail, long *status, struct err *err);

#endif
