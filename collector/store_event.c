/* store_event.c - see store_event.h. */
#include "collector/store_event.h"

#include <stdlib.h>

#include "collector/store_row.h"
#include "collector/store_sqlite.h"

#define EVENT \
	"SELECT e.id, e.kind, e.severity, s.name, i.name, e.family, " \
	"e.verdict, e.resolution, e.since_us, e.detected_us, e.updated_us, " \
	"e.resolved_us, e.parent_id, e.n_vantages, e.n_asns, e.needed, " \
	"e.gates, e.is_planned FROM event e JOIN service s ON s.id = " \
	"e.service_id " \
	"LEFT JOIN site i ON i.id = e.site_id "

/* By event_by_end: sorted by anything that an index has, it would read all. */
static const char EVENTS[] =
    EVENT "WHERE (?1 = 0 OR e.resolved_us IS NULL) "
	  "AND (?2 IS NULL OR e.kind = ?2) "
	  "AND (e.resolved_us IS NULL OR e.resolved_us >= ?3) "
	  "ORDER BY +e.since_us DESC, e.id DESC";

static const char ONE_EVENT[] = EVENT "WHERE e.id = ?1";

static const char MOVES[] =
    "SELECT f.name, t.name, count(DISTINCT v.vantage_id), "
    "count(DISTINCT CASE a.asn WHEN 0 THEN -a.id ELSE a.asn END) "
    "FROM vote v JOIN vantage a ON a.id = v.vantage_id "
    "LEFT JOIN site f ON f.id = v.from_site_id "
    "LEFT JOIN site t ON t.id = v.to_site_id WHERE v.event_id = ?1 "
    "GROUP BY f.name, t.name ORDER BY 3 DESC, 1, 2";

static void
fill_event(sqlite3_stmt *s, void *row)
{
	struct event_row *e = row;
	int c = 0;

	e->id = sqlite3_column_int64(s, c++);
	ROW_TEXT(e->kind, s, c++);
	ROW_TEXT(e->severity, s, c++);
	ROW_TEXT(e->service, s, c++);
	ROW_TEXT(e->site, s, c++);
	e->family = (uint8_t)sqlite3_column_int(s, c++);
	ROW_TEXT(e->verdict, s, c++);
	ROW_TEXT(e->resolution, s, c++);
	e->since_us = sqlite3_column_int64(s, c++);
	e->detected_us = sqlite3_column_int64(s, c++);
	e->updated_us = sqlite3_column_int64(s, c++);
	e->is_resolved = row_int(s, c++, &e->resolved_us);
	e->parent_id = sqlite3_column_int64(s, c++);
	e->n_vantages = sqlite3_column_int64(s, c++);
	e->n_asns = sqlite3_column_int64(s, c++);
	e->needed = sqlite3_column_int64(s, c++);
	ROW_TEXT(e->gates, s, c++);
	e->is_planned = sqlite3_column_int(s, c++) != 0;
}

enum rc
store_events(struct store *st, const struct event_filter *f,
    struct event_list *out, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, EVENTS);

	store_bind_int(s, 1, f->is_open_only);
	store_bind_text(s, 2, f->kind);
	store_bind_int(s, 3, f->since_us);
	return store_rows(st, s, sizeof *out->rows, fill_event,
	    (void **)&out->rows, &out->n, err);
}

enum rc
store_event_find(
    struct store *st, int64_t id, struct event_row *out, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, ONE_EVENT);
	struct event_list list;
	enum rc rc;

	store_bind_int(s, 1, id);
	rc = store_rows(st, s, sizeof *list.rows, fill_event,
	    (void **)&list.rows, &list.n, err);
	if (rc != RC_OK)
		return rc;
	if (list.n == 0)
		return err_set(err, RC_NOTFOUND,
		    "no event %lld; 'catchwater events' lists them",
		    (long long)id);
	*out = list.rows[0];
	free(list.rows);
	return RC_OK;
}

static void
fill_move(sqlite3_stmt *s, void *row)
{
	struct event_move *m = row;

	ROW_TEXT(m->from, s, 0);
	ROW_TEXT(m->to, s, 1);
	m->n_vantages = sqlite3_column_int64(s, 2);
	m->n_asns = sqlite3_column_int64(s, 3);
}

enum rc
store_event_moves(struct store *st, int64_t event_id, struct event_moves *out,
    struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, MOVES);

	store_bind_int(s, 1, event_id);
	return store_rows(st, s, sizeof *out->rows, fill_move,
	    (void **)&out->rows, &out->n, err);
}
