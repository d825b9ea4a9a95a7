/* report.c - see report.h: filling, and text made safe. */
#include "collector/report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "schema/base/clock.h"
#include "schema/base/mem.h"
#include "schema/base/text.h"

void
report_init(struct report *r, const struct column *columns, size_t n)
{
	*r = (struct report){ .columns = columns, .n_columns = n };
}

void
report_fini(struct report *r)
{
	for (size_t i = 0; i < r->n_cells; i++)
		free(r->cells[i].text);
	free(r->cells);
	*r = (struct report){ 0 };
}

size_t
report_n_rows(const struct report *r)
{
	return r->n_cells / r->n_columns;
}

/* Grows by doubling, at powers of two. */
static struct cell *
next_cell(struct report *r)
{
	size_t n = r->n_cells;

	if ((n & (n - 1)) == 0)
		r->cells =
		    mem_grow(r->cells, n == 0 ? 1 : 2 * n, sizeof *r->cells);
	r->cells[n] = (struct cell){ 0 };
	r->n_cells++;
	return &r->cells[n];
}

void
report_text(struct report *r, const char *text)
{
	struct cell *c = next_cell(r);

	c->is_set = text != NULL;
	c->text = report_safe(text);
}

void
report_number(struct report *r, int64_t number)
{
	report_number_if(r, true, number);
}

void
report_number_if(struct report *r, bool has, int64_t number)
{
	struct cell *c = next_cell(r);

	c->is_set = has;
	c->number = number;
}

void
report_none(struct report *r)
{
	next_cell(r);
}

char *
report_safe(const char *text)
{
	size_t cap;

	if (text == NULL)
		return NULL;
	cap = TEXT_SAFE_LEN(strlen(text));
	return text_safe(mem_new(cap), cap, text);
}

const char *
report_ago(int64_t us, char buf[static REPORT_AGO_LEN])
{
	int64_t s = us / US_PER_S;

	if (us < US_PER_S)
		snprintf(buf, REPORT_AGO_LEN, "%" PRId64 "ms", us / US_PER_MS);
	else if (s < 60)
		snprintf(buf, REPORT_AGO_LEN, "%" PRId64 "s", s);
	else if (s < 3600)
		snprintf(buf, REPORT_AGO_LEN, "%" PRId64 "m %" PRId64 "s",
		    s / 60, s % 60);
	else if (s < 86400)
		snprintf(buf, REPORT_AGO_LEN, "%" PRId64 "h %" PRId64 "m",
		    s / 3600, s / 60 % 60);
	else
		snprintf(buf, REPORT_AGO_LEN, "%" PRId64 "d %" PRId64 "h",
		    s / 86400, s / 3600 % 24);
	return buf;
}
