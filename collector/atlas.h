/*
 * atlas.h - one result of RIPE Atlas, decoded.                       (pure)
 *
 * Uses     collector/dns_json.h, schema/record.h, jansson
 * Used by  collector/import_atlas.c
 *
 * DNS, traceroute and ping of every firmware known (1 to 5080, as a number or
 * a string).  A result becomes one response, or as many as its resultset has.
 * A response is an object of the same keys whatever the firmware; absent is
 * null.  Common: type, firmware, measurement_id, group_id, probe_id, created
 * (Unix seconds), seconds_since_sync, origin (as the Atlas controllers saw
 * the probe), source_address, destination_address, destination_name, af,
 * protocol.  The rest is in atlas_dns.c, atlas_trace.c and atlas_ping.c.
 */
#ifndef COLLECTOR_ATLAS_H
#define COLLECTOR_ATLAS_H

#include <jansson.h>
#include <stdint.h>

#include "schema/record.h"

/* Lends the response, and the result that it is of as it was written. */
typedef void
atlas_take(void *ctx, const json_t *result, const json_t *response);

/* Decodes the text of one result and hands over its responses in order.
 * Returns NULL, or why it cannot be decoded: one of a few constant texts, fit
 * to be counted.  Then nothing was handed over. */
const char *
atlas_decode(const char *text, size_t len, atlas_take *take, void *ctx);

/* What the response is as an observation of ours; seq is 0.  Returns NULL, or
 * why it is none: one of a few constant texts. */
const char *atlas_observe(const json_t *response, struct observation *out);

/* Parts of atlas_decode: each fills a response whose common keys are there.
 * NULL, or why not. */
const char *atlas_dns(const json_t *result, json_t *response);
const char *atlas_trace(const json_t *result, json_t *response);
const char *atlas_ping(const json_t *result, json_t *response);

#endif
