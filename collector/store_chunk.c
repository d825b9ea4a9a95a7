/* store_chunk.c - see store_chunk.h. */
#include "collector/store_chunk.h"

#include <stdlib.h>
#include <string.h>

#include "collector/store_row.h"
#include "collector/store_sqlite.h"
#include "schema/base/mem.h"

static const char PACKED[] = "SELECT packed_id FROM chunk_state";
static const char LOOK[] =
    "SELECT id, vantage_id, received_us FROM observation WHERE id > ?1 "
    "AND id < (SELECT max(id) FROM observation) ORDER BY id LIMIT ?2";
#define X(column, name, holds) #name ", "
static const char FETCH[] =
    "SELECT " CHUNK_COLUMNS(X) "0 FROM observation WHERE id = ?1";
#undef X
static const char PUT[] =
    "INSERT INTO chunk (first_id, last_id, first_us, last_us, n, n_bytes, "
    "body) VALUES (?1, ?2, ?3, ?4, ?5, length(?6), ?6)";
static const char FINISH[] = "UPDATE chunk_state SET packed_id = ?1";
static const char DROP_REST[] = "DELETE FROM chunk WHERE last_id > "
				"(SELECT packed_id FROM chunk_state)";
static const char DROP_RAW[] =
    "DELETE FROM observation WHERE id IN (SELECT id FROM observation "
    "WHERE id <= (SELECT packed_id FROM chunk_state) "
    "AND id < (SELECT max(id) FROM observation) ORDER BY id LIMIT ?1)";
#define OLDEST_BLOCK "(SELECT min(last_id) FROM chunk)"
static const char EXPIRING[] =
    "SELECT sum(n) FROM chunk WHERE last_id = " OLDEST_BLOCK
    " AND last_id <= (SELECT packed_id FROM chunk_state) AND last_us < ?1";
static const char EXPIRE[] = "DELETE FROM chunk WHERE last_id = " OLDEST_BLOCK;
#define BLOCK "SELECT first_id, last_id, first_us, last_us FROM chunk "
#define ONE "AND last_id <= ?2 ORDER BY last_id LIMIT 1"
static const char BLOCK_BY_ID[] = BLOCK "WHERE last_id >= ?1 " ONE;
static const char BLOCK_BY_TIME[] = BLOCK "WHERE last_us >= ?1 " ONE;
static const char BODIES[] =
    "SELECT id, n, body FROM chunk WHERE last_id = ?1 ORDER BY id";
static const char PUT_BODY[] =
    "UPDATE chunk SET body = ?2, n_bytes = length(?2) WHERE id = ?1";
static const char SIZE[] =
    "SELECT coalesce(sum(n), 0), coalesce(sum(n_bytes), 0) FROM chunk "
    "WHERE last_id <= (SELECT packed_id FROM chunk_state)";

enum rc
store_chunk_packed(struct store *st, int64_t *id, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, PACKED);
	enum rc rc = store_step(st, s, err);

	if (rc == RC_OK)
		*id = sqlite3_column_int64(s, 0);
	if (s != NULL)
		sqlite3_reset(s);
	return rc == RC_NOTFOUND
		   ? err_set(err, RC_DB, "database: chunk_state has no row")
		   : rc;
}

/* ---- the writer ---- */

enum rc
store_chunk_look(struct store *st, int64_t after_id, int64_t n,
    store_chunk_told *told, void *ctx, int64_t *n_told, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, LOOK);
	bool is_wanted = true;
	enum rc rc = RC_OK;

	*n_told = 0;
	store_bind_int(s, 1, after_id);
	store_bind_int(s, 2, n);
	while (is_wanted && (rc = store_step(st, s, err)) == RC_OK) {
		struct chunk_seen o = { sqlite3_column_int64(s, 0),
			sqlite3_column_int64(s, 1),
			sqlite3_column_int64(s, 2) };

		(*n_told)++;
		is_wanted = told(ctx, &o);
	}
	if (s != NULL)
		sqlite3_reset(s);
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

static void
append(sqlite3_stmt *s, struct chunk_builder *b)
{
	chunk_builder_row(b);
	for (int i = 0; i < CHUNK_N_COLUMNS; i++) {
		enum chunk_column c = (enum chunk_column)i;

		if (sqlite3_column_type(s, i) == SQLITE_NULL)
			continue;
		if (chunk_holds(c) == CHUNK_HOLDS_N)
			chunk_builder_int(b, c, sqlite3_column_int64(s, i));
		else
			chunk_builder_bytes(b, c, sqlite3_column_blob(s, i),
			    (size_t)sqlite3_column_bytes(s, i));
	}
}

enum rc
store_chunk_fetch(
    struct store *st, int64_t id, struct chunk_builder *b, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, FETCH);
	enum rc rc;

	store_bind_int(s, 1, id);
	rc = store_step(st, s, err);
	if (rc == RC_OK)
		append(s, b);
	if (s != NULL)
		sqlite3_reset(s);
	return rc;
}

enum rc
store_chunk_put(struct store *st, const struct chunk_block *of, size_t n,
    const uint8_t *body, size_t len, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, PUT);

	store_bind_int(s, 1, of->first_id);
	store_bind_int(s, 2, of->last_id);
	store_bind_int(s, 3, of->first_us);
	store_bind_int(s, 4, of->last_us);
	store_bind_int(s, 5, (int64_t)n);
	store_bind_blob(s, 6, body, len);
	return store_run(st, s, err);
}

enum rc
store_chunk_finish(struct store *st, int64_t packed_id, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, FINISH);

	store_bind_int(s, 1, packed_id);
	return store_run(st, s, err);
}

enum rc
store_chunk_drop_rest(struct store *st, struct err *err)
{
	return store_run(st, store_stmt(st, DROP_REST), err);
}

enum rc
store_chunk_drop_raw(
    struct store *st, int64_t n, int64_t *n_gone, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, DROP_RAW);
	enum rc rc;

	store_bind_int(s, 1, n);
	rc = store_run(st, s, err);
	if (rc == RC_OK)
		*n_gone = sqlite3_changes64(store_handle(st));
	return rc;
}

enum rc
store_chunk_expire(
    struct store *st, int64_t before_us, int64_t *n, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, EXPIRING);
	enum rc rc;

	store_bind_int(s, 1, before_us);
	rc = store_step(st, s, err);
	*n = rc == RC_OK ? sqlite3_column_int64(s, 0) : 0;
	if (s != NULL)
		sqlite3_reset(s);
	if (rc != RC_OK || *n == 0)
		return rc == RC_NOTFOUND ? RC_OK : rc;
	return store_run(st, store_stmt(st, EXPIRE), err);
}

/* ---- readers ---- */

static enum rc
find_block(struct store *st, const char *sql, int64_t from,
    struct chunk_block *out, struct err *err)
{
	int64_t packed_id = 0;
	enum rc rc = store_chunk_packed(st, &packed_id, err);
	sqlite3_stmt *s;

	if (rc != RC_OK)
		return rc;
	s = store_stmt(st, sql);
	store_bind_int(s, 1, from);
	store_bind_int(s, 2, packed_id);
	rc = store_step(st, s, err);
	if (rc == RC_OK)
		*out = (struct chunk_block){ sqlite3_column_int64(s, 0),
			sqlite3_column_int64(s, 1), sqlite3_column_int64(s, 2),
			sqlite3_column_int64(s, 3) };
	if (s != NULL)
		sqlite3_reset(s);
	return rc;
}

enum rc
store_chunk_block(
    struct store *st, int64_t id, struct chunk_block *out, struct err *err)
{
	return find_block(st, BLOCK_BY_ID, id, out, err);
}

enum rc
store_chunk_block_at(struct store *st, int64_t received_us,
    struct chunk_block *out, struct err *err)
{
	return find_block(st, BLOCK_BY_TIME, received_us, out, err);
}

static void
fill_body(sqlite3_stmt *s, void *row)
{
	struct chunk_body *b = row;

	b->row_id = sqlite3_column_int64(s, 0);
	b->n = (size_t)sqlite3_column_int64(s, 1);
	b->len = (size_t)sqlite3_column_bytes(s, 2);
	b->bytes = mem_new(b->len + 1);
	if (b->len > 0)
		memcpy(b->bytes, sqlite3_column_blob(s, 2), b->len);
}

enum rc
store_chunk_bodies(struct store *st, const struct chunk_block *of,
    struct chunk_bodies *out, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, BODIES);

	store_bind_int(s, 1, of->last_id);
	return store_rows(st, s, sizeof *out->list, fill_body,
	    (void **)&out->list, &out->n, err);
}

void
chunk_bodies_fini(struct chunk_bodies *b)
{
	for (size_t i = 0; i < b->n; i++)
		free(b->list[i].bytes);
	free(b->list);
	*b = (struct chunk_bodies){ 0 };
}

enum rc
store_chunk_size(struct store *st, int64_t *n, int64_t *bytes, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, SIZE);
	enum rc rc = store_step(st, s, err);

	if (rc == RC_OK) {
		*n = sqlite3_column_int64(s, 0);
		*bytes = sqlite3_column_int64(s, 1);
	}
	if (s != NULL)
		sqlite3_reset(s);
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

/* ---- other sites ---- */

static const struct chunk_site *
site_of(const struct chunk_site *sites, size_t n, int64_t id)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (sites[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < n && sites[low].id == id ? &sites[low] : NULL;
}

static void
copy_column(struct chunk_builder *b, const struct chunk *c, size_t row,
    enum chunk_column column)
{
	const void *bytes;
	size_t len;

	if (!chunk_has(c, row, column))
		return;
	if (chunk_holds(column) == CHUNK_HOLDS_N) {
		chunk_builder_int(b, column, chunk_int(c, row, column));
		return;
	}
	bytes = chunk_bytes(c, row, column, &len);
	chunk_builder_bytes(b, column, bytes, len);
}

/* The same rows with other sites; how many of them there are. */
static size_t
copy_rows(struct chunk_builder *b, const struct chunk *c,
    const struct chunk_site *sites, size_t n)
{
	size_t n_changed = 0;

	for (size_t row = 0; row < chunk_n(c); row++) {
		const struct chunk_site *to =
		    site_of(sites, n, chunk_int(c, row, CHUNK_ID));

		n_changed += to != NULL;
		chunk_builder_row(b);
		for (int i = 0; i < CHUNK_N_COLUMNS; i++)
			if (i != CHUNK_SITE || to == NULL)
				copy_column(b, c, row, (enum chunk_column)i);
		if (to != NULL && to->site_id > 0)
			chunk_builder_int(b, CHUNK_SITE, to->site_id);
	}
	return n_changed;
}

static enum rc
load_all(struct chunk *c, struct err *err)
{
	enum rc rc = RC_OK;

	for (int i = 0; rc == RC_OK && i < CHUNK_N_COLUMNS; i++)
		rc = chunk_load(c, (enum chunk_column)i, err);
	return rc;
}

static enum rc
put_body(struct store *st, int64_t row_id, const struct chunk_builder *b,
    struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, PUT_BODY);
	uint8_t *body;
	size_t len;
	enum rc rc = chunk_build(b, &body, &len, err);

	if (rc != RC_OK)
		return rc;
	store_bind_int(s, 1, row_id);
	store_bind_blob(s, 2, body, len);
	free(body);
	return store_run(st, s, err);
}

static enum rc
change_chunk(struct store *st, const struct chunk_body *body,
    const struct chunk_site *sites, size_t n, struct err *err)
{
	struct chunk_builder *b = chunk_builder_new();
	struct chunk *c = NULL;
	enum rc rc = chunk_open(&c, body->bytes, body->len, err);

	if (rc == RC_OK)
		rc = load_all(c, err);
	if (rc == RC_OK && copy_rows(b, c, sites, n) > 0)
		rc = put_body(st, body->row_id, b, err);
	chunk_free(c);
	chunk_builder_free(b);
	return rc;
}

static enum rc
change_block(struct store *st, const struct chunk_block *block,
    const struct chunk_site *sites, size_t n, struct err *err)
{
	struct chunk_bodies bodies = { 0 };
	enum rc rc = store_chunk_bodies(st, block, &bodies, err);

	for (size_t i = 0; rc == RC_OK && i < bodies.n; i++)
		rc = change_chunk(st, &bodies.list[i], sites, n, err);
	chunk_bodies_fini(&bodies);
	return rc;
}

enum rc
store_chunk_sites(
    struct store *st, const struct chunk_site *sites, size_t n, struct err *err)
{
	struct chunk_block block = { 0 };
	enum rc rc = RC_OK;

	for (size_t i = 0, end; i < n; i = end) {
		rc = store_chunk_block(st, sites[i].id, &block, err);
		if (rc != RC_OK)
			break;
		for (end = i; end < n && sites[end].id <= block.last_id;)
			end++;
		rc = change_block(st, &block, sites + i, end - i, err);
		if (rc != RC_OK)
			break;
	}
	return rc == RC_NOTFOUND ? RC_OK : rc;
}
