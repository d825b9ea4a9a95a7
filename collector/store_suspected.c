/* store_suspected.c - see store_suspected.h. */
#include "collector/store_suspected.h"

#include <stdlib.h>

#include "collector/detect_suspected.h"
#include "collector/store_row.h"
#include "schema/base/mem.h"

static const char MEMO[] =
    "SELECT CAST(bytes AS TEXT) FROM memo WHERE key = '" SUSPECTED_MEMO "'";

/* Of the memo ?1, read once, the one at place ?2, from 0. */
#define VOTES_OF \
	"FROM json_each(?1, '$[' || ?2 || '].votes') x " \
	"JOIN vantage a ON a.id = x.value ->> 'vantage' " \
	"JOIN probe p ON p.id = a.probe_id " \
	"JOIN target t ON t.id = x.value ->> 'target' " \
	"LEFT JOIN site f ON f.id = x.value ->> 'from' " \
	"LEFT JOIN site o ON o.id = x.value ->> 'to' "

static const char ALL[] =
    "SELECT x.key, x.value ->> 'kind', s.name, i.name, x.value ->> "
    "'direction', "
    "x.value ->> 'since_us', x.value ->> 'last_us', x.value ->> 'vantages', "
    "x.value ->> 'asns', x.value ->> 'needed', x.value -> 'needs' "
    "FROM json_each(?1) x "
    "LEFT JOIN service s ON s.id = x.value ->> 'service' "
    "LEFT JOIN site i ON i.id = x.value ->> 'site' "
    "WHERE ?2 IS NULL OR x.value ->> 'kind' = ?2 ORDER BY x.key";

static const char MOVES[] =
    "SELECT f.name, o.name, count(DISTINCT a.id), "
    "count(DISTINCT CASE a.asn WHEN 0 THEN -a.id ELSE a.asn END) " VOTES_OF
    "GROUP BY f.name, o.name ORDER BY 3 DESC, 1, 2";

static const char VOTES[] =
    "SELECT a.id, t.id, p.name, a.family, a.asn, t.address, f.name, o.name, "
    "x.value ->> 'at_us', x.value ->> 'confirmed_us' " VOTES_OF
    "ORDER BY x.key";

/* What fill cannot keep in the row of the report. */
struct read_row {
	int64_t place;
	struct suspected suspected;
};

static void
fill_suspected(sqlite3_stmt *s, void *row)
{
	struct read_row *r = row;
	struct suspected *x = &r->suspected;
	int c = 0;

	r->place = sqlite3_column_int64(s, c++);
	ROW_TEXT(x->event.kind, s, c++);
	ROW_TEXT(x->event.service, s, c++);
	ROW_TEXT(x->event.site, s, c++);
	ROW_TEXT(x->direction, s, c++);
	x->event.since_us = sqlite3_column_int64(s, c++);
	x->last_us = sqlite3_column_int64(s, c++);
	x->event.n_vantages = sqlite3_column_int64(s, c++);
	x->event.n_asns = sqlite3_column_int64(s, c++);
	x->event.needed = sqlite3_column_int64(s, c++);
	ROW_TEXT(x->event.gates, s, c++);
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

static void
fill_vote(sqlite3_stmt *s, void *row)
{
	(void)row_vote(s, row);
}

static enum rc
read_votes(struct store *st, const char *memo, int64_t place,
    struct suspected *x, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, MOVES);
	enum rc rc;

	store_bind_text(s, 1, memo);
	store_bind_int(s, 2, place);
	rc = store_rows(st, s, sizeof *x->moves.rows, fill_move,
	    (void **)&x->moves.rows, &x->moves.n, err);
	if (rc != RC_OK)
		return rc;
	s = store_stmt(st, VOTES);
	store_bind_text(s, 1, memo);
	store_bind_int(s, 2, place);
	return store_rows(st, s, sizeof *x->votes.rows, fill_vote,
	    (void **)&x->votes.rows, &x->votes.n, err);
}

static enum rc
read_all(struct store *st, const char *memo, const char *kind,
    struct suspected_list *out, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, ALL);
	struct read_row *rows = NULL;
	size_t n = 0;
	enum rc rc;

	store_bind_text(s, 1, memo);
	store_bind_text(s, 2, kind);
	rc = store_rows(
	    st, s, sizeof *rows, fill_suspected, (void **)&rows, &n, err);
	if (rc == RC_OK)
		out->rows = mem_new((n + 1) * sizeof *out->rows);
	for (size_t i = 0; i < n && rc == RC_OK; i++) {
		out->rows[out->n] = rows[i].suspected;
		rc = read_votes(
		    st, memo, rows[i].place, &out->rows[out->n++], err);
	}
	free(rows);
	return rc;
}

enum rc
store_suspected(struct store *st, const char *kind, struct suspected_list *out,
    struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, MEMO);
	enum rc rc = store_step(st, s, err);
	char *memo;

	*out = (struct suspected_list){ 0 };
	memo = mem_strdup(rc == RC_OK ? store_text(s, 0) : "[]");
	if (s != NULL)
		sqlite3_reset(s);
	if (rc == RC_NOTFOUND)
		rc = RC_OK;
	if (rc == RC_OK)
		rc = read_all(st, memo, kind, out, err);
	free(memo);
	if (rc != RC_OK)
		suspected_fini(out);
	return rc;
}

void
suspected_fini(struct suspected_list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		free(list->rows[i].moves.rows);
		free(list->rows[i].votes.rows);
	}
	free(list->rows);
	*list = (struct suspected_list){ 0 };
}
