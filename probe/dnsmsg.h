/*
 * dnsmsg.h - the DNS questions we ask, and the replies we believe.   (pure)
 *
 * Uses     schema/base/bytes.h, schema/dnswire.h, schema/record.h
 * Used by  probe/engine_*.c, measure and its printing
 *
 * RFC 1035 messages with EDNS (RFC 6891), NSID (RFC 5001), extended errors
 * (RFC 8914), ZONEVERSION (RFC 9660) and cookies (RFC 7873).  Parsing is
 * strict: a message whose records do not add up to its length gives nothing
 * at all, least of all an identity.
 */
#ifndef PROBE_DNSMSG_H
#define PROBE_DNSMSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "schema/base/err.h"
#include "schema/record.h"

#define DNSMSG_HEADER_LEN 12
#define DNSMSG_NAME_MAX 255  /* bytes of a name in wire form */
#define DNSMSG_QUERY_MAX 320 /* more than any query of ours */
#define DNSMSG_UDP_MAX 1232  /* what we say we can take (DNS flag day 2020) */
#define DNSMSG_COOKIE_LEN 8  /* of a client, RFC 7873 section 4 */
#define DNSMSG_CASE_LEN 32   /* one random bit for each byte of a name */

enum dnsmsg_type { DNSMSG_SOA = 6, DNSMSG_TXT = 16, DNSMSG_OPT = 41 };
enum dnsmsg_class { DNSMSG_IN = 1, DNSMSG_CH = 3 };

struct dnsmsg_question {
	uint8_t name[DNSMSG_NAME_MAX]; /* wire form */
	uint8_t name_len;
	bool is_exact; /* a reply must have the name in the same case */
	uint16_t type, class;
};

struct dnsmsg_extras { /* what a query carries beside NSID */
	bool with_zoneversion;
	bool with_cookie;
	uint8_t cookie[DNSMSG_COOKIE_LEN];
};

struct dnsmsg_reply {
	uint16_t id;
	bool is_response, is_aa, is_tc, is_ra;
	uint8_t opcode;
	uint16_t rcode; /* with the upper bits of EDNS */
	uint16_t n_questions, n_answers, n_authorities, n_additionals;
	bool has_question; /* some refusals carry none */
	struct dnsmsg_question question;
	bool has_edns;
	uint8_t edns_version;
	struct identity nsid;
	struct identity txt; /* of the first TXT answer, strings joined */
	bool has_serial;
	uint32_t serial; /* of the first SOA answer */
	uint8_t n_ede;
	uint16_t ede[EDE_MAX];
	struct zoneversion zoneversion; /* the serial's, else the first */
	bool has_cookie;
	uint8_t cookie[DNSMSG_COOKIE_LEN]; /* the client's half of it */
};

/* Fills *out, in lower case, from a name as people write it ("." or
 * "example.net", final dot optional).  RC_MALFORMED: empty label, label over 63, name over 255 bytes,
 * or a backslash. */
MUST_USE enum rc dnsmsg_question_set(struct dnsmsg_question *out,
    const char *name, enum dnsmsg_type type, enum dnsmsg_class class);

/* Gives each letter of the name the case that a random bit says ("0x20"), and
 * asks for the same in the reply: a guess of the id alone is then no answer.
 * A server that changes the case is never believed. */
void dnsmsg_question_mix_case(
    struct dnsmsg_question *q, const uint8_t random[static DNSMSG_CASE_LEN]);

/* Writes a query: RD=0, EDNS asking for NSID and what the extras say (NULL:
 * nothing).  Returns its length. */
size_t dnsmsg_write_query(uint8_t buf[static DNSMSG_QUERY_MAX], uint16_t id,
    const struct dnsmsg_question *q, const struct dnsmsg_extras *extras);

/* Parses a whole message.  RC_MALFORMED: not exactly one DNS message. */
MUST_USE enum rc
dnsmsg_parse(struct dnsmsg_reply *out, const void *bytes, size_t len);

/* The id of a message, or of the beginning of one that an ICMP error quotes;
 * 0, which no query of ours has, when it is cut before. */
uint16_t dnsmsg_id(const void *bytes, size_t len);

/* Is this the reply to that question?  One without a question section is,
 * by its id alone (Unbound refuses so), unless the case must be exact. */
bool dnsmsg_is_reply_to(
    const struct dnsmsg_reply *r, uint16_t id, const struct dnsmsg_question *q);

/* May this be the reply to a query with these extras (NULL: none)?  Not with
 * somebody else's cookie (RFC 7873 section 5.3); without one it may. */
bool dnsmsg_cookie_fits(
    const struct dnsmsg_reply *r, const struct dnsmsg_extras *extras);

#endif
