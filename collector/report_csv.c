/* report_csv.c - report.h: comma-separated values (RFC 4180). */
#include <inttypes.h>
#include <string.h>

#include "collector/report.h"
#include "schema/base/clock.h"

/* A field with a comma or a quote is quoted, a quote is doubled (section 2,
 * rules 6 and 7).  Safe text holds no line break.  What a spreadsheet would
 * take for a formula begins with a code in place of its first character, as
 * bytes that no text has do. */
static void
print_text(const char *text, FILE *to)
{
	bool is_quoted = strpbrk(text, ",\"") != NULL;

	if (is_quoted)
		putc('"', to);
	if (*text != '\0' && strchr("=+-@", *text) != NULL)
		fprintf(to, "\\x%02x", (unsigned char)*text++);
	for (; *text != '\0'; text++) {
		if (*text == '"')
			putc('"', to);
		putc(*text, to);
	}
	if (is_quoted)
		putc('"', to);
}

static void
print_cell(const struct cell *c, enum cell_kind kind, FILE *to)
{
	char buf[CLOCK_TEXT_LEN];

	if (!c->is_set)
		return;
	if (kind == CELL_TEXT)
		print_text(c->text, to);
	else if (kind == CELL_TIME)
		fputs(clock_format(c->number, buf), to);
	else if (kind == CELL_PERCENT || kind == CELL_TENTHS)
		fprintf(
		    to, "%" PRId64 ".%" PRId64, c->number / 10, c->number % 10);
	else if (kind == CELL_DEGREES || kind == CELL_PPM)
		fprintf(to, "%.4f", (double)c->number / 1e4);
	else
		fprintf(to, "%" PRId64, c->number);
}

void
report_print_csv(const struct report *r, FILE *to)
{
	for (size_t c = 0; c < r->n_columns; c++)
		fprintf(to, "%s%s", c > 0 ? "," : "", r->columns[c].key);
	fputs("\r\n", to);
	for (size_t i = 0, c = 0; i < r->n_cells; i++) {
		print_cell(&r->cells[i], r->columns[c].kind, to);
		c = c + 1 == r->n_columns ? 0 : c + 1;
		fputs(c == 0 ? "\r\n" : ",", to);
	}
}
