/* store_verify_chunk.c - see store_verify_chunk.h. */
#include "collector/store_verify_chunk.h"

#include <stdio.h>

#include "collector/block.h"
#include "collector/store_sqlite.h"

/* Of blocks, as far as their rows alone tell. */
static const char ROWS[] =
    "SELECT printf('chunk %d: %s', id, CASE "
    "WHEN n_bytes <> length(body) THEN 'it is not as large as it says' "
    "WHEN first_id > last_id OR first_us > last_us "
    "THEN 'its block ends before it begins' "
    "ELSE 'its block begins within another' END) FROM chunk c "
    "WHERE n_bytes <> length(body) OR first_id > last_id "
    "OR first_us > last_us OR EXISTS (SELECT 1 FROM chunk o "
    "WHERE o.last_id = (SELECT max(last_id) FROM chunk "
    "WHERE last_id < c.last_id) AND o.last_id >= c.first_id) "
    "OR EXISTS (SELECT 1 FROM chunk o WHERE o.last_id = c.last_id "
    "AND (o.first_id, o.first_us, o.last_us) <> "
    "(c.first_id, c.first_us, c.last_us))";

struct check {
	struct store *store;
	store_verify_fault *fault;
	void *ctx;
	struct err *err;
};

static void
tell_outside(struct check *c, const struct chunk_body *body)
{
	char text[120];

	snprintf(text, sizeof text,
	    "chunk %lld: it was not received when its block was",
	    (long long)body->row_id);
	c->fault(c->ctx, text);
}

/* Every column, by itself. */
static void
check_body(struct check *c, const struct chunk_block *block,
    const struct chunk_body *body)
{
	struct chunk *chunk = NULL;
	struct err why = ERR_NONE;
	enum rc rc = chunk_open(&chunk, body->bytes, body->len, &why);
	char text[sizeof why.text + 40];

	for (int i = 0; rc == RC_OK && i < CHUNK_N_COLUMNS; i++)
		rc = chunk_load(chunk, (enum chunk_column)i, &why);
	if (rc != RC_OK) {
		snprintf(text, sizeof text, "chunk %lld: %s",
		    (long long)body->row_id, why.text);
		c->fault(c->ctx, text);
	}
	for (size_t row = 0; rc == RC_OK && row < chunk_n(chunk); row++) {
		int64_t us = chunk_int(chunk, row, CHUNK_RECEIVED);

		if (us >= block->first_us && us <= block->last_us)
			continue;
		tell_outside(c, body);
		break;
	}
	chunk_free(chunk);
}

static enum rc
check_block(struct check *c, const struct chunk_block *of)
{
	struct chunk_bodies bodies = { 0 };
	struct block *block = NULL;
	struct err why = ERR_NONE;
	enum rc rc = store_chunk_bodies(c->store, of, &bodies, c->err);

	if (rc != RC_OK)
		return rc;
	for (size_t i = 0; i < bodies.n; i++)
		check_body(c, of, &bodies.list[i]);
	if (block_open(&block, of, &bodies, &why) != RC_OK)
		c->fault(c->ctx, why.text);
	block_free(block);
	return RC_OK;
}

static enum rc
check_rows(struct check *c)
{
	sqlite3_stmt *s = store_stmt(c->store, ROWS);
	enum rc rc;

	while ((rc = store_step(c->store, s, c->err)) == RC_OK)
		c->fault(c->ctx, store_text(s, 0));
	if (s != NULL)
		sqlite3_reset(s);
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

enum rc
store_verify_chunks(
    struct store *st, store_verify_fault *fault, void *ctx, struct err *err)
{
	struct check c = { st, fault, ctx, err };
	struct chunk_block of = { .last_id = INT64_MIN };
	enum rc rc = check_rows(&c);

	while (rc == RC_OK) {
		if (of.last_id == INT64_MAX)
			return RC_OK;
		rc = store_chunk_block(st, of.last_id + 1, &of, err);
		if (rc == RC_OK)
			rc = check_block(&c, &of);
	}
	return rc == RC_NOTFOUND ? RC_OK : rc;
}
