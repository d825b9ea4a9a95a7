/* chunk.c - unpacking a chunk: see chunk.h. */
#include "collector/chunk.h"

#include <stdlib.h>
#include <string.h>

#include "collector/chunk_parts.h"
#include "collector/chunk_stream.h"
#include "schema/base/mem.h"
#include "schema/pack.h"

/* As many times a text's size its packed form may have: each of its numbers
 * may take eight bytes, and its place one. */
#define PACKED_TIMES 16

/* A column unpacked.  Numbers stand in as few bytes as the farthest from the
 * least needs: 0, 1, 2, 4 or 8. */
struct column {
	struct rbuf packed;
	bool is_loaded;
	int64_t least;
	unsigned width;
	void *v;       /* of each row; of a row without it anything */
	uint32_t *end; /* texts: where each row's ends */
	char *text;
};

struct chunk {
	size_t n;
	bool is_by_run;
	uint64_t *has; /* of each row: a bit per column */
	struct column columns[CHUNK_N_COLUMNS];
};

static const struct {
	const char *name;
	enum chunk_holds holds;
} columns[] = {
#define X(column, name, holds) { #name, CHUNK_HOLDS_##holds },
	CHUNK_COLUMNS(X)
#undef X
};

enum chunk_holds
chunk_holds(enum chunk_column column)
{
	return columns[column].holds;
}

const char *
chunk_column_name(enum chunk_column column)
{
	return columns[column].name;
}

void
chunk_free(struct chunk *c)
{
	if (c == NULL)
		return;
	for (int i = 0; i < CHUNK_N_COLUMNS; i++) {
		free(c->columns[i].v);
		free(c->columns[i].end);
		free(c->columns[i].text);
	}
	free(c->has);
	free(c);
}

size_t
chunk_n(const struct chunk *c)
{
	return c->n;
}

static enum rc
damaged(struct err *err, const char *what)
{
	return err_set(err, RC_MALFORMED, "its %s cannot be read", what);
}

/* ---- the head ---- */

static bool
take_shapes(struct chunk *c, struct rbuf *r)
{
	uint64_t n_shapes = chunk_take_number(r), *shapes;
	int64_t *of;
	bool is_good;

	if (n_shapes < 1 || n_shapes > c->n)
		return false;
	shapes = mem_new(n_shapes * sizeof *shapes);
	of = mem_new(c->n * sizeof *of);
	for (size_t i = 0; i < n_shapes; i++)
		shapes[i] = chunk_take_number(r);
	is_good = !r->is_bad && chunk_take_numbers(r, of, c->n);
	c->has = mem_new(c->n * sizeof *c->has);
	for (size_t i = 0; is_good && i < c->n; i++) {
		is_good = of[i] >= 0 && (uint64_t)of[i] < n_shapes;
		if (is_good)
			c->has[i] = shapes[of[i]];
		is_good = is_good && (c->has[i] & CHUNK_ALWAYS) == CHUNK_ALWAYS;
	}
	free(of);
	free(shapes);
	return is_good;
}

static bool
take_head(struct chunk *c, struct rbuf *r)
{
	uint8_t version = rbuf_u8(r), by;
	uint64_t n = chunk_take_number(r);

	by = rbuf_u8(r);
	if (r->is_bad || version != CHUNK_VERSION || n < 1 ||
	    n > CHUNK_ROWS_MAX || by > CHUNK_BY_RUN)
		return false;
	c->n = n;
	c->is_by_run = by == CHUNK_BY_RUN;
	if (!take_shapes(c, r))
		return false;
	for (int i = 0; i < CHUNK_N_COLUMNS; i++) {
		uint64_t len = chunk_take_number(r);

		if (len > rbuf_left(r))
			return false;
		c->columns[i].packed = rbuf_sub(r, len);
	}
	return !r->is_bad && rbuf_left(r) == 0;
}

enum rc
chunk_open(struct chunk **out, const void *bytes, size_t len, struct err *err)
{
	struct chunk *c = mem_new(sizeof *c);
	struct rbuf r = rbuf_over(bytes, len);

	if (!take_head(c, &r)) {
		chunk_free(c);
		return damaged(err, "head");
	}
	*out = c;
	return RC_OK;
}

bool
chunk_has(const struct chunk *c, size_t row, enum chunk_column column)
{
	return (c->has[row] >> column & 1) != 0;
}

/* ---- numbers ---- */

static unsigned
width_of(uint64_t most)
{
	return most == 0            ? 0
	       : most <= UINT8_MAX  ? 1
	       : most <= UINT16_MAX ? 2
	       : most <= UINT32_MAX ? 4
				    : 8;
}

/* Keeps the numbers of all rows, small. */
static void
keep(struct column *to, const int64_t *v, size_t n)
{
	uint64_t most = 0;

	to->least = v[0];
	for (size_t i = 1; i < n; i++)
		to->least = v[i] < to->least ? v[i] : to->least;
	for (size_t i = 0; i < n; i++)
		most |= (uint64_t)v[i] - (uint64_t)to->least;
	to->width = width_of(most);
	to->v = mem_new(n * to->width + 1);
	for (size_t i = 0; i < n; i++) {
		uint64_t over = (uint64_t)v[i] - (uint64_t)to->least;

		if (to->width == 1)
			((uint8_t *)to->v)[i] = (uint8_t)over;
		else if (to->width == 2)
			((uint16_t *)to->v)[i] = (uint16_t)over;
		else if (to->width == 4)
			((uint32_t *)to->v)[i] = (uint32_t)over;
		else if (to->width == 8)
			((uint64_t *)to->v)[i] = over;
	}
	to->is_loaded = true;
}

int64_t
chunk_int(const struct chunk *c, size_t row, enum chunk_column column)
{
	const struct column *from = &c->columns[column];
	uint64_t over = 0;

	if (from->width == 1)
		over = ((const uint8_t *)from->v)[row];
	else if (from->width == 2)
		over = ((const uint16_t *)from->v)[row];
	else if (from->width == 4)
		over = ((const uint32_t *)from->v)[row];
	else if (from->width == 8)
		over = ((const uint64_t *)from->v)[row];
	return (int64_t)((uint64_t)from->least + over);
}

static size_t
count_present(const struct chunk *c, enum chunk_column column)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n; i++)
		n += chunk_has(c, i, column);
	return n;
}

/* From the rows that have it to all rows: from the end, in its place; what is
 * not there is like what is before it. */
static void
spread(const struct chunk *c, enum chunk_column column, int64_t *v, size_t n)
{
	for (size_t i = c->n; i-- > 0;) {
		bool is_there = chunk_has(c, i, column);

		v[i] = n > 0 ? v[n - 1] : v[i + 1 < c->n ? i + 1 : i];
		n -= is_there;
	}
}

static bool
load_ints(struct chunk *c, enum chunk_column column)
{
	struct column *to = &c->columns[column];
	size_t n = count_present(c, column);
	int64_t *v = mem_new(c->n * sizeof *v);
	bool is_good = chunk_take_numbers(&to->packed, v, n) &&
		       rbuf_left(&to->packed) == 0;

	if (is_good) {
		spread(c, column, v, n);
		keep(to, v, c->n);
	}
	free(v);
	return is_good;
}

/* ---- ids and times of receipt ---- */

struct place {
	int64_t vantage, seq;
	uint32_t row;
};

static int
compare_places(const void *left, const void *right)
{
	const struct place *a = left, *b = right;

	if (a->vantage != b->vantage)
		return a->vantage < b->vantage ? -1 : 1;
	if (a->seq != b->seq)
		return a->seq < b->seq ? -1 : 1;
	return (a->row > b->row) - (a->row < b->row);
}

/* The rows by vantage and number: of each vantage those that no run has had
 * yet begin at next. */
struct places {
	struct place *list;
	size_t *next; /* at the place where the vantage begins */
	size_t n;
};

static struct places
places_of(const struct chunk *c)
{
	struct places p = { mem_new(c->n * sizeof *p.list),
		mem_new(c->n * sizeof *p.next), c->n };

	for (size_t i = 0; i < c->n; i++)
		p.list[i] = (struct place){ chunk_int(c, i, CHUNK_VANTAGE),
			chunk_int(c, i, CHUNK_SEQ), (uint32_t)i };
	qsort(p.list, p.n, sizeof *p.list, compare_places);
	for (size_t i = 0; i < p.n; i++)
		p.next[i] = i;
	return p;
}

/* Where a vantage's rows begin; p->n: it has none. */
static size_t
begin_of(const struct places *p, int64_t vantage)
{
	size_t low = 0, high = p->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (p->list[middle].vantage < vantage)
			low = middle + 1;
		else
			high = middle;
	}
	return low < p->n && p->list[low].vantage == vantage ? low : p->n;
}

/* The columns of the runs, and what they are to become. */
struct runs {
	size_t n;
	int64_t *vantage, *len, *id, *received;
};

static bool
take_runs(struct runs *runs, struct rbuf *r)
{
	return chunk_take_numbers(r, runs->vantage, runs->n) &&
	       chunk_take_numbers(r, runs->len, runs->n) &&
	       chunk_take_numbers(r, runs->id, runs->n) &&
	       chunk_take_numbers(r, runs->received, runs->n) &&
	       rbuf_left(r) == 0;
}

/* Gives the rows of each run its ids and its time. */
static bool
follow_runs(
    const struct runs *runs, struct places *p, int64_t *id, int64_t *received)
{
	uint64_t last_id = 0;
	size_t n_done = 0;

	for (size_t k = 0; k < runs->n; k++) {
		size_t begin = begin_of(p, runs->vantage[k]), at;
		uint64_t first_id = last_id + (uint64_t)runs->id[k];

		if (begin == p->n || runs->len[k] < 1)
			return false;
		at = p->next[begin];
		for (int64_t i = 0; i < runs->len[k]; i++, at++, n_done++) {
			const struct place *place = &p->list[at];

			if (at >= p->n || place->vantage != runs->vantage[k])
				return false;
			last_id = first_id + (uint64_t)place->seq -
				  (uint64_t)p->list[p->next[begin]].seq;
			id[place->row] = (int64_t)last_id;
			received[place->row] = runs->received[k];
		}
		p->next[begin] = at;
	}
	return n_done == p->n;
}

static bool
load_runs(struct chunk *c)
{
	struct rbuf *r = &c->columns[CHUNK_ID].packed;
	struct runs runs = { .n = chunk_take_number(r) };
	int64_t *v, *rows = mem_new(2 * c->n * sizeof *rows);
	struct places p = places_of(c);
	bool is_good = !r->is_bad && runs.n >= 1 && runs.n <= c->n &&
		       rbuf_left(&c->columns[CHUNK_RECEIVED].packed) == 0;

	if (!is_good)
		runs.n = 0;
	v = mem_new((4 * runs.n + 1) * sizeof *v);
	runs.vantage = v;
	runs.len = v + runs.n;
	runs.id = v + 2 * runs.n;
	runs.received = v + 3 * runs.n;
	is_good = is_good && take_runs(&runs, r) &&
		  follow_runs(&runs, &p, rows, rows + c->n);
	if (is_good) {
		keep(&c->columns[CHUNK_ID], rows, c->n);
		keep(&c->columns[CHUNK_RECEIVED], rows + c->n, c->n);
	}
	free(p.list);
	free(p.next);
	free(v);
	free(rows);
	return is_good;
}

/* ---- texts ---- */

/* The row's text ends where its line does; *at moves behind that. */
static bool
cut_line(struct column *to, size_t row, uint32_t *at, size_t len)
{
	const char *end = memchr(to->text + *at, '\n', len - *at);

	if (end == NULL)
		return false;
	*at = (uint32_t)(end - to->text) + 1;
	to->end[row] = *at - 1;
	return true;
}

/* One packed text after the other, into one. */
static bool
join_lines(struct column *to, size_t *len)
{
	struct rbuf *r = &to->packed;
	struct chunk_out all = { 0 };
	bool is_good = true;

	while (is_good && rbuf_left(r) > 0) {
		uint64_t text_len = chunk_take_number(r);
		uint64_t packed_len = chunk_take_number(r);
		uint8_t *packed = NULL;
		char *text = NULL;
		size_t got = 0;

		is_good = !r->is_bad && text_len >= 1 &&
			  text_len <= CHUNK_TEXT_MAX - all.len &&
			  packed_len <= PACKED_TIMES * (text_len + 64);
		if (is_good)
			packed = mem_new(packed_len + 1);
		is_good = is_good && chunk_take_bytes(r, packed, packed_len) &&
			  unpack_lines(&text, &got, packed, packed_len,
			      text_len) == RC_OK &&
			  got == text_len;
		if (is_good)
			chunk_put(&all, text, got);
		free(text);
		free(packed);
	}
	free(to->text);
	to->text = (char *)all.bytes;
	*len = all.len;
	return is_good;
}

static bool
load_lines(struct chunk *c, enum chunk_column column)
{
	struct column *to = &c->columns[column];
	uint32_t at = 0;
	size_t len;

	if (!join_lines(to, &len))
		return false;
	for (size_t i = 0; i < c->n; i++) {
		to->end[i] = at;
		if (chunk_has(c, i, column) &&
		    (at >= len || !cut_line(to, i, &at, len)))
			return false;
	}
	return at == len;
}

static bool
load_plain(struct chunk *c, enum chunk_column column)
{
	struct column *to = &c->columns[column];
	size_t n = count_present(c, column), k = 0;
	int64_t *lens = mem_new(c->n * sizeof *lens);
	uint64_t at = 0;
	bool is_good = chunk_take_numbers(&to->packed, lens, n);

	for (size_t i = 0; is_good && i < c->n; i++) {
		if (chunk_has(c, i, column)) {
			is_good = lens[k] >= 0 && lens[k] <= CHUNK_TEXT_MAX;
			at += (uint64_t)lens[k++];
			is_good = is_good && at <= CHUNK_TEXT_MAX;
		}
		to->end[i] = (uint32_t)at;
	}
	free(lens);
	if (!is_good)
		return false;
	free(to->text);
	to->text = mem_new(at + 1);
	return chunk_take_bytes(&to->packed, (uint8_t *)to->text, at) &&
	       rbuf_left(&to->packed) == 0;
}

static bool
load_texts(struct chunk *c, enum chunk_column column)
{
	struct column *to = &c->columns[column];
	bool is_good;
	uint8_t how;

	free(to->end);
	to->end = mem_new(c->n * sizeof *to->end);
	if (count_present(c, column) == 0) {
		is_good = rbuf_left(&to->packed) == 0;
	} else {
		how = rbuf_u8(&to->packed);
		to->width = how == CHUNK_TEXT_LINES; /* what is between them */
		is_good = !to->packed.is_bad && how <= CHUNK_TEXT_LINES &&
			  (how == CHUNK_TEXT_LINES ? load_lines(c, column)
						   : load_plain(c, column));
	}
	to->is_loaded = is_good;
	return is_good;
}

const void *
chunk_bytes(
    const struct chunk *c, size_t row, enum chunk_column column, size_t *len)
{
	const struct column *from = &c->columns[column];
	size_t begin = row == 0 ? 0 : from->end[row - 1];

	/* Behind each line before it, its end. */
	if (row > 0 && from->width == 1 && chunk_has(c, row - 1, column))
		begin++;
	*len = from->end[row] - begin;
	return from->text + begin;
}

enum rc
chunk_load(struct chunk *c, enum chunk_column column, struct err *err)
{
	bool is_run =
	    c->is_by_run && (column == CHUNK_ID || column == CHUNK_RECEIVED);
	enum rc rc = RC_OK;
	bool is_good;

	if (c->columns[column].is_loaded)
		return RC_OK;
	if (is_run)
		rc = chunk_load(c, CHUNK_VANTAGE, err);
	if (is_run && rc == RC_OK)
		rc = chunk_load(c, CHUNK_SEQ, err);
	if (rc != RC_OK)
		return rc;
	if (is_run)
		is_good = load_runs(c);
	else if (chunk_holds(column) == CHUNK_HOLDS_N)
		is_good = load_ints(c, column);
	else
		is_good = load_texts(c, column);
	return is_good ? RC_OK : damaged(err, chunk_column_name(column));
}
