/*
 * measure_options.h - the command line of catchwater-probe measure. (pure)
 *
 * Uses     schema/base/options.h, schema/record.h, probe/idname.h
 * Used by  probe/measure*.c
 */
#ifndef PROBE_MEASURE_OPTIONS_H
#define PROBE_MEASURE_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "probe/question.h"
#include "schema/base/err.h"
#include "schema/record.h"

#define MEASURE_KINDS 3

struct measure_options {
	bool dns, ping, trace, all, only4, only6, json;
	bool mda, middlebox, watch;
	bool zoneversion, cookie, mixed_case;
	int64_t count;   /* rounds; 0: until interrupted */
	int64_t rate;    /* packets/s; 0: no cap */
	int64_t port;    /* 0: the usual one */
	int64_t queries; /* packets of a trace to each hop */
	int64_t n_flows; /* source ports to try; 0: no audit */
	int64_t interval_us, timeout_us, listen_us;
	/* Lent from argv; or NULL. */
	const char *zone, *proto, *identity, *targets, *decoy, *asn, *pcap,
	    *name, *tls_name, *ca;

	/* What follows from them. */
	enum proto protos[MEASURE_KINDS]; /* by kind */
	uint16_t ports[MEASURE_KINDS];    /* by kind */
	bool is_every_round_traced;       /* --count was given */
	bool is_every_round_looked;       /* --queries was given */
	bool is_zone_given;
	struct addr decoys[2];                 /* IPv4, IPv6 */
	char identity_name[ZONE_TEXT_MAX + 1]; /* from name; "" */
	enum name_class identity_class;
};

/* Reads and checks argv (argv[0] is "measure").  Lends the targets from argv.
 * RC_NOTFOUND: help was asked for and written.  RC_MALFORMED, RC_RANGE. */
MUST_USE enum rc measure_options_parse(struct measure_options *out, int argc,
    char **argv, char ***targets, int *n_targets, struct err *err);

#endif
