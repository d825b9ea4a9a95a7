/*
 * dns_json.h - a DNS message as JSON, every record of it.            (pure)
 *
 * Uses     schema/dnswire.h, jansson
 * Used by  collector/atlas_dns.c
 *
 * For messages that others measured (abuf and qbuf of RIPE Atlas).  Octets
 * behind the last counted record are counted, never read: an echoed OPT in
 * them is no identity.  Bytes stand as characters U+0000 to U+00FF in texts,
 * as hexadecimal digits elsewhere.
 */
#ifndef COLLECTOR_DNS_JSON_H
#define COLLECTOR_DNS_JSON_H

#include <jansson.h>
#include <stddef.h>

/* Gives the message as an object, for "header" with the keys id, qr, opcode,
 * aa, tc, rd, ra, z, ad, cd, return_code and the four counts; "questions",
 * "answers", "authorities", "additionals" as lists; "edns" when it has an
 * OPT; "length", "trailing" (octets that nothing counts), and "is_malformed"
 * when a counted record is broken: then the lists end before it. */
json_t *dns_json(const void *bytes, size_t len);

#endif
