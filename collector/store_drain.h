/*
 * store_drain.h - sites emptied on purpose.                          (edge)
 *
 * Uses     store_sqlite.h, collector/detect.h
 * Used by  the subcommand drain (writes, reads), ingest (tells the detector),
 *          alert_parcel
 */
#ifndef COLLECTOR_STORE_DRAIN_H
#define COLLECTOR_STORE_DRAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collector/detect.h"
#include "collector/service.h"
#include "collector/store.h"

struct drain_row {
	struct drain drain;
	char *expected; /* JSON: site -> share of those who leave; NULL: none */
};

/* Starts a drain of a site at now_us (since, until and expected count), with a
 * row in the audit; *id is its number.  One transaction.  RC_LIMIT: one is in
 * force.  RC_DB. */
MUST_USE enum rc store_drain_start(
    struct store *st, const struct drain_row *d, int64_t *id, struct err *err);

/* Ends the drain that is in force, with a row in the audit.  RC_NOTFOUND: there
 * is none.  RC_DB. */
MUST_USE enum rc store_drain_undo(
    struct store *st, int64_t site_id, int64_t now_us, struct err *err);

/* The last drain of a site, over or not.  Gives out->expected: release with
 * free().  RC_NOTFOUND: it never had one.  RC_DB. */
MUST_USE enum rc store_drain_last(
    struct store *st, int64_t site_id, struct drain_row *out, struct err *err);

/* Steps of vantages in the journal, of one service address each. */
struct drain_step {
	int64_t vantage_id, target_id, at_us;
	char site[NAME_MAX_LEN + 1]; /* that it reached */
};

struct drain_step_list {
	size_t n;
	struct drain_step *rows;
};

/* Where each vantage went the last time that it left the site, before a
 * moment.  Gives the rows: release with free().  RC_DB. */
MUST_USE enum rc store_drain_last_steps(struct store *st, int64_t site_id,
    int64_t before_us, struct drain_step_list *out, struct err *err);

/* When each vantage that was on the site first reached another one since a
 * moment, or (is_back) the site itself.  Gives the rows.  RC_DB. */
MUST_USE enum rc store_drain_steps(struct store *st, int64_t site_id,
    int64_t since_us, bool is_back, struct drain_step_list *out,
    struct err *err);

/* Is the site of an event in drain at a moment?  RC_DB. */
MUST_USE enum rc store_drain_covers(struct store *st, int64_t event_id,
    int64_t at_us, bool *is_drained, struct err *err);

/* Tells the detector of the drains that changed about and after *last_us; moves it on.
 * RC_DB. */
MUST_USE enum rc store_drains(
    struct store *st, struct detect *d, int64_t *last_us, struct err *err);

#endif
