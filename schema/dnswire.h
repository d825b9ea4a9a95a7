/*
 * dnswire.h - names and record heads of DNS messages.                (pure)
 *
 * Uses     schema/base/bytes.h
 * Used by  probe/dnsmsg (replies to our own questions), collector/dns_json
 *          (messages in imported files)
 *
 * RFC 1035 section 4, read from untrusted bytes: names are bounded, pointers
 * only lead backwards, and every fault marks the cursor bad.
 */
#ifndef SCHEMA_DNSWIRE_H
#define SCHEMA_DNSWIRE_H

#include <stddef.h>
#include <stdint.h>

#include "schema/base/bytes.h"
#include "schema/base/err.h"

#define DNSWIRE_NAME_MAX 255 /* bytes of a name in wire form */

struct dnswire_name {
	uint8_t bytes[DNSWIRE_NAME_MAX]; /* wire form, uncompressed */
	uint8_t len;
};

/* Appends one label, with its length byte; n 0 ends the name.
 * RC_MALFORMED: label over 63 bytes, name over 255. */
MUST_USE enum rc
dnswire_name_add(struct dnswire_name *name, const uint8_t *label, size_t n);

/* Reads a name at the cursor, which stands in its whole message, and moves
 * past it.  A pointer must lead to before the part that it ends, so that
 * following them comes to an end. */
void dnswire_name_read(struct rbuf *r, struct dnswire_name *name);

/* Writes the name for people, with its final dot: bytes that are not printable
 * ASCII as \DDD, '.' and '\' within a label with a backslash (RFC 1035 section
 * 5.1).  Returns buf. */
#define DNSWIRE_NAME_TEXT_LEN (4 * DNSWIRE_NAME_MAX + 2)
const char *dnswire_name_text(
    const struct dnswire_name *name, char buf[static DNSWIRE_NAME_TEXT_LEN]);

struct dnswire_head { /* of a resource record: all but its data */
	struct dnswire_name owner;
	uint16_t type, class;
	uint32_t ttl;
	uint16_t rdata_len;
};

void dnswire_head_read(struct rbuf *r, struct dnswire_head *head);

/* "NOERROR", "REFUSED" ...; "RCODE" for one without a name. */
const char *dnswire_rcode_name(uint16_t rcode);

#endif
