/* store_verify.c - see store_verify.h. */
#include "collector/store_verify.h"

#include <stdio.h>
#include <string.h>

#include "collector/store_sqlite.h"
#include "collector/store_verify_chunk.h"
#include "collector/store_verify_rollup.h"
#include "collector/verify_journal.h"
#include "schema/base/clock.h"

#define FAULTS_MAX 10 /* told of one check */
#define HOUR_US (INT64_C(3600) * US_PER_S)

/* Each gives a line of text for each fault. */
static const struct check {
	const char *name, *sql;
} checks[] = {
	{ "file", "PRAGMA integrity_check(10)" },
	{ "references",
	    "SELECT printf('row %s of %s refers to one of %s that is not "
	    "there', rowid, \"table\", parent) FROM pragma_foreign_key_check" },
	{ "packed references",
	    "SELECT printf('observation %d: it refers to what is not there', "
	    "id) FROM observed o "
	    "WHERE id <= (SELECT packed_id FROM chunk_state) AND ("
	    "NOT EXISTS (SELECT 1 FROM vantage WHERE id = o.vantage_id) "
	    "OR NOT EXISTS (SELECT 1 FROM target WHERE id = o.target_id) "
	    "OR (site_id IS NOT NULL AND NOT EXISTS ("
	    "SELECT 1 FROM site WHERE id = o.site_id)) "
	    "OR (path_id IS NOT NULL AND NOT EXISTS ("
	    "SELECT 1 FROM path WHERE id = o.path_id)) "
	    "OR (nsid_id IS NOT NULL AND NOT EXISTS ("
	    "SELECT 1 FROM identity WHERE id = o.nsid_id)) "
	    "OR (chaos_id IS NOT NULL AND NOT EXISTS ("
	    "SELECT 1 FROM identity WHERE id = o.chaos_id)) "
	    "OR (chaos_nsid_id IS NOT NULL AND NOT EXISTS ("
	    "SELECT 1 FROM identity WHERE id = o.chaos_nsid_id)))" },
	{ "observations once",
	    "SELECT printf('vantage %d: observation %d is stored %d times', "
	    "vantage_id, seq, count(*)) FROM observed "
	    "GROUP BY vantage_id, seq HAVING count(*) > 1" },
	{ "observations acknowledged",
	    "SELECT printf('probe %s: observation %d is stored, but only up to "
	    "%d is acknowledged', p.id, o.seq, p.acked_seq) FROM (SELECT "
	    "vantage_id, max(seq) AS seq FROM observed GROUP BY vantage_id) "
	    "o JOIN vantage v ON v.id = o.vantage_id JOIN probe p "
	    "ON p.id = v.probe_id WHERE p.source IS NULL "
	    "AND o.seq > p.acked_seq" },
	{ "observations' sites",
	    "SELECT printf('observation %d: its site is not one of the "
	    "target''s service', o.id) FROM observed o "
	    "JOIN target t ON t.id = o.target_id JOIN site i ON i.id = "
	    "o.site_id WHERE i.service_id IS NOT t.service_id" },
	{ "journal in order",
	    "SELECT printf('vantage %d, target %d: landing %d is %s', "
	    "vantage_id, target_id, id, CASE WHEN until_us IS NULL "
	    "THEN 'open, but not the last' ELSE 'not over when the next "
	    "begins' "
	    "END) FROM (SELECT id, vantage_id, target_id, until_us, "
	    "lead(since_us) OVER (PARTITION BY vantage_id, target_id "
	    "ORDER BY since_us, id) AS next_us FROM landing) "
	    "WHERE next_us IS NOT NULL AND (until_us IS NULL "
	    "OR until_us > next_us)" },
	{ "journal's numbers",
	    "SELECT printf('landing %d: its times or round trips cannot be', "
	    "id) FROM landing WHERE until_us < since_us OR n < 0 OR rtt_n < 0 "
	    "OR rtt_n > 0 AND (rtt_min_us IS NULL "
	    "OR rtt_min_us * rtt_n > rtt_sum_us)" },
	{ "journal's sites",
	    "SELECT printf('landing %d: %s', l.id, CASE WHEN i.id IS NULL "
	    "THEN 'it has no site' WHEN l.state = 'unknown' THEN 'it has a "
	    "site' ELSE 'its site is not one of the target''s service' END) "
	    "FROM landing l JOIN target t ON t.id = l.target_id "
	    "LEFT JOIN site i ON i.id = l.site_id "
	    "WHERE (i.id IS NULL) <> (l.state = 'unknown') "
	    "OR i.service_id IS NOT NULL AND i.service_id IS NOT "
	    "t.service_id" },
	{ "moves in the journal",
	    "SELECT printf('vantage %d, target %d: the journal has no landing "
	    "that began with move %d', m.vantage_id, m.target_id, m.id) "
	    "FROM move m WHERE NOT EXISTS (SELECT 1 FROM landing l "
	    "WHERE l.vantage_id = m.vantage_id AND l.target_id = m.target_id "
	    "AND l.since_us = m.at_us AND l.site_id = m.to_site_id)" },
	{ "sites' states in order",
	    "SELECT printf('site %d, IPv%d: state %d is not over when the next "
	    "begins', site_id, family, id) FROM (SELECT id, site_id, family, "
	    "until_us, lead(since_us) OVER (PARTITION BY site_id, family "
	    "ORDER BY id) AS next_us FROM site_state) WHERE next_us IS NOT "
	    "NULL AND (until_us IS NULL OR until_us > next_us)" },
	{ "events' times",
	    "SELECT printf('event %d: %s', id, CASE WHEN since_us > "
	    "detected_us "
	    "THEN 'detected before it began' ELSE 'its end cannot be' END) "
	    "FROM event WHERE since_us > detected_us "
	    "OR resolved_us < since_us "
	    "OR (resolved_us IS NULL) <> (resolution IS NULL)" },
	{ "events' votes",
	    "SELECT printf('event %d: it tells of %d vantages, and %d voted', "
	    "e.id, e.n_vantages, count(DISTINCT v.vantage_id)) FROM event e "
	    "JOIN vote v ON v.event_id = e.id GROUP BY e.id "
	    "HAVING e.n_vantages <> count(DISTINCT v.vantage_id)" },
	{ "shifts' moves",
	    "SELECT printf('event %d: vantage %d voted for a move that it did "
	    "not make', v.event_id, v.vantage_id) FROM event e "
	    "JOIN vote v ON v.event_id = e.id WHERE e.kind = 'shift' "
	    "AND NOT EXISTS (SELECT 1 FROM landing l WHERE l.vantage_id = "
	    "v.vantage_id AND l.target_id = v.target_id "
	    "AND l.since_us = v.at_us)" },
	{ "deliveries",
	    "SELECT printf('delivery %d: the end was told of event %d to %s, "
	    "and never its beginning', d.id, d.event_id, d.alert) "
	    "FROM delivery d WHERE d.notice = 'resolve' AND NOT EXISTS ("
	    "SELECT 1 FROM delivery o WHERE o.event_id = d.event_id "
	    "AND o.alert = d.alert AND o.notice = 'open')" },
};

/* Those made after the oldest one came in are all there. */
static const char FIRST[] =
    "SELECT CASE WHEN id <= 1 THEN 0 ELSE received_us END FROM observed "
    "ORDER BY id LIMIT 1";
static const char LANDINGS[] =
    "SELECT l.id, l.vantage_id, l.target_id, l.state, l.site_id, l.since_us, "
    "l.last_us, l.n FROM landing l JOIN vantage v ON v.id = l.vantage_id "
    "JOIN probe p ON p.id = v.probe_id WHERE p.source IS NULL OR ?1 = 0";
static const char SEEN[] =
    "SELECT vantage_id, target_id, at_us, site_id FROM observed "
    "WHERE kind = 0 OR site_id IS NOT NULL";

struct verify {
	struct store *store;
	store_verify_told *told;
	void *ctx;
	struct err *err;
};

/* How a check has ended: a fault of the file is one of the check's. */
static void
tell_end(struct verify *v, const char *check, enum rc rc, unsigned n_faults)
{
	char text[sizeof v->err->text + 32];

	if (rc != RC_OK && rc != RC_NOTFOUND) {
		snprintf(
		    text, sizeof text, "cannot be checked: %s", v->err->text);
		v->told(v->ctx, check, text);
		*v->err = ERR_NONE;
	} else if (n_faults == 0) {
		v->told(v->ctx, check, NULL);
	}
}

static void
run_check(struct verify *v, const struct check *c)
{
	sqlite3_stmt *s = store_stmt(v->store, c->sql);
	unsigned n = 0;
	enum rc rc = RC_OK;

	while (
	    n < FAULTS_MAX && (rc = store_step(v->store, s, v->err)) == RC_OK) {
		const char *text = store_text(s, 0);

		if (c == checks && strcmp(text, "ok") == 0)
			break;
		v->told(v->ctx, c->name, text);
		n++;
	}
	if (s != NULL)
		sqlite3_reset(s);
	tell_end(v, c->name, rc, n);
}

static enum rc
read_first(struct verify *v, int64_t *first_us)
{
	sqlite3_stmt *s = store_stmt(v->store, FIRST);
	enum rc rc = store_step(v->store, s, v->err);

	if (rc == RC_OK)
		*first_us = sqlite3_column_int64(s, 0);
	else if (rc == RC_NOTFOUND)
		*first_us = INT64_MAX;
	if (s != NULL)
		sqlite3_reset(s);
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

static enum rc
read_landings(struct verify *v, struct verify_journal *j, int64_t first_us)
{
	sqlite3_stmt *s = store_stmt(v->store, LANDINGS);
	struct landing l = { 0 };
	enum rc rc;

	store_bind_int(s, 1, first_us);
	while ((rc = store_step(v->store, s, v->err)) == RC_OK) {
		l.id = sqlite3_column_int64(s, 0);
		l.vantage_id = sqlite3_column_int64(s, 1);
		l.target_id = sqlite3_column_int64(s, 2);
		l.site_id = sqlite3_column_int64(s, 4);
		l.since_us = sqlite3_column_int64(s, 5);
		l.last_us = sqlite3_column_int64(s, 6);
		l.n = sqlite3_column_int64(s, 7);
		if (landing_state_from_name(&l.state, store_text(s, 3)) ==
		    RC_OK)
			verify_journal_landing(j, &l);
	}
	if (s != NULL)
		sqlite3_reset(s);
	return rc;
}

static enum rc
read_seen(struct verify *v, struct verify_journal *j)
{
	sqlite3_stmt *s = store_stmt(v->store, SEEN);
	enum rc rc;

	while ((rc = store_step(v->store, s, v->err)) == RC_OK) {
		struct verify_seen o = {
			.vantage_id = sqlite3_column_int64(s, 0),
			.target_id = sqlite3_column_int64(s, 1),
			.at_us = sqlite3_column_int64(s, 2),
			.site_id = sqlite3_column_int64(s, 3),
		};

		verify_journal_see(j, &o);
	}
	if (s != NULL)
		sqlite3_reset(s);
	return rc;
}

static void
check_journal(struct verify *v)
{
	static const char check[] = "journal and observations";
	struct verify_journal *j;
	int64_t first_us = 0;
	enum rc rc = read_first(v, &first_us);
	char text[192];
	unsigned n = 0;
	size_t at = 0;

	j = verify_journal_new(first_us);
	if (rc == RC_OK)
		rc = read_landings(v, j, first_us);
	if (rc == RC_NOTFOUND)
		rc = read_seen(v, j);
	while (rc == RC_NOTFOUND && n < FAULTS_MAX &&
	       verify_journal_next(j, &at, text, sizeof text)) {
		v->told(v->ctx, check, text);
		n++;
	}
	tell_end(v, check, rc, n);
	verify_journal_free(j);
}

struct counted {
	struct verify *verify;
	const char *check;
	unsigned n;
};

static void
tell_fault(void *ctx, const char *text)
{
	struct counted *c = ctx;

	if (c->n++ < FAULTS_MAX)
		c->verify->told(c->verify->ctx, c->check, text);
}

/* Of an hour that had begun already, some may be gone. */
static void
check_statistics(struct verify *v)
{
	struct counted c = { v, "statistics", 0 };
	int64_t first_us = 0;
	enum rc rc = read_first(v, &first_us);

	if (rc == RC_OK && first_us != INT64_MAX)
		first_us = (first_us + HOUR_US - 1) / HOUR_US * HOUR_US;
	if (rc == RC_OK)
		rc = store_verify_rollups(
		    v->store, first_us, tell_fault, &c, v->err);
	tell_end(v, c.check, rc, c.n);
}

static void
check_chunks(struct verify *v)
{
	struct counted c = { v, "chunks", 0 };
	enum rc rc = store_verify_chunks(v->store, tell_fault, &c, v->err);

	tell_end(v, c.check, rc, c.n);
}

void
store_verify(struct store *st, store_verify_told *told, void *ctx)
{
	struct err err = ERR_NONE;
	struct verify v = { st, told, ctx, &err };

	for (size_t i = 0; i < sizeof checks / sizeof *checks; i++)
		run_check(&v, &checks[i]);
	check_chunks(&v);
	check_journal(&v);
	check_statistics(&v);
}
