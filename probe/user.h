/*
 * user.h - from root to an ordinary user, with the right to open sockets.
 *                                                                    (edge)
 * Uses     libcap
 * Used by  probe/run, site
 */
#ifndef PROBE_USER_H
#define PROBE_USER_H

#include "schema/base/err.h"

/* Becomes the user, keeping CAP_NET_RAW alone until socks_open drops that too.
 * RC_NOTFOUND: no such user.  RC_SYS: not root, or refused. */
MUST_USE enum rc user_become(const char *name, struct err *err);

/* Gives up what user_become has kept.  RC_SYS. */
MUST_USE enum rc user_forget_capabilities(struct err *err);

#endif
