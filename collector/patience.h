/*
 * patience.h - ends connections whose other end takes its time.      (edge)
 *
 * Uses     a thread of its own, shutdown(2)
 * Used by  httpd
 *
 * An idle timeout ends who sends nothing; this ends who sends, or reads, a byte
 * now and then.  A connection is watched while the next step is its other
 * end's (a handshake, a head, a body, to read the answer), and each step may
 * last so long and no longer.  For any thread.
 */
#ifndef COLLECTOR_PATIENCE_H
#define COLLECTOR_PATIENCE_H

#include <stdint.h>

#include "schema/base/err.h"

struct patience;
struct watched;

/* Gives *out: release with patience_stop, once nothing is watched.  RC_SYS. */
MUST_USE enum rc
patience_start(struct patience **out, int64_t limit_us, struct err *err);
void patience_stop(struct patience *p); /* NULL is fine */

/* Watches a socket from now on: until patience_forget, which must come before
 * the socket is closed. */
struct watched *patience_watch(struct patience *p, int fd);
void patience_forget(struct watched *w);

/* The other end's next step begins now; the next step is ours. */
void patience_expect(struct watched *w);
void patience_pause(struct watched *w);

#endif
