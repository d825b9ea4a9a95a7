/* store_left_out.c - see store_left_out.h. */
#include "collector/store_left_out.h"

#include "collector/store_row.h"

/* Moves from so long before the first sign on are of its time. */
#define AROUND "300000000"
#define FOREVER "9223372036854775807"

/* The few that are left out first, then what they did: the journal is large. */
static const char LEFT_OUT[] =
    "WITH e AS (SELECT id, service_id, family, since_us, "
    "coalesce(resolved_us, " FOREVER ") AS end_us FROM event WHERE id = ?1), "
    "t AS (SELECT target.id, target.family, address FROM e JOIN target "
    "ON target.service_id = e.service_id AND role = 'service' "
    "AND target.family = coalesce(e.family, target.family)), "
    "x AS (SELECT a.id AS vantage_id, t.id AS target_id, p.state AS why, "
    "(SELECT max(at_us) FROM audit WHERE action = 'quarantined' "
    "AND subject = p.id) AS from_us, p.reason FROM probe p "
    "JOIN vantage a ON a.probe_id = p.id JOIN t ON t.family = a.family "
    "WHERE p.state = 'quarantined' UNION ALL "
    "SELECT a.id, t.id, 'quarantined', q.since_us, "
    "'by the detector: ' || q.reason FROM e JOIN quarantine q "
    "ON coalesce(q.until_us, " FOREVER ") > e.since_us "
    "JOIN vantage a ON a.id = q.vantage_id JOIN t ON t.family = a.family "
    "JOIN probe p ON p.id = a.probe_id AND p.state <> 'quarantined' UNION ALL "
    "SELECT v.vantage_id, v.target_id, "
    "iif(is_intercepted, 'intercepted', class), "
    "iif(is_intercepted, intercepted_since_us, class_since_us), NULL "
    "FROM vantage_target v JOIN t ON t.id = v.target_id "
    "JOIN vantage a ON a.id = v.vantage_id "
    "JOIN probe p ON p.id = a.probe_id AND p.state <> 'quarantined' "
    "WHERE is_intercepted OR class = 'per_packet'), "
    "m AS (SELECT vantage_id, target_id, max(move.id) AS id FROM e JOIN move "
    "ON confirmed_us BETWEEN e.since_us - " AROUND " AND e.end_us "
    "GROUP BY 1, 2) "
    "SELECT p.name, a.family, a.asn, t.address, x.why, x.from_us, x.reason, "
    "f.name, o.name FROM x CROSS JOIN e JOIN t ON t.id = x.target_id "
    "JOIN vantage a ON a.id = x.vantage_id JOIN probe p ON p.id = a.probe_id "
    "LEFT JOIN m ON m.vantage_id = a.id AND m.target_id = t.id "
    "LEFT JOIN move ON move.id = m.id "
    "LEFT JOIN site f ON f.id = move.from_site_id "
    "LEFT JOIN site o ON o.id = move.to_site_id "
    "WHERE coalesce(x.from_us, 0) < e.end_us "
    "AND EXISTS (SELECT 1 FROM landing l WHERE l.vantage_id = a.id "
    "AND l.target_id = t.id AND l.since_us <= e.end_us "
    "AND coalesce(l.until_us, " FOREVER ") >= e.since_us) "
    "AND NOT EXISTS (SELECT 1 FROM vote WHERE event_id = e.id "
    "AND vote.vantage_id = a.id AND vote.target_id = t.id) "
    "ORDER BY move.id IS NULL, p.name, a.family, t.address";

static void
fill_left_out(sqlite3_stmt *s, void *row)
{
	struct left_out *x = row;
	int c = 0;

	ROW_TEXT(x->probe, s, c++);
	x->family = (uint8_t)sqlite3_column_int(s, c++);
	x->asn = sqlite3_column_int64(s, c++);
	ROW_TEXT(x->target, s, c++);
	ROW_TEXT(x->why, s, c++);
	x->has_since = row_int(s, c++, &x->since_us);
	ROW_TEXT(x->reason, s, c++);
	ROW_TEXT(x->from, s, c++);
	ROW_TEXT(x->to, s, c++);
}

enum rc
store_left_out(struct store *st, int64_t event_id, struct left_out_list *out,
    struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, LEFT_OUT);

	store_bind_int(s, 1, event_id);
	return store_rows(st, s, sizeof *out->rows, fill_left_out,
	    (void **)&out->rows, &out->n, err);
}
