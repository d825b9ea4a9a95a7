/*
 * process_metrics.h - the families that every process tells.         (edge)
 *
 * Uses     exposition, /proc/self, getrusage
 * Used by  metrics_page
 *
 * By the names that Prometheus' client libraries gave them, which dashboards
 * for any program know.
 */
#ifndef COLLECTOR_PROCESS_METRICS_H
#define COLLECTOR_PROCESS_METRICS_H

#include <stdint.h>

#include "collector/exposition.h"

/* Writes them, but what the system does not tell; started_us: Unix time. */
void process_metrics_write(struct exposition *e, int64_t started_us);

#endif
