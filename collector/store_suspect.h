/*
 * store_suspect.h - what stands between vantages and targets, stored. (edge)
 *
 * Uses     store_sqlite.h, collector/suspect.h
 * Used by  ingest, vantages
 */
#ifndef COLLECTOR_STORE_SUSPECT_H
#define COLLECTOR_STORE_SUSPECT_H

#include <stddef.h>
#include <stdint.h>

#include "collector/store.h"
#include "collector/suspect.h"

/* Insert or replace, within the caller's transaction.  RC_DB. */
MUST_USE enum rc store_suspect_view(
    struct store *st, const struct suspect_view *v, struct err *err);
MUST_USE enum rc store_suspect_signal(
    struct store *st, const struct suspect_signal *s, struct err *err);

struct view_row {
	struct suspect_view view;
	char service[NAME_MAX_LEN + 1];
	char target[ADDR_TEXT_LEN];
};
struct view_list {
	size_t n;
	struct view_row *rows; /* release with free() */
};
struct signal_row {
	struct suspect_signal found;
	char target[ADDR_TEXT_LEN]; /* decoy: the decoy's */
};
struct signal_list {
	size_t n;
	struct signal_row *rows; /* release with free() */
};

/* Of one vantage, or of all (0); in order of vantage and target.  RC_DB. */
MUST_USE enum rc store_suspect_views(struct store *st, int64_t vantage_id,
    struct view_list *out, struct err *err);
MUST_USE enum rc store_suspect_signals(struct store *st, int64_t vantage_id,
    struct signal_list *out, struct err *err);

#endif
