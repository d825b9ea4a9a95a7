/* shares_report.c - catchwater shares: catchments over time. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/commands.h"
#include "collector/lookup.h"
#include "collector/report_command.h"
#include "collector/shares.h"
#include "collector/store_shares.h"
#include "collector/views.h"
#include "schema/base/clock.h"

struct options {
	struct where where;
	const char *service, *since, *until;
	int64_t family, step_us;
};

static const struct option_spec options[] = {
	{ 's', "service", OPTION_TEXT, offsetof(struct options, service), 0, 0,
	    "NAME", "of this service only" },
	{ 'f', "family", OPTION_COUNT, offsetof(struct options, family), 4, 6,
	    "4|6", "of this address family only" },
	{ 0, "since", OPTION_TEXT, offsetof(struct options, since), 0, 0,
	    "TIME", "from this moment on (default -24h)" },
	{ 0, "until", OPTION_TEXT, offsetof(struct options, until), 0, 0,
	    "TIME", "up to this moment (default now)" },
	{ 0, "step", OPTION_DURATION, offsetof(struct options, step_us), 0, 0,
	    "DURATION", "between moments (default by the time asked for)" },
	OPTION_JSON,
	OPTION_CSV,
	OPTION_WHERE,
	{ 0 },
};

static const struct command_spec spec = { PROGRAM, "shares", "", 0, 0,
	"the catchment of each site, moment by moment", options };

static const struct column columns[] = {
	{ "at", "at", CELL_TIME },
	{ "service", "service", CELL_TEXT },
	{ "site", "site", CELL_TEXT },
	{ "n_vantages", "vantages", CELL_COUNT },
	{ "share_percent", "share", CELL_PERCENT },
};
#define N_COLUMNS (sizeof columns / sizeof columns[0])

static void
add_row(struct shares *s, const struct share_row *row)
{
	char state[WORD_LEN + 3];

	snprintf(state, sizeof state, "(%s)", row->state);
	shares_add(s, row->service,
	    strcmp(row->state, "stable") == 0 ? row->site : state,
	    row->since_us, row->until_us);
}

/* Gives *out: release with shares_fini. */
static enum rc
gather(struct store *st, const struct view_query *q, struct shares *out,
    struct err *err)
{
	int64_t now_us = clock_wall_us(), since_us = 0, until_us = 0;
	struct share_list list = { 0 };
	enum rc rc = check_family(q->family, err);

	*out = (struct shares){ 0 };
	if (rc == RC_OK)
		rc = lookup_name(st, NAMES_SERVICE, "service", q->service, err);
	if (rc == RC_OK)
		rc = clock_parse(&since_us,
		    q->since != NULL ? q->since : "-24h", now_us, err);
	if (rc == RC_OK)
		rc = clock_parse(&until_us, q->until != NULL ? q->until : "now",
		    now_us, err);
	if (rc == RC_OK)
		rc = shares_init(out, since_us, until_us, q->step_us, err);
	if (rc == RC_OK)
		rc = store_shares(st, q->service, (uint8_t)q->family, since_us,
		    until_us, &list, err);
	for (size_t i = 0; rc == RC_OK && i < list.n; i++)
		add_row(out, &list.rows[i]);
	free(list.rows);
	return rc;
}

/* {"site":"ams","n":[3,3,4,...]} */
static json_t *
group_json(const struct shares *s, const struct share_group *g)
{
	json_t *o = json_object(), *n = json_array();

	for (size_t i = 0; i < s->n_moments; i++)
		json_array_append_new(n, json_integer(g->n[i]));
	json_object_set_new(o, "service", report_json_text(g->service));
	json_object_set_new(o, "site", report_json_text(g->group));
	json_object_set_new(o, "n", n);
	return o;
}

/* Gives. */
static json_t *
whole_json(const struct shares *s)
{
	json_t *o = json_object(), *groups = json_array();

	for (size_t i = 0; i < s->n_groups; i++)
		json_array_append_new(groups, group_json(s, &s->groups[i]));
	json_object_set_new(o, "first", report_json_time(s->first_us));
	json_object_set_new(o, "step_us", json_integer(s->step_us));
	json_object_set_new(
	    o, "n_moments", json_integer((json_int_t)s->n_moments));
	json_object_set_new(o, "groups", groups);
	return o;
}

static void
fill_moment(struct report *r, const struct shares *s, size_t i)
{
	for (size_t k = 0; k < s->n_groups; k++) {
		const struct share_group *g = &s->groups[k];
		int64_t n_landed = shares_n_landed(s, g->service, i);
		bool has_share = g->group[0] != '(' && n_landed > 0;

		if (g->n[i] == 0)
			continue;
		report_number(r, s->first_us + (int64_t)i * s->step_us);
		report_text(r, g->service);
		report_text(r, g->group);
		report_number(r, g->n[i]);
		report_number_if(r, has_share,
		    has_share ? (2000 * g->n[i] / n_landed + 1) / 2 : 0);
	}
}

static void
print(const struct where *w, const struct shares *s)
{
	struct report r;

	if (w->is_json) {
		where_print_json(whole_json(s));
		return;
	}
	report_init(&r, columns, N_COLUMNS);
	for (size_t i = 0; i < s->n_moments; i++)
		fill_moment(&r, s, i);
	where_print(w, &r, "no vantage landed anywhere in this time");
	report_fini(&r);
}

enum rc
view_shares(
    struct store *st, const struct view_query *q, json_t **out, struct err *err)
{
	struct shares s;
	enum rc rc = gather(st, q, &s, err);

	if (rc == RC_OK)
		*out = whole_json(&s);
	shares_fini(&s);
	return rc;
}

static enum rc
run(const struct command_call *call, struct err *err)
{
	const struct options *o = call->options;
	const struct view_query q = { .service = o->service,
		.family = o->family,
		.since = o->since,
		.until = o->until,
		.step_us = o->step_us };
	struct shares s = { 0 };
	struct store *st = NULL;
	enum rc rc = where_open(&o->where, STORE_READ, &st, err);

	if (rc == RC_OK)
		rc = gather(st, &q, &s, err);
	if (rc == RC_OK)
		print(&o->where, &s);
	shares_fini(&s);
	store_close(st);
	return rc;
}

int
command_shares(int argc, char **argv)
{
	struct options o = { 0 };

	return command_run(&spec, &o, argc, argv, run);
}
