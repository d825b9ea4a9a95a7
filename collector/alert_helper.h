/*
 * alert_helper.h - the processes that run commands for the collector. (edge)
 *
 * Uses     alert_exec, settings
 * Used by  serve (forks), serve_reload (asks), alert (runs)
 *
 * A collector that serves cannot run programs (confine.h).  For each alert with
 * a command a helper is forked before that; it knows that one command, takes
 * only a message to give it, and ends with the collector.
 */
#ifndef COLLECTOR_ALERT_HELPER_H
#define COLLECTOR_ALERT_HELPER_H

#include <stdatomic.h>

#include "collector/settings.h"
#include "schema/base/err.h"

struct helpers;

/* To be called while there is one thread and no database.  Gives *out.
 * RC_SYS. */
MUST_USE enum rc helpers_fork(
    struct helpers **out, const struct settings *settings, struct err *err);

/* Ends them, and what they run.  NULL is fine. */
void helpers_free(struct helpers *h);

/* Are the commands of the settings those of the helpers?  RC_RANGE: not, *err
 * says which alert's. */
MUST_USE enum rc helpers_serve(
    const struct helpers *h, const struct settings *settings, struct err *err);

/* Has an alert's command told of a message.  For one thread per alert.
 * RC_PEER, RC_SYS: as exec_run; RC_AGAIN: broken off. */
MUST_USE enum rc helpers_run(struct helpers *h, const char *alert,
    const char *key, const char *body, const atomic_bool *is_stopped,
    long *status, struct err *err);

#endif
