/* chunk_build.c - packing a chunk: see chunk.h. */
#include <stdlib.h>
#include <string.h>

#include "collector/chunk.h"
#include "collector/chunk_parts.h"
#include "collector/chunk_stream.h"
#include "schema/base/mem.h"
#include "schema/pack.h"

#define TEXT_FULL (1U << 20) /* after which a chunk is full */

/* Rows stand in their order of coming; a text's number is where it begins. */
struct chunk_builder {
	size_t n, cap;
	uint64_t *has; /* of each row: a bit per column */
	int64_t *v[CHUNK_N_COLUMNS];
	uint32_t *len[CHUNK_N_COLUMNS]; /* of texts only */
	struct chunk_out text;
};

/* A row in one order or another. */
struct place {
	int64_t key[3];
	int64_t id;
	uint32_t row;
};

/* Rows of a vantage that were received at once, with ids that rise as their
 * numbers do. */
struct run {
	int64_t vantage, n, first_id, last_id, received;
};

struct chunk_builder *
chunk_builder_new(void)
{
	struct chunk_builder *b = mem_new(sizeof *b);

	chunk_put_byte(&b->text, 0); /* so that it stands somewhere */
	chunk_builder_clear(b);
	return b;
}

void
chunk_builder_free(struct chunk_builder *b)
{
	if (b == NULL)
		return;
	for (int c = 0; c < CHUNK_N_COLUMNS; c++) {
		free(b->v[c]);
		free(b->len[c]);
	}
	free(b->has);
	free(b->text.bytes);
	free(b);
}

void
chunk_builder_clear(struct chunk_builder *b)
{
	b->n = 0;
	b->text.len = 0;
}

size_t
chunk_builder_n(const struct chunk_builder *b)
{
	return b->n;
}

bool
chunk_builder_is_full(const struct chunk_builder *b)
{
	return b->n == CHUNK_ROWS_MAX || b->text.len >= TEXT_FULL;
}

static bool
is_text(int column)
{
	return chunk_holds((enum chunk_column)column) != CHUNK_HOLDS_N;
}

void
chunk_builder_row(struct chunk_builder *b)
{
	if (b->n == b->cap) {
		b->cap = b->cap == 0 ? 256 : 2 * b->cap;
		b->has = mem_grow(b->has, b->cap, sizeof *b->has);
		for (int c = 0; c < CHUNK_N_COLUMNS; c++) {
			b->v[c] = mem_grow(b->v[c], b->cap, sizeof *b->v[c]);
			if (is_text(c))
				b->len[c] = mem_grow(
				    b->len[c], b->cap, sizeof *b->len[c]);
		}
	}
	for (int c = 0; c < CHUNK_N_COLUMNS; c++)
		b->v[c][b->n] = 0;
	b->has[b->n++] = 0;
}

void
chunk_builder_int(struct chunk_builder *b, enum chunk_column column, int64_t v)
{
	b->has[b->n - 1] |= UINT64_C(1) << column;
	b->v[column][b->n - 1] = v;
}

void
chunk_builder_bytes(struct chunk_builder *b, enum chunk_column column,
    const void *bytes, size_t len)
{
	b->has[b->n - 1] |= UINT64_C(1) << column;
	b->v[column][b->n - 1] = (int64_t)b->text.len;
	b->len[column][b->n - 1] =
	    len < UINT32_MAX ? (uint32_t)len : UINT32_MAX;
	chunk_put(&b->text, bytes, len);
}

/* ---- orders ---- */

static int
compare_places(const void *left, const void *right)
{
	const struct place *a = left, *b = right;

	for (size_t i = 0; i < 3; i++)
		if (a->key[i] != b->key[i])
			return a->key[i] < b->key[i] ? -1 : 1;
	if (a->id != b->id)
		return a->id < b->id ? -1 : 1;
	return (a->row > b->row) - (a->row < b->row);
}

/* Gives the rows sorted by up to three columns, then by id. */
static struct place *
sorted(const struct chunk_builder *b, const enum chunk_column keys[3])
{
	struct place *places = mem_new(b->n * sizeof *places);

	for (size_t row = 0; row < b->n; row++) {
		for (size_t i = 0; i < 3; i++)
			places[row].key[i] = b->v[keys[i]][row];
		places[row].id = b->v[CHUNK_ID][row];
		places[row].row = (uint32_t)row;
	}
	qsort(places, b->n, sizeof *places, compare_places);
	return places;
}

/* ---- which columns each row has ---- */

/* The number of a row's shape; a new one's when it has not come yet. */
static size_t
shape_of(uint64_t *shapes, size_t *n_shapes, uint64_t has)
{
	for (size_t i = *n_shapes; i-- > 0;)
		if (shapes[i] == has)
			return i;
	shapes[*n_shapes] = has;
	return (*n_shapes)++;
}

static void
put_shapes(struct chunk_out *to, const struct chunk_builder *b,
    const struct place *places)
{
	uint64_t *shapes = mem_new(b->n * sizeof *shapes);
	int64_t *of = mem_new(b->n * sizeof *of);
	size_t n_shapes = 0;

	for (size_t i = 0; i < b->n; i++)
		of[i] =
		    (int64_t)shape_of(shapes, &n_shapes, b->has[places[i].row]);
	chunk_put_number(to, n_shapes);
	for (size_t i = 0; i < n_shapes; i++)
		chunk_put_number(to, shapes[i]);
	chunk_put_numbers(to, of, b->n);
	free(of);
	free(shapes);
}

/* ---- columns ---- */

static void
put_ints(struct chunk_out *to, const struct chunk_builder *b,
    const struct place *places, int column)
{
	int64_t *v = mem_new(b->n * sizeof *v);
	size_t n = 0;

	for (size_t i = 0; i < b->n; i++)
		if ((b->has[places[i].row] >> column & 1) != 0)
			v[n++] = b->v[column][places[i].row];
	chunk_put_numbers(to, v, n);
	free(v);
}

/* The texts of a column, those that there are, in order. */
struct texts {
	size_t n;
	int64_t *len;
	struct chunk_out all;
	bool is_lines; /* each could be a line */
};

static struct texts
gather(const struct chunk_builder *b, const struct place *places, int column)
{
	struct texts t = { .len = mem_new(b->n * sizeof *t.len),
		.is_lines =
		    chunk_holds((enum chunk_column)column) == CHUNK_HOLDS_T };

	chunk_put_byte(&t.all, 0); /* so that it stands somewhere */
	t.all.len = 0;
	for (size_t i = 0; i < b->n; i++) {
		uint32_t row = places[i].row, len = b->len[column][row];
		const uint8_t *text = b->text.bytes + b->v[column][row];

		if ((b->has[row] >> column & 1) == 0)
			continue;
		t.len[t.n++] = len;
		chunk_put(&t.all, text, len);
		t.is_lines = t.is_lines &&
			     (len == 0 || (memchr(text, '\n', len) == NULL &&
					      memchr(text, 1, len) == NULL));
	}
	return t;
}

static void
put_plain(struct chunk_out *to, const struct texts *t)
{
	chunk_put_byte(to, CHUNK_TEXT_PLAIN);
	chunk_put_numbers(to, t->len, t->n);
	chunk_put_bytes(to, t->all.bytes, t->all.len);
}

/* Some thousand at a time, each with its length packed and as it is. */
static bool
put_lines(struct chunk_out *to, const struct texts *t)
{
	const uint8_t *from = t->all.bytes;
	bool is_good = true;

	chunk_put_byte(to, CHUNK_TEXT_LINES);
	for (size_t i = 0; is_good && i < t->n;) {
		struct chunk_out lines = { 0 };
		size_t end = i + PACK_LINES_MAX, len;
		uint8_t *packed = NULL;

		for (; i < end && i < t->n; from += t->len[i++]) {
			chunk_put(&lines, from, (size_t)t->len[i]);
			chunk_put_byte(&lines, '\n');
		}
		is_good = pack_lines(&packed, &len, (char *)lines.bytes,
			      lines.len) == RC_OK;
		if (is_good) {
			chunk_put_number(to, lines.len);
			chunk_put_number(to, len);
			chunk_put_bytes(to, packed, len);
			free(packed);
		}
		free(lines.bytes);
	}
	return is_good;
}

static enum rc
put_texts(struct chunk_out *to, const struct chunk_builder *b,
    const struct place *places, int column)
{
	struct texts t = gather(b, places, column);
	struct chunk_out lines = { 0 }, plain = { 0 };
	bool is_lines;
	enum rc rc = t.all.len + t.n > CHUNK_TEXT_MAX ? RC_LIMIT : RC_OK;

	if (rc == RC_OK && t.n > 0) {
		put_plain(&plain, &t);
		is_lines = t.is_lines && put_lines(&lines, &t) &&
			   lines.len < plain.len;
		if (is_lines)
			chunk_put(to, lines.bytes, lines.len);
		else
			chunk_put(to, plain.bytes, plain.len);
	}
	free(lines.bytes);
	free(plain.bytes);
	free(t.all.bytes);
	free(t.len);
	return rc;
}

/* ---- ids and times of receipt ---- */

static int
compare_runs(const void *left, const void *right)
{
	const struct run *a = left, *b = right;

	return (a->first_id > b->first_id) - (a->first_id < b->first_id);
}

static int64_t
distance(int64_t from, int64_t to)
{
	return (int64_t)((uint64_t)to - (uint64_t)from);
}

/* Gives the runs; NULL when numbers do not rise with ids. */
static struct run *
find_runs(const struct chunk_builder *b, size_t *n_runs)
{
	static const enum chunk_column keys[] = { CHUNK_VANTAGE, CHUNK_VANTAGE,
		CHUNK_VANTAGE };
	struct place *places = sorted(b, keys);
	struct run *runs = mem_new(b->n * sizeof *runs);
	bool is_good = true;

	*n_runs = 0;
	for (size_t i = 0; is_good && i < b->n; i++) {
		const struct place *p = &places[i];
		uint32_t row = p->row, before = i > 0 ? places[i - 1].row : row;
		const int64_t *seq = b->v[CHUNK_SEQ];
		int64_t received = b->v[CHUNK_RECEIVED][row];
		bool is_next = i > 0 && p->key[0] == places[i - 1].key[0];

		is_good = !is_next ||
			  (seq[row] > seq[before] && p->id > places[i - 1].id);
		if (is_next && runs[*n_runs - 1].received == received &&
		    distance(seq[before], seq[row]) ==
			distance(places[i - 1].id, p->id)) {
			runs[*n_runs - 1].n++;
			runs[*n_runs - 1].last_id = p->id;
		} else {
			runs[(*n_runs)++] = (struct run){ p->key[0], 1, p->id,
				p->id, received };
		}
	}
	free(places);
	if (!is_good) {
		free(runs);
		return NULL;
	}
	qsort(runs, *n_runs, sizeof *runs, compare_runs);
	return runs;
}

static void
put_runs(struct chunk_out *to, const struct run *runs, size_t n)
{
	int64_t *v = mem_new(n * sizeof *v), last_id = 0;

	chunk_put_number(to, n);
	for (size_t i = 0; i < n; i++)
		v[i] = runs[i].vantage;
	chunk_put_numbers(to, v, n);
	for (size_t i = 0; i < n; i++)
		v[i] = runs[i].n;
	chunk_put_numbers(to, v, n);
	for (size_t i = 0; i < n; i++) {
		v[i] = distance(last_id, runs[i].first_id);
		last_id = runs[i].last_id;
	}
	chunk_put_numbers(to, v, n);
	for (size_t i = 0; i < n; i++)
		v[i] = runs[i].received;
	chunk_put_numbers(to, v, n);
	free(v);
}

/* ---- the whole ---- */

static void
put_part(struct chunk_out *to, struct chunk_out *part)
{
	chunk_put_number(to, part->len);
	chunk_put(to, part->bytes, part->len);
	part->len = 0;
}

static enum rc
put_columns(struct chunk_out *to, const struct chunk_builder *b,
    const struct place *places, const struct run *runs, size_t n_runs)
{
	struct chunk_out part = { 0 };
	enum rc rc = RC_OK;

	for (int c = 0; rc == RC_OK && c < CHUNK_N_COLUMNS; c++) {
		if (is_text(c))
			rc = put_texts(&part, b, places, c);
		else if (runs != NULL && c == CHUNK_ID)
			put_runs(&part, runs, n_runs);
		else if (runs == NULL || c != CHUNK_RECEIVED)
			put_ints(&part, b, places, c);
		put_part(to, &part);
	}
	free(part.bytes);
	return rc;
}

enum rc
chunk_build(
    const struct chunk_builder *b, uint8_t **out, size_t *len, struct err *err)
{
	static const enum chunk_column keys[] = { CHUNK_TARGET, CHUNK_KIND,
		CHUNK_VANTAGE };
	struct place *places = sorted(b, keys);
	struct chunk_out to = { 0 };
	size_t n_runs;
	struct run *runs = find_runs(b, &n_runs);
	enum rc rc;

	chunk_put_byte(&to, CHUNK_VERSION);
	chunk_put_number(&to, b->n);
	chunk_put_byte(&to, runs != NULL ? CHUNK_BY_RUN : CHUNK_BY_COLUMN);
	put_shapes(&to, b, places);
	rc = put_columns(&to, b, places, runs, n_runs);
	free(runs);
	free(places);
	if (rc != RC_OK) {
		free(to.bytes);
		return err_set(err, rc,
		    "observation %lld: its texts are larger than a chunk may "
		    "hold",
		    (long long)b->v[CHUNK_ID][0]);
	}
	*out = to.bytes;
	*len = to.len;
	return RC_OK;
}
