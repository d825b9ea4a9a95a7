/* store_doubt.c - see store_doubt.h. */
#include "collector/store_doubt.h"

#include <stdlib.h>

#include "collector/store_row.h"
#include "collector/store_sqlite.h"

static const char PUT_DOUBT[] =
    "INSERT INTO doubt (observation_id, vantage_id, target_id, at_us, doubts, "
    "least_rtt_us, other_site_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
/* Of each kind; the bare columns are those of the newest row. */
static const char DOUBTS[] =
    "SELECT s.name, t.address, b.bit, count(*), max(d.at_us), d.least_rtt_us, "
    "i.name FROM doubt d JOIN (SELECT 1 AS bit UNION ALL SELECT 2 UNION ALL "
    "SELECT 4) b ON d.doubts & b.bit JOIN target t ON t.id = d.target_id "
    "JOIN service s ON s.id = t.service_id "
    "LEFT JOIN site i ON i.id = d.other_site_id "
    "WHERE d.vantage_id = ?1 AND d.at_us >= ?2 "
    "GROUP BY d.target_id, b.bit ORDER BY s.name, t.address, b.bit";

static const char VOTE_DOUBTS[] =
    "SELECT d.vantage_id, d.target_id, sum(d.at_us < v.at_us), "
    "sum(d.at_us >= v.at_us), b.bit, count(*), max(d.at_us), d.least_rtt_us, "
    "i.name FROM vote v JOIN doubt d ON d.vantage_id = v.vantage_id "
    "AND d.target_id = v.target_id "
    "AND d.at_us BETWEEN v.at_us - ?2 AND v.at_us + ?3 "
    "JOIN (SELECT 1 AS bit UNION ALL SELECT 2 UNION ALL SELECT 4) b "
    "ON d.doubts & b.bit LEFT JOIN site i ON i.id = d.other_site_id "
    "WHERE v.event_id = ?1 GROUP BY d.vantage_id, d.target_id, b.bit "
    "ORDER BY d.vantage_id, d.target_id, b.bit";

enum rc
store_doubt_put(struct store *st, int64_t observation_id,
    const struct observation_context *c, const struct belief *b,
    struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, PUT_DOUBT);

	store_bind_int(s, 1, observation_id);
	store_bind_int(s, 2, c->vantage_id);
	store_bind_int(s, 3, c->target_id);
	store_bind_int(s, 4, c->at_us);
	store_bind_int(s, 5, b->doubts);
	store_bind_int_or_null(s, 6, b->least_rtt_us > 0, b->least_rtt_us);
	store_bind_int_or_null(s, 7, b->other_site_id != 0, b->other_site_id);
	return store_run(st, s, err);
}

/* The columns from c on. */
static void
fill_kind(sqlite3_stmt *s, int c, struct doubted *d)
{
	d->doubt = (unsigned)sqlite3_column_int(s, c++);
	d->n = sqlite3_column_int64(s, c++);
	d->last_us = sqlite3_column_int64(s, c++);
	d->has_least = row_int(s, c++, &d->least_rtt_us);
	ROW_TEXT(d->other, s, c++);
}

static void
fill_doubted(sqlite3_stmt *s, void *row)
{
	struct doubted *d = row;

	ROW_TEXT(d->service, s, 0);
	ROW_TEXT(d->target, s, 1);
	fill_kind(s, 2, d);
}

static void
fill_vote_doubt(sqlite3_stmt *s, void *row)
{
	struct vote_doubt *d = row;

	d->vantage_id = sqlite3_column_int64(s, 0);
	d->target_id = sqlite3_column_int64(s, 1);
	d->n_before = sqlite3_column_int64(s, 2);
	d->n_after = sqlite3_column_int64(s, 3);
	fill_kind(s, 4, &d->doubted);
}

enum rc
store_doubts(struct store *st, int64_t vantage_id, int64_t since_us,
    struct doubted_list *out, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, DOUBTS);

	store_bind_int(s, 1, vantage_id);
	store_bind_int(s, 2, since_us);
	return store_rows(st, s, sizeof *out->rows, fill_doubted,
	    (void **)&out->rows, &out->n, err);
}

enum rc
store_vote_doubts(struct store *st, int64_t event_id, int64_t back_us,
    int64_t on_us, struct vote_doubt_list *out, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, VOTE_DOUBTS);

	store_bind_int(s, 1, event_id);
	store_bind_int(s, 2, back_us);
	store_bind_int(s, 3, on_us);
	return store_rows(st, s, sizeof *out->rows, fill_vote_doubt,
	    (void **)&out->rows, &out->n, err);
}
