/* test_chunk.c - what is packed comes back, whatever it is; and what is no
 * chunk is refused. */
#include "collector/chunk.h"

#include <stdlib.h>
#include <string.h>

#include "collector/chunk_stream.h"
#include "schema/base/mem.h"
#include "tests/unit/check.h"
#include "tests/unit/random_observation.h"

/* A row as it was put in. */
struct row {
	uint64_t has;
	int64_t v[CHUNK_N_COLUMNS];
	char text[CHUNK_N_COLUMNS][64];
	size_t len[CHUNK_N_COLUMNS];
};

static bool
has(const struct row *r, int column)
{
	return (r->has >> column & 1) != 0;
}

static void
put_row(struct chunk_builder *b, const struct row *r)
{
	chunk_builder_row(b);
	for (int i = 0; i < CHUNK_N_COLUMNS; i++) {
		enum chunk_column c = (enum chunk_column)i;

		if (!has(r, i))
			continue;
		if (chunk_holds(c) == CHUNK_HOLDS_N)
			chunk_builder_int(b, c, r->v[i]);
		else
			chunk_builder_bytes(b, c, r->text[i], r->len[i]);
	}
}

static void
check_row(const struct chunk *c, size_t at, const struct row *r)
{
	for (int i = 0; i < CHUNK_N_COLUMNS; i++) {
		enum chunk_column column = (enum chunk_column)i;
		const void *bytes;
		size_t len;

		T_CHECK(chunk_has(c, at, column) == has(r, i), "%s",
		    chunk_column_name(column));
		if (!has(r, i))
			continue;
		if (chunk_holds(column) == CHUNK_HOLDS_N) {
			T_CHECK(chunk_int(c, at, column) == r->v[i],
			    "%s: %lld, not %lld", chunk_column_name(column),
			    (long long)chunk_int(c, at, column),
			    (long long)r->v[i]);
			continue;
		}
		bytes = chunk_bytes(c, at, column, &len);
		assert_int_equal(len, r->len[i]);
		assert_memory_equal(bytes, r->text[i], len);
	}
}

/* Packs, unpacks, and finds every row again by its id. */
static size_t
check_rows(const struct row *rows, size_t n)
{
	struct chunk_builder *b = chunk_builder_new();
	struct err err = ERR_NONE;
	struct chunk *c;
	uint8_t *bytes;
	size_t len, n_found = 0;

	for (size_t i = 0; i < n; i++)
		put_row(b, &rows[i]);
	assert_int_equal(chunk_builder_n(b), n);
	assert_int_equal(chunk_build(b, &bytes, &len, &err), RC_OK);
	T_CHECK(chunk_open(&c, bytes, len, &err) == RC_OK, "%s", err.text);
	assert_int_equal(chunk_n(c), n);
	for (int i = CHUNK_N_COLUMNS; i-- > 0;)
		T_CHECK(chunk_load(c, (enum chunk_column)i, &err) == RC_OK,
		    "%s", err.text);
	for (size_t at = 0; at < n; at++)
		for (size_t i = 0; i < n; i++)
			if (rows[i].v[CHUNK_ID] == chunk_int(c, at, CHUNK_ID)) {
				check_row(c, at, &rows[i]);
				n_found++;
			}
	assert_int_equal(n_found, n);
	chunk_free(c);
	free(bytes);
	chunk_builder_free(b);
	return len;
}

/* Numbers as they come in, or any at all. */
static int64_t
any_number(struct random *r)
{
	static const int64_t most[] = { 0, 1, 255, 70000, INT64_C(1) << 40,
		INT64_MAX };
	int64_t end = most[pick(r, 0, 5)];

	return pick(r, pick(r, 0, 3) == 0 ? -end : 0, end);
}

static void
any_text(struct random *r, struct row *row, int column, bool is_line)
{
	row->len[column] = (size_t)pick(r, 0, 20);
	for (size_t i = 0; i < row->len[column]; i++)
		row->text[column][i] =
		    (char)(is_line ? pick(r, '0', '9') : pick(r, 0, 255));
}

static void
make_row(struct random *r, struct row *row, bool is_line)
{
	*row = (struct row){ .has = 0 };
	for (int i = 0; i < CHUNK_N_COLUMNS; i++) {
		if (i > CHUNK_OUTCOME && pick(r, 0, 2) == 0)
			continue;
		row->has |= UINT64_C(1) << i;
		if (chunk_holds((enum chunk_column)i) == CHUNK_HOLDS_N)
			row->v[i] = any_number(r);
		else
			any_text(r, row, i, is_line);
	}
}

static void
any_rows_come_back(void **state)
{
	struct random r = random_seeded();
	struct row *rows = mem_new(60 * sizeof *rows);

	(void)state;
	for (int round = 0; round < 30; round++) {
		size_t n = (size_t)pick(&r, 1, 60);
		bool is_line = pick(&r, 0, 1) == 0;

		for (size_t i = 0; i < n; i++) {
			make_row(&r, &rows[i], is_line);
			rows[i].v[CHUNK_ID] =
			    (int64_t)i * pick(&r, 1, 9) * 60 + (int64_t)i;
		}
		check_rows(rows, n);
	}
	free(rows);
}

/* Batches of some vantages, as they arrive. */
static void
rows_that_arrive_come_back_small(void **state)
{
	struct random r = random_seeded();
	struct row *rows = mem_new(2000 * sizeof *rows);
	int64_t seq[5] = { 0 };

	(void)state;
	for (size_t i = 0; i < 2000; i++) {
		struct row *row = &rows[i];
		int64_t vantage = (int64_t)(i / 20 % 5);

		*row =
		    (struct row){ .has = (UINT64_C(1) << (CHUNK_RTT + 1)) - 1 };
		row->v[CHUNK_ID] = 1000 + (int64_t)i;
		row->v[CHUNK_VANTAGE] = vantage + 1;
		row->v[CHUNK_SEQ] = ++seq[vantage] * (vantage == 4 ? 3 : 1);
		row->v[CHUNK_RECEIVED] = 1000000 + (int64_t)(i / 20) * 31337;
		row->v[CHUNK_AT] = 900000 + (int64_t)i * 1500 + pick(&r, 0, 99);
		row->v[CHUNK_TARGET] = (int64_t)(i % 4);
		row->v[CHUNK_RTT] = 20000 + pick(&r, 0, 255);
	}
	T_CHECK(check_rows(rows, 2000) < 5 * 2000, "as large as rows");
	/* One number that does not rise with the ids, and it is by columns. */
	rows[999].v[CHUNK_SEQ] = 1;
	check_rows(rows, 2000);
	free(rows);
}

static void
a_chunk_is_full_by_rows_and_by_texts(void **state)
{
	static const char text[5000];
	struct chunk_builder *b = chunk_builder_new();
	struct err err = ERR_NONE;
	struct row row = { .has = (1 << (CHUNK_OUTCOME + 1)) - 1 };
	char *large = mem_new(CHUNK_TEXT_MAX + 1);
	uint8_t *bytes;
	size_t len, n = 0;

	(void)state;
	for (; !chunk_builder_is_full(b); row.v[CHUNK_ID]++)
		put_row(b, &row);
	assert_int_equal(chunk_builder_n(b), CHUNK_ROWS_MAX);
	assert_int_equal(chunk_build(b, &bytes, &len, &err), RC_OK);
	T_CHECK(len < 400, "%zu bytes of rows that are alike", len);
	free(bytes);
	chunk_builder_clear(b);
	for (; !chunk_builder_is_full(b); n++) {
		put_row(b, &row);
		chunk_builder_bytes(b, CHUNK_HOP_RTTS, text, sizeof text);
	}
	T_CHECK(n < 1000, "%zu rows of 5000 bytes", n);
	chunk_builder_clear(b);
	put_row(b, &row);
	chunk_builder_bytes(b, CHUNK_EDE, large, CHUNK_TEXT_MAX + 1);
	assert_int_equal(chunk_build(b, &bytes, &len, &err), RC_LIMIT);
	free(large);
	chunk_builder_free(b);
}

/* Reads everything that can be read. */
static void
read_through(const uint8_t *bytes, size_t len)
{
	struct err err = ERR_NONE;
	struct chunk *c;
	int64_t sum = 0;

	if (chunk_open(&c, bytes, len, &err) != RC_OK)
		return;
	for (int i = 0; i < CHUNK_N_COLUMNS; i++) {
		enum chunk_column column = (enum chunk_column)i;
		size_t n = 0;

		if (chunk_load(c, column, &err) != RC_OK)
			continue;
		for (size_t row = 0; row < chunk_n(c); row++)
			if (chunk_holds(column) == CHUNK_HOLDS_N)
				sum ^= chunk_int(c, row, column);
			else if (chunk_has(c, row, column))
				(void)chunk_bytes(c, row, column, &n);
	}
	(void)sum;
	chunk_free(c);
}

static void
what_is_damaged_is_refused_or_read_never_more(void **state)
{
	struct random r = random_seeded();
	struct chunk_builder *b = chunk_builder_new();
	struct err err = ERR_NONE;
	struct row row;
	uint8_t *bytes;
	size_t len;

	(void)state;
	for (int64_t i = 0; i < 40; i++) {
		make_row(&r, &row, i % 2 == 0);
		row.v[CHUNK_ID] = row.v[CHUNK_SEQ] = i;
		put_row(b, &row);
	}
	assert_int_equal(chunk_build(b, &bytes, &len, &err), RC_OK);
	for (size_t cut = 0; cut < len; cut++) {
		struct chunk *c;

		assert_int_equal(
		    chunk_open(&c, bytes, cut, &err), RC_MALFORMED);
	}
	for (int i = 0; i < 4000; i++) {
		size_t at = (size_t)pick(&r, 0, (int64_t)len - 1);
		uint8_t was = bytes[at];

		bytes[at] = (uint8_t)pick(&r, 0, 255);
		read_through(bytes, len);
		bytes[at] = was;
	}
	free(bytes);
	chunk_builder_free(b);
}

static void
numbers_of_any_size_come_back(void **state)
{
	static const int64_t given[] = { 0, 1, -1, 63, 64, 127, 128, 16383,
		INT64_MAX, INT64_MIN, INT64_MIN, INT64_MAX, 0 };
	int64_t back[T_LEN(given)];
	struct chunk_out out = { 0 };
	struct rbuf r;

	(void)state;
	chunk_put_numbers(&out, given, T_LEN(given));
	r = rbuf_over(out.bytes, out.len);
	assert_true(chunk_take_numbers(&r, back, T_LEN(given)));
	assert_memory_equal(back, given, sizeof given);
	assert_int_equal(rbuf_left(&r), 0);
	out.len = 0;
	chunk_put_number(&out, UINT64_MAX);
	r = rbuf_over(out.bytes, out.len);
	assert_true(chunk_take_number(&r) == UINT64_MAX);
	out.bytes[9] |= 0x80; /* longer than any number */
	r = rbuf_over(out.bytes, out.len);
	chunk_take_number(&r);
	assert_true(r.is_bad);
	free(out.bytes);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_rows_come_back),
		cmocka_unit_test(rows_that_arrive_come_back_small),
		cmocka_unit_test(a_chunk_is_full_by_rows_and_by_texts),
		cmocka_unit_test(what_is_damaged_is_refused_or_read_never_more),
		cmocka_unit_test(numbers_of_any_size_come_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
