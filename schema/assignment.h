/*
 * assignment.h - what the collector asks a probe to measure.         (pure)
 *
 * Uses     schema/base/addr.h, jansson
 * Used by  collector/httpd (encode), probe/run (decode)
 *
 * GET /v1/assignment gives it as one JSON object, with its hash as ETag.  The
 * probe's own caps and the host's allow and deny lists stand above it.
 */
#ifndef SCHEMA_ASSIGNMENT_H
#define SCHEMA_ASSIGNMENT_H

#include <stddef.h>
#include <stdint.h>

#include "schema/base/addr.h"
#include "schema/base/err.h"
#include "schema/record.h"

#define ASSIGNMENT_TARGETS_MAX 512
#define ASSIGNMENT_BODY_MAX (256 * 1024)
#define ASSIGNMENT_TRIES_MAX 4

struct assigned_target {
	struct addr address;
	uint16_t port;
	bool is_control; /* unicast: controls and sites' own addresses */
	char zone[ZONE_TEXT_MAX + 1]; /* whose SOA is asked, with final dot */
	int64_t phase_us;     /* offset of the first round in the period */
	int64_t dns_every_us; /* 0: never */
	int64_t ping_every_us;
	int64_t trace_every_us;
};

struct assignment {
	char etag[17];           /* 16 hexadecimal digits: hash of the body */
	int64_t upload_every_us; /* longest time an observation waits */
	int64_t timeout_us;      /* of one DNS question over UDP */
	/* After a changed identity, after a timeout: when to ask again, counted
	 * from the observation that gave the reason. */
	uint8_t n_confirm, n_retry;
	int64_t confirm_after_us[ASSIGNMENT_TRIES_MAX];
	int64_t retry_after_us[ASSIGNMENT_TRIES_MAX];
	size_t n_targets;
	struct assigned_target targets[ASSIGNMENT_TARGETS_MAX];
};

/* Gives the JSON text (NUL-terminated): release with free().  Fills a->etag
 * from the body. */
char *assignment_encode(struct assignment *a);

/* RC_MALFORMED, RC_RANGE, RC_LIMIT; err names the JSON path.  Fills etag from
 * the body. */
MUST_USE enum rc assignment_decode(
    struct assignment *out, const char *body, size_t len, struct err *err);

#endif
