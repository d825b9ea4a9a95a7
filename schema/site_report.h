/*
 * site_report.h - what a site says of itself.                        (pure)
 *
 * Uses     jansson, schema/fields.h
 * Used by  probe/site (writes), collector/api_site (reads)
 *
 * One JSON object, the body of POST /v1/site: schema/README.md names every
 * field.  It holds for its lease from the moment that the collector has it, and
 * carries durations only, so no clock of the site matters.
 */
#ifndef SCHEMA_SITE_REPORT_H
#define SCHEMA_SITE_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "schema/base/err.h"

#define SITE_REPORT_BODY_MAX 4096
#define SITE_NAME_LEN 64 /* of a site or service, with its end */
#define SITE_WHY_LEN 128 /* of a reason, with its end */
#define SITE_LEASE_MIN_US INT64_C(1000000)
#define SITE_LEASE_MAX_US INT64_C(86400000000)

/* An answer to one question.  Not asked and not known are two things: the first
 * leaves what others say alone. */
enum said { SAID_NOTHING, SAID_UNKNOWN, SAID_NO, SAID_YES };

struct site_answer {
	enum said said;
	int64_t for_us;         /* how long it has been so */
	char why[SITE_WHY_LEN]; /* printable ASCII; "": nothing to add */
};

struct site_family { /* what is said in one address family */
	uint8_t family;
	struct site_answer announced, healthy;
	bool has_serial;
	uint32_t serial; /* of the zone, as the local service has it */
};

struct site_report {
	char version[24];
	char site[SITE_NAME_LEN];
	char service[SITE_NAME_LEN]; /* "": the only one with such a site */
	int64_t lease_us;
	size_t n;
	struct site_family families[2];
};

/* Writes the report.  Gives the text: release with free(). */
char *site_report_encode(const struct site_report *r);

/* RC_MALFORMED, RC_RANGE, RC_LIMIT: *err names the JSON path. */
MUST_USE enum rc site_report_decode(
    struct site_report *out, const char *body, size_t len, struct err *err);

/* Sets why to a text with everything but printable ASCII made '?', cut to
 * what fits. */
void site_answer_explain(struct site_answer *a, const char *why);

/* "unknown", "no", "yes"; "" for nothing. */
const char *said_name(enum said s);

#endif
