/* store_shares.c - see store_shares.h. */
#include "collector/store_shares.h"

#include "collector/store_row.h"
#include "collector/store_sqlite.h"
#include "collector/store_trusted.h"

/* By landing_of_target. */
static const char SHARES[] =
    "SELECT s.name, i.name, l.state, l.since_us, "
    "coalesce(l.until_us, 9223372036854775807) "
    "FROM target t CROSS JOIN landing l ON l.target_id = t.id "
    "JOIN service s ON s.id = t.service_id "
    "JOIN vantage v ON v.id = l.vantage_id JOIN probe p ON p.id = v.probe_id "
    "LEFT JOIN site i ON i.id = l.site_id "
    "WHERE t.role = 'service' AND (?1 IS NULL OR s.name = ?1) "
    "AND (?2 IS NULL OR t.family = ?2) AND l.since_us <= ?4 "
    "AND (l.until_us IS NULL OR l.until_us > ?3) AND " IS_TRUSTED_NOW
    " ORDER BY s.name, l.state <> 'stable', l.state, i.name";

static void
fill_share(sqlite3_stmt *s, void *row)
{
	struct share_row *r = row;

	ROW_TEXT(r->service, s, 0);
	ROW_TEXT(r->site, s, 1);
	ROW_TEXT(r->state, s, 2);
	r->since_us = sqlite3_column_int64(s, 3);
	r->until_us = sqlite3_column_int64(s, 4);
}

enum rc
store_shares(struct store *st, const char *service, uint8_t family,
    int64_t since_us, int64_t until_us, struct share_list *out, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, SHARES);

	store_bind_text(s, 1, service);
	store_bind_int_or_null(s, 2, family != 0, family);
	store_bind_int(s, 3, since_us);
	store_bind_int(s, 4, until_us);
	return store_rows(st, s, sizeof *out->rows, fill_share,
	    (void **)&out->rows, &out->n, err);
}
