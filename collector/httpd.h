/*
 * httpd.h - HTTP(S) requests in, answers out, within limits.         (edge)
 *
 * Uses     libmicrohttpd (TLS by GnuTLS), tls_identity, head, patience
 * Used by  api (answers), serve (starts, stops)
 *
 * A request comes as an exchange, from one of a few threads; it is answered
 * at once or, once deferred, later and from any thread.  Bounded are the
 * connections, the size of headers, the bytes of all bodies together, and
 * the time that each step of the other end may take.
 */
#ifndef COLLECTOR_HTTPD_H
#define COLLECTOR_HTTPD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collector/tls_identity.h"
#include "schema/base/addr.h"
#include "schema/base/err.h"

struct httpd;
struct exchange;

struct answer {
	unsigned status;
	const char *type; /* Content-Type; NULL: JSON */
	const char *body; /* copied */
	size_t len;
	const char *etag;       /* NULL: none; without quotes */
	const char *allow;      /* NULL: none */
	const char *vary;       /* NULL: none */
	const char *encoding;   /* Content-Encoding; NULL: none */
	const char *cache;      /* Cache-Control; NULL: no-store */
	const char *policy;     /* of content; NULL: nothing is loaded by it */
	const char *challenge;  /* WWW-Authenticate; NULL: none */
	unsigned retry_after_s; /* 0: none */
	bool is_last;           /* close the connection afterwards */
};

struct httpd_handlers {
	/* The head is in.  Either answers (the body is then read and thrown
	 * away) or returns how many bytes of body are welcome. */
	size_t (*head)(void *ctx, struct exchange *x);
	/* All is in: answers, or defers. */
	void (*whole)(void *ctx, struct exchange *x);
	void *ctx;
};

struct httpd_settings {
	int listen_fd;                 /* taken once started */
	struct tls_identity *identity; /* taken once started; NULL: no TLS */
	unsigned n_threads;
	/* For a handshake and head, a body, to read an answer; 0: a minute. */
	int64_t step_us;
};

/* Gives *out, which serves from now on: release with httpd_stop.  One with TLS
 * at a time: GnuTLS asks a plain function for its certificate.  RC_SYS. */
MUST_USE enum rc httpd_start(struct httpd **out,
    const struct httpd_settings *settings,
    const struct httpd_handlers *handlers, struct err *err);

/* Shows new connections this certificate; those that are there go on.  Takes
 * it.  Only for a server that was started with one. */
void httpd_show(struct httpd *h, struct tls_identity *identity);

/* Accepts no more connections; those that are there go on. */
void httpd_quiesce(struct httpd *h);

/* Waits until no answer is owed, at most wait_us; true when none is. */
bool httpd_wait_idle(struct httpd *h, int64_t wait_us);

/* Closes every connection.  No exchange may be deferred still.  NULL is
 * fine. */
void httpd_stop(struct httpd *h);

/* All lent until the exchange is answered.  The header is NULL when it is not
 * there; its name in any case. */
const char *exchange_method(const struct exchange *x);
const char *exchange_path(const struct exchange *x); /* without query */
const char *exchange_header(const struct exchange *x, const char *name);
/* Can nobody take the head for another one (head.h)? */
bool exchange_is_plain(const struct exchange *x);

/* Tells each "name=value" of the query, as sent (%-escapes and all); value is
 * NULL without "=".  Ends when told says no; says whether it ended so. */
bool exchange_each_argument(const struct exchange *x,
    bool (*told)(void *ctx, const char *name, const char *value), void *ctx);

/* How often it is there. */
size_t exchange_n_headers(const struct exchange *x, const char *name);
const void *exchange_body(const struct exchange *x, size_t *len);
struct addr exchange_source(const struct exchange *x);

/* From now on the answer may come from another thread.  To be called before
 * the exchange is handed over. */
void exchange_defer(struct exchange *x);

/* Answers; once.  The exchange is gone afterwards. */
void exchange_answer(struct exchange *x, const struct answer *a);

#endif
