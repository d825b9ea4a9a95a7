/*
 * alert_webhook.h - one POST of JSON to a URL.                       (edge)
 *
 * Uses     libcurl
 * Used by  collector/alert.c, alert_send, alert_smtp (limits)
 *
 * TLS certificates are verified; redirects are not followed.
 */
#ifndef COLLECTOR_ALERT_WEBHOOK_H
#define COLLECTOR_ALERT_WEBHOOK_H

#include <curl/curl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "schema/base/err.h"

struct webhook_post {
	const char *url;
	const char *key;             /* Idempotency-Key */
	const char *body;            /* JSON text */
	const char *user, *password; /* HTTP basic; NULL: without */
	int64_t timeout_us;
	const atomic_bool *is_stopped; /* breaks it off; NULL: never */
};

/* To be called once, before any thread posts.  RC_SYS. */
MUST_USE enum rc webhook_init(struct err *err);

/* RC_OK: a 2xx.  RC_PEER: another status, or none (*status 0); *err says in
 * words.  RC_AGAIN: broken off.  *status is written in every case. */
MUST_USE enum rc
webhook_send(const struct webhook_post *post, long *status, struct err *err);

/* For whatever libcurl does: how long it may take, what breaks it off. */
void
webhook_set_limits(CURL *c, int64_t timeout_us, const atomic_bool *is_stopped);

/* How long to wait after n_tries failures, before jitter. */
int64_t webhook_backoff_us(int64_t n_tries);

#endif
