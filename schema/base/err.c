/* err.c - see err.h. */
#include "schema/base/err.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "schema/base/text.h"

static void PRINTF_LIKE(4, 0) set_text(
    struct err *e, enum rc rc, int sys_errno, const char *fmt, va_list ap)
{
	char raw[sizeof e->text];

	e->rc = rc;
	e->sys_errno = sys_errno;
	vsnprintf(raw, sizeof raw, fmt, ap);
	text_safe(
	    e->text, sizeof e->text, raw); /* others' words may be in it */
}

enum rc
err_set(struct err *e, enum rc rc, const char *fmt, ...)
{
	va_list ap;

	if (e == NULL)
		return rc;
	va_start(ap, fmt);
	set_text(e, rc, 0, fmt, ap);
	va_end(ap);
	return rc;
}

enum rc
err_sys(struct err *e, const char *fmt, ...)
{
	int saved = errno;
	size_t used;
	va_list ap;

	if (e == NULL)
		return RC_SYS;
	va_start(ap, fmt);
	set_text(e, RC_SYS, saved, fmt, ap);
	va_end(ap);
	used = strlen(e->text);
	snprintf(
	    e->text + used, sizeof e->text - used, ": %s", strerror(saved));
	return RC_SYS;
}

enum rc
err_at(struct err *e, enum rc rc, const char *fmt, ...)
{
	char cause[sizeof e->text];
	size_t used;
	va_list ap;

	if (e == NULL)
		return rc;
	memcpy(cause, e->text, sizeof cause);
	va_start(ap, fmt);
	set_text(e, rc, e->sys_errno, fmt, ap);
	va_end(ap);
	used = strlen(e->text);
	snprintf(e->text + used, sizeof e->text - used, ": %s", cause);
	return rc;
}

const char *
rc_name(enum rc rc)
{
	static const char *const names[] = {
		[RC_OK] = "ok",
		[RC_AGAIN] = "again",
		[RC_NOTFOUND] = "notfound",
		[RC_MALFORMED] = "malformed",
		[RC_RANGE] = "range",
		[RC_LIMIT] = "limit",
		[RC_SYS] = "system",
		[RC_DB] = "database",
		[RC_PEER] = "peer",
	};

	return (unsigned)rc < sizeof names / sizeof names[0] ? names[rc] : "?";
}
