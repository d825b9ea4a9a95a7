/* events_report.c - catchwater events: what happened, newest first. */
#include "collector/events_report.h"

#include <stdlib.h>
#include <string.h>

#include "collector/commands.h"
#include "collector/lookup.h"
#include "collector/summary.h"
#include "collector/suspected_report.h"
#include "collector/views.h"
#include "schema/base/clock.h"

struct options {
	struct where where;
	bool is_open_only, is_suspected;
	const char *since, *kind;
};

static const struct option_spec options[] = {
	{ 'o', "open", OPTION_FLAG, offsetof(struct options, is_open_only), 0,
	    0, NULL, "only those that are not over" },
	{ 0, "suspected", OPTION_FLAG, offsetof(struct options, is_suspected),
	    0, 0, NULL, "what is too little for an event, now" },
	{ 0, "since", OPTION_TEXT, offsetof(struct options, since), 0, 0,
	    "TIME", "that were under way after this moment (default -7d)" },
	{ 'k', "kind", OPTION_TEXT, offsetof(struct options, kind), 0, 0,
	    "KIND", "shift, blackhole or mismatch" },
	OPTION_JSON,
	OPTION_CSV,
	OPTION_HTML,
	OPTION_WHERE,
	{ 0 },
};

static const struct command_spec spec = { PROGRAM, "events", "", 0, 0,
	"what happened, newest first", options };

static const struct column columns[] = {
	{ "id", "id", CELL_COUNT },
	{ "kind", "kind", CELL_TEXT },
	{ "severity", "severity", CELL_TEXT },
	{ "state", "state", CELL_TEXT },
	{ "service", NULL, CELL_TEXT },
	{ "site", NULL, CELL_TEXT },
	{ "family", NULL, CELL_COUNT },
	{ "verdict", NULL, CELL_TEXT },
	{ "since", "since", CELL_TIME },
	{ "detected", NULL, CELL_TIME },
	{ "delay_us", NULL, CELL_AGO },
	{ "resolved", NULL, CELL_TIME },
	{ "lasted_us", "lasted", CELL_AGO },
	{ "resolution", NULL, CELL_TEXT },
	{ "n_vantages", NULL, CELL_COUNT },
	{ "n_asns", NULL, CELL_COUNT },
	{ "planned", NULL, CELL_TEXT },
	{ "summary", "summary", CELL_TEXT },
};
#define N_COLUMNS (sizeof columns / sizeof columns[0])

static void
add_row(struct report *r, const struct event_row *e, const char *summary)
{
	report_number(r, e->id);
	report_text(r, e->kind);
	report_text(r, e->severity);
	report_text(r, e->is_resolved ? "resolved" : "open");
	report_text(r, e->service);
	report_text(r, e->site[0] != '\0' ? e->site : NULL);
	report_number_if(r, e->family != 0, e->family);
	report_text(r, e->verdict[0] != '\0' ? e->verdict : NULL);
	report_number(r, e->since_us);
	report_number(r, e->detected_us);
	report_number(r, e->detected_us - e->since_us);
	report_number_if(r, e->is_resolved, e->resolved_us);
	report_number_if(r, e->is_resolved, e->resolved_us - e->since_us);
	report_text(r, e->is_resolved ? e->resolution : NULL);
	report_number(r, e->n_vantages);
	report_number(r, e->n_asns);
	report_text(r, e->is_planned ? "yes" : NULL);
	report_text(r, summary);
}

static enum rc
fill_report(struct store *st, const struct event_list *list, struct report *r,
    struct err *err)
{
	for (size_t i = 0; i < list->n; i++) {
		struct event_moves moves;
		char summary[SUMMARY_LEN];
		enum rc rc =
		    store_event_moves(st, list->rows[i].id, &moves, err);

		if (rc != RC_OK)
			return rc;
		add_row(r, &list->rows[i],
		    event_summary(&list->rows[i], &moves, summary));
		free(moves.rows);
	}
	return RC_OK;
}

static enum rc
check_kind(const char *word, struct err *err)
{
	const char *names[EVENT_KINDS];
	enum event_kind kind;

	if (word == NULL || event_kind_from_name(&kind, word) == RC_OK)
		return RC_OK;
	for (unsigned i = 0; i < EVENT_KINDS; i++)
		names[i] = event_kind_name((enum event_kind)i);
	return unknown_word(err, "kind", word, names, EVENT_KINDS);
}

/* Initialises *r: release with report_fini. */
static enum rc
gather(struct store *st, const struct event_filter *filter, struct report *r,
    struct err *err)
{
	struct event_list list = { 0 };
	enum rc rc = store_events(st, filter, &list, err);

	report_init(r, columns, N_COLUMNS);
	if (rc == RC_OK)
		rc = fill_report(st, &list, r, err);
	free(list.rows);
	return rc;
}

enum rc
events_print(struct store *st, const struct where *w,
    const struct event_filter *filter, const char *empty, struct err *err)
{
	struct report r;
	enum rc rc = gather(st, filter, &r, err);

	if (rc == RC_OK)
		where_print(w, &r, empty);
	report_fini(&r);
	return rc;
}

enum rc
view_events(
    struct store *st, const struct view_query *q, json_t **out, struct err *err)
{
	struct event_filter filter = { q->is_open_only, q->kind, 0 };
	const char *since = q->since;
	struct report r;
	enum rc rc = check_kind(q->kind, err);

	if (since == NULL && !q->is_open_only)
		since = "-7d";
	if (rc == RC_OK && since != NULL)
		rc = clock_parse(&filter.since_us, since, clock_wall_us(), err);
	if (rc != RC_OK)
		return rc;
	rc = gather(st, &filter, &r, err);
	if (rc == RC_OK)
		*out = report_json(&r);
	report_fini(&r);
	return rc;
}

static enum rc
check_suspected(const struct options *o, struct err *err)
{
	if (o->is_suspected && (o->is_open_only || o->since != NULL))
		return err_set(err, RC_RANGE,
		    "--suspected is about now: leave out --open and --since");
	return check_kind(o->kind, err);
}

static enum rc
print_all(struct store *st, const struct options *o,
    const struct event_filter *filter, struct err *err)
{
	enum rc rc;

	if (o->is_suspected)
		return suspected_print(st, &o->where, o->kind, err);
	rc = events_print(st, &o->where, filter,
	    o->is_open_only ? "no open events" : "no events in this time", err);
	if (rc == RC_OK && where_is_table(&o->where))
		rc = suspected_hint(st, o->kind, err);
	return rc;
}

static enum rc
run(const struct command_call *call, struct err *err)
{
	const struct options *o = call->options;
	struct event_filter filter = { o->is_open_only, o->kind, 0 };
	const char *since = o->since;
	struct store *st = NULL;
	enum rc rc = check_suspected(o, err);

	if (since == NULL && !o->is_open_only)
		since = "-7d";
	if (rc == RC_OK && since != NULL)
		rc = clock_parse(&filter.since_us, since, clock_wall_us(), err);
	if (rc == RC_OK)
		rc = where_open(&o->where, STORE_READ, &st, err);
	if (rc == RC_OK)
		rc = print_all(st, o, &filter, err);
	store_close(st);
	return rc;
}

int
command_events(int argc, char **argv)
{
	struct options o = { 0 };

	return command_run(&spec, &o, argc, argv, run);
}
