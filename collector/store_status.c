/* store_status.c - see store_status.h. */
#include "collector/store_status.h"

#include "collector/store_chunk.h"
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
/* The newest is never packed. */
static const char OBSERVATIONS[] =
    "SELECT " STORE_OLDEST_ID ", coalesce((SELECT first_us FROM chunk "
    "ORDER BY last_id LIMIT 1), (SELECT received_us FROM observation "
    "WHERE id = (SELECT min(id) FROM observation))), id FROM observation "
    "WHERE id = (SELECT max(id) FROM observation)";
static const char RATE[] = "SELECT id, received_us FROM observed "
			   "WHERE id >= ?1 ORDER BY id LIMIT 1";
#define RAW_ROWS 1000 /* newest, to tell how large they are */
#define RAW_HEAD 42   /* of a row: its place, key and types */
static const char RAW[] = "SELECT * FROM observation WHERE id > ?1";
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
static void
fill_observations(sqlite3_stmt *s, struct store_status *out)
{
	out->last_id = sqlite3_column_int64(s, 2);
	out->n_observations = out->last_id - sqlite3_column_int64(s, 0) + 1;
	out->oldest_us = sqlite3_column_int64(s, 1);
}

static enum rc
read_rate(
    struct store *st, int64_t now_us, struct store_status *out, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, RATE);
	enum rc rc;

	store_bind_int(s, 1, out->last_id - RATE_ROWS);
	rc = store_step(st, s, err);
	if (rc == RC_OK && now_us > sqlite3_column_int64(s, 1))
		out->per_second =
		    (double)(out->last_id - sqlite3_column_int64(s, 0)) *
		    (double)US_PER_S /
		    (double)(now_us - sqlite3_column_int64(s, 1));
	if (s != NULL)
		sqlite3_reset(s);
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

/* What a number takes in SQLite's record format. */
static int
bytes_of(int64_t v)
{
	static const int64_t most[][2] = { { INT8_MAX, 1 }, { INT16_MAX, 2 },
		{ 0x7fffff, 3 }, { INT32_MAX, 4 }, { 0x7fffffffffff, 6 } };
	int64_t size = v < 0 ? -(v + 1) : v;

	if (v == 0 || v == 1)
		return 0;
	for (size_t i = 0; i < sizeof most / sizeof *most; i++)
		if (size <= most[i][0])
			return (int)most[i][1];
	return 8;
}

static int
row_bytes(sqlite3_stmt *s)
{
	int n = RAW_HEAD;

	for (int i = 1; i < sqlite3_column_count(s); i++)
		if (sqlite3_column_type(s, i) == SQLITE_INTEGER)
			n += bytes_of(sqlite3_column_int64(s, i));
		else
			n += sqlite3_column_bytes(s, i);
	return n;
}

static enum rc
read_raw(struct store *st, struct store_status *out, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, RAW);
	int64_t n = 0, n_bytes = 0;
	enum rc rc;

	store_bind_int(s, 1, out->last_id - RAW_ROWS);
	for (; (rc = store_step(st, s, err)) == RC_OK; n++)
		n_bytes += row_bytes(s);
	if (s != NULL)
		sqlite3_reset(s);
	if (n > 0)
		out->raw_bytes = (double)n_bytes / (double)n;
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

static enum rc
read_observations(
    struct store *st, int64_t now_us, struct store_status *out, struct err *err)
{
	enum rc rc = read_row(
	    st, store_stmt(st, OBSERVATIONS), fill_observations, out, err);

	if (rc == RC_OK && out->n_observations > 0)
		rc = read_rate(st, now_us, out, err);
	if (rc == RC_OK)
		rc = read_raw(st, out, err);
	if (rc == RC_OK)
		rc = store_chunk_size(
		    st, &out->n_packed, &out->packed_bytes, err);
	return rc;
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
