/* report_json.c - report.h: JSON by jansson. */
#include <stdlib.h>

#include "collector/report.h"
#include "schema/base/clock.h"

json_t *
report_json_text(const char *text)
{
	char *safe = report_safe(text);
	json_t *json = safe != NULL ? json_string(safe) : json_null();

	free(safe);
	return json;
}

json_t *
report_json_time(int64_t at_us)
{
	char buf[CLOCK_TEXT_LEN];

	return json_string(clock_format_exact(at_us, buf));
}

static json_t *
cell_json(const struct cell *c, enum cell_kind kind)
{
	if (kind == CELL_TEXT)
		return json_string(c->text);
	if (kind == CELL_TIME)
		return report_json_time(c->number);
	if (kind == CELL_PERCENT || kind == CELL_TENTHS)
		return json_real((double)c->number / 10);
	if (kind == CELL_DEGREES || kind == CELL_PPM)
		return json_real((double)c->number / 1e4);
	return json_integer(c->number);
}

json_t *
report_json(const struct report *r)
{
	json_t *rows = json_array(), *row = NULL;

	for (size_t i = 0; i < r->n_cells; i++) {
		const struct column *column = &r->columns[i % r->n_columns];

		if (i % r->n_columns == 0) {
			row = json_object();
			json_array_append_new(rows, row);
		}
		if (r->cells[i].is_set)
			json_object_set_new(row, column->key,
			    cell_json(&r->cells[i], column->kind));
	}
	return rows;
}
