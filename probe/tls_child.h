/*
 * tls_child.h - DNS over TLS, done by a child process.               (edge)
 *
 * Uses     libuv, probe/helper.h, probe/tls_line.h
 * Used by  probe/engine.c, engine_dns_tls.c
 *
 * The child (probe/dot.c) starts with the first question, takes all that
 * follow, and is stopped when there was nothing to do for a while: between
 * rounds it costs no memory.  If it dies, or says what is no answer,
 * it is started again for the next question.  Loop thread only.
 */
#ifndef PROBE_TLS_CHILD_H
#define PROBE_TLS_CHILD_H

#include <stdbool.h>
#include <uv.h>

#include "probe/tls_line.h"
#include "schema/base/err.h"

#define TLS_CHILD_IDLE_US INT64_C(10000000) /* a good while */

struct tls_child;

/* Lends *a for the duration of the call. */
typedef void tls_child_done(void *ctx, const struct tls_answer *a);

/* Gives a child that is not started yet: release with tls_child_free.
 * helper: the program, NULL for helper_find's; ca: a file of authorities,
 * NULL for the system's.  Copies both.  Stops the process idle_us after the
 * last answer. */
struct tls_child *tls_child_new(
    uv_loop_t *loop, const char *helper, const char *ca, int64_t idle_us);

/* Asks; done is called once, later, except when tls_child_free comes first.
 * A child that cannot be started, dies or is overdue answers send_failed.
 * RC_LIMIT: TLS_CONNS_MAX questions are under way. */
MUST_USE enum rc tls_child_ask(struct tls_child *c,
    const struct tls_question *q, tls_child_done *done, void *ctx);

/* Is a further question possible? */
bool tls_child_has_room(const struct tls_child *c);

/* Does a process run? */
bool tls_child_is_running(const struct tls_child *c);

/* Ends the process, calls nobody any more; the loop must run until the
 * handles are closed.  NULL is fine. */
void tls_child_free(struct tls_child *c);

#endif
