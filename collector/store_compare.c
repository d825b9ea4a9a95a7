/* store_compare.c - see store_compare.h. */
#include "collector/store_compare.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "collector/store_sqlite.h"

/* The first column tells which row it is. */
static const struct table {
	const char *name, *sql;
} tables[] = {
	{ "landing",
	    "SELECT id, vantage_id, target_id, state, site_id, since_us, "
	    "until_us, last_us, n, rtt_min_us, rtt_sum_us, rtt_n FROM landing "
	    "ORDER BY id" },
	{ "move", "SELECT id, vantage_id, target_id, from_site_id, to_site_id, "
		  "at_us, confirmed_us FROM move ORDER BY id" },
	{ "event",
	    "SELECT id, kind, severity, service_id, site_id, family, verdict, "
	    "since_us, detected_us, updated_us, resolved_us, resolution, "
	    "parent_id, n_vantages, n_asns, needed, gates, is_planned "
	    "FROM event ORDER BY id" },
	{ "vote of event",
	    "SELECT event_id, vantage_id, target_id, from_site_id, to_site_id, "
	    "at_us, confirmed_us, ended_us FROM vote "
	    "ORDER BY event_id, vantage_id, target_id" },
};

/* Both columns as text; NULL equals only NULL. */
static bool
is_same_row(sqlite3_stmt *a, sqlite3_stmt *b)
{
	for (int i = 0; i < sqlite3_column_count(a); i++) {
		const unsigned char *x = sqlite3_column_text(a, i);
		const unsigned char *y = sqlite3_column_text(b, i);

		if ((x == NULL) != (y == NULL) ||
		    (x != NULL &&
			strcmp((const char *)x, (const char *)y) != 0))
			return false;
	}
	return true;
}

static void
tell(const char *table, sqlite3_stmt *live, sqlite3_stmt *again,
    enum rc has_live, enum rc has_again, store_compare_told *told, void *ctx)
{
	sqlite3_stmt *s = has_live == RC_OK ? live : again;
	char text[160];

	snprintf(text, sizeof text, "%s %lld %s", table,
	    (long long)sqlite3_column_int64(s, 0),
	    has_live != RC_OK    ? "is told by a replay, and is not stored"
	    : has_again != RC_OK ? "is stored, and a replay does not tell it"
				 : "is another in a replay");
	told(ctx, text);
}

static enum rc
compare(struct store *live, struct store *again, const struct table *t,
    store_compare_told *told, void *ctx, struct err *err)
{
	sqlite3_stmt *a = store_stmt(live, t->sql);
	sqlite3_stmt *b = store_stmt(again, t->sql);
	enum rc x = RC_OK, y = RC_OK;

	while (x == RC_OK && y == RC_OK) {
		x = store_step(live, a, err);
		y = store_step(again, b, err);
		if (x != y || (x == RC_OK && !is_same_row(a, b)))
			break;
	}
	if (x == RC_DB || y == RC_DB)
		err_set(err, RC_DB, "compare %s", t->name);
	else if (x == RC_OK || y == RC_OK)
		tell(t->name, a, b, x, y, told, ctx);
	if (a != NULL)
		sqlite3_reset(a);
	if (b != NULL)
		sqlite3_reset(b);
	return x == RC_DB || y == RC_DB ? RC_DB : RC_OK;
}

enum rc
store_compare(struct store *live, struct store *again, store_compare_told *told,
    void *ctx, struct err *err)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && i < sizeof tables / sizeof *tables;
	     i++)
		rc = compare(live, again, &tables[i], told, ctx, err);
	return rc;
}
