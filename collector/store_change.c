/* store_change.c - see store_change.h. */
#include "collector/store_change.h"

#include "collector/store_row.h"
#include "collector/store_sqlite.h"

/* A stay may be several intervals: nobody looked in between, or it was dark. */
static const char CHANGES[] =
    "WITH stay AS (SELECT vantage_id, target_id, site_id, since_us, "
    "lag(site_id) OVER w AS from_id, lag(last_us) OVER w AS last_us, "
    "sum(n) OVER w - n AS n_before FROM landing WHERE state = 'stable' "
    "WINDOW w AS (PARTITION BY vantage_id, target_id "
    "ORDER BY since_us, id)) "
    "SELECT c.vantage_id, c.target_id, p.name, v.family, s.name, t.address, "
    "a.name, b.name, c.last_us, c.since_us, c.n_before, EXISTS (SELECT 1 "
    "FROM vote o JOIN event e ON e.id = o.event_id "
    "WHERE o.vantage_id = c.vantage_id AND o.target_id = c.target_id "
    "AND o.at_us = c.since_us AND e.kind = 'shift' AND e.n_asns >= 3) "
    "FROM stay c JOIN vantage v ON v.id = c.vantage_id "
    "JOIN probe p ON p.id = v.probe_id "
    "JOIN target t ON t.id = c.target_id AND t.role = 'service' "
    "JOIN service s ON s.id = t.service_id "
    "JOIN site a ON a.id = c.from_id JOIN site b ON b.id = c.site_id "
    "WHERE c.from_id <> c.site_id AND (?1 IS NULL OR p.id = ?1) "
    "AND (?2 IS NULL OR v.family = ?2) AND c.since_us > ?3 "
    "ORDER BY p.name, v.family, s.name, t.address, c.since_us";

static void
fill_change(sqlite3_stmt *s, void *row)
{
	struct change_row *r = row;
	int c = 0;

	r->vantage_id = sqlite3_column_int64(s, c++);
	r->target_id = sqlite3_column_int64(s, c++);
	ROW_TEXT(r->probe, s, c++);
	r->family = (uint8_t)sqlite3_column_int(s, c++);
	ROW_TEXT(r->service, s, c++);
	ROW_TEXT(r->target, s, c++);
	ROW_TEXT(r->from, s, c++);
	ROW_TEXT(r->to, s, c++);
	r->last_us = sqlite3_column_int64(s, c++);
	r->first_us = sqlite3_column_int64(s, c++);
	r->n_before = sqlite3_column_int64(s, c++);
	r->is_shared = sqlite3_column_int(s, c++) != 0;
}

enum rc
store_changes(struct store *st, const char *probe_id, uint8_t family,
    int64_t since_us, struct change_list *out, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, CHANGES);

	store_bind_text(s, 1, probe_id);
	store_bind_int_or_null(s, 2, family != 0, family);
	store_bind_int(s, 3, since_us);
	return store_rows(st, s, sizeof *out->rows, fill_change,
	    (void **)&out->rows, &out->n, err);
}
