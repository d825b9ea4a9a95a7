/*
 * alert_manager.h - a message as Prometheus' Alertmanager takes it.  (pure)
 *
 * Uses     collector/notice.h, jansson
 * Used by  alert_send
 *
 * The body of POST /api/v2/alerts.  Alertmanager knows an alert by its labels
 * (an event's number is one of them, so that telling it twice is telling it
 * once), and groups, silences and repeats by its own rules.
 */
#ifndef COLLECTOR_ALERT_MANAGER_H
#define COLLECTOR_ALERT_MANAGER_H

#include "collector/notice.h"

/* until_us: when Alertmanager is to take for over what it hears no more of.
 * url: of the collector, NULL: not said.  Gives text. */
char *manager_json(const struct message *m, const char *url, int64_t until_us);

#endif
