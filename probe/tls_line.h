/*
 * tls_line.h - what the probe and its child that speaks TLS tell each other.
 *                                                                    (pure)
 * Uses     probe/dnsmsg.h, probe/rtt.h, schema/fields.h
 * Used by  probe/tls_child.c, probe/dot.c
 *
 * One JSON object a line: the probe asks "connect there, send these queries",
 * the child tells how that went and what came back.  The child reads what a
 * stranger's server sent, so its lines are believed no further than their
 * form allows.  Bytes travel in hexadecimal.
 */
#ifndef PROBE_TLS_LINE_H
#define PROBE_TLS_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "probe/dnsmsg.h"
#include "probe/rtt.h"
#include "schema/base/addr.h"
#include "schema/base/err.h"
#include "schema/record.h"

#define TLS_CONNS_MAX 64   /* under way in a child at once */
#define TLS_QUERIES_MAX 3  /* zone, and two names of the CHAOS half */
#define TLS_REPLY_MAX 4096 /* a longer one is not taken: we ask for little */
#define TLS_ID_MAX INT32_MAX
#define TLS_TIMEOUT_MAX_US INT64_C(60000000)
#define TLS_ASK_LINE_MAX 4096
#define TLS_TOLD_LINE_MAX (TLS_QUERIES_MAX * (2 * TLS_REPLY_MAX + 384) + 4096)

struct tls_query {
	uint16_t len; /* DNSMSG_HEADER_LEN at least: it is told by its id */
	uint8_t bytes[DNSMSG_QUERY_MAX];
};

struct tls_question {
	struct addr target;
	uint16_t port;
	uint16_t source_port;         /* 0: any */
	char name[ZONE_TEXT_MAX + 1]; /* the certificate is to have; "" */
	int64_t timeout_us; /* to connect; to shake hands; to be answered */
	uint8_t n_queries;
	struct tls_query queries[TLS_QUERIES_MAX];
};

struct tls_reply { /* to the query of the same index */
	bool is_sent, is_received;
	struct departure sent;
	struct arrival arrival;
	uint16_t len;
	uint8_t bytes[TLS_REPLY_MAX];
};

struct tls_answer {
	enum outcome outcome; /* ok: every query has its reply; else why not */
	struct moment begun;  /* the first packet left; 0: none did */
	struct addr source;
	uint16_t source_port;
	struct tls_result tls; /* connect_us also without a handshake */
	uint8_t n_replies;
	struct tls_reply replies[TLS_QUERIES_MAX];
};

/* Write one line with its newline; return its length.  Ids are 1 to
 * TLS_ID_MAX, and the asker's own. */
size_t tls_line_ask(const struct tls_question *q, uint32_t id,
    char buf[static TLS_ASK_LINE_MAX]);
size_t tls_line_tell(const struct tls_answer *a, uint32_t id,
    char buf[static TLS_TOLD_LINE_MAX]);

/* Read one line.  RC_MALFORMED, RC_RANGE, RC_LIMIT; err may be NULL. */
MUST_USE enum rc tls_line_read_ask(struct tls_question *out, uint32_t *id,
    const char *line, size_t len, struct err *err);
MUST_USE enum rc tls_line_read_told(struct tls_answer *out, uint32_t *id,
    const char *line, size_t len, struct err *err);

#endif
