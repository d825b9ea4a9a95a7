/* suspected_report.c - see suspected_report.h. */
#include "collector/suspected_report.h"

#include <inttypes.h>
#include <string.h>

#include "collector/store_suspected.h"
#include "collector/summary.h"
#include "collector/votes_report.h"
#include "schema/base/clock.h"

static const struct column columns[] = {
	{ "kind", "kind", CELL_TEXT },
	{ "state", NULL, CELL_TEXT },
	{ "service", "service", CELL_TEXT },
	{ "site", "site", CELL_TEXT },
	{ "direction", NULL, CELL_TEXT },
	{ "since", "since", CELL_TIME },
	{ "last", NULL, CELL_TIME },
	{ "n_vantages", NULL, CELL_COUNT },
	{ "n_asns", "networks", CELL_COUNT },
	{ "needed", "needed", CELL_COUNT },
	{ "summary", "summary", CELL_TEXT },
};

#define NONE "nothing is suspected"

static void
add_row(struct report *r, const struct suspected *x)
{
	char summary[SUMMARY_LEN];

	report_text(r, x->event.kind);
	report_text(r, "suspected");
	report_text(r, x->event.service);
	report_text(r, x->event.site);
	report_text(r, x->direction[0] != '\0' ? x->direction : NULL);
	report_number(r, x->event.since_us);
	report_number(r, x->last_us);
	report_number(r, x->event.n_vantages);
	report_number(r, x->event.n_asns);
	report_number(r, x->event.needed);
	report_text(r, event_summary(&x->event, &x->moves, summary));
}

enum rc
suspected_print(
    struct store *st, const struct where *w, const char *kind, struct err *err)
{
	struct suspected_list list;
	struct report r;
	enum rc rc = store_suspected(st, kind, &list, err);

	if (rc != RC_OK)
		return rc;
	report_init(&r, columns, sizeof columns / sizeof columns[0]);
	for (size_t i = 0; i < list.n; i++)
		add_row(&r, &list.rows[i]);
	where_print(w, &r, NONE);
	report_fini(&r);
	suspected_fini(&list);
	return RC_OK;
}

enum rc
suspected_hint(struct store *st, const char *kind, struct err *err)
{
	struct suspected_list list;
	enum rc rc = store_suspected(st, kind, &list, err);

	if (rc == RC_OK && list.n > 0)
		printf(
		    "%zu suspected: " PROGRAM " events --suspected\n", list.n);
	if (rc == RC_OK)
		suspected_fini(&list);
	return rc;
}

/* Explained. */

static const struct {
	const char *rule, *meaning;
} meanings[] = {
	{ "quorum", "more than chance brings together" },
	{ "majority", "60% of those that were on the site" },
	{ "announcement", "and the announcement of a site involved changed "
			  "within five minutes" },
	{ "half", "half of those at the site" },
	{ "small_site", "60% of the few at the site" },
	{ "together", "a tenth of those at the site, darkened in one window" },
};

static const char *
meaning_of(const char *rule)
{
	for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++)
		if (strcmp(meanings[i].rule, rule) == 0)
			return meanings[i].meaning;
	return "";
}

static void
print_needs(const struct event_row *e, FILE *to)
{
	json_t *needs = json_loads(e->gates, 0, NULL), *need;
	size_t i;

	fputs("\nwhat would make it an event\n", to);
	json_array_foreach(needs, i, need)
	{
		const char *rule = "";
		json_int_t n = 0, needed = 0;

		(void)json_unpack(need, "{s:s, s:I, s:I}", "rule", &rule,
		    "asns", &n, "needed", &needed);
		fprintf(to,
		    "  %-12s  %" JSON_INTEGER_FORMAT " of %" JSON_INTEGER_FORMAT
		    " distinct ASes: %s\n",
		    rule, n, needed, meaning_of(rule));
	}
	json_decref(needs);
}

static void
explain_one(const struct suspected *x, FILE *to)
{
	char summary[SUMMARY_LEN], at[CLOCK_TEXT_LEN];

	fprintf(to, "suspected: %s\n  %s: %s\n  first sign    %s\n",
	    x->event.kind, x->event.service,
	    event_summary(&x->event, &x->moves, summary),
	    clock_format(x->event.since_us, at));
	fprintf(to, "  newest        %s\n", clock_format(x->last_us, at));
	print_needs(&x->event, to);
	votes_print(&x->votes, to);
}

static json_t *
vote_json(const struct vote_row *v)
{
	char vantage[NAME_MAX_LEN + 8];

	snprintf(vantage, sizeof vantage, "%s/%u", v->probe, v->family);
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "vantage",
	    report_json_text(vantage), "asn",
	    v->asn != 0 ? json_integer(v->asn) : json_null(), "target",
	    report_json_text(v->target), "from", report_json_text(v->from),
	    "to", report_json_text(v->to[0] != '\0' ? v->to : NULL), "at",
	    report_json_time(v->at_us), "confirmed",
	    v->confirmed_us != 0 ? report_json_time(v->confirmed_us)
				 : json_null());
}

/* Adds to the row of the report what only explain shows. */
static void
add_json(json_t *row, const struct suspected *x)
{
	json_t *needs = json_loads(x->event.gates, 0, NULL);
	json_t *votes = json_array();

	for (size_t i = 0; i < x->votes.n; i++)
		json_array_append_new(votes, vote_json(&x->votes.rows[i]));
	json_object_set_new(row, "needs", needs != NULL ? needs : json_null());
	json_object_set_new(row, "votes", votes);
}

static json_t *
all_json(const struct suspected_list *list)
{
	struct report r;
	json_t *all;

	report_init(&r, columns, sizeof columns / sizeof columns[0]);
	for (size_t i = 0; i < list->n; i++)
		add_row(&r, &list->rows[i]);
	all = report_json(&r);
	report_fini(&r);
	for (size_t i = 0; i < list->n; i++)
		add_json(json_array_get(all, i), &list->rows[i]);
	return all;
}

enum rc
suspected_explain(struct store *st, const struct where *w, struct err *err)
{
	struct suspected_list list;
	enum rc rc = store_suspected(st, NULL, &list, err);

	if (rc != RC_OK)
		return rc;
	if (w->is_json)
		where_print_json(all_json(&list));
	else if (list.n == 0)
		puts(NONE);
	for (size_t i = 0; i < list.n && !w->is_json; i++) {
		if (i > 0)
			putchar('\n');
		explain_one(&list.rows[i], stdout);
	}
	suspected_fini(&list);
	return RC_OK;
}
