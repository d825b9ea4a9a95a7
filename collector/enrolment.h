/*
 * enrolment.h - what a new probe says of itself.                     (pure)
 *
 * Uses     jansson, libsodium
 * Used by  api
 *
 * The body of POST /v1/enroll: one JSON object with "token" and "public_key"
 * (64 hexadecimal digits), and if it likes "name", "version", "country",
 * "lat" with "lon", "asn".
 */
#ifndef COLLECTOR_ENROLMENT_H
#define COLLECTOR_ENROLMENT_H

#include <stddef.h>

#include "collector/store_probe.h"
#include "schema/base/err.h"

#define ENROLMENT_BODY_MAX 4096

struct enrolment {
	struct probe_row
	    probe; /* id, key, name (or the id), version, declared */
	uint8_t token_hash[TOKEN_HASH_BYTES];
};

/* RC_MALFORMED, RC_RANGE: *err names the key and what was expected. */
MUST_USE enum rc enrolment_decode(
    struct enrolment *out, const char *body, size_t len, struct err *err);

/* The hash under which a token is stored: BLAKE2b-256 of its text. */
void token_hash(const char *token, uint8_t hash[static TOKEN_HASH_BYTES]);

#endif
