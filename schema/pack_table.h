/*
 * pack_table.h - shapes, lines and numbers of a packed text.         (pure)
 *
 * Used by  schema/pack.c, schema/unpack.c
 *
 * The numbers of all lines stand in one array, in columns: shape by shape, and
 * of a shape first number by first number, in the order of its lines.
 */
#ifndef SCHEMA_PACK_TABLE_H
#define SCHEMA_PACK_TABLE_H

#include <stddef.h>
#include <stdint.h>

#define PACK_MAGIC "CWP1"
#define PACK_MAGIC_LEN 4
#define PACK_HOLE '\1' /* stands for a number in a shape */
#define PACK_BYTES 8   /* of a number, at most */

struct pack_shape {
	const char *text; /* with its line feed; lent */
	size_t len;
	size_t n_numbers; /* holes in it */
	size_t n_lines;   /* that have this shape */
	size_t base;      /* of its columns, in numbers */
	size_t n_seen;    /* of its lines, while they are gone through */
};

struct pack_table {
	size_t n_shapes, n_lines, n_numbers;
	struct pack_shape *shapes;
	uint16_t *shape_of; /* line by line */
	uint64_t *numbers;
};

/* Sets bases and n_numbers from the shapes and their n_lines. */
void pack_table_lay_out(struct pack_table *t);

/* What the numbers of the next line are compared with. */
struct pack_cursor {
	const struct pack_table *table;
	const struct pack_shape *shape; /* of the line */
	size_t place;                   /* of the line among its shape's */
	const struct pack_shape *like;  /* another shape, for the first; NULL */
	const struct pack_shape *of_count[256]; /* the last, by n_numbers */
	uint64_t before[2]; /* first two numbers of the line before */
};

/* Goes to the next line, whose shape this is. */
void pack_cursor_next(struct pack_cursor *c, struct pack_shape *shape);

/* Where number k of the line stands in the table. */
size_t pack_cursor_at(const struct pack_cursor *c, size_t k);

/* What number k of the line is expected to be.  The numbers before it, and
 * those of all lines before, are in the table. */
uint64_t pack_cursor_expect(const struct pack_cursor *c, size_t k);

/* The line's numbers are in the table: it is the line before, from now on. */
void pack_cursor_done(struct pack_cursor *c);

void pack_table_fini(struct pack_table *t);

#endif
