/*
 * store_doubt.h - answers that something disagrees with.             (edge)
 *
 * Uses     store_sqlite.h, collector/confidence.h (values)
 * Used by  ingest, vantages, explain
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

/* The doubts of one kind about the answers of one voter of an event. */
struct vote_doubt {
	int64_t vantage_id, target_id;
	int64_t n_before, n_after; /* its first changed sample */
	struct doubted doubted;    /* without service and target */
};

struct vote_doubt_list {
	size_t n;
	struct vote_doubt *rows;
};

/* Of answers from back_us before each voter's first changed sample to on_us after
 * it, in order of vantage, target, kind.  Gives out->rows.  RC_DB. */
MUST_USE enum rc store_vote_doubts(struct store *st, int64_t event_id,
    int64_t back_us, int64_t on_us, struct vote_doubt_list *out,
    struct err *err);

#endif
