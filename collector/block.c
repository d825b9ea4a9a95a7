/* block.c - see block.h. */
#include "collector/block.h"

#include <stdlib.h>
#include <string.h>

#include "schema/base/mem.h"

/* Of a place without a row. */
#define NOWHERE UINT32_MAX

/* A row is its chunk's number and its own within it, by how far its id is from
 * the first: ids of a block are neighbours. */
struct block {
	int64_t first_id;
	size_t n_places;
	uint32_t *rows;
	struct chunk_bodies bodies;
	struct chunk **chunks; /* as many */
};

void
block_free(struct block *b)
{
	if (b == NULL)
		return;
	for (size_t i = 0; b->chunks != NULL && i < b->bodies.n; i++)
		chunk_free(b->chunks[i]);
	free(b->chunks);
	chunk_bodies_fini(&b->bodies);
	free(b->rows);
	free(b);
}

/* Says in which chunk the fault is. */
static enum rc
blame(const struct block *b, size_t i, const char *what, struct err *err)
{
	char text[sizeof err->text];

	memcpy(text, what, strnlen(what, sizeof text - 1) + 1);
	text[sizeof text - 1] = '\0';
	return err_set(err, RC_MALFORMED,
	    "chunk %lld is damaged: %s; 'catchwater verify' says what else is, "
	    "and a copy made by 'catchwater backup' has what is lost",
	    (long long)b->bodies.list[i].row_id, text);
}

/* Notes where the rows of a chunk stand. */
static enum rc
place_rows(struct block *b, size_t i, struct err *err)
{
	const struct chunk *c = b->chunks[i];

	if (chunk_n(c) != b->bodies.list[i].n)
		return blame(b, i, "it has another number of rows", err);
	for (size_t row = 0; row < chunk_n(c); row++) {
		uint64_t at = (uint64_t)chunk_int(c, row, CHUNK_ID) -
			      (uint64_t)b->first_id;

		if (at >= b->n_places)
			return blame(b, i, "an id is of another block", err);
		if (b->rows[at] != NOWHERE)
			return blame(b, i, "an id is there already", err);
		b->rows[at] = (uint32_t)(i * CHUNK_ROWS_MAX + row);
	}
	return RC_OK;
}

static enum rc
open_chunk(struct block *b, size_t i, struct err *err)
{
	const struct chunk_body *body = &b->bodies.list[i];
	struct err why = ERR_NONE;
	enum rc rc = chunk_open(&b->chunks[i], body->bytes, body->len, &why);

	if (rc == RC_OK)
		rc = chunk_load(b->chunks[i], CHUNK_ID, &why);
	return rc == RC_OK ? place_rows(b, i, err) : blame(b, i, why.text, err);
}

enum rc
block_open(struct block **out, const struct chunk_block *of,
    struct chunk_bodies *bodies, struct err *err)
{
	struct block *b = mem_new(sizeof *b);
	uint64_t width = (uint64_t)of->last_id - (uint64_t)of->first_id;
	enum rc rc = RC_OK;

	b->bodies = *bodies;
	*bodies = (struct chunk_bodies){ 0 };
	b->first_id = of->first_id;
	if (width >= CHUNK_BLOCK_IDS || b->bodies.n == 0 ||
	    b->bodies.n > UINT32_MAX / CHUNK_ROWS_MAX - 1) {
		block_free(b);
		return err_set(err, RC_MALFORMED,
		    "the block of observations %lld to %lld is damaged: it "
		    "cannot be as large",
		    (long long)of->first_id, (long long)of->last_id);
	}
	b->n_places = width + 1;
	b->rows = mem_new(b->n_places * sizeof *b->rows);
	memset(b->rows, 0xff, b->n_places * sizeof *b->rows);
	b->chunks = mem_new(b->bodies.n * sizeof(struct chunk *));
	for (size_t i = 0; rc == RC_OK && i < b->bodies.n; i++)
		rc = open_chunk(b, i, err);
	if (rc != RC_OK) {
		block_free(b);
		return rc;
	}
	*out = b;
	return RC_OK;
}

size_t
block_end(const struct block *b)
{
	return b->n_places;
}

/* The first place from place on that has a row. */
static size_t
skip(const struct block *b, size_t place)
{
	while (place < b->n_places && b->rows[place] == NOWHERE)
		place++;
	return place;
}

size_t
block_find(const struct block *b, int64_t id)
{
	uint64_t at =
	    id <= b->first_id ? 0 : (uint64_t)id - (uint64_t)b->first_id;

	return at < b->n_places ? skip(b, at) : b->n_places;
}

size_t
block_next(const struct block *b, size_t place)
{
	return skip(b, place + 1);
}

int64_t
block_id(const struct block *b, size_t place)
{
	return (int64_t)((uint64_t)b->first_id + place);
}

enum rc
block_row(struct block *b, size_t place, enum chunk_column column,
    struct block_row *out, struct err *err)
{
	size_t i = b->rows[place] / CHUNK_ROWS_MAX;
	struct err why = ERR_NONE;

	out->chunk = b->chunks[i];
	out->row = b->rows[place] % CHUNK_ROWS_MAX;
	if (chunk_load(out->chunk, column, &why) != RC_OK)
		return blame(b, i, why.text, err);
	return RC_OK;
}
