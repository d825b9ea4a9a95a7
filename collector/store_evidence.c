/* store_evidence.c - see store_evidence.h. */
#include "collector/store_evidence.h"

#include <stdlib.h>

#include "collector/store_chunk.h"
#include "collector/store_row.h"
#include "collector/store_sqlite.h"
#include "schema/base/mem.h"

static const char VOTES[] =
    "SELECT v.vantage_id, v.target_id, p.name, a.family, a.asn, t.address, "
    "f.name, o.name, v.at_us, v.confirmed_us, v.ended_us, l.state, l.n, "
    "(SELECT count(*) FROM doubt d WHERE d.vantage_id = v.vantage_id "
    "AND d.target_id = v.target_id AND d.at_us >= l.since_us "
    "AND d.at_us < coalesce(l.until_us, 9223372036854775807)) FROM vote v "
    "JOIN vantage a ON a.id = v.vantage_id "
    "JOIN probe p ON p.id = a.probe_id JOIN target t ON t.id = v.target_id "
    "LEFT JOIN site f ON f.id = v.from_site_id "
    "LEFT JOIN site o ON o.id = v.to_site_id "
    "LEFT JOIN landing l ON l.id = (SELECT id FROM landing "
    "WHERE vantage_id = v.vantage_id AND target_id = v.target_id "
    "AND since_us <= v.at_us AND coalesce(until_us, v.at_us + 1) > v.at_us "
    "ORDER BY since_us DESC LIMIT 1) "
    "WHERE v.event_id = ?1 ORDER BY v.at_us, p.name, a.family, t.address";

static const char LAST_ID[] = "SELECT coalesce(max(id), 0) FROM observation";

static const char NEXT[] = "SELECT id, received_us FROM observed "
			   "WHERE id >= ?1 ORDER BY id LIMIT 1";

/* Ping says nothing of the site; other source ports (why 4, varied) never
 * move a landing, and a decoy (6) has none. */
static const char SAMPLES[] =
    "SELECT o.vantage_id, o.target_id, o.at_us, o.kind, o.why, o.outcome, "
    "o.rcode, o.rtt_us, o.reply_ttl, i.name, n.bytes, h.hops, o.path_id "
    "FROM observed o LEFT JOIN site i ON i.id = o.site_id "
    "LEFT JOIN identity n ON n.id = coalesce(o.nsid_id, o.chaos_id) "
    "LEFT JOIN path h ON h.id = o.path_id "
    "WHERE o.id >= ?2 AND o.id < ?3 AND o.kind <> 1 AND o.why NOT IN (4, 6) "
    "AND EXISTS (SELECT 1 FROM vote v WHERE v.event_id = ?1 "
    "AND v.vantage_id = o.vantage_id AND v.target_id = o.target_id) "
    "ORDER BY o.vantage_id, o.target_id, o.at_us, o.id";

int
row_vote(sqlite3_stmt *s, struct vote_row *v)
{
	int c = 0;

	v->vantage_id = sqlite3_column_int64(s, c++);
	v->target_id = sqlite3_column_int64(s, c++);
	ROW_TEXT(v->probe, s, c++);
	v->family = (uint8_t)sqlite3_column_int(s, c++);
	v->asn = sqlite3_column_int64(s, c++);
	ROW_TEXT(v->target, s, c++);
	ROW_TEXT(v->from, s, c++);
	ROW_TEXT(v->to, s, c++);
	v->at_us = sqlite3_column_int64(s, c++);
	v->confirmed_us = sqlite3_column_int64(s, c++);
	return c;
}

static void
fill_vote(sqlite3_stmt *s, void *row)
{
	struct vote_row *v = row;
	int c = row_vote(s, v);

	v->has_ended = row_int(s, c++, &v->ended_us);
	ROW_TEXT(v->landing, s, c++);
	v->n = sqlite3_column_int64(s, c++);
	v->n_doubted = sqlite3_column_int64(s, c++);
}

enum rc
store_votes(
    struct store *st, int64_t event_id, struct vote_list *out, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, VOTES);

	store_bind_int(s, 1, event_id);
	return store_rows(st, s, sizeof *out->rows, fill_vote,
	    (void **)&out->rows, &out->n, err);
}

/* Reads the first row of a statement into one or two numbers.  RC_NOTFOUND:
 * no row. */
static enum rc
read_numbers(struct store *st, sqlite3_stmt *s, int64_t *first, int64_t *second,
    struct err *err)
{
	enum rc rc = store_step(st, s, err);

	if (rc == RC_OK) {
		*first = sqlite3_column_int64(s, 0);
		if (second != NULL)
			*second = sqlite3_column_int64(s, 1);
	}
	if (s != NULL)
		sqlite3_reset(s);
	return rc;
}

/* The id of the first observation received at a time or after it: ids and
 * times of receipt rise together. */
static enum rc
first_received(
    struct store *st, int64_t received_us, int64_t *id, struct err *err)
{
	int64_t low = 0, high = 0, found = 0, at_us = 0;
	struct chunk_block block;
	enum rc rc = store_chunk_block_at(st, received_us, &block, err);

	if (rc == RC_OK) {
		low = block.first_id;
		high = block.last_id;
	} else if (rc == RC_NOTFOUND) {
		rc = store_chunk_packed(st, &low, err);
		if (rc == RC_OK)
			rc = read_numbers(
			    st, store_stmt(st, LAST_ID), &high, NULL, err);
	}
	for (high++; rc == RC_OK && low < high;) {
		int64_t middle = low + (high - low) / 2;
		sqlite3_stmt *s = store_stmt(st, NEXT);

		store_bind_int(s, 1, middle);
		rc = read_numbers(st, s, &found, &at_us, err);
		if (rc == RC_OK && at_us < received_us)
			low = found + 1;
		else
			high = middle;
		if (rc == RC_NOTFOUND)
			rc = RC_OK;
	}
	*id = low;
	return rc;
}

static void
fill_sample(sqlite3_stmt *s, void *row)
{
	struct sample *m = row;
	int c = 0;

	m->vantage_id = sqlite3_column_int64(s, c++);
	m->target_id = sqlite3_column_int64(s, c++);
	m->at_us = sqlite3_column_int64(s, c++);
	m->kind = (enum kind)sqlite3_column_int(s, c++);
	m->why = (enum why)sqlite3_column_int(s, c++);
	m->outcome = (enum outcome)sqlite3_column_int(s, c++);
	m->has_rcode = row_int(s, c++, &m->rcode);
	m->has_rtt = row_int(s, c++, &m->rtt_us);
	m->has_reply_ttl = row_int(s, c++, &m->reply_ttl);
	ROW_TEXT(m->site, s, c++);
	if (sqlite3_column_type(s, c) == SQLITE_BLOB)
		identity_set(&m->identity, sqlite3_column_blob(s, c),
		    (size_t)sqlite3_column_bytes(s, c));
	c++;
	if (sqlite3_column_type(s, c) != SQLITE_NULL)
		m->hops = mem_strdup(store_text(s, c));
	m->path_id = sqlite3_column_int64(s, c + 1);
}

enum rc
store_samples(struct store *st, int64_t event_id, int64_t from_us,
    int64_t to_us, struct sample_list *out, struct err *err)
{
	sqlite3_stmt *s;
	int64_t first, end;
	enum rc rc = first_received(st, from_us, &first, err);

	if (rc == RC_OK)
		rc = first_received(st, to_us, &end, err);
	if (rc != RC_OK)
		return rc;
	s = store_stmt(st, SAMPLES);
	store_bind_int(s, 1, event_id);
	store_bind_int(s, 2, first);
	store_bind_int(s, 3, end);
	return store_rows(st, s, sizeof *out->rows, fill_sample,
	    (void **)&out->rows, &out->n, err);
}

void
samples_fini(struct sample_list *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->rows[i].hops);
	free(s->rows);
	*s = (struct sample_list){ 0 };
}
