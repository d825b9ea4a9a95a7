/* report_table.c - report.h: the aligned table and the list for terminals. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "collector/report.h"
#include "collector/report_tone.h"
#include "schema/base/clock.h"
#include "schema/base/mem.h"
#include "schema/base/terminal.h"

#define GAP "  "          /* between columns */
#define CUT ".."          /* where the rest of a text was */
#define TEXT_MIN_WIDTH 10 /* what a text is not cut below */

/* Powers of a thousand. */
static const char *
bytes_text(int64_t bytes, char buf[static REPORT_CELL_LEN])
{
	static const char *const units[] = { "B", "kB", "MB", "GB", "TB" };
	double n = (double)bytes;
	size_t u = 0;

	while (n >= 1000 && u + 1 < sizeof units / sizeof *units) {
		n /= 1000;
		u++;
	}
	snprintf(
	    buf, REPORT_CELL_LEN, u == 0 ? "%.0f %s" : "%.1f %s", n, units[u]);
	return buf;
}

const char *
report_cell_text(
    const struct cell *c, enum cell_kind kind, char buf[static REPORT_CELL_LEN])
{
	if (!c->is_set)
		return "-";
	switch (kind) {
	case CELL_TEXT:
		return c->text[0] != '\0' ? c->text : "-";
	case CELL_COUNT:
		snprintf(buf, REPORT_CELL_LEN, "%" PRId64, c->number);
		return buf;
	case CELL_PERCENT:
		snprintf(buf, REPORT_CELL_LEN, "%" PRId64 ".%" PRId64 "%%",
		    c->number / 10, c->number % 10);
		return buf;
	case CELL_PPM:
		snprintf(
		    buf, REPORT_CELL_LEN, "%.4f%%", (double)c->number / 1e4);
		return buf;
	case CELL_MS:
		snprintf(
		    buf, REPORT_CELL_LEN, "%.1f ms", (double)c->number / 1e3);
		return buf;
	case CELL_AGO:
		return report_ago(c->number, buf);
	case CELL_TIME:
		return clock_format(c->number, buf);
	case CELL_TENTHS:
		snprintf(buf, REPORT_CELL_LEN, "%.1f", (double)c->number / 10);
		return buf;
	case CELL_DEGREES:
		snprintf(
		    buf, REPORT_CELL_LEN, "%.4f", (double)c->number / 10000);
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
	char buf[REPORT_CELL_LEN];

	for (size_t i = column; i < r->n_cells; i += r->n_columns) {
		size_t n = strlen(report_cell_text(
		    &r->cells[i], r->columns[column].kind, buf));

		width = n > width ? n : width;
	}
	return width;
}

static bool
is_shown(const struct report *r, size_t column)
{
	return r->columns[column].title != NULL;
}

static size_t
last_shown(const struct report *r)
{
	size_t last = r->n_columns - 1;

	while (!is_shown(r, last))
		last--;
	return last;
}

static bool
is_right(enum cell_kind kind)
{
	return kind != CELL_TEXT && kind != CELL_TIME;
}

/* A table in the making. */
struct table {
	const struct report *report;
	const struct table_look *look;
	size_t *widths; /* by column */
	FILE *to;
};

/* The widest column of texts that can still be cut; n_columns: none. */
static size_t
find_widest(const struct table *t)
{
	const struct report *r = t->report;
	size_t found = r->n_columns;

	for (size_t c = 0; c < r->n_columns; c++) {
		if (is_shown(r, c) && r->columns[c].kind == CELL_TEXT &&
		    t->widths[c] > TEXT_MIN_WIDTH &&
		    (found == r->n_columns || t->widths[c] > t->widths[found]))
			found = c;
	}
	return found;
}

/* Fills the widths; false: it does not fit, however texts are cut. */
static bool
fit(struct table *t)
{
	const struct report *r = t->report;
	size_t sum = 0, room = (size_t)t->look->width;

	for (size_t c = 0; c < r->n_columns; c++) {
		if (!is_shown(r, c))
			continue;
		t->widths[c] = column_width(r, c);
		sum += t->widths[c] + (sum > 0 ? strlen(GAP) : 0);
	}
	for (; room > 0 && sum > room; sum--) {
		size_t c = find_widest(t);

		if (c == r->n_columns)
			return false;
		t->widths[c]--;
	}
	return true;
}

/* The last column is not padded: no blanks at the end of a line. */
static void
print_cell(const struct table *t, size_t c, const char *text, enum tone tone)
{
	bool is_last = c == last_shown(t->report);
	size_t width = t->widths[c], len = strlen(text);
	size_t shown = len > width ? width - strlen(CUT) : len;
	int pad = (int)(len > width ? 0 : width - len);
	const char *begin = t->look->has_colour ? report_tone_begin(tone) : "";

	if (is_right(t->report->columns[c].kind))
		fprintf(t->to, "%*s", pad, "");
	fprintf(t->to, "%s%.*s%s%s", begin, (int)shown, text,
	    len > width ? CUT : "", begin[0] != '\0' ? REPORT_TONE_END : "");
	if (!is_last && !is_right(t->report->columns[c].kind))
		fprintf(t->to, "%*s", pad, "");
	fputs(is_last ? "\n" : GAP, t->to);
}

static void
print_heading(const struct table *t)
{
	for (size_t c = 0; c < t->report->n_columns; c++)
		if (is_shown(t->report, c))
			print_cell(t, c, t->report->columns[c].title, TONE_DIM);
}

static void
print_row(const struct table *t, size_t row)
{
	const struct report *r = t->report;
	char buf[REPORT_CELL_LEN];

	for (size_t c = 0; c < r->n_columns; c++) {
		const struct column *column = &r->columns[c];
		const char *text;

		if (!is_shown(r, c))
			continue;
		text = report_cell_text(
		    &r->cells[row * r->n_columns + c], column->kind, buf);
		print_cell(t, c, text, report_tone(column->key, text));
	}
}

void
report_print_table_as(const struct report *r, const char *empty,
    const struct table_look *look, FILE *to)
{
	struct table t = { .report = r, .look = look, .to = to };

	if (r->n_cells == 0) {
		fprintf(to, "%s\n", empty);
		return;
	}
	t.widths = mem_new(r->n_columns * sizeof *t.widths);
	if (fit(&t)) {
		print_heading(&t);
		for (size_t row = 0; row < report_n_rows(r); row++)
			print_row(&t, row);
	} else {
		report_print_list(r, to);
	}
	free(t.widths);
}

void
report_print_table(const struct report *r, const char *empty, FILE *to)
{
	struct table_look look = { terminal_width(to),
		terminal_has_colour(to) };

	report_print_table_as(r, empty, &look, to);
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
	char buf[REPORT_CELL_LEN];

	for (size_t i = 0; i < r->n_cells; i++) {
		const struct column *column = &r->columns[i % r->n_columns];

		if (i > 0 && i % r->n_columns == 0)
			putc('\n', to);
		fprintf(to, "%-*.*s  %s\n", width, label_length(column->key),
		    column->key,
		    report_cell_text(&r->cells[i], column->kind, buf));
	}
}
