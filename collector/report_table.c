/* report_table.c - report.h: the aligned table and the list for terminals. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "collector/report.h"
#include "schema/base/clock.h"
#include "schema/base/mem.h"

#define NUMBER_LEN 40

/* Powers of a thousand. */
static const char *
bytes_text(int64_t bytes, char buf[static NUMBER_LEN])
{
	static const char *const units[] = { "B", "kB", "MB", "GB", "TB" };
	double n = (double)bytes;
	size_t u = 0;

	while (n >= 1000 && u + 1 < sizeof units / sizeof *units) {
		n /= 1000;
		u++;
	}
	snprintf(buf, NUMBER_LEN, u == 0 ? "%.0f %s" : "%.1f %s", n, units[u]);
	return buf;
}

static const char *
cell_text(
    const struct cell *c, enum cell_kind kind, char buf[static NUMBER_LEN])
{
	if (!c->is_set)
		return "-";
	switch (kind) {
	case CELL_TEXT:
		return c->text[0] != '\0' ? c->text : "-";
	case CELL_COUNT:
		snprintf(buf, NUMBER_LEN, "%" PRId64, c->number);
		return buf;
	case CELL_PERCENT:
		snprintf(buf, NUMBER_LEN, "%" PRId64 ".%" PRId64 "%%",
		    c->number / 10, c->number % 10);
		return buf;
	case CELL_MS:
		snprintf(buf, NUMBER_LEN, "%.1f ms", (double)c->number / 1e3);
		return buf;
	case CELL_AGO:
		return report_ago(c->number, buf);
	case CELL_TIME:
		return clock_format(c->number, buf);
	case CELL_TENTHS:
		snprintf(buf, NUMBER_LEN, "%.1f", (double)c->number / 10);
		return buf;
	case CELL_DEGREES:
		snprintf(buf, NUMBER_LEN, "%.4f", (double)c->number / 10000);
		return buf;
	case CELL_BYTES:
		return bytes_text(c->number, buf);
	}
	return "-";
}

static size_t
column_width(const struct report *r, size_t column)
{
	size_t width = strlen(r->columns[column].title);
	char buf[NUMBER_LEN];

	for (size_t i = column; i < r->n_cells; i += r->n_columns) {
		size_t n = strlen(
		    cell_text(&r->cells[i], r->columns[column].kind, buf));

		width = n > width ? n : width;
	}
	return width;
}

/* The last column is not padded: no blanks at the end of a line. */
static void
print_cell(
    const char *text, size_t width, bool to_right, bool is_last, FILE *to)
{
	if (to_right)
		fprintf(to, "%*s", (int)width, text);
	else if (is_last)
		fputs(text, to);
	else
		fprintf(to, "%-*s", (int)width, text);
	fputs(is_last ? "\n" : "  ", to);
}

static bool
is_right(enum cell_kind kind)
{
	return kind != CELL_TEXT && kind != CELL_TIME;
}

/* row 0 is the heading, row i + 1 the report's row i. */
static void
print_row(const struct report *r, size_t row, const size_t *widths, FILE *to)
{
	size_t last = r->n_columns - 1;
	char buf[NUMBER_LEN];

	while (r->columns[last].title == NULL)
		last--;
	for (size_t c = 0; c <= last; c++) {
		const struct column *column = &r->columns[c];
		const char *text = column->title;

		if (text == NULL)
			continue;
		if (row > 0)
			text =
			    cell_text(&r->cells[(row - 1) * r->n_columns + c],
				column->kind, buf);
		print_cell(
		    text, widths[c], is_right(column->kind), c == last, to);
	}
}

void
report_print_table(const struct report *r, const char *empty, FILE *to)
{
	size_t *widths;

	if (r->n_cells == 0) {
		fprintf(to, "%s\n", empty);
		return;
	}
	widths = mem_new(r->n_columns * sizeof *widths);
	for (size_t c = 0; c < r->n_columns; c++)
		if (r->columns[c].title != NULL)
			widths[c] = column_width(r, c);
	for (size_t row = 0; row <= report_n_rows(r); row++)
		print_row(r, row, widths, to);
	free(widths);
}

/* The key without its unit: the value is printed with one. */
static int
label_length(const char *key)
{
	size_t n = strlen(key);

	return (int)(n > 3 && strcmp(key + n - 3, "_us") == 0 ? n - 3 : n);
}

static int
label_width(const struct report *r)
{
	int width = 14;

	for (size_t c = 0; c < r->n_columns; c++) {
		int n = label_length(r->columns[c].key);

		width = n > width ? n : width;
	}
	return width;
}

void
report_print_list(const struct report *r, FILE *to)
{
	int width = label_width(r);
	char buf[NUMBER_LEN];

	for (size_t i = 0; i < r->n_cells; i++) {
		const struct column *column = &r->columns[i % r->n_columns];

		if (i > 0 && i % r->n_columns == 0)
			putc('\n', to);
		fprintf(to, "%-*.*s  %s\n", width, label_length(column->key),
		    column->key, cell_text(&r->cells[i], column->kind, buf));
	}
}
