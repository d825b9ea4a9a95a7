/* store_rollup.c - see store_rollup.h. */
#include "collector/store_rollup.h"

#include <string.h>

#include "collector/store_row.h"
#include "collector/store_sqlite.h"
#include "schema/base/mem.h"

static const char STATE[] =
    "SELECT done_id, until_id, n_done FROM rollup_state";
static const char PUT_STATE[] =
    "UPDATE rollup_state SET done_id = ?1, until_id = ?2, n_done = ?3";
static const char SEEN[] =
    "SELECT id, vantage_id, target_id, at_us, received_us, kind, why, "
    "outcome, rtt_us, n_sent, n_received FROM observation WHERE id > ?1 "
    "ORDER BY id LIMIT ?2";
static const char FIND_SERIES[] =
    "SELECT id FROM series WHERE vantage_id = ?1 AND target_id = ?2 "
    "AND kind = ?3";
static const char PUT_SERIES[] =
    "INSERT INTO series (vantage_id, target_id, kind) VALUES (?1, ?2, ?3)";
static const char *const GET[] = {
	"SELECT body FROM rollup_hour WHERE hour = ?1 AND series_id = ?2",
	"SELECT body FROM rollup_day WHERE day = ?1 AND series_id = ?2",
};
static const char *const PUT[] = {
	"INSERT INTO rollup_hour (hour, series_id, body) VALUES (?1, ?2, ?3) "
	"ON CONFLICT DO UPDATE SET body = excluded.body",
	"INSERT INTO rollup_day (day, series_id, body) VALUES (?1, ?2, ?3) "
	"ON CONFLICT DO UPDATE SET body = excluded.body",
};
static const char *const DELETE[] = {
	"DELETE FROM rollup_hour WHERE hour = ?1 AND series_id = ?2",
	"DELETE FROM rollup_day WHERE day = ?1 AND series_id = ?2",
};
static const char OLDEST[] =
    "SELECT hour, series_id, body FROM rollup_hour WHERE hour < ?1 "
    "ORDER BY hour, series_id LIMIT 1";
/* A row is found by its hour, for the tables stand in the order of time. */
static const char *const RANGE[] = {
	"WITH RECURSIVE t (at) AS (SELECT ?2 UNION ALL SELECT at + 1 FROM t "
	"WHERE at < ?3) SELECT t.at, r.body FROM t CROSS JOIN rollup_hour r "
	"ON r.hour = t.at AND r.series_id = ?1",
	"WITH RECURSIVE t (at) AS (SELECT ?2 UNION ALL SELECT at + 1 FROM t "
	"WHERE at < ?3) SELECT t.at, r.body FROM t CROSS JOIN rollup_day r "
	"ON r.day = t.at AND r.series_id = ?1",
};
static const char *const LIMITS[] = {
	"SELECT (SELECT min(hour) FROM rollup_hour), "
	"(SELECT max(hour) FROM rollup_hour)",
	"SELECT (SELECT min(day) FROM rollup_day), "
	"(SELECT max(day) FROM rollup_day)",
};
static const char OF_PROBE[] =
    "SELECT z.id, v.family, p.name, s.name, t.address, t.role = 'service' "
    "FROM probe p "
    "JOIN vantage v ON v.probe_id = p.id JOIN series z "
    "ON z.vantage_id = v.id AND z.kind = ?3 JOIN target t "
    "ON t.id = z.target_id LEFT JOIN service s ON s.id = t.service_id "
    "WHERE p.id = ?1 AND (?2 = 0 OR v.family = ?2) "
    "ORDER BY t.address, v.family";
/* Open intervals, and those that ended later: both by landing_of_target. */
#define STAYS_WHERE(until) \
	"SELECT l.vantage_id, l.target_id, l.since_us, l.until_us, s.name, " \
	"t.address FROM site i CROSS JOIN service s ON s.id = i.service_id " \
	"CROSS JOIN target t ON t.service_id = s.id AND t.role = 'service' " \
	"AND (?4 IS NULL OR t.address = ?4) " \
	"CROSS JOIN landing l ON l.target_id = t.id AND l.until_us " until \
	" JOIN vantage v ON v.id = l.vantage_id JOIN probe p " \
	"ON p.id = v.probe_id AND p.state <> 'quarantined' " \
	"WHERE i.id = ?1 AND l.site_id = i.id AND NOT EXISTS (SELECT 1 " \
	"FROM quarantine q WHERE q.vantage_id = v.id AND q.until_us IS NULL) " \
	"AND l.since_us < ?3 "
static const char STAYS[] =
    STAYS_WHERE("IS NULL") "UNION ALL " STAYS_WHERE("> ?2") "ORDER BY 2, 1, 3";

enum rc
store_rollup_state(struct store *st, struct rollup_state *out, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, STATE);
	enum rc rc = store_step(st, s, err);

	if (rc == RC_OK)
		*out = (struct rollup_state){ sqlite3_column_int64(s, 0),
			sqlite3_column_int64(s, 1),
			sqlite3_column_int64(s, 2) };
	if (s != NULL)
		sqlite3_reset(s);
	return rc;
}

enum rc
store_rollup_state_put(
    struct store *st, const struct rollup_state *state, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, PUT_STATE);

	store_bind_int(s, 1, state->done_id);
	store_bind_int(s, 2, state->until_id);
	store_bind_int(s, 3, state->n_done);
	return store_run(st, s, err);
}

static void
read_seen(sqlite3_stmt *s, struct rollup_seen *o)
{
	*o = (struct rollup_seen){ .id = sqlite3_column_int64(s, 0),
		.vantage_id = sqlite3_column_int64(s, 1),
		.target_id = sqlite3_column_int64(s, 2),
		.at_us = sqlite3_column_int64(s, 3),
		.received_us = sqlite3_column_int64(s, 4),
		.kind = (enum kind)sqlite3_column_int(s, 5),
		.why = (enum why)sqlite3_column_int(s, 6),
		.outcome = (enum outcome)sqlite3_column_int(s, 7),
		.n_sent = sqlite3_column_int64(s, 9),
		.n_received = sqlite3_column_int64(s, 10) };
	o->has_rtt = row_int(s, 8, &o->rtt_us);
}

enum rc
store_rollup_each(struct store *st, int64_t after_id, int64_t n,
    store_rollup_told *told, void *ctx, int64_t *n_told, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, SEEN);
	struct rollup_seen o;
	enum rc rc;

	*n_told = 0;
	store_bind_int(s, 1, after_id);
	store_bind_int(s, 2, n);
	while ((rc = store_step(st, s, err)) == RC_OK) {
		read_seen(s, &o);
		(*n_told)++;
		if (!told(ctx, &o))
			break;
	}
	if (s != NULL)
		sqlite3_reset(s);
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

static void
bind_series(
    sqlite3_stmt *s, int64_t vantage_id, int64_t target_id, enum kind kind)
{
	store_bind_int(s, 1, vantage_id);
	store_bind_int(s, 2, target_id);
	store_bind_int(s, 3, kind);
}

enum rc
store_series_find(struct store *st, int64_t vantage_id, int64_t target_id,
    enum kind kind, int64_t *id, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, FIND_SERIES);
	enum rc rc;

	bind_series(s, vantage_id, target_id, kind);
	rc = store_step(st, s, err);
	if (rc == RC_OK)
		*id = sqlite3_column_int64(s, 0);
	if (s != NULL)
		sqlite3_reset(s);
	return rc;
}

enum rc
store_series(struct store *st, int64_t vantage_id, int64_t target_id,
    enum kind kind, int64_t *id, struct err *err)
{
	enum rc rc =
	    store_series_find(st, vantage_id, target_id, kind, id, err);
	sqlite3_stmt *s;

	if (rc != RC_NOTFOUND)
		return rc;
	s = store_stmt(st, PUT_SERIES);
	bind_series(s, vantage_id, target_id, kind);
	rc = store_run(st, s, err);
	if (rc == RC_OK)
		*id = sqlite3_last_insert_rowid(store_handle(st));
	return rc;
}

static void
copy_body(sqlite3_stmt *s, int column, uint8_t **body, size_t *len)
{
	*len = (size_t)sqlite3_column_bytes(s, column);
	*body = mem_new(*len + 1);
	if (*len > 0)
		memcpy(*body, sqlite3_column_blob(s, column), *len);
}

enum rc
store_rollup_get(struct store *st, enum rollup_span span, int64_t at,
    int64_t series_id, uint8_t **body, size_t *len, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, GET[span]);
	enum rc rc;

	store_bind_int(s, 1, at);
	store_bind_int(s, 2, series_id);
	rc = store_step(st, s, err);
	if (rc == RC_OK)
		copy_body(s, 0, body, len);
	if (s != NULL)
		sqlite3_reset(s);
	return rc;
}

enum rc
store_rollup_put(struct store *st, enum rollup_span span, int64_t at,
    int64_t series_id, const uint8_t *body, size_t len, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, PUT[span]);

	store_bind_int(s, 1, at);
	store_bind_int(s, 2, series_id);
	store_bind_blob(s, 3, body, len);
	return store_run(st, s, err);
}

enum rc
store_rollup_delete(struct store *st, enum rollup_span span, int64_t at,
    int64_t series_id, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, DELETE[span]);

	store_bind_int(s, 1, at);
	store_bind_int(s, 2, series_id);
	return store_run(st, s, err);
}

enum rc
store_rollup_oldest(struct store *st, int64_t before, int64_t *hour,
    int64_t *series_id, uint8_t **body, size_t *len, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, OLDEST);
	enum rc rc;

	store_bind_int(s, 1, before);
	rc = store_step(st, s, err);
	if (rc == RC_OK) {
		*hour = sqlite3_column_int64(s, 0);
		*series_id = sqlite3_column_int64(s, 1);
		copy_body(s, 2, body, len);
	}
	if (s != NULL)
		sqlite3_reset(s);
	return rc;
}

static void
fill_series(sqlite3_stmt *s, void *row)
{
	struct series_row *r = row;

	r->id = sqlite3_column_int64(s, 0);
	r->family = (uint8_t)sqlite3_column_int(s, 1);
	ROW_TEXT(r->probe, s, 2);
	ROW_TEXT(r->service, s, 3);
	ROW_TEXT(r->target, s, 4);
	r->is_service = sqlite3_column_int(s, 5) != 0;
}

enum rc
store_series_of(struct store *st, const char *probe_id, uint8_t family,
    enum kind kind, struct series_list *out, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, OF_PROBE);

	store_bind_text(s, 1, probe_id);
	store_bind_int(s, 2, family);
	store_bind_int(s, 3, kind);
	return store_rows(st, s, sizeof *out->rows, fill_series,
	    (void **)&out->rows, &out->n, err);
}

/* Narrows the range to what there is at all.  RC_NOTFOUND: nothing. */
static enum rc
narrow(struct store *st, enum rollup_span span, int64_t *first, int64_t *last,
    struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, LIMITS[span]);
	int64_t least, most;
	bool is_any = false;
	enum rc rc = store_step(st, s, err);

	if (rc == RC_OK && row_int(s, 0, &least) && row_int(s, 1, &most)) {
		*first = *first < least ? least : *first;
		*last = *last > most ? most : *last;
		is_any = *first <= *last;
	}
	if (s != NULL)
		sqlite3_reset(s);
	return rc == RC_OK && !is_any ? RC_NOTFOUND : rc;
}

enum rc
store_rollup_range(struct store *st, enum rollup_span span, int64_t series_id,
    int64_t first, int64_t last, store_rollup_row *row, void *ctx,
    struct err *err)
{
	sqlite3_stmt *s;
	enum rc rc = narrow(st, span, &first, &last, err);

	if (rc != RC_OK)
		return rc == RC_NOTFOUND ? RC_OK : rc;
	s = store_stmt(st, RANGE[span]);
	store_bind_int(s, 1, series_id);
	store_bind_int(s, 2, first);
	store_bind_int(s, 3, last);
	while ((rc = store_step(st, s, err)) == RC_OK)
		row(ctx, sqlite3_column_int64(s, 0), sqlite3_column_blob(s, 1),
		    (size_t)sqlite3_column_bytes(s, 1));
	if (s != NULL)
		sqlite3_reset(s);
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

static void
fill_stay(sqlite3_stmt *s, void *row)
{
	struct stay *r = row;

	r->vantage_id = sqlite3_column_int64(s, 0);
	r->target_id = sqlite3_column_int64(s, 1);
	r->since_us = sqlite3_column_int64(s, 2);
	if (!row_int(s, 3, &r->until_us))
		r->until_us = INT64_MAX;
	ROW_TEXT(r->service, s, 4);
	ROW_TEXT(r->target, s, 5);
}

enum rc
store_stays(struct store *st, int64_t site_id, const char *target,
    int64_t since_us, int64_t until_us, struct stay_list *out, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, STAYS);

	store_bind_int(s, 1, site_id);
	store_bind_int(s, 2, since_us);
	store_bind_int(s, 3, until_us);
	store_bind_text(s, 4, target);
	return store_rows(st, s, sizeof *out->rows, fill_stay,
	    (void **)&out->rows, &out->n, err);
}
