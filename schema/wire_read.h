/*
 * wire_read.h - values that several kinds of lines have, read.       (pure)
 *
 * Uses     schema/record.h, schema/fields.h
 * Used by  wire_decode, wire_decode_dns, wire_batch
 *
 * All mark f as faulty when a value is not as schema/README.md says.
 */
#ifndef SCHEMA_WIRE_READ_H
#define SCHEMA_WIRE_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "schema/fields.h"
#include "schema/record.h"

#define RTT_MAX_US INT64_C(600000000)
#define RCODE_MAX 4095 /* 12 bits with EDNS, RFC 6891 section 6.1.3 */

/* Defines the reader of one enum's words. */
#define WIRE_DEFINE_WORD(storage, type, read_name, from_name) \
	storage type read_name(struct fields *f, const char *key) \
	{ \
		type v = (type)0; \
\
		if (from_name(&v, fields_text(f, key)) != RC_OK) \
			fields_fail(f, RC_MALFORMED, key, "unknown word"); \
		return v; \
	}

enum outcome wire_read_outcome(struct fields *f, const char *key);

/* An optional integer that is 0 when absent. */
int64_t
wire_read_or_zero(struct fields *f, const char *key, int64_t min, int64_t max);

/* The IP TTL of a reply, when it is there: else false, and 0. */
bool wire_read_reply_ttl(struct fields *f, uint8_t *ttl);

/* The rcode of an answer: "ok" has NOERROR, "rcode" any other. */
uint16_t wire_read_rcode(struct fields *f, enum outcome outcome);

/* -1 when c is no lower-case hexadecimal digit. */
int wire_hex_value(char c);

/* Reads hexadecimal of at most max bytes into bytes; *n says how many.
 * RC_MALFORMED: it is none.  RC_RANGE: it is longer. */
MUST_USE enum rc
wire_read_hex(uint8_t *bytes, size_t max, size_t *n, const char *hex);

/* An identity, when it is there. */
void wire_read_identity(struct fields *f, const char *key, const char *cut_key,
    struct identity *id);

/* As wire_decode_observation and _header (wire.h), with a doc to be used for
 * many lines: release it with doc_fini.  Of *out only the kind's own part is
 * written, and it may be written when it fails, too. */
MUST_USE enum rc wire_read_observation(struct doc *d, struct observation *out,
    const char *line, size_t len, struct err *err);
MUST_USE enum rc wire_read_header(struct doc *d, struct batch_header *out,
    const char *line, size_t len, struct err *err);

/* What a dns line has, behind what all kinds have.  (wire_decode_dns.c) */
void wire_read_dns(struct fields *f, struct observation *o);

#endif
