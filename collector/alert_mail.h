/*
 * alert_mail.h - a message as a mail.                                (pure)
 *
 * Uses     collector/notice.h, report.h
 * Used by  alert_send
 *
 * Plain text in ASCII, lines of at most 76 columns where words allow, as a
 * terminal shows it (RFC 5322, RFC 3834).  The Message-ID is the same at every
 * attempt; what comes later of an event answers the mail that told it first,
 * so that mail readers show them as one thread.
 */
#ifndef COLLECTOR_ALERT_MAIL_H
#define COLLECTOR_ALERT_MAIL_H

#include "collector/notice.h"

struct mail_parties {
	const char *from; /* an address: name@domain */
	size_t n_to;
	char *const *to;
	const char *alert; /* its name */
	const char *url;   /* of the collector; NULL: not said */
};

/* Headers and body, lines ended by CR LF.  Gives text. */
char *mail_text(const struct message *m, const struct mail_parties *p);

/* Is it name@domain, of printable ASCII without what a header or SMTP gives a
 * meaning? */
bool mail_is_address(const char *text);

#endif
