/*
 * store_alert.h - the outbox of alerts.                              (edge)
 *
 * Uses     store_sqlite.h
 * Used by  collector/alert.c
 *
 * Rows come in with the detector's transaction (store_detect.h).
 */
#ifndef COLLECTOR_STORE_ALERT_H
#define COLLECTOR_STORE_ALERT_H

#include <stddef.h>
#include <stdint.h>

#include "collector/service.h"
#include "collector/store.h"

#define NOTICE_LEN 16
#define DELIVERY_KEY_LEN 200

struct delivery {
	int64_t id;
	int64_t event_id; /* 0: a test */
	char alert[NAME_MAX_LEN + 1];
	char notice[NOTICE_LEN]; /* open, resolve, test */
	char key[DELIVERY_KEY_LEN];
	int64_t created_us;
	int64_t n_tries;
};

/* The oldest delivery of an alert that is due.  RC_NOTFOUND: none.  RC_DB. */
MUST_USE enum rc store_delivery_due(struct store *st, const char *alert,
    int64_t now_us, struct delivery *out, struct err *err);

enum attempt_result { ATTEMPT_DELIVERED, ATTEMPT_LATER, ATTEMPT_GIVEN_UP };

struct attempt {
	int64_t at_us;
	long status;       /* HTTP status; 0: no answer */
	const char *error; /* NULL: none */
	enum attempt_result result;
	int64_t next_try_us; /* ATTEMPT_LATER */
};

/* Records an attempt and what follows from it, in one transaction.  RC_DB. */
MUST_USE enum rc store_delivery_attempt(struct store *st, int64_t delivery_id,
    const struct attempt *a, struct err *err);

/* Gives up what is addressed to none of the n alerts, with an attempt that
 * says why.  *n_given_up counts.  RC_DB. */
MUST_USE enum rc store_delivery_orphans(struct store *st,
    const char *const *alerts, size_t n, int64_t now_us, size_t *n_given_up,
    struct err *err);

#endif
