/*
 * load.h - a fleet that uploads to a real collector.               (wiring)
 *
 * Uses     internet.h (who lands where), client.h
 * Used by  main
 *
 * Each host enrols, and then posts a batch every upload interval with what it
 * has asked since: every target once a period.  Half of the targets are IPv4,
 * half IPv6, two to a service: load_print_config prints the services as the
 * collector's configuration has to have them.
 */
#ifndef SIMULATE_LOAD_H
#define SIMULATE_LOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "tools/simulate.d/client.h"

struct load_plan {
	struct client_server server;
	uint64_t seed;
	int64_t n_hosts, n_targets, n_connections;
	int64_t period_us, upload_us, for_us;
	bool is_fresh; /* a connection for every batch, as probes do */
};

struct load_result {
	int64_t n_batches, n_observations, n_refused; /* not answered by 200 */
	double seconds, enrol_seconds;
	double p50_ms, p99_ms, worst_ms; /* from the post to its answer */
	double late_s;                   /* behind the schedule at the end */
};

void load_run(const struct load_plan *p, struct load_result *out);
void load_print_config(const struct load_plan *p);

#endif
