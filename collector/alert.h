/*
 * alert.h - delivers what is in the outbox.                        (wiring)
 *
 * Uses     collector/store_alert.h, alert_parcel, alert_send, alert_self,
 *          settings.h
 * Used by  collector/serve.c, serve_reload.c
 *
 * One thread for each alert of the configuration, so that a channel that hangs
 * delays no other.  Each takes its due deliveries every second and sends them;
 * what fails is tried again after 1 s, doubled up to 5 minutes, with jitter,
 * until give_up_after.  Every attempt is recorded.  A delivery is marked only
 * after a yes: a crash in between sends it twice, under the same key.  What is
 * still open is said again; an Alertmanager, which forgets, is told all that is
 * open.  Beside that each thread tells what is wrong with the collector itself.
 */
#ifndef COLLECTOR_ALERT_H
#define COLLECTOR_ALERT_H

#include <stdint.h>

#include "collector/alert_helper.h"
#include "collector/settings.h"
#include "collector/troubles.h"
#include "schema/base/err.h"

struct alert;

/* Starts the threads.  Lends *settings, *troubles and *helpers until alert_stop;
 * troubles may be NULL, and without helpers commands are run from here.  Deliveries for alerts that are no longer configured
 * are given up.  Gives *out.  RC_DB, RC_NOTFOUND: the database; RC_SYS. */
MUST_USE enum rc alert_start(struct alert **out,
    const struct settings *settings, struct troubles *troubles,
    struct helpers *helpers, struct err *err);

/* Breaks off what is under way, which stays due.  NULL is fine. */
void alert_stop(struct alert *a);

#endif
