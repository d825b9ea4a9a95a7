/*
 * alert_parcel.h - what an alert sends next, taken from its outbox. (wiring)
 *
 * Uses     store_alert, store_event, store_drain, alert_policy, notice
 * Used by  alert
 */
#ifndef COLLECTOR_ALERT_PARCEL_H
#define COLLECTOR_ALERT_PARCEL_H

#include "collector/notice.h"
#include "collector/alert_settings.h"
#include "collector/store_alert.h"

struct parcel {
	struct delivery_list deliveries;
	struct alert_notice *notices; /* one of each delivery */
};

/* What is due and may go out; what may not waits, or is held back, from now
 * on.  The notices are of the database as it is now.  Gives *out: release with
 * parcel_fini.  RC_NOTFOUND: nothing.  RC_DB. */
MUST_USE enum rc parcel_take(struct parcel *out, struct store *st,
    const struct alert_settings *a, int64_t now_us, struct err *err);

/* What the alert was told of and is not over, to be said once more: the keys
 * are those of then.  Gives *out; RC_NOTFOUND: nothing.  RC_DB. */
MUST_USE enum rc parcel_take_open(struct parcel *out, struct store *st,
    const struct alert_settings *a, struct err *err);

void parcel_fini(struct parcel *p);

#endif
