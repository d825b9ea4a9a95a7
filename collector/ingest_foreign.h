/*
 * ingest_foreign.h - observations that no probe of ours made.      (wiring)
 *
 * Uses     ingest_parts, store_import, place
 * Used by  collector/import_session.c
 *
 * The same rows, landing, detection and events as for live data; only the
 * transaction is the caller's to begin and end.
 */
#ifndef COLLECTOR_INGEST_FOREIGN_H
#define COLLECTOR_INGEST_FOREIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collector/ingest.h"
#include "collector/store_admin.h"
#include "collector/store_import.h"

/* Where it came from. */
struct foreign_vantage {
	const char *source;     /* "atlas" or "catchment" */
	struct probe_row probe; /* id, name, declared */
	uint8_t family;
	struct addr seen, own; /* family 0: not known */
};

/* What was seen, and how it is to be taken. */
struct foreign_sight {
	const struct observation *observation;
	const struct vantage_row *vantage;
	int64_t target_id;
	int64_t received_us; /* what the detector takes for now */
	bool is_known;   /* site_id says where it landed: do not interpret */
	int64_t site_id; /* 0: an identity that no site has */
};

/* Begins a piece of work, or ends it: all that was put in between is on disk
 * then, with all that the detector holds back of it.  After a fault nothing of
 * it is, and the detector is made anew.  RC_DB. */
MUST_USE enum rc
ingest_foreign_begin(struct ingest *in, int64_t now_us, struct err *err);
MUST_USE enum rc ingest_foreign_end(struct ingest *in, int64_t now_us);

/* Makes the probe and its vantage known, or brings them up to date; *row is
 * what is stored of it.  RC_RANGE:
 * a probe of ours has the name.  RC_DB. */
MUST_USE enum rc ingest_foreign_vantage(struct ingest *in,
    const struct foreign_vantage *v, int64_t at_us, struct vantage_row *row);

/* Stores the observation and lets the detector see it.  RC_DB. */
MUST_USE enum rc
ingest_foreign_put(struct ingest *in, const struct foreign_sight *s);

/* Time passes, to now_us.  RC_DB. */
MUST_USE enum rc ingest_foreign_tick(struct ingest *in, int64_t now_us);

/* What was announced of a site; also kept with its source.  RC_DB. */
MUST_USE enum rc
ingest_foreign_announce(struct ingest *in, const struct announcement *a);

/* The detector goes by these times of a service from now on.  RC_DB. */
MUST_USE enum rc
ingest_foreign_retime(struct ingest *in, const struct times *t);

#endif
