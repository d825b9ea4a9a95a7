/*
 * names.h - target names to addresses, on the event loop.            (edge)
 *
 * Uses     c-ares, libuv
 * Used by  probe/measure.c
 */
#ifndef PROBE_NAMES_H
#define PROBE_NAMES_H

#include <stddef.h>
#include <uv.h>

#include "schema/base/addr.h"
#include "schema/base/err.h"

#define NAMES_PER_FAMILY 8 /* addresses of one family kept */

struct names;

struct names_answer {
	size_t n_v4, n_v6;
	struct addr v4[NAMES_PER_FAMILY], v6[NAMES_PER_FAMILY];
	const char *failure; /* NULL, or why there is nothing; lends */
};

/* Lends *answer for the duration of the call. */
typedef void names_done(void *ctx, const struct names_answer *answer);

/* Reads the system's resolver configuration.  Gives *out: release with
 * names_free.  RC_SYS. */
MUST_USE enum rc
names_new(struct names **out, uv_loop_t *loop, struct err *err);

/* Looks name up in both families; calls done once, at once for an address
 * literal.  done must not free names. */
void
names_resolve(struct names *n, const char *name, names_done *done, void *ctx);

/* Gives up what is under way (done is called with a failure).  Run the loop
 * afterwards until its handles are closed.  NULL is fine. */
void names_free(struct names *n);

#endif
