/*
 * suspect.h - what stands between a vantage and a target.            (pure)
 *
 * Uses     collector/service.h, map.h, schema/flows.h, schema/signals.h
 * Used by  collector/ingest.c
 *
 * A fold over all observations of service addresses and decoys: balanced by
 * flow or by packet, intercepted or not, per vantage and target.  Reads no
 * clock and no SQL; what it finds comes out through the sink and, fed back,
 * brings it to where it stopped: the evidence of flows is gathered anew, the
 * class stays until there is reason to change it.
 */
#ifndef COLLECTOR_SUSPECT_H
#define COLLECTOR_SUSPECT_H

#include <stdbool.h>
#include <stdint.h>

#include "collector/service.h"
#include "schema/flows.h"
#include "schema/record.h"
#include "schema/signals.h"

/* What is to be said of a vantage and a target. */
struct suspect_view {
	int64_t vantage_id, target_id;
	enum flow_class class;
	int64_t class_since_us; /* 0: unknown since ever */
	bool is_intercepted;
	int64_t intercepted_since_us; /* when it is */
	unsigned score;
	struct located place; /* of who answers, when it is */
};

struct suspect_signal {
	int64_t vantage_id;
	int64_t target_id; /* SIGNAL_DECOY: of the decoy */
	enum signal_kind kind;
	struct signal signal;
};

/* Called from inside the functions below; what they are given is lent. */
struct suspect_sink {
	void (*view)(void *ctx, const struct suspect_view *v);
	void (*signal)(void *ctx, const struct suspect_signal *s);
	void *ctx;
};

struct suspects;

/* Lends the services, which must have their ids.  Gives: suspects_free. */
struct suspects *
suspects_new(const struct services *services, const struct suspect_sink *sink);
void suspects_free(struct suspects *s); /* NULL is fine */

/* Bring back what an earlier run gave, signals first; of targets that are no
 * longer configured: nothing. */
void
suspects_restore_signal(struct suspects *s, const struct suspect_signal *old);
void suspects_restore_view(struct suspects *s, const struct suspect_view *v);

/* Takes an observation of a vantage; t is its target.  at_us: its corrected
 * time; site_id: what its identity means, 0 for none.  A change of class, or
 * of interception, goes to the sink at once. */
void suspects_see(struct suspects *s, int64_t vantage_id,
    const struct target *t, const struct observation *o, int64_t at_us,
    int64_t site_id);

/* Time passes: old signals cease to count, and what has grown goes to the
 * sink, each vantage's in a second of its own of every minute. */
void suspects_tick(struct suspects *s, int64_t now_us);

/* Gives the sink all it has not got yet: before a stop. */
void suspects_flush(struct suspects *s, int64_t now_us);

/* Does what the vantage meets at the target count? */
bool suspect_counts(const struct suspect_view *v);

#endif
