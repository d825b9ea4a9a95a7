/*
 * bird.h - what BIRD says on its control socket.                     (pure)
 *
 * Uses     probe/prefix.h
 * Used by  probe/bird_ask
 *
 * A reply is lines.  One begins with a code of four digits and then '-' (more
 * follow) or a blank (it is the last), or, when its code is that of the line
 * before, with a blank alone.  '+' begins what BIRD tells unasked.  Codes from
 * 8000 are errors of doing, from 9000 of asking.
 */
#ifndef PROBE_BIRD_H
#define PROBE_BIRD_H

#include <stdbool.h>
#include <stddef.h>

#include "probe/prefix.h"
#include "schema/base/err.h"

#define BIRD_REPLY_MAX ((size_t)1 << 20) /* bytes of a reply read */
#define BIRD_NAME_LEN 65                 /* of a protocol, with its end */
#define BIRD_SESSIONS_MAX 256
#define BIRD_NO_NETWORK 8001 /* "Network not found" */

struct bird_line {
	unsigned code;
	bool is_last;
	const char *text; /* lent, without code and line feed */
	size_t len;
};

/* Goes over the lines of a text from *pos on; code is that of the line before,
 * 0 at first.  RC_OK: a line.  RC_AGAIN: the text ends before the line does.
 * RC_MALFORMED: no line of BIRD's. */
struct bird_cursor {
	const char *text;
	size_t len, pos;
	unsigned code;
};
MUST_USE enum rc bird_next(struct bird_cursor *c, struct bird_line *line);

/* Does the text begin with a whole reply?  RC_OK: *used bytes of it, and *code
 * is that of its last line.  RC_AGAIN: there is more to come.  RC_MALFORMED. */
MUST_USE enum rc
bird_reply(const char *text, size_t len, size_t *used, unsigned *code);

struct bird_session { /* a BGP protocol, of "show protocols" */
	char name[BIRD_NAME_LEN];
	bool is_up;
	char info[32]; /* "Established", "Active" ... */
};

struct bird_sessions {
	size_t n;
	struct bird_session list[BIRD_SESSIONS_MAX];
};

/* Reads a reply to "show protocols".  RC_MALFORMED: it is none.  RC_LIMIT: too
 * many BGP protocols. */
MUST_USE enum rc
bird_read_sessions(struct bird_sessions *out, const char *text, size_t len);

/* Does a reply to "show route" have exactly this prefix?  RC_MALFORMED: it is
 * no such reply. */
MUST_USE enum rc bird_read_route(
    bool *has_prefix, const struct prefix *p, const char *text, size_t len);

/* May the name stand in a command as it is? */
bool bird_is_plain_name(const char *name);

#endif
