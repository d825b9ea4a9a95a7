/* store_round.c - see store_round.h. */
#include "collector/store_round.h"

#include "collector/store_sqlite.h"

static const char LANDED_IN[] =
    "SELECT p.name, l.site_id FROM landing l "
    "JOIN vantage v ON v.id = l.vantage_id "
    "JOIN probe p ON p.id = v.probe_id AND p.source = 'catchment' "
    "JOIN target t ON t.id = l.target_id AND t.service_id = ?1 "
    "WHERE l.state = 'stable' AND l.last_us BETWEEN ?2 AND ?3";

enum rc
store_round_each(struct store *st, int64_t service_id, int64_t first_us,
    int64_t last_us, void (*row)(void *ctx, const char *probe, int64_t site_id),
    void *ctx, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, LANDED_IN);
	enum rc rc;

	store_bind_int(s, 1, service_id);
	store_bind_int(s, 2, first_us);
	store_bind_int(s, 3, last_us);
	while ((rc = store_step(st, s, err)) == RC_OK)
		row(ctx, store_text(s, 0), sqlite3_column_int64(s, 1));
	if (s != NULL)
		sqlite3_reset(s);
	return rc == RC_NOTFOUND ? RC_OK : rc;
}
