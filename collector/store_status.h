/*
 * store_status.h - how the collector's database is doing.            (edge)
 *
 * Uses     store_sqlite.h
 * Used by  the subcommand status
 */
#ifndef COLLECTOR_STORE_STATUS_H
#define COLLECTOR_STORE_STATUS_H

#include <stdbool.h>
#include <stdint.h>

#include "collector/detect.h"
#include "collector/store.h"

struct store_status {
	int64_t schema;
	/* Probes that enrolled with a key; imported ones are not counted. */
	int64_t n_active, n_quarantined, n_gone, n_heard_lately;
	bool has_received;
	int64_t received_us; /* the last batch */
	/* Observations: what is there, and how many came of late. */
	int64_t n_observations, last_id, oldest_us;
	double per_second;
	int64_t n_packed, packed_bytes;
	double raw_bytes; /* of one that is not packed, about; 0: not known */
	int64_t n_open[SEVERITY_CRITICAL + 1]; /* events, by severity */
	int64_t bytes, free_bytes;             /* the file, and in it */
	int64_t lasting_bytes;    /* of what is kept for ever, about */
	int64_t lasting_since_us; /* 0: there is nothing */
};

/* lately_us: probes heard since then are heard lately.  Every question goes by
 * an index or a small table, whatever the size.  RC_DB. */
MUST_USE enum rc store_status_read(struct store *st, int64_t now_us,
    int64_t lately_us, struct store_status *out, struct err *err);

#endif
