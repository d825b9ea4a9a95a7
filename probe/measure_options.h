/*
 * measure_options.h - the command line of catchwater-probe measure.  (pure)
 *
 * Uses     schema/base/options.h, schema/record.h, probe/dnsmsg.h
 * Used by  probe/measure.c
 */
#ifndef PROBE_MEASURE_OPTIONS_H
#define PROBE_MEASURE_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "schema/base/err.h"
#include "schema/record.h"

#define MEASURE_KINDS 3

struct measure_options {
	bool dns, ping, trace, all, only4, only6, json;
	int64_t count, port, rate; /* rounds; of the service; packets/s */
	int64_t interval_us, timeout_us;
	const char *zone, *proto, *identity; /* lent from argv; or NULL */
	const char *pcap;                    /* the same */
	enum proto protos[MEASURE_KINDS];    /* by kind, from proto */
};

/* Reads and checks argv (argv[0] is "measure").  Lends the targets from argv.
 * RC_NOTFOUND: help was asked for and written.  RC_MALFORMED, RC_RANGE. */
MUST_USE enum rc measure_options_parse(struct measure_options *out, int argc,
    char **argv, char ***targets, int *n_targets, struct err *err);

#endif
