/*
 * fuzz_chunk.c - a chunk of a database that somebody edited.
 *
 * Property: what can be read can be packed again, and comes back the same.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "collector/chunk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool claim)
{
	if (!claim)
		abort();
}

static bool
load_all(struct chunk *c)
{
	struct err err = ERR_NONE;
	bool is_whole = true;

	for (int i = 0; i < CHUNK_N_COLUMNS; i++)
		is_whole &= chunk_load(c, (enum chunk_column)i, &err) == RC_OK;
	return is_whole;
}

static void
copy_row(struct chunk_builder *b, const struct chunk *c, size_t row)
{
	chunk_builder_row(b);
	for (int i = 0; i < CHUNK_N_COLUMNS; i++) {
		enum chunk_column column = (enum chunk_column)i;
		const void *bytes;
		size_t len;

		if (!chunk_has(c, row, column))
			continue;
		if (chunk_holds(column) == CHUNK_HOLDS_N) {
			chunk_builder_int(b, column, chunk_int(c, row, column));
			continue;
		}
		bytes = chunk_bytes(c, row, column, &len);
		chunk_builder_bytes(b, column, bytes, len);
	}
}

/* False: its texts fill a chunk to the brim, and the ends of lines are over. */
static bool
pack_again(const struct chunk *c, uint8_t **bytes, size_t *len)
{
	struct chunk_builder *b = chunk_builder_new();
	struct err err = ERR_NONE;
	enum rc rc;

	for (size_t row = 0; row < chunk_n(c); row++)
		copy_row(b, c, row);
	rc = chunk_build(b, bytes, len, &err);
	must(rc == RC_OK || rc == RC_LIMIT);
	chunk_builder_free(b);
	return rc == RC_OK;
}

/* What was packed once more has the same rows, in an order that packing them
 * does not change. */
static void
check_same(const struct chunk *c)
{
	uint8_t *once = NULL, *twice = NULL;
	size_t once_len, twice_len;
	struct err err = ERR_NONE;
	struct chunk *again;

	if (!pack_again(c, &once, &once_len))
		return;
	must(chunk_open(&again, once, once_len, &err) == RC_OK);
	must(load_all(again));
	must(chunk_n(again) == chunk_n(c));
	must(pack_again(again, &twice, &twice_len));
	must(once_len == twice_len && memcmp(once, twice, once_len) == 0);
	chunk_free(again);
	free(once);
	free(twice);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err = ERR_NONE;
	struct chunk *c;

	if (chunk_open(&c, data, size, &err) != RC_OK)
		return 0;
	if (load_all(c))
		check_same(c);
	chunk_free(c);
	return 0;
}
