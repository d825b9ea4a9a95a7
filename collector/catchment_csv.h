/*
 * catchment_csv.h - the rounds of a catchment mapper, line by line.  (pure)
 *
 * Used by  collector/import_catchment.c
 *
 * A round is CSV with a header, one line per reply, as Verfploeter and its
 * kin write it: who received it (client_id), when (receive_time, nanoseconds of
 * Unix time), from whom (source_address), at which address of ours
 * (destination_address), and where known the round trip in milliseconds
 * (send_receive_time_diff), ttl, source_address_country, source_address_asn.
 * Columns may stand in any order; others are skipped.  Beside it, NAME.routing
 * is CSV too: site, prefix, peer_as, neighbor, attributes; '#' begins a remark.
 */
#ifndef COLLECTOR_CATCHMENT_CSV_H
#define COLLECTOR_CATCHMENT_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "schema/base/addr.h"
#include "schema/base/err.h"

#define CSV_LINE_MAX 4096 /* bytes of a line */

enum csv_column {
	CSV_CLIENT,
	CSV_RECEIVED,
	CSV_SENT, /* in place of CSV_RECEIVED, if that is not there */
	CSV_SOURCE,
	CSV_DESTINATION,
	CSV_RTT,
	CSV_TTL,
	CSV_COUNTRY,
	CSV_ASN,
	CSV_N
};

struct csv_columns {
	int at[CSV_N]; /* place in the line; -1: not there */
};

struct catchment_reply {
	char client[64];
	struct addr source, destination;
	int64_t at_us;
	bool has_rtt;
	int64_t rtt_us;
	uint8_t ttl;     /* 0: not known */
	char country[3]; /* "": not known */
	uint32_t asn;    /* 0: not known */
};

/* Reads the header, which it cuts up.  RC_MALFORMED: *err names the column that
 * is missing. */
MUST_USE enum rc
csv_header(struct csv_columns *out, char *line, struct err *err);

/* Reads a line, which it cuts up.  NULL, or why it is no reply: one of a few
 * constant texts. */
const char *
csv_reply(struct catchment_reply *out, const struct csv_columns *c, char *line);

/* Reads a line of a .routing file: the site and whether its prefix holds the
 * address.  False: a remark, the header, or broken. */
bool csv_routing(
    char site[static 64], struct addr *prefix, unsigned *len, char *line);

/* Does the prefix hold the address? */
bool prefix_holds(
    const struct addr *prefix, unsigned len, const struct addr *address);

#endif
