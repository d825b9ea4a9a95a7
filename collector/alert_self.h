/*
 * alert_self.h - tells a channel of the collector's own troubles.  (wiring)
 *
 * Uses     troubles, notice, alert_send, store_trouble
 * Used by  alert (each channel's thread)
 *
 * Not by the outbox, which is in the database: one trouble is that this cannot
 * be written.  What is so now is compared with what the channel was last told;
 * that is stored as soon as it can be.
 */
#ifndef COLLECTOR_ALERT_SELF_H
#define COLLECTOR_ALERT_SELF_H

#include "collector/alert_send.h"
#include "collector/settings.h"
#include "collector/store.h"
#include "collector/troubles.h"

struct self_channel {
	const struct alert_settings *settings;
	struct store *store;
	struct troubles *troubles;
	const struct sending *sending;
	struct {
		bool is_told, is_stored; /* stored: as is_told says */
		int64_t since_us;        /* of what was told */
		int64_t n_tries, next_try_mono_us;
	} parts[SELF_PARTS];
};

/* What the channel was told before a restart.  The rest is set.  RC_DB. */
MUST_USE enum rc self_channel_restore(struct self_channel *c, struct err *err);

/* Tells what there is to tell; what fails is tried again later. */
void self_channel_tell(struct self_channel *c);

/* The notices of what it was told and is not over, to be said once more; to
 * out.  Returns how many. */
size_t
self_channel_open(const struct self_channel *c, struct alert_notice *out);

#endif
