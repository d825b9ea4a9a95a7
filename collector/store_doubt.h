/*
 * store_doubt.h - answers that something disagrees with.             (edge)
 *
 * Uses     store_sqlite.h, collector/confidence.h (values)
 * Used by  ingest, vantages
 */
#ifndef COLLECTOR_STORE_DOUBT_H
#define COLLECTOR_STORE_DOUBT_H

#include "collector/confidence.h"
#include "collector/store.h"
#include "collector/store_observation.h"

/* Notes the doubts of an observation within the caller's transaction.  RC_DB. */
MUST_USE enum rc store_doubt_put(struct store *st, int64_t observation_id,
    const struct observation_context *c, const struct belief *b,
    struct err *err);

/* The doubts of one kind about one target's answers. */
struct doubted {
	char service[NAME_MAX_LEN + 1];
	char target[ADDR_TEXT_LEN];
	unsigned doubt; /* one bit */
	int64_t n;
	int64_t last_us;
	bool has_least;
	int64_t least_rtt_us;         /* of the last */
	char other[NAME_MAX_LEN + 1]; /* site that another method named; "" */
};

struct doubted_list {
	size_t n;
	struct doubted *rows;
};

/* What of a vantage was doubted since a moment.  Gives out->rows.  RC_DB. */
MUST_USE enum rc store_doubts(struct store *st, int64_t vantage_id,
    int64_t since_us, struct doubted_list *out, struct err *err);

#endif
