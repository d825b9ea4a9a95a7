/* history.c - catchwater history: loss and round trips over time. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/commands.h"
#include "collector/history_steps.h"
#include "collector/lookup.h"
#include "collector/report_command.h"
#include "collector/spark.h"
#include "collector/views.h"
#include "schema/base/clock.h"
#include "schema/base/mem.h"
#include "schema/base/terminal.h"

struct options {
	struct where where;
	const char *site, *service, *target, *kind, *since, *until;
	int64_t step_us;
};

static const struct option_spec options[] = {
	{ 0, "site", OPTION_TEXT, offsetof(struct options, site), 0, 0, "NAME",
	    "of a site, by all who landed there; name no vantage then" },
	{ 's', "service", OPTION_TEXT, offsetof(struct options, service), 0, 0,
	    "NAME", "where several services have a site of this name" },
	{ 't', "target", OPTION_TEXT, offsetof(struct options, target), 0, 0,
	    "ADDR", "only of this address" },
	{ 'k', "kind", OPTION_TEXT, offsetof(struct options, kind), 0, 0,
	    "dns|ping", "what was measured (default dns)" },
	{ 0, "since", OPTION_TEXT, offsetof(struct options, since), 0, 0,
	    "TIME", "from this moment on (default -24h)" },
	{ 0, "until", OPTION_TEXT, offsetof(struct options, until), 0, 0,
	    "TIME", "up to this moment (default now)" },
	{ 0, "step", OPTION_DURATION, offsetof(struct options, step_us), 0, 0,
	    "DURATION",
	    "a row for each (default 5m, 1h or 1d by the time "
	    "asked for)" },
	OPTION_JSON,
	OPTION_CSV,
	OPTION_HTML,
	OPTION_WHERE,
	{ 0 },
};

static const struct command_spec spec = { PROGRAM, "history",
	"VANTAGE | --site NAME", 0, 1,
	"loss and round trips over time, also of what is no longer stored raw",
	options };

static const struct column columns[] = {
	{ "vantage", "vantage", CELL_TEXT },
	{ "site", "site", CELL_TEXT },
	{ "service", NULL, CELL_TEXT },
	{ "target", "target", CELL_TEXT },
	{ "at", "at", CELL_TIME },
	{ "n", "n", CELL_COUNT },
	{ "n_lost", NULL, CELL_COUNT },
	{ "lost_percent", "lost", CELL_PERCENT },
	{ "rtt_min_us", "rtt min", CELL_MS },
	{ "rtt_median_us", "median", CELL_MS },
	{ "rtt_p90_us", "p90", CELL_MS },
	{ "rtt_p99_us", "p99", CELL_MS },
};

#define LABEL_WIDTH 32 /* beside the bars */

struct history {
	const struct view_query *q;
	const struct where *where; /* NULL: of a view, which prints nothing */
	struct store *store;
	enum kind kind;
	struct history_steps steps;
	struct report report;
	struct err *err;
	/* of the rows that are being read */
	enum rollup_span span;
	int64_t from_us, to_us;
	enum rc rc;
};

static void
add_row(void *ctx, int64_t at, const uint8_t *body, size_t len)
{
	struct history *h = ctx;

	if (h->rc != RC_OK)
		return;
	h->rc = history_steps_add(
	    &h->steps, h->span, at, body, len, h->from_us, h->to_us);
	if (h->rc != RC_OK)
		err_set(h->err, h->rc,
		    "a row of statistics is damaged; 'catchwater verify' "
		    "tells which");
}

/* The rows of a series in the time asked for, from from_us to to_us. */
static enum rc
read_series(
    struct history *h, int64_t series_id, int64_t from_us, int64_t to_us)
{
	static const int64_t lengths_us[] = { ROLLUP_HOUR_US, ROLLUP_DAY_US };
	int64_t last_us;

	h->from_us = from_us > h->steps.since_us ? from_us : h->steps.since_us;
	h->to_us = to_us < h->steps.until_us ? to_us : h->steps.until_us;
	last_us = h->to_us - 1;
	for (int span = ROLLUP_HOUR; span <= ROLLUP_DAY; span++) {
		enum rc rc;

		h->span = (enum rollup_span)span;
		rc = store_rollup_range(h->store, h->span, series_id,
		    h->from_us / lengths_us[span], last_us / lengths_us[span],
		    add_row, h, h->err);
		if (rc != RC_OK || h->rc != RC_OK)
			return rc != RC_OK ? rc : h->rc;
	}
	return RC_OK;
}

static void
add_numbers(struct report *r, const struct rollup_slot *s)
{
	static const unsigned permilles[] = { 500, 900, 990 };
	bool has_rtt = s->rtt.n > 0;

	report_number(r, (int64_t)s->n);
	report_number(r, (int64_t)s->n_lost);
	report_number(
	    r, (int64_t)((double)s->n_lost * 1000 / (double)s->n + 0.5));
	report_number_if(r, has_rtt, s->rtt.min_us);
	for (size_t i = 0; i < sizeof permilles / sizeof *permilles; i++)
		report_number_if(
		    r, has_rtt, sketch_quantile_us(&s->rtt, permilles[i]));
}

/* One quantity of the steps as a row of bars, for a person. */
static void
print_bars(const struct history *h, const char *what,
    int64_t (*value)(const struct rollup_slot *s), const char *unit, double per)
{
	int64_t *values = mem_new((h->steps.n + 1) * sizeof *values);
	int room = terminal_width(stdout) - LABEL_WIDTH;
	int64_t low = INT64_MAX, high = SPARK_NONE;

	for (size_t i = 0; i < h->steps.n; i++) {
		int64_t v = value(&h->steps.steps[i]);

		values[i] = v;
		if (v != SPARK_NONE && v < low)
			low = v;
		if (v > high)
			high = v;
	}
	if (high != SPARK_NONE) {
		printf("%-10s %5.1f to %5.1f %-2s  ", what, (double)low / per,
		    (double)high / per, unit);
		spark_print(values, h->steps.n, room > 0 ? (size_t)room : 1,
		    terminal_has_utf8(), stdout);
		putchar('\n');
	}
	free(values);
}

static int64_t
median_of(const struct rollup_slot *s)
{
	return s->rtt.n > 0 ? sketch_quantile_us(&s->rtt, 500) : SPARK_NONE;
}

static int64_t
loss_of(const struct rollup_slot *s)
{
	return s->n > 0 ? (int64_t)(s->n_lost * 1000 / s->n) : SPARK_NONE;
}

static void
print_trend(const struct history *h, const char *vantage, const char *target)
{
	char *who = report_safe(vantage != NULL ? vantage : h->q->site);
	char *safe = report_safe(target);

	if (h->where != NULL && where_is_table(h->where) &&
	    terminal_is(stdout)) {
		printf("%s to %s\n", who, safe);
		print_bars(h, "rtt median", median_of, "ms", 1e3);
		print_bars(h, "lost", loss_of, "%", 10);
		putchar('\n');
	}
	free(who);
	free(safe);
}

/* What was added up, as rows; and a new beginning. */
static void
add_steps(struct history *h, const char *vantage, const char *service,
    const char *target)
{
	print_trend(h, vantage, target);
	for (size_t i = 0; i < h->steps.n; i++) {
		const struct rollup_slot *s = &h->steps.steps[i];

		if (s->n == 0)
			continue;
		report_text(&h->report, vantage);
		report_text(&h->report, h->q->site);
		report_text(&h->report, service);
		report_text(&h->report, target);
		report_number(&h->report,
		    h->steps.first_us + (int64_t)i * h->steps.step_us);
		add_numbers(&h->report, s);
	}
	history_steps_clear(&h->steps);
}

static bool
is_asked(const struct history *h, const struct series_row *s)
{
	const struct view_query *q = h->q;

	return (q->target == NULL || strcmp(q->target, s->target) == 0) &&
	       (q->service == NULL || strcmp(q->service, s->service) == 0);
}

static enum rc
of_vantage(struct history *h)
{
	struct series_list list = { 0 };
	struct probe_ref probe;
	enum rc rc = lookup_probe(h->store, h->q->vantage, &probe, h->err);

	if (rc == RC_OK)
		rc = store_series_of(
		    h->store, probe.id, probe.family, h->kind, &list, h->err);
	for (size_t i = 0; rc == RC_OK && i < list.n; i++) {
		const struct series_row *s = &list.rows[i];
		char name[NAME_MAX_LEN + 8];

		if (!is_asked(h, s))
			continue;
		snprintf(name, sizeof name, "%s/%u", s->probe, s->family);
		rc = read_series(h, s->id, 0, INT64_MAX);
		if (rc == RC_OK)
			add_steps(h, name,
			    s->service[0] != '\0' ? s->service : NULL,
			    s->target);
	}
	free(list.rows);
	return rc;
}

/* The stays of one target, from list->rows[*i] on; *i moves behind them. */
static enum rc
of_target(struct history *h, const struct stay_list *list, size_t *i)
{
	const struct stay *first = &list->rows[*i];
	enum rc rc = RC_OK;

	for (; rc == RC_OK && *i < list->n &&
	       list->rows[*i].target_id == first->target_id;
	     (*i)++) {
		const struct stay *s = &list->rows[*i];
		int64_t id;

		rc = store_series_find(h->store, s->vantage_id, s->target_id,
		    h->kind, &id, h->err);
		if (rc == RC_OK)
			rc = read_series(h, id, s->since_us, s->until_us);
		else if (rc == RC_NOTFOUND)
			rc = RC_OK;
	}
	if (rc == RC_OK)
		add_steps(h, NULL, first->service, first->target);
	return rc;
}

static enum rc
of_site(struct history *h)
{
	struct stay_list list = { 0 };
	int64_t site_id = 0;
	enum rc rc =
	    lookup_site(h->store, h->q->service, h->q->site, &site_id, h->err);

	if (rc == RC_OK)
		rc = store_stays(h->store, site_id, h->q->target,
		    h->steps.since_us, h->steps.until_us, &list, h->err);
	for (size_t i = 0; rc == RC_OK && i < list.n;)
		rc = of_target(h, &list, &i);
	free(list.rows);
	return rc;
}

static enum rc
read_kind(const char *word, enum kind *kind, struct err *err)
{
	if (word == NULL) {
		*kind = KIND_DNS;
		return RC_OK;
	}
	if (kind_from_name(kind, word) == RC_OK && *kind != KIND_TRACE)
		return RC_OK;
	return err_set(err, RC_RANGE, "kind: expected dns or ping");
}

/* What is asked for makes sense: *h is ready, to be released with let_go. */
static enum rc
prepare(struct history *h, const struct view_query *q, struct err *err)
{
	int64_t now_us = clock_wall_us(), since_us = 0, until_us = 0;
	enum rc rc;

	*h = (struct history){ .q = q, .err = err };
	report_init(&h->report, columns, sizeof columns / sizeof *columns);
	if ((q->vantage == NULL) == (q->site == NULL))
		return err_set(err, RC_MALFORMED,
		    "name one vantage, or a site with --site; 'catchwater "
		    "vantages' and 'catchwater sites' list them");
	rc = read_kind(q->kind, &h->kind, err);
	if (rc == RC_OK)
		rc = clock_parse(&since_us,
		    q->since != NULL ? q->since : "-24h", now_us, err);
	if (rc == RC_OK)
		rc = clock_parse(&until_us, q->until != NULL ? q->until : "now",
		    now_us, err);
	if (rc == RC_OK)
		rc = history_steps_init(
		    &h->steps, since_us, until_us, q->step_us, err);
	return rc;
}

static void
let_go(struct history *h)
{
	report_fini(&h->report);
	history_steps_fini(&h->steps);
}

static enum rc
gather(struct store *st, struct history *h)
{
	h->store = st;
	return h->q->vantage != NULL ? of_vantage(h) : of_site(h);
}

enum rc
view_history(
    struct store *st, const struct view_query *q, json_t **out, struct err *err)
{
	struct history h;
	enum rc rc = prepare(&h, q, err);

	if (rc == RC_OK)
		rc = gather(st, &h);
	if (rc == RC_OK)
		*out = report_json(&h.report);
	let_go(&h);
	return rc;
}

static enum rc
run(const struct command_call *call, struct err *err)
{
	const struct options *o = call->options;
	const struct view_query q = {
		.vantage = call->n_operands > 0 ? call->operands[0] : NULL,
		.site = o->site,
		.service = o->service,
		.target = o->target,
		.kind = o->kind,
		.since = o->since,
		.until = o->until,
		.step_us = o->step_us
	};
	struct store *st = NULL;
	struct history h;
	enum rc rc = prepare(&h, &q, err);

	h.where = &o->where;
	if (rc == RC_OK)
		rc = where_open(&o->where, STORE_READ, &st, err);
	if (rc == RC_OK)
		rc = gather(st, &h);
	if (rc == RC_OK)
		where_print(&o->where, &h.report,
		    "no history in this time; 'catchwater serve' writes it, "
		    "five minutes after what comes in");
	let_go(&h);
	store_close(st);
	return rc;
}

int
command_history(int argc, char **argv)
{
	struct options o = { 0 };

	return command_run(&spec, &o, argc, argv, run);
}
