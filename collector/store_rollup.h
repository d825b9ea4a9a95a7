/*
 * store_rollup.h - rows of what observations come to.                (edge)
 *
 * Uses     store_sqlite.h
 * Used by  rollups (writes), history, availability_command (read)
 */
#ifndef COLLECTOR_STORE_ROLLUP_H
#define COLLECTOR_STORE_ROLLUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collector/store.h"
#include "schema/base/addr.h"
#include "collector/service.h"
#include "schema/record.h"

/* Which observations are in the rollups: all up to done_id.  until_id not 0:
 * of those behind it up to until_id, the first n_done rows. */
struct rollup_state {
	int64_t done_id, until_id, n_done;
};

MUST_USE enum rc
store_rollup_state(struct store *st, struct rollup_state *out, struct err *err);

/* Within the caller's transaction.  RC_DB. */
MUST_USE enum rc store_rollup_state_put(
    struct store *st, const struct rollup_state *s, struct err *err);

/* A stored observation, as far as it counts here. */
struct rollup_seen {
	int64_t id, vantage_id, target_id, at_us, received_us;
	enum kind kind;
	enum why why;
	enum outcome outcome;
	bool has_rtt;
	int64_t rtt_us;
	int64_t n_sent, n_received; /* ping */
};

/* Tells up to n observations behind after_id, in order, until seen says no.
 * *n_told: how many it was told, also the one that it said no to.  RC_DB. */
typedef bool store_rollup_told(void *ctx, const struct rollup_seen *o);
MUST_USE enum rc store_rollup_each(struct store *st, int64_t after_id,
    int64_t n, store_rollup_told *told, void *ctx, int64_t *n_told,
    struct err *err);

/* The series' id; made when it is new.  Within the caller's transaction. */
MUST_USE enum rc store_series(struct store *st, int64_t vantage_id,
    int64_t target_id, enum kind kind, int64_t *id, struct err *err);

/* The same, only when it is there already.  RC_NOTFOUND. */
MUST_USE enum rc store_series_find(struct store *st, int64_t vantage_id,
    int64_t target_id, enum kind kind, int64_t *id, struct err *err);

enum rollup_span { ROLLUP_HOUR, ROLLUP_DAY };

/* The body of a row.  Gives *body: release with free().  RC_NOTFOUND. */
MUST_USE enum rc store_rollup_get(struct store *st, enum rollup_span span,
    int64_t at, int64_t series_id, uint8_t **body, size_t *len,
    struct err *err);

/* Puts or replaces a row; takes one away.  Within the caller's transaction. */
MUST_USE enum rc store_rollup_put(struct store *st, enum rollup_span span,
    int64_t at, int64_t series_id, const uint8_t *body, size_t len,
    struct err *err);
MUST_USE enum rc store_rollup_delete(struct store *st, enum rollup_span span,
    int64_t at, int64_t series_id, struct err *err);

/* The oldest hour's row before an hour.  Gives *body.  RC_NOTFOUND. */
MUST_USE enum rc store_rollup_oldest(struct store *st, int64_t before,
    int64_t *hour, int64_t *series_id, uint8_t **body, size_t *len,
    struct err *err);

/* A series with its names. */
struct series_row {
	int64_t id;
	uint8_t family;
	char probe[NAME_MAX_LEN + 1];
	char service[NAME_MAX_LEN + 1]; /* "": the target has none */
	char target[ADDR_TEXT_LEN];
	bool is_service; /* the target is a service address */
};

struct series_list {
	size_t n;
	struct series_row *rows;
};

/* Those of a probe's vantages (family 0: of both), in order of address.  Gives
 * the rows: release with free().  RC_DB. */
MUST_USE enum rc store_series_of(struct store *st, const char *probe_id,
    uint8_t family, enum kind kind, struct series_list *out, struct err *err);

/* Tells every row of a series from first to last, in order of time.  RC_DB. */
typedef void
store_rollup_row(void *ctx, int64_t at, const uint8_t *body, size_t len);
MUST_USE enum rc store_rollup_range(struct store *st, enum rollup_span span,
    int64_t series_id, int64_t first, int64_t last, store_rollup_row *row,
    void *ctx, struct err *err);

/* When a vantage landed at a site on one of its targets, or was dark from
 * there. */
struct stay {
	int64_t vantage_id, target_id;
	int64_t since_us, until_us; /* INT64_MAX: still */
	char service[NAME_MAX_LEN + 1];
	char target[ADDR_TEXT_LEN];
};

struct stay_list {
	size_t n;
	struct stay *rows;
};

/* Those of vantages that are not in quarantine now, that reach into the time from since_us to until_us, at an address of
 * the site's service (NULL: at all of them), in order of target, vantage and
 * time.  Gives the rows: release with free().  RC_DB. */
MUST_USE enum rc store_stays(struct store *st, int64_t site_id,
    const char *target, int64_t since_us, int64_t until_us,
    struct stay_list *out, struct err *err);

#endif
