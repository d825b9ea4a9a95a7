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

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "schema/base/addr.h"
#include "schema/base/err.h"
#include "schema/record.h"

#define ASSIGNMENT_TARGETS_MAX 4096
#define ASSIGNMENT_BODY_MAX (4096 * 1024) /* the longest names everywhere */
#define ASSIGNMENT_TRIES_MAX 4

/* What tells a target's servers apart. */
enum assigned_identity {
	ASSIGNED_NSID,  /* with CHAOS now and then, and where there is none */
	ASSIGNED_CHAOS, /* every round: NSID may be there and tell nothing */
	ASSIGNED_NAME   /* TXT of a name of its own in class IN, every round */
};

struct assigned_target {
	struct addr address;
	uint16_t port;
	bool is_control;  /* unicast: controls and sites' own addresses */
	bool is_decoy;    /* nobody has this address: an answer is forged */
	const char *zone; /* whose SOA is asked, with final dot; lent by the
			   * assignment, which has every zone once */
	enum assigned_identity identity;
	const char *identity_name; /* ASSIGNED_NAME; lent as zone; else NULL */
	int64_t phase_us;          /* offset of the first round in the period */
	int64_t dns_every_us;      /* 0: never */
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
	size_t n_targets, cap_targets;
	struct assigned_target *targets;
	size_t n_zones, cap_zones;
	char **zones;
	size_t n_indexed; /* targets in by_address; else it is not used */
	uint16_t *by_address;
};

/* An assignment of zeros is empty; whoever fills one releases it so.  NULL is
 * fine. */
void assignment_fini(struct assignment *a);

/* Adds a target of zeros and lends it until the next is added. */
struct assigned_target *assignment_add(struct assignment *a);

/* Lends the assignment's own copy of a zone's name. */
const char *assignment_zone(struct assignment *a, const char *zone);

/* Makes assignment_find fast; to be called again when targets change.  A
 * decoded assignment has been. */
void assignment_index(struct assignment *a);

/* Which target has the address and the port (0: any, as ICMP knows none);
 * n_targets when none has. */
size_t assignment_find(
    const struct assignment *a, const struct addr *address, uint16_t port);

/* Gives the JSON text (NUL-terminated): release with free().  Fills a->etag
 * from the body. */
char *assignment_encode(struct assignment *a);

/* Gives *out: release with assignment_fini.  RC_MALFORMED, RC_RANGE, RC_LIMIT;
 * err names the JSON path.  Fills etag from the body. */
MUST_USE enum rc assignment_decode(
    struct assignment *out, const char *body, size_t len, struct err *err);

#endif
