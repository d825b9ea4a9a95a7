/*
 * desk.h - answers people: reports one by one, and news when there is. (wiring)
 *
 * Uses     views, store_news, httpd
 * Used by  api (opens, closes), api_view (asks)
 *
 * One thread with a connection of its own to the database, so that no report,
 * however long, keeps a probe waiting.  What waits is bounded.
 */
#ifndef COLLECTOR_DESK_H
#define COLLECTOR_DESK_H

#include <stdbool.h>

#include "collector/httpd.h"
#include "collector/views.h"
#include "schema/base/err.h"

#define DESK_ORDERS_MAX 64
#define DESK_WAITERS_MAX 64

struct desk;

/* Gives *out: release with desk_close.  RC_DB, RC_SYS. */
MUST_USE enum rc
desk_open(struct desk **out, const char *database, struct err *err);

/* Answers a view.  Takes text, which is what the query lends from.  False: too
 * many wait; text is still taken, and the exchange the caller's to answer. */
bool desk_ask(struct desk *d, struct exchange *x, view *v,
    const struct view_query *q, char *text);

/* Answers as soon as there is other news than seen (what it told before; NULL:
 * nothing), or after a while.  False: too many wait. */
bool desk_wait(struct desk *d, struct exchange *x, const char *seen);

/* Answers all that wait, now; nothing is taken any more. */
void desk_quiet(struct desk *d);

/* After desk_quiet, which it calls.  NULL is fine. */
void desk_close(struct desk *d);

#endif
