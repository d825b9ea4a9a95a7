/*
 * session.h - an enrolled probe, about to talk to its collector.   (wiring)
 *
 * Uses     probe/state, probe/post
 * Used by  probe/upload, leave, reach
 */
#ifndef PROBE_SESSION_H
#define PROBE_SESSION_H

#include "probe/post.h"
#include "probe/state.h"

struct session {
	char dir[STATE_DIR_MAX];
	struct enrolment enrolment;
	struct signing_key key;
	struct post *post;
};

/* Chooses the state directory (state: the option, or NULL), checks it, and
 * reads who we are.  Opens no connection yet.  Release with session_close.
 * *err says what to do.  *s must not move while it is open. */
MUST_USE enum rc
session_open(struct session *s, const char *state, struct err *err);
void session_close(struct session *s); /* forgets the key */

#endif
