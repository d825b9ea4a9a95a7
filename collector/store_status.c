/* store_status.c - see store_status.h. */
#include "collector/store_status.h"

#include "collector/store_row.h"
#include "collector/store_sqlite.h"
#include "schema/base/clock.h"

/* Of a landing, with its part of two indexes, as measured on databases of 900
 * and of 14,000 landings. */
#define LANDING_BYTES 115
#define RATE_ROWS 100000 /* of observations, to tell how many come */

static const char PAGES[] =
    "SELECT (SELECT page_size FROM pragma_page_size), "
    "(SELECT page_count FROM pragma_page_count), "
    "(SELECT freelist_count FROM pragma_freelist_count), "
    "(SELECT user_version FROM pragma_user_version)";
static const char PROBES[] =
    "SELECT total(state = 'active'), total(state = 'quarantined'), "
    "total(state IN ('revoked', 'left')), "
    "total(received_us >= ?1 AND state IN ('active', 'quarantined')), "
    "max(received_us) FROM probe WHERE source IS NULL";
static const char OBSERVATIONS[] =
    "SELECT o.id, o.received_us, n.id, r.id, r.received_us "
    "FROM observation o, observation n, observation r "
    "WHERE o.id = (SELECT min(id) FROM observation) "
    "AND n.id = (SELECT max(id) FROM observation) "
    "AND r.id = (SELECT min(id) FROM observation WHERE id >= "
    "(SELECT max(id) FROM observation) - ?1)";
static const char OPEN_EVENTS[] =
    "SELECT severity, count(*) FROM event WHERE resolved_us IS NULL "
    "GROUP BY severity";
static const char LANDINGS[] =
    "SELECT id, since_us, (SELECT max(id) FROM landing) FROM landing "
    "WHERE id = (SELECT min(id) FROM landing)";

static enum rc
read_row(struct store *st, sqlite3_stmt *s,
    void (*fill)(sqlite3_stmt *s, struct store_status *out),
    struct store_status *out, struct err *err)
{
	enum rc rc;

	while ((rc = store_step(st, s, err)) == RC_OK)
		fill(s, out);
	if (s != NULL)
		sqlite3_reset(s);
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

static void
fill_pages(sqlite3_stmt *s, struct store_status *out)
{
	int64_t page_bytes = sqlite3_column_int64(s, 0);

	out->bytes = page_bytes * sqlite3_column_int64(s, 1);
	out->free_bytes = page_bytes * sqlite3_column_int64(s, 2);
	out->schema = sqlite3_column_int64(s, 3);
}

static void
fill_probes(sqlite3_stmt *s, struct store_status *out)
{
	out->n_active = sqlite3_column_int64(s, 0);
	out->n_quarantined = sqlite3_column_int64(s, 1);
	out->n_gone = sqlite3_column_int64(s, 2);
	out->n_heard_lately = sqlite3_column_int64(s, 3);
	out->has_received = row_int(s, 4, &out->received_us);
}

static void
fill_events(sqlite3_stmt *s, struct store_status *out)
{
	enum severity severity;

	if (severity_from_name(&severity, store_text(s, 0)) == RC_OK)
		out->n_open[severity] = sqlite3_column_int64(s, 1);
}

static void
fill_landings(sqlite3_stmt *s, struct store_status *out)
{
	out->lasting_since_us = sqlite3_column_int64(s, 1);
	out->lasting_bytes =
	    LANDING_BYTES *
	    (sqlite3_column_int64(s, 2) - sqlite3_column_int64(s, 0) + 1);
}

/* Ids are given in order of arrival, without gaps worth counting. */
static enum rc
read_observations(
    struct store *st, int64_t now_us, struct store_status *out, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, OBSERVATIONS);
	int64_t last, rate_id, rate_us;
	enum rc rc;

	store_bind_int(s, 1, RATE_ROWS);
	rc = store_step(st, s, err);
	if (rc == RC_OK) {
		last = sqlite3_column_int64(s, 2);
		rate_id = sqlite3_column_int64(s, 3);
		rate_us = sqlite3_column_int64(s, 4);
		out->n_observations = last - sqlite3_column_int64(s, 0) + 1;
		out->oldest_us = sqlite3_column_int64(s, 1);
		if (now_us > rate_us)
			out->per_second = (double)(last - rate_id) *
					  (double)US_PER_S /
					  (double)(now_us - rate_us);
	}
	if (s != NULL)
		sqlite3_reset(s);
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

enum rc
store_status_read(struct store *st, int64_t now_us, int64_t lately_us,
    struct store_status *out, struct err *err)
{
	sqlite3_stmt *probes = store_stmt(st, PROBES);
	enum rc rc;

	*out = (struct store_status){ 0 };
	store_bind_int(probes, 1, lately_us);
	rc = read_row(st, probes, fill_probes, out, err);
	if (rc == RC_OK)
		rc = read_row(st, store_stmt(st, PAGES), fill_pages, out, err);
	if (rc == RC_OK)
		rc = read_observations(st, now_us, out, err);
	if (rc == RC_OK)
		rc = read_row(
		    st, store_stmt(st, OPEN_EVENTS), fill_events, out, err);
	if (rc == RC_OK)
		rc = read_row(
		    st, store_stmt(st, LANDINGS), fill_landings, out, err);
	return rc;
}
