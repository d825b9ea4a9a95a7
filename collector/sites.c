/* sites.c - catchwater sites: announced x healthy x receiving, per site. */
#include <stdlib.h>

#include "collector/commands.h"
#include "collector/report_command.h"
#include "collector/store_report.h"

static const struct option_spec options[] = {
	OPTION_JSON,
	OPTION_CSV,
	OPTION_WHERE,
	{ 0 },
};

static const struct command_spec spec = { PROGRAM, "sites", "", 0, 0,
	"what routing, the service and the vantages say of each site",
	options };

static const struct column columns[] = {
	{ "service", "service", CELL_TEXT },
	{ "site", "site", CELL_TEXT },
	{ "scope", NULL, CELL_TEXT },
	{ "family", "family", CELL_TEXT },
	{ "announced", "announced", CELL_TEXT },
	{ "healthy", "healthy", CELL_TEXT },
	{ "receiving", "receiving", CELL_TEXT },
	{ "verdict", "verdict", CELL_TEXT },
	{ "since", "since", CELL_TIME },
	{ "n_vantages", "vantages", CELL_COUNT },
};
#define N_COLUMNS (sizeof columns / sizeof columns[0])

static void
add_row(struct report *r, const struct site_now *s)
{
	report_text(r, s->service);
	report_text(r, s->site);
	report_text(r, s->is_local ? "local" : "global");
	report_text(r, s->family == 4 ? "v4" : "v6");
	report_text(r, s->announced);
	report_text(r, s->healthy);
	report_text(r, s->receiving);
	report_text(r, s->verdict);
	report_number_if(r, s->has_since, s->since_us);
	report_number(r, s->n_vantages);
}

static enum rc
report_sites(struct store *st, const struct where *w, struct err *err)
{
	struct site_list list = { 0 };
	struct report r;
	enum rc rc = store_sites(st, &list, err);

	if (rc != RC_OK)
		return rc;
	report_init(&r, columns, N_COLUMNS);
	for (size_t i = 0; i < list.n; i++)
		add_row(&r, &list.rows[i]);
	where_print(
	    w, &r, "no sites; has 'catchwater serve' been started with them?");
	report_fini(&r);
	free(list.rows);
	return RC_OK;
}

int
command_sites(int argc, char **argv)
{
	struct where where = { 0 };
	struct store *st = NULL;
	struct err err = ERR_NONE;
	char **operands;
	enum rc rc;
	int n, status;

	status = command_options(&spec, &where, argc, argv, &operands, &n);
	if (status >= 0)
		return status;
	rc = where_open(&where, STORE_READ, &st, &err);
	if (rc == RC_OK)
		rc = report_sites(st, &where, &err);
	store_close(st);
	return rc == RC_OK ? 0 : command_fail(spec.name, &err);
}
