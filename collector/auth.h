/*
 * auth.h - who sent this request, and is it whole?                 (wiring)
 *
 * Uses     schema/signature.h, store_probe.h (a probe's row)
 * Used by  api
 */
#ifndef COLLECTOR_AUTH_H
#define COLLECTOR_AUTH_H

#include <stddef.h>

#include "collector/store_probe.h"
#include "schema/base/err.h"

/* The parts of a request that a signature covers, and the signature.  All
 * lent; a header that is not there is NULL. */
struct auth_request {
	const char *method, *path;
	const char *content_digest, *seq; /* Catchwater-Seq */
	const char *input, *signature;
	const void *body; /* as sent: compressed */
	size_t len;
};

enum auth {
	AUTH_OK,
	AUTH_NO_SIGNATURE, /* a header is missing or cannot be read */
	AUTH_DIGEST,       /* the body is not what was signed */
	AUTH_UNKNOWN,      /* no probe has this id */
	AUTH_REVOKED,
	AUTH_LEFT,
	AUTH_SIGNATURE, /* signed by another key, or changed on the way */
	AUTH_STORE      /* the probe could not be looked up */
};

/* Finds the probe of an id: RC_OK, RC_NOTFOUND, or another code. */
typedef enum rc auth_find(void *ctx, const char *id, struct probe_row *out);

/* Checks a request of an enrolled probe; *probe is its row when AUTH_OK. */
MUST_USE enum auth auth_check(const struct auth_request *r, auth_find *find,
    void *ctx, struct probe_row *probe);

/* The same against a key that the request itself brings: proof that its
 * sender has the secret half. */
MUST_USE enum auth auth_check_key(const struct auth_request *r,
    const uint8_t public[static SIGNATURE_PUBLIC_BYTES]);

/* What went wrong, as one clause for the other end. */
const char *auth_text(enum auth a);

#endif
