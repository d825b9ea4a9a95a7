/* unpack.c - packed lines back into text; see pack.h. */
#include "schema/pack.h"

#include <stdlib.h>
#include <string.h>

#include "schema/base/bytes.h"
#include "schema/base/mem.h"
#include "schema/pack_table.h"

bool
pack_is_packed(const void *bytes, size_t len)
{
	return len >= PACK_MAGIC_LEN &&
	       memcmp(bytes, PACK_MAGIC, PACK_MAGIC_LEN) == 0;
}

bool
pack_is_newer(const void *bytes, size_t len)
{
	return len >= PACK_MAGIC_LEN && !pack_is_packed(bytes, len) &&
	       memcmp(bytes, PACK_MAGIC, PACK_MAGIC_LEN - 1) == 0;
}

/* Cuts the shapes' text into lines.  There are at most as many as lines. */
static enum rc
read_shapes(struct pack_table *t, struct rbuf *r, size_t len)
{
	const char *p = (const char *)rbuf_take(r, len);
	const char *end;

	if (p == NULL)
		return RC_MALFORMED;
	for (end = p + len; p < end; t->n_shapes++) {
		struct pack_shape *s = &t->shapes[t->n_shapes];
		const char *newline = memchr(p, '\n', (size_t)(end - p));

		if (newline == NULL || t->n_shapes == t->n_lines)
			return RC_MALFORMED;
		*s = (struct pack_shape){ .text = p };
		s->len = (size_t)(newline + 1 - p);
		for (; p <= newline; p++)
			s->n_numbers += *p == PACK_HOLE;
	}
	return RC_OK;
}

static enum rc
read_lines(struct pack_table *t, struct rbuf *r)
{
	const uint8_t *high = rbuf_take(r, t->n_lines);
	const uint8_t *low = rbuf_take(r, t->n_lines);

	if (low == NULL)
		return RC_MALFORMED;
	for (size_t i = 0; i < t->n_lines; i++) {
		t->shape_of[i] = (uint16_t)(high[i] << 8 | low[i]);
		if (t->shape_of[i] >= t->n_shapes)
			return RC_MALFORMED;
		t->shapes[t->shape_of[i]].n_lines++;
	}
	pack_table_lay_out(t);
	return RC_OK;
}

static enum rc
read_numbers(struct pack_table *t, struct rbuf *r)
{
	const uint8_t *widths;

	if (t->n_numbers > rbuf_left(r)) /* before anything is made of it */
		return RC_MALFORMED;
	widths = rbuf_take(r, t->n_numbers);
	t->numbers = mem_new((t->n_numbers + 1) * sizeof *t->numbers);
	for (size_t i = 0; i < t->n_numbers; i++)
		if (widths[i] > PACK_BYTES)
			return RC_MALFORMED;
	for (unsigned plane = PACK_BYTES; plane-- > 0;)
		for (size_t i = 0; i < t->n_numbers; i++)
			if (widths[i] > plane)
				t->numbers[i] |= (uint64_t)rbuf_u8(r)
						 << 8 * plane;
	return r->is_bad || rbuf_left(r) > 0 ? RC_MALFORMED : RC_OK;
}

static enum rc
read_table(struct pack_table *t, struct rbuf *r)
{
	size_t shapes_len;
	enum rc rc;

	rbuf_skip(r, PACK_MAGIC_LEN);
	t->n_lines = rbuf_u32(r);
	shapes_len = rbuf_u32(r);
	if (t->n_lines > PACK_LINES_MAX)
		return RC_LIMIT;
	if (t->n_lines == 0)
		return RC_MALFORMED;
	t->shapes = mem_grow(NULL, t->n_lines + 1, sizeof *t->shapes);
	t->shape_of = mem_grow(NULL, t->n_lines + 1, sizeof *t->shape_of);
	rc = read_shapes(t, r, shapes_len);
	if (rc == RC_OK)
		rc = read_lines(t, r);
	return rc == RC_OK ? read_numbers(t, r) : rc;
}

static uint64_t
unfold(uint64_t v)
{
	return v >> 1 ^ (0 - (v & 1));
}

/* Each difference in the table becomes the number itself, line by line. */
static void
add_up(struct pack_table *t)
{
	struct pack_cursor c = { .table = t };

	for (size_t i = 0; i < t->n_lines; i++) {
		pack_cursor_next(&c, &t->shapes[t->shape_of[i]]);
		for (size_t k = 0; k < c.shape->n_numbers; k++) {
			size_t at = pack_cursor_at(&c, k);

			t->numbers[at] =
			    pack_cursor_expect(&c, k) + unfold(t->numbers[at]);
		}
		pack_cursor_done(&c);
	}
}

static size_t
count_digits(uint64_t v)
{
	size_t n = 1;

	while ((v /= 10) > 0)
		n++;
	return n;
}

static size_t
line_length(
    const struct pack_table *t, const struct pack_shape *s, size_t place)
{
	size_t len = s->len - s->n_numbers;

	for (size_t k = 0; k < s->n_numbers; k++)
		len +=
		    count_digits(t->numbers[s->base + k * s->n_lines + place]);
	return len;
}

/* The length of all lines, or something over max. */
static size_t
text_length(struct pack_table *t, size_t max)
{
	size_t len = 0;

	pack_table_lay_out(t); /* once more from the first line */
	for (size_t i = 0; i < t->n_lines && len <= max; i++) {
		struct pack_shape *s = &t->shapes[t->shape_of[i]];

		len += line_length(t, s, s->n_seen++);
	}
	return len;
}

static char *
put_number(char *to, uint64_t v)
{
	size_t n = count_digits(v);

	for (size_t k = n; k-- > 0; v /= 10)
		to[k] = (char)('0' + v % 10);
	return to + n;
}

/* Writes one line; returns its end. */
static char *
put_line(char *to, const struct pack_table *t, const struct pack_shape *s,
    size_t place)
{
	const uint64_t *number = t->numbers + s->base + place;
	const char *p = s->text, *end = s->text + s->len, *hole;

	while ((hole = memchr(p, PACK_HOLE, (size_t)(end - p))) != NULL) {
		memcpy(to, p, (size_t)(hole - p));
		to = put_number(to + (hole - p), *number);
		number += s->n_lines;
		p = hole + 1;
	}
	memcpy(to, p, (size_t)(end - p));
	return to + (end - p);
}

static void
put_lines(char *to, struct pack_table *t)
{
	pack_table_lay_out(t); /* and once more */
	for (size_t i = 0; i < t->n_lines; i++) {
		struct pack_shape *s = &t->shapes[t->shape_of[i]];

		to = put_line(to, t, s, s->n_seen++);
	}
}

static enum rc
write_text(char **out, size_t *out_len, struct pack_table *t, size_t max)
{
	size_t len;

	add_up(t);
	len = text_length(t, max);
	if (len > max)
		return RC_LIMIT;
	*out = mem_grow(NULL, len, 1);
	*out_len = len;
	put_lines(*out, t);
	return RC_OK;
}

enum rc
unpack_lines(
    char **out, size_t *out_len, const void *bytes, size_t len, size_t max)
{
	struct rbuf r = rbuf_over(bytes, len);
	struct pack_table t = { 0 };
	enum rc rc = RC_MALFORMED;

	if (pack_is_packed(bytes, len))
		rc = read_table(&t, &r);
	if (rc == RC_OK)
		rc = write_text(out, out_len, &t, max);
	pack_table_fini(&t);
	return rc;
}
