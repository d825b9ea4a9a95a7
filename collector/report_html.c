/* report_html.c - report.h: one page that needs nothing else. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "collector/report.h"
#include "collector/report_tone.h"

#define PLOT_WIDTH 800
#define PLOT_HEIGHT 120

static const char head[] =
    "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" "
    "content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
    "<meta name=\"viewport\" content=\"width=device-width\">\n"
    "<style>\n"
    ":root{color-scheme:light dark}\n"
    "body{font:15px/1.5 system-ui,sans-serif;margin:2em auto;max-width:70em;"
    "padding:0 1em}\n"
    "h1{font:600 1.1em ui-monospace,monospace}\n"
    "table{border-collapse:collapse;font-variant-numeric:tabular-nums;"
    "display:block;overflow-x:auto}\n"
    "th,td{padding:.25em .8em;text-align:left;"
    "border-bottom:1px solid #8884;white-space:nowrap}\n"
    "th.n,td.n{text-align:right}\n"
    ".bar{display:inline-block;height:.7em;background:#0072b2;"
    "margin-right:.5em}\n"
    ".good{color:#007a55}.warning{color:#a35a00}.bad{color:#c0392b;"
    "font-weight:600}.dim{opacity:.7}\n"
    "@media(prefers-color-scheme:dark){.good{color:#4cc9a0}"
    ".warning{color:#f0ad4e}.bad{color:#ff7b6b}}\n"
    "svg{width:100%;height:auto;border-bottom:1px solid #8884}\n"
    "polyline{fill:none;stroke:#0072b2;stroke-width:1.5;"
    "vector-effect:non-scaling-stroke}\n"
    "</style>\n";

static const char *const classes[] = { [TONE_PLAIN] = "",
	[TONE_GOOD] = "good",
	[TONE_WARNING] = "warning",
	[TONE_BAD] = "bad",
	[TONE_DIM] = "dim" };

static void
print_escaped(const char *text, FILE *to)
{
	for (; *text != '\0'; text++) {
		switch (*text) {
		case '&':
			fputs("&amp;", to);
			break;
		case '<':
			fputs("&lt;", to);
			break;
		case '>':
			fputs("&gt;", to);
			break;
		case '"':
			fputs("&quot;", to);
			break;
		default:
			putc(*text, to);
		}
	}
}

static bool
is_number(enum cell_kind kind)
{
	return kind != CELL_TEXT && kind != CELL_TIME;
}

static void
print_cell(const struct column *column, const struct cell *c, FILE *to)
{
	char buf[REPORT_CELL_LEN];
	const char *text = report_cell_text(c, column->kind, buf);
	enum tone tone = report_tone(column->key, text);

	fprintf(to, "<td class=\"%s%s\">", is_number(column->kind) ? "n " : "",
	    classes[tone]);
	if (column->kind == CELL_PERCENT && c->is_set && c->number > 0)
		fprintf(to,
		    "<span class=\"bar\" style=\"width:%.1fem\"></span>",
		    (double)(c->number > 1000 ? 1000 : c->number) / 200);
	print_escaped(text, to);
	fputs("</td>", to);
}

static void
print_table(const struct report *r, FILE *to)
{
	fputs("<table>\n<thead><tr>", to);
	for (size_t c = 0; c < r->n_columns; c++) {
		if (r->columns[c].title == NULL)
			continue;
		fputs(
		    is_number(r->columns[c].kind) ? "<th class=\"n\">" : "<th>",
		    to);
		print_escaped(r->columns[c].title, to);
		fputs("</th>", to);
	}
	fputs("</tr></thead>\n<tbody>\n", to);
	for (size_t i = 0; i < r->n_cells; i++) {
		size_t c = i % r->n_columns;

		if (c == 0)
			fputs("<tr>", to);
		if (r->columns[c].title != NULL)
			print_cell(&r->columns[c], &r->cells[i], to);
		if (c + 1 == r->n_columns)
			fputs("</tr>\n", to);
	}
	fputs("</tbody>\n</table>\n", to);
}

/* The column's numbers as a line from left to right; gaps where there is none. */
static void
print_plot(const struct report *r, size_t column, FILE *to)
{
	size_t n = report_n_rows(r);
	int64_t high = 1;
	bool is_open = false;

	for (size_t i = 0; i < n; i++)
		if (r->cells[i * r->n_columns + column].number > high)
			high = r->cells[i * r->n_columns + column].number;
	fputs("<h2>", to);
	print_escaped(r->columns[column].title, to);
	fprintf(to,
	    "</h2>\n<svg viewBox=\"0 0 %d %d\" preserveAspectRatio=\"none\" "
	    "role=\"img\" aria-label=\"the numbers are in the table below\">\n",
	    PLOT_WIDTH, PLOT_HEIGHT);
	for (size_t i = 0; i < n; i++) {
		const struct cell *c = &r->cells[i * r->n_columns + column];

		if (c->is_set && !is_open)
			fputs("<polyline points=\"", to);
		if (c->is_set)
			fprintf(to, "%.1f,%.1f ",
			    (double)i * PLOT_WIDTH /
				(double)(n > 1 ? n - 1 : 1),
			    PLOT_HEIGHT - (double)c->number *
					      (PLOT_HEIGHT - 4) / (double)high);
		else if (is_open)
			fputs("\"/>\n", to);
		is_open = c->is_set;
	}
	fputs(is_open ? "\"/>\n</svg>\n" : "</svg>\n", to);
}

/* Rows that are steps of time have their numbers plotted. */
static void
print_plots(const struct report *r, FILE *to)
{
	bool is_course = false;

	for (size_t c = 0; c < r->n_columns; c++)
		is_course |= strcmp(r->columns[c].key, "at") == 0;
	for (size_t c = 0; is_course && c < r->n_columns; c++)
		if (r->columns[c].title != NULL &&
		    (r->columns[c].kind == CELL_MS ||
			r->columns[c].kind == CELL_PERCENT))
			print_plot(r, c, to);
}

void
report_print_html(
    const struct report *r, const char *title, const char *empty, FILE *to)
{
	fputs(head, to);
	fputs("<title>", to);
	print_escaped(title, to);
	fputs("</title>\n<h1>", to);
	print_escaped(title, to);
	fputs("</h1>\n", to);
	if (r->n_cells == 0) {
		fputs("<p>", to);
		print_escaped(empty, to);
		fputs("</p>\n", to);
		return;
	}
	print_plots(r, to);
	print_table(r, to);
}
