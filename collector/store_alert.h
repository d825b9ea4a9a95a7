/*
 * store_alert.h - the outbox of alerts.                              (edge)
 *
 * Uses     store_sqlite.h
 * Used by  collector/alert.c, alert_parcel
 *
 * Rows come in with the detector's transaction (store_detect.h).
 */
#ifndef COLLECTOR_STORE_ALERT_H
#define COLLECTOR_STORE_ALERT_H

#include <stdbool.h>
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
	int64_t n_repeat; /* an opening that is said again: how often so far */
	int64_t
	    group_id;    /* the first of those it was tried with; 0: none yet */
	int64_t open_id; /* that told of the event's beginning; 0: none */
	bool is_open_held; /* ... or was held back for good */
	int64_t first_id;  /* the first of those that went out with that */
	char first_key[DELIVERY_KEY_LEN];
	int64_t first_us;
};

struct delivery_list {
	size_t n;
	struct delivery *rows;
};

/* What of an alert goes out next: the oldest delivery that is due, with those
 * that it was tried with, or (group_wait_us > 0: how old a notice is to be)
 * with all others that may.  Gives the rows: release with free().
 * RC_NOTFOUND: nothing.  RC_DB. */
MUST_USE enum rc store_delivery_due(struct store *st, const char *alert,
    int64_t group_wait_us, int64_t now_us, struct delivery_list *out,
    struct err *err);

/* Notes that these go out together, from now on.  Sets their group_id.  RC_DB. */
MUST_USE enum rc store_delivery_group(
    struct store *st, struct delivery_list *list, struct err *err);

enum attempt_result { ATTEMPT_DELIVERED, ATTEMPT_LATER, ATTEMPT_GIVEN_UP };

struct attempt {
	int64_t at_us;
	long status;       /* the channel's own number; 0: no answer */
	const char *error; /* NULL: none */
	enum attempt_result result;
	int64_t next_try_us; /* ATTEMPT_LATER */
};

/* Records an attempt at each and what follows from it, in one transaction.
 * RC_DB. */
MUST_USE enum rc store_delivery_attempt(struct store *st,
    const struct delivery_list *list, const struct attempt *a, struct err *err);

/* Lets a delivery wait until then, without an attempt.  RC_DB. */
MUST_USE enum rc store_delivery_wait(
    struct store *st, int64_t delivery_id, int64_t until_us, struct err *err);

/* Holds a delivery back for good, by the alert's own rules.  RC_DB. */
MUST_USE enum rc store_delivery_hold(struct store *st, int64_t delivery_id,
    int64_t now_us, const char *why, struct err *err);

/* Puts in what is to be said again: of each open event whose last notice went
 * out so long ago.  RC_DB. */
MUST_USE enum rc store_delivery_repeat(struct store *st, const char *alert,
    int64_t every_us, int64_t now_us, struct err *err);

/* The opening of each event that the alert was told of and that is open, at
 * most max, the newest first.  Gives the rows.  RC_DB. */
MUST_USE enum rc store_delivery_open(struct store *st, const char *alert,
    size_t max, struct delivery_list *out, struct err *err);

/* Gives up what is addressed to none of the n alerts, with an attempt that
 * says why.  *n_given_up counts.  RC_DB. */
MUST_USE enum rc store_delivery_orphans(struct store *st,
    const char *const *alerts, size_t n, int64_t now_us, size_t *n_given_up,
    struct err *err);

#endif
