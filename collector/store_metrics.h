/*
 * store_metrics.h - what /metrics counts in the database.            (edge)
 *
 * Uses     store_sqlite.h, exposition
 * Used by  metrics_page
 */
#ifndef COLLECTOR_STORE_METRICS_H
#define COLLECTOR_STORE_METRICS_H

#include <stdint.h>

#include "collector/exposition.h"
#include "collector/store.h"

/* Writes the families of landings, sites, events, deliveries and probes.  As
 * labels stand names of the configuration and our own words only.  RC_DB: some
 * are missing. */
MUST_USE enum rc store_metrics_write(
    struct store *st, int64_t now_us, struct exposition *e, struct err *err);

#endif
