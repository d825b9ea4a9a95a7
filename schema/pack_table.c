/* pack_table.c - see pack_table.h. */
#include "schema/pack_table.h"

#include <stdlib.h>

#define COUNTS (sizeof((struct pack_cursor){ 0 }.of_count) / sizeof(void *))

void
pack_table_lay_out(struct pack_table *t)
{
	t->n_numbers = 0;
	for (size_t i = 0; i < t->n_shapes; i++) {
		struct pack_shape *s = &t->shapes[i];

		s->base = t->n_numbers;
		s->n_seen = 0;
		t->n_numbers += s->n_numbers * s->n_lines;
	}
}

void
pack_cursor_next(struct pack_cursor *c, struct pack_shape *shape)
{
	c->shape = shape;
	c->place = shape->n_seen++;
	c->like =
	    shape->n_numbers < COUNTS ? c->of_count[shape->n_numbers] : NULL;
}

static size_t
at(const struct pack_shape *s, size_t place, size_t k)
{
	return s->base + k * s->n_lines + place;
}

size_t
pack_cursor_at(const struct pack_cursor *c, size_t k)
{
	return at(c->shape, c->place, k);
}

/* The first number counts the lines; of a new shape, the second is near the
 * line before, the others near the last line that has as many. */
uint64_t
pack_cursor_expect(const struct pack_cursor *c, size_t k)
{
	const uint64_t *numbers = c->table->numbers;

	if (k == 0)
		return c->before[0] + 1;
	if (c->place > 0)
		return numbers[at(c->shape, c->place - 1, k)];
	if (k == 1)
		return c->before[1];
	if (c->like != NULL)
		return numbers[at(c->like, c->like->n_seen - 1, k)];
	return 0;
}

void
pack_cursor_done(struct pack_cursor *c)
{
	const struct pack_shape *s = c->shape;

	for (size_t k = 0; k < 2; k++)
		c->before[k] = k < s->n_numbers
				   ? c->table->numbers[pack_cursor_at(c, k)]
				   : 0;
	if (s->n_numbers < COUNTS)
		c->of_count[s->n_numbers] = s;
}

void
pack_table_fini(struct pack_table *t)
{
	free(t->shapes);
	free(t->shape_of);
	free(t->numbers);
}
