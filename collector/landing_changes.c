/*
 * landing_changes.c - see landing_changes.h.
 *
 * A vantage flaps when it is back at a site that it had left within the last
 * FLAP_ANSWERS answers, and not together with others: a site that was drained
 * and came back makes nobody a flapper.
 */
#include "collector/landing_changes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/store_change.h"

#define FLAP_ANSWERS 21

static const struct column columns[] = {
	{ "vantage", "vantage", CELL_TEXT },
	{ "service", "service", CELL_TEXT },
	{ "target", NULL, CELL_TEXT },
	{ "from", "from", CELL_TEXT },
	{ "to", "to", CELL_TEXT },
	{ "last_seen", "last at the old", CELL_TIME },
	{ "first_seen", "first at the new", CELL_TIME },
	{ "flapping", "", CELL_TEXT },
};
#define N_COLUMNS (sizeof columns / sizeof columns[0])

static bool
is_of_same(const struct change_row *a, const struct change_row *b)
{
	return a->vantage_id == b->vantage_id && a->target_id == b->target_id;
}

/* Does one of these changes, of one vantage and target, come back soon? */
static bool
is_flapping(const struct change_row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		for (size_t k = i + 1;
		     k < n &&
		     rows[k].n_before - rows[i].n_before <= FLAP_ANSWERS;
		     k++)
			if (!rows[i].is_shared && !rows[k].is_shared &&
			    strcmp(rows[k].to, rows[i].from) == 0)
				return true;
	}
	return false;
}

static void
add_row(struct report *r, const struct change_row *c, bool flaps)
{
	char vantage[NAME_MAX_LEN + 8];

	snprintf(vantage, sizeof vantage, "%s/%u", c->probe, c->family);
	report_text(r, vantage);
	report_text(r, c->service);
	report_text(r, c->target);
	report_text(r, c->from);
	report_text(r, c->to);
	report_number(r, c->last_us);
	report_number(r, c->first_us);
	report_text(r, flaps ? "flapping" : NULL);
}

static void
add_rows(struct report *r, const struct change_list *list)
{
	size_t n;

	for (size_t i = 0; i < list->n; i += n) {
		bool flaps;

		for (n = 1; i + n < list->n &&
			    is_of_same(&list->rows[i], &list->rows[i + n]);)
			n++;
		flaps = is_flapping(&list->rows[i], n);
		for (size_t k = 0; k < n; k++)
			add_row(r, &list->rows[i + k], flaps);
	}
}

/* True and false in place of the table's mark. */
static void
print_json(const struct report *r)
{
	json_t *list = report_json(r), *row;
	size_t i;

	json_array_foreach(list, i, row)
	{
		bool flaps = json_is_string(json_object_get(row, "flapping"));

		json_object_set_new(row, "flapping", json_boolean(flaps));
	}
	where_print_json(list);
}

enum rc
report_changes(struct store *st, const struct where *where,
    const char *probe_id, uint8_t family, int64_t since_us, struct err *err)
{
	struct change_list list = { 0 };
	struct report r;
	enum rc rc = store_changes(st, probe_id, family, since_us, &list, err);

	if (rc != RC_OK)
		return rc;
	report_init(&r, columns, N_COLUMNS);
	add_rows(&r, &list);
	if (where->is_json)
		print_json(&r);
	else
		where_print(where, &r, "no change of site in this time");
	report_fini(&r);
	free(list.rows);
	return RC_OK;
}
