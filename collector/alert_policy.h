/*
 * alert_policy.h - whether a notice goes out now, later or never.    (pure)
 *
 * Uses     alert_settings.h, store_alert.h, store_event.h (the values)
 * Used by  alert_parcel
 *
 * An opening waits until its event has been open for as long as the alert
 * wants, and while its site is in drain and the drain explains the event; an
 * event that is over by then was never told, nor is its end.  What was tried
 * once goes out, whatever has changed.
 */
#ifndef COLLECTOR_ALERT_POLICY_H
#define COLLECTOR_ALERT_POLICY_H

#include "collector/alert_settings.h"
#include "collector/store_alert.h"
#include "collector/store_event.h"

enum policy_act { POLICY_SEND, POLICY_WAIT, POLICY_HOLD };

struct policy {
	enum policy_act act;
	int64_t until_us; /* POLICY_WAIT: when to look again */
	const char *why;  /* POLICY_HOLD */
};

struct policy policy_decide(const struct alert_settings *a,
    const struct delivery *d, const struct event_row *e, bool is_drained,
    int64_t now_us);

#endif
