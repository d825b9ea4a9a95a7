/*
 * sfv.h - reads HTTP structured field values (RFC 8941), bounded.     (pure)
 *
 * Uses     libsodium (base64)
 * Used by  signature
 *
 * Only what signatures and digests need: keys, plain strings, integers and
 * byte sequences.  A cursor is what is left of a header; each take moves past
 * what it took.  What strays from the grammar is RC_MALFORMED.
 */
#ifndef SCHEMA_SFV_H
#define SCHEMA_SFV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "schema/base/err.h"

struct sfv { /* lends a piece of a header; not NUL-terminated */
	const char *at;
	size_t len;
};

/* The whole header without the spaces around it.  RC_MALFORMED when it does
 * not end within max bytes. */
MUST_USE enum rc sfv_open(struct sfv *s, const char *header, size_t max);

/* Is c next?  sfv_accept also moves past it. */
bool sfv_peek(const struct sfv *s, char c);
bool sfv_accept(struct sfv *s, char c);
void sfv_skip_spaces(struct sfv *s);

/* Is s this text? */
bool sfv_is(struct sfv s, const char *text);

/* A key (section 3.1.2). */
MUST_USE enum rc sfv_take_key(struct sfv *out, struct sfv *s);

/* A quoted string of printable ASCII without escapes; *out is its inside. */
MUST_USE enum rc sfv_take_string(struct sfv *out, struct sfv *s);

/* An integer of 1 to 15 digits, not negative; its value is not needed. */
MUST_USE enum rc sfv_take_integer(struct sfv *s);

/* A byte sequence :base64: of exactly n bytes, or of any length, unread. */
MUST_USE enum rc sfv_take_bytes(uint8_t *out, size_t n, struct sfv *s);
MUST_USE enum rc sfv_skip_bytes(struct sfv *s);

#endif
