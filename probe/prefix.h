/*
 * prefix.h - IP prefixes as plain values.                            (pure)
 *
 * Uses     schema/base/addr.h
 * Used by  probe/bird, route_json, route, site_settings
 */
#ifndef PROBE_PREFIX_H
#define PROBE_PREFIX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "schema/base/addr.h"
#include "schema/base/err.h"

struct prefix {
	struct addr address; /* its lowest; the bits behind are zero */
	uint8_t len;
};

#define PREFIX_TEXT_LEN (ADDR_TEXT_LEN + 4)

/* Reads "192.0.2.0/24" from n bytes.  RC_MALFORMED: it is none, or has bits
 * behind its length. */
MUST_USE enum rc prefix_parse(struct prefix *out, const char *text, size_t n);

bool prefix_equal(const struct prefix *a, const struct prefix *b);

/* Returns buf. */
const char *
prefix_format(const struct prefix *p, char buf[static PREFIX_TEXT_LEN]);

#endif
