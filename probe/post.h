/*
 * post.h - signed requests to the collector.                         (edge)
 *
 * Uses     libcurl, schema/signature.h
 * Used by  probe/upload, enroll, leave, reach, site (all in catchwater-upload)
 *
 * TLS with verified certificates always; plain HTTP only to a loopback
 * address.  One connection is kept for all requests of a struct post.
 */
#ifndef PROBE_POST_H
#define PROBE_POST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "schema/base/err.h"
#include "schema/record.h"
#include "schema/signature.h"

#define POST_REPLY_MAX (3 * 1024 * 1024) /* bytes of a reply's body */
#define POST_REASON_LEN 128

struct post; /* opaque: owns a connection */

struct post_request {
	const char *method;        /* "GET" or "POST" */
	const char *path;          /* "/v1/batches" */
	const void *body;          /* lent; NULL for none */
	size_t len;                /* of body, in bytes */
	const char *content_type;  /* NULL for none */
	bool is_zstd;              /* the body is compressed */
	uint64_t seq;              /* first seq of a batch, else 0 */
	const char *if_none_match; /* ETag without quotes; NULL for none */
};

struct post_reply {
	long status;           /* HTTP status */
	int64_t retry_after_s; /* 0: the collector did not say */
	char *body;            /* NUL-terminated */
	size_t len;
};

/* Checks the collector's URL (scheme://host[:port], nothing more).  RC_RANGE
 * says what is wrong with it. */
MUST_USE enum rc post_check_url(const char *url, struct err *err);

/* Gives *out: release with post_close.  Lends url, ca_file ("" for the system's
 * authorities), key and probe, which must outlive it.  RC_RANGE: the URL. */
MUST_USE enum rc post_open(struct post **out, const char *url,
    const char *ca_file, const struct signing_key *key, const char *probe,
    struct err *err);
void post_close(struct post *p); /* NULL is fine */

/* Each request from now on takes at most that long (a minute before). */
void post_limit(struct post *p, int64_t timeout_us);

/* Sends one request.  Gives *reply, whatever its status: release with
 * post_reply_fini.  RC_PEER: no HTTP reply; *err says why and what to do. */
MUST_USE enum rc post_send(struct post *p, const struct post_request *req,
    struct post_reply *reply, struct err *err);
void post_reply_fini(struct post_reply *reply); /* NULL is fine */

/* What the collector said of its refusal: the reply's "error" member, else
 * its first words; printable ASCII only.  Returns buf. */
const char *
post_reason(const struct post_reply *reply, char buf[static POST_REASON_LEN]);

#endif
