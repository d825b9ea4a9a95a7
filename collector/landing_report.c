/* landing_report.c - catchwater landing: the journal of one vantage. */
#include <stdlib.h>
#include <string.h>

#include "collector/commands.h"
#include "collector/confidence.h"
#include "collector/landing_changes.h"
#include "collector/lookup.h"
#include "collector/report_command.h"
#include "collector/store_report.h"
#include "collector/views.h"
#include "schema/base/clock.h"

struct options {
	struct where where;
	const char *since; /* NULL: not said */
	bool is_all, is_changes;
};

static const struct option_spec options[] = {
	{ 0, "since", OPTION_TEXT, offsetof(struct options, since), 0, 0,
	    "TIME",
	    "what held after this moment (default -7d; of changes: ever)" },
	{ 0, "all", OPTION_FLAG, offsetof(struct options, is_all), 0, 0, NULL,
	    "every vantage; name none then" },
	{ 0, "changes", OPTION_FLAG, offsetof(struct options, is_changes), 0, 0,
	    NULL,
	    "only the changes of site: from, to, last seen at the old, first "
	    "seen at the new, and who flaps" },
	OPTION_JSON,
	OPTION_CSV,
	OPTION_HTML,
	OPTION_WHERE,
	{ 0 },
};

static const struct command_spec spec = { PROGRAM, "landing", "VANTAGE | --all",
	0, 1,
	"where a vantage landed, interval by interval (VANTAGE: name or id, "
	"/4 or /6 for one family)",
	options };

static const struct column columns[] = {
	{ "vantage", "vantage", CELL_TEXT },
	{ "service", "service", CELL_TEXT },
	{ "target", NULL, CELL_TEXT },
	{ "since", "since", CELL_TIME },
	{ "until", "until", CELL_TIME },
	{ "site", "site", CELL_TEXT },
	{ "state", "state", CELL_TEXT },
	{ "n", "n", CELL_COUNT },
	{ "rtt_min_us", "rtt min", CELL_MS },
	{ "rtt_mean_us", "rtt mean", CELL_MS },
	{ "confidence", "confidence", CELL_TEXT },
	{ "n_doubted", "doubted", CELL_COUNT },
};
#define N_COLUMNS (sizeof columns / sizeof columns[0])

static void
add_row(struct report *r, const struct landed *l)
{
	char vantage[NAME_MAX_LEN + 8];

	snprintf(vantage, sizeof vantage, "%s/%u", l->probe, l->family);
	report_text(r, vantage);
	report_text(r, l->service);
	report_text(r, l->target);
	report_number(r, l->since_us);
	report_number_if(r, l->has_until, l->until_us);
	report_text(r, l->site[0] != '\0' ? l->site : NULL);
	report_text(r, l->state);
	report_number(r, l->n);
	report_number_if(r, l->rtt_n > 0, l->rtt_min_us);
	report_number_if(
	    r, l->rtt_n > 0, l->rtt_n > 0 ? l->rtt_sum_us / l->rtt_n : 0);
	report_text(r, confidence_name(confidence_of_landing(
			   l->state, l->n, l->n_doubted)));
	report_number(r, l->n_doubted);
}

/* Initialises *r: release with report_fini. */
static enum rc
fill_journal(struct store *st, const char *probe_id, uint8_t family,
    int64_t since_us, struct report *r, struct err *err)
{
	struct landed_list list = { 0 };
	enum rc rc = store_journal(st, probe_id, family, since_us, &list, err);

	report_init(r, columns, N_COLUMNS);
	for (size_t i = 0; rc == RC_OK && i < list.n; i++)
		add_row(r, &list.rows[i]);
	free(list.rows);
	return rc;
}

enum rc
view_landing(
    struct store *st, const struct view_query *q, json_t **out, struct err *err)
{
	const char *since = q->since != NULL ? q->since : "-7d";
	struct probe_ref probe;
	int64_t since_us;
	struct report r;
	enum rc rc;

	if (q->vantage == NULL)
		return err_set(err, RC_MALFORMED,
		    "name one: vantage=NAME; /v1/vantages lists them");
	rc = clock_parse(&since_us, since, clock_wall_us(), err);
	if (rc == RC_OK)
		rc = lookup_probe(st, q->vantage, &probe, err);
	if (rc != RC_OK)
		return rc;
	rc = fill_journal(st, probe.id, probe.family, since_us, &r, err);
	if (rc == RC_OK)
		*out = report_json(&r);
	report_fini(&r);
	return rc;
}

static enum rc
report_journal(struct store *st, const struct options *o, const char *probe_id,
    uint8_t family, int64_t since_us, struct err *err)
{
	struct report r;
	enum rc rc = fill_journal(st, probe_id, family, since_us, &r, err);

	if (rc == RC_OK)
		where_print(&o->where, &r, "no landing in this time");
	report_fini(&r);
	return rc;
}

/* vantage: as typed; NULL: all. */
static enum rc
report_on(struct store *st, const struct options *o, const char *vantage,
    int64_t since_us, struct err *err)
{
	struct probe_ref probe = { .family = 0 };
	enum rc rc = RC_OK;
	const char *id = NULL;

	if (vantage != NULL) {
		rc = lookup_probe(st, vantage, &probe, err);
		id = probe.id;
	}
	if (rc == RC_OK && o->is_changes)
		rc = report_changes(
		    st, &o->where, id, probe.family, since_us, err);
	else if (rc == RC_OK)
		rc = report_journal(st, o, id, probe.family, since_us, err);
	return rc;
}

static enum rc
run(const struct command_call *call, struct err *err)
{
	const struct options *o = call->options;
	const char *vantage = call->n_operands > 0 ? call->operands[0] : NULL;
	const char *since = o->since != NULL ? o->since : "-7d";
	struct store *st = NULL;
	int64_t since_us = 0;
	enum rc rc = RC_OK;

	if ((vantage == NULL) != o->is_all)
		return err_set(err, RC_MALFORMED,
		    "name one vantage, or say --all; 'catchwater vantages' "
		    "lists them");
	if (o->since != NULL || !o->is_changes)
		rc = clock_parse(&since_us, since, clock_wall_us(), err);
	if (rc == RC_OK)
		rc = where_open(&o->where, STORE_READ, &st, err);
	if (rc == RC_OK)
		rc = report_on(st, o, vantage, since_us, err);
	store_close(st);
	return rc;
}

int
command_landing(int argc, char **argv)
{
	struct options o = { 0 };

	return command_run(&spec, &o, argc, argv, run);
}
