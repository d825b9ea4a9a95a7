/* pack.c - see pack.h; the way back is unpack.c. */
#include "schema/pack.h"

#include <stdlib.h>
#include <string.h>

#include "schema/base/bytes.h"
#include "schema/base/mem.h"
#include "schema/pack_table.h"

#define DIGITS_MAX 19 /* they fit 64 bits */

struct packing {
	struct pack_table table;
	char *shapes;      /* text of the distinct ones; as long as the input */
	size_t shapes_len; /* used */
	uint64_t *in_order; /* numbers, line by line */
	size_t n_in_order;
	uint64_t *hashes; /* of the shapes' texts */
};

/* How many digits at p are a number that is written so and not otherwise. */
static size_t
count_digits(const char *p, const char *end)
{
	size_t n = 0;

	while (p + n < end && p[n] >= '0' && p[n] <= '9')
		n++;
	return n > DIGITS_MAX || (n > 1 && *p == '0') ? 0 : n;
}

static uint64_t
read_digits(const char *p, size_t n)
{
	uint64_t v = 0;

	for (size_t i = 0; i < n; i++)
		v = v * 10 + (uint64_t)(p[i] - '0');
	return v;
}

/* Takes the numbers out of a line; its shape is written behind the others.
 * Digits within a string are text: hexadecimal, or an address. */
static struct pack_shape
take_line(struct packing *p, const char *line, const char *end)
{
	char *to = p->shapes + p->shapes_len;
	struct pack_shape s = { .text = to };
	bool is_string = false;

	while (line < end) {
		size_t n = is_string ? 0 : count_digits(line, end);

		if (n > 0) {
			p->in_order[p->n_in_order++] = read_digits(line, n);
			s.n_numbers++;
			*to++ = PACK_HOLE;
			line += n;
			continue;
		}
		if (*line == '"')
			is_string = !is_string;
		else if (*line == '\\' && is_string && line + 1 < end)
			*to++ = *line++;
		*to++ = *line++;
	}
	s.len = (size_t)(to - s.text);
	return s;
}

/* The place of a shape among the distinct ones, to which it is added. */
static uint16_t
place_shape(struct packing *p, const struct pack_shape *s)
{
	uint64_t hash = bytes_hash(BYTES_HASH_START, s->text, s->len);
	struct pack_table *t = &p->table;
	size_t i = 0;

	while (i < t->n_shapes &&
	       !(p->hashes[i] == hash && t->shapes[i].len == s->len &&
		   memcmp(t->shapes[i].text, s->text, s->len) == 0))
		i++;
	if (i == t->n_shapes) {
		t->shapes[t->n_shapes++] = *s;
		p->hashes[i] = hash;
		p->shapes_len += s->len;
	}
	t->shapes[i].n_lines++;
	return (uint16_t)i;
}

static enum rc
check_text(const char *text, size_t len, size_t *n_lines)
{
	*n_lines = 0;
	if (len == 0 || text[len - 1] != '\n' ||
	    memchr(text, PACK_HOLE, len) != NULL)
		return RC_MALFORMED;
	for (size_t i = 0; i < len; i++)
		if (text[i] == '\n' && ++*n_lines > PACK_LINES_MAX)
			return RC_LIMIT;
	return RC_OK;
}

static void
take_lines(struct packing *p, const char *text, size_t len)
{
	const char *end = text + len;

	while (text < end) {
		const char *next =
		    (const char *)memchr(text, '\n', (size_t)(end - text)) + 1;
		struct pack_shape s = take_line(p, text, next);

		p->table.shape_of[p->table.n_lines++] = place_shape(p, &s);
		text = next;
	}
}

/* From line by line to columns. */
static void
turn(struct packing *p)
{
	struct pack_table *t = &p->table;
	const uint64_t *from = p->in_order;

	pack_table_lay_out(t);
	for (size_t i = 0; i < t->n_lines; i++) {
		struct pack_shape *s = &t->shapes[t->shape_of[i]];

		for (size_t k = 0; k < s->n_numbers; k++)
			t->numbers[s->base + k * s->n_lines + s->n_seen] =
			    *from++;
		s->n_seen++;
	}
	pack_table_lay_out(t); /* nothing is seen yet */
}

/* A difference as a number that is small when the difference is, whatever its
 * sign. */
static uint64_t
fold(uint64_t difference)
{
	return difference << 1 ^ (0 - (difference >> 63));
}

/* Each number becomes its difference; gives them in columns. */
static uint64_t *
new_differences(struct pack_table *t)
{
	uint64_t *d = mem_grow(NULL, t->n_numbers + 1, sizeof *d);
	struct pack_cursor c = { .table = t };

	for (size_t i = 0; i < t->n_lines; i++) {
		pack_cursor_next(&c, &t->shapes[t->shape_of[i]]);
		for (size_t k = 0; k < c.shape->n_numbers; k++) {
			size_t at = pack_cursor_at(&c, k);

			d[at] =
			    fold(t->numbers[at] - pack_cursor_expect(&c, k));
		}
		pack_cursor_done(&c);
	}
	return d;
}

static uint8_t
width_of(uint64_t v)
{
	uint8_t n = 0;

	for (; v != 0; v >>= 8)
		n++;
	return n;
}

static void
write_numbers(struct wbuf *w, const uint64_t *d, size_t n)
{
	for (size_t i = 0; i < n; i++)
		wbuf_u8(w, width_of(d[i]));
	for (unsigned plane = PACK_BYTES; plane-- > 0;)
		for (size_t i = 0; i < n; i++)
			if (width_of(d[i]) > plane)
				wbuf_u8(w, (uint8_t)(d[i] >> 8 * plane));
}

static void
write_packed(struct wbuf *w, struct packing *p)
{
	struct pack_table *t = &p->table;
	uint64_t *d = new_differences(t);

	wbuf_put(w, PACK_MAGIC, PACK_MAGIC_LEN);
	wbuf_u32(w, (uint32_t)t->n_lines);
	wbuf_u32(w, (uint32_t)p->shapes_len);
	wbuf_put(w, p->shapes, p->shapes_len);
	for (size_t i = 0; i < t->n_lines; i++)
		wbuf_u8(w, (uint8_t)(t->shape_of[i] >> 8));
	for (size_t i = 0; i < t->n_lines; i++)
		wbuf_u8(w, (uint8_t)t->shape_of[i]);
	write_numbers(w, d, t->n_numbers);
	free(d);
}

enum rc
pack_lines(uint8_t **out, size_t *out_len, const char *text, size_t len)
{
	struct packing p = { 0 };
	struct wbuf w;
	size_t n, cap;
	enum rc rc = check_text(text, len, &n);

	if (rc != RC_OK)
		return rc;
	p.shapes = mem_grow(NULL, len, 1);
	/* Something stands between two numbers. */
	p.in_order = mem_grow(NULL, len / 2 + 1, sizeof *p.in_order);
	p.hashes = mem_grow(NULL, n, sizeof *p.hashes);
	p.table.shapes = mem_grow(NULL, n, sizeof *p.table.shapes);
	p.table.shape_of = mem_grow(NULL, n, sizeof *p.table.shape_of);
	take_lines(&p, text, len);
	p.table.numbers =
	    mem_grow(NULL, p.n_in_order + 1, sizeof *p.table.numbers);
	turn(&p);
	cap = PACK_MAGIC_LEN + 8 + p.shapes_len + 2 * n +
	      p.table.n_numbers * (1 + PACK_BYTES);
	*out = mem_grow(NULL, cap, 1);
	w = wbuf_over(*out, cap);
	write_packed(&w, &p);
	*out_len = w.len;
	pack_table_fini(&p.table);
	free(p.hashes);
	free(p.in_order);
	free(p.shapes);
	return RC_OK;
}
