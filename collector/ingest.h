/*
 * ingest.h - batches in, rows and events out, in one transaction.  (wiring)
 *
 * Uses     store_*, interpret, detect, suspect, geo, metrics
 * Used by  writer (its thread)
 *
 * Observations and everything that the detector makes of them are committed
 * together, or not at all.  After a commit that failed the detector is ahead
 * of the disk: it is thrown away and made anew from the store.  One thread.
 */
#ifndef COLLECTOR_INGEST_H
#define COLLECTOR_INGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collector/geo.h"
#include "collector/metrics.h"
#include "collector/settings.h"
#include "collector/store.h"
#include "schema/wire.h"

/* A batch whose signature was good, on its way through the writer. */
struct ingest_job {
	struct batch batch;
	struct addr source; /* the connection's */
	int64_t received_us;
	/* What became of it: RC_OK with the new high-water mark; RC_PEER: the
	 * probe was revoked meanwhile; anything else: not stored, send again. */
	enum rc rc;
	uint64_t acked;
	void (*done)(struct ingest_job *job); /* takes the job */
	void *ctx;                            /* of done */
};

struct ingest;

/* Gives *out: release with ingest_close.  Gives settings->services their ids,
 * and brings the detector to where it stopped.  All lent until then; geo may
 * be NULL.  RC_DB. */
MUST_USE enum rc ingest_open(struct ingest **out, struct store *store,
    struct settings *settings, const struct geo *geo, struct metrics *metrics,
    int64_t now_us, struct err *err);
void ingest_close(struct ingest *in); /* NULL is fine */

/* From now on by these settings and with this geo, as if in had been closed
 * and opened again: what the detector knows is in the store, and it goes on
 * with that.  RC_DB: all stays as it was. */
MUST_USE enum rc ingest_reload(struct ingest *in, struct settings *settings,
    const struct geo *geo, int64_t now_us, struct err *err);

/* One transaction for n batches; fills in what became of each.  RC_DB: it
 * could not be committed, and none is stored. */
MUST_USE enum rc ingest_group(struct ingest *in, struct ingest_job **jobs,
    size_t n, int64_t now_us, struct err *err);

/* About once a second: announcements, the detector's ticks, statistics, old
 * observations out.  *has_written: was there anything to commit?  RC_DB. */
MUST_USE enum rc ingest_tick(
    struct ingest *in, int64_t now_us, bool *has_written, struct err *err);

/* Writes what the detector still holds back: before a stop.  RC_DB. */
MUST_USE enum rc
ingest_flush(struct ingest *in, int64_t now_us, struct err *err);

#endif
