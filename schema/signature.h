/*
 * signature.h - HTTP requests signed by a probe's key.               (pure)
 *
 * Uses     libsodium
 * Used by  probe/upload (sign), collector/auth (verify)
 *
 * HTTP Message Signatures (RFC 9421) with ed25519, over "@method", "@path",
 * "content-digest" (RFC 9530, sha-512) and "catchwater-seq", keyid = probe id.
 * The signature survives proxies that terminate TLS, and no wall clock has
 * a say in it: replay is defeated by seq (schema/README.md, "Signatures").
 */
#ifndef SCHEMA_SIGNATURE_H
#define SCHEMA_SIGNATURE_H

#include <stddef.h>
#include <stdint.h>

#include "schema/base/err.h"
#include "schema/record.h"

#define SIGNATURE_PUBLIC_BYTES 32
#define SIGNATURE_SECRET_BYTES 64
#define SIGNATURE_HEADER_MAX 512 /* room for each header value, with NUL */

struct signing_key {
	uint8_t public[SIGNATURE_PUBLIC_BYTES];
	uint8_t secret[SIGNATURE_SECRET_BYTES];
};

/* What is signed.  All strings are lent and NUL-terminated. */
struct signed_request {
	const char *method;         /* "POST" */
	const char *path;           /* "/v1/batches", without query */
	const char *content_digest; /* value of the header */
	const char
	    *seq; /* value of Catchwater-Seq: decimal first seq, or "0" */
};

/* The two headers that carry a signature, as text. */
struct signature_headers {
	char input[SIGNATURE_HEADER_MAX];     /* Signature-Input */
	char signature[SIGNATURE_HEADER_MAX]; /* Signature */
};

/* Makes a key.  Calls sodium_init; aborts where there is no randomness. */
void signature_new_key(struct signing_key *key);

/* The probe's id: the first 8 bytes of BLAKE2b-256 of the public key, in
 * hexadecimal.  It certifies itself. */
void signature_probe_id(const uint8_t public[static SIGNATURE_PUBLIC_BYTES],
    char id[static PROBE_ID_LEN + 1]);

/* Content-Digest of a body: "sha-512=:...:" (RFC 9530). */
void signature_digest(
    const void *body, size_t len, char out[static SIGNATURE_HEADER_MAX]);

/* RC_OK when the header value has a sha-512 (or sha-256) digest equal to the
 * body's.  RC_MALFORMED: cannot be read.  RC_PEER: not equal. */
MUST_USE enum rc
signature_check_digest(const char *header, const void *body, size_t len);

/* Signs.  RC_RANGE: a value has a byte outside printable ASCII or is too
 * long. */
MUST_USE enum rc signature_sign(struct signature_headers *out,
    const struct signed_request *req, const struct signing_key *key,
    const char *keyid);

/* Reads the keyid of the signature, before the key is known.  RC_MALFORMED:
 * not a Signature-Input with one signature by ed25519 that covers all four
 * components. */
MUST_USE enum rc
signature_keyid(const char *input, char keyid[static PROBE_ID_LEN + 1]);

/* RC_OK when both headers are a valid signature of req by public.
 * RC_MALFORMED: cannot be read, or covers less than req.  RC_PEER: wrong. */
MUST_USE enum rc signature_verify(const struct signed_request *req,
    const char *input, const char *signature,
    const uint8_t public[static SIGNATURE_PUBLIC_BYTES]);

/* The signature base (RFC 9421 section 2.5) of any list of components, each
 * a name (without quotes) and its canonical value, with the parameters as
 * they stand in Signature-Input.  Writes to out, NUL-terminated; RC_LIMIT
 * when cap is too small.  Exported so that the RFC's own vectors test it. */
struct signature_component {
	const char *name;
	const char *value;
};
MUST_USE enum rc signature_base(char *out, size_t cap,
    const struct signature_component *components, size_t n,
    const char *parameters);

#endif
