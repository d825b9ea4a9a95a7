/* catchment.c - catchwater catchment: which vantages land where. */
#include <stdlib.h>
#include <string.h>

#include "collector/catchment_rows.h"
#include "collector/commands.h"
#include "collector/lookup.h"
#include "collector/report_command.h"
#include "collector/store_report.h"
#include "collector/views.h"
#include "schema/base/clock.h"

/* Some 20 MB of JSON, in the memory of a collector at work. */
#define VIEW_LANDINGS_MAX 50000

struct options {
	struct where where;
	const char *service, *target, *at, *by;
	int64_t family;
};

static const struct option_spec options[] = {
	{ 's', "service", OPTION_TEXT, offsetof(struct options, service), 0, 0,
	    "NAME", "of this service only" },
	{ 't', "target", OPTION_TEXT, offsetof(struct options, target), 0, 0,
	    "ADDRESS", "of this service address only" },
	{ 0, "at", OPTION_TEXT, offsetof(struct options, at), 0, 0, "TIME",
	    "at this moment (default now)" },
	{ 0, "by", OPTION_TEXT, offsetof(struct options, by), 0, 0, "WHAT",
	    "count by site, asn, country or family (default site)" },
	{ 'f', "family", OPTION_COUNT, offsetof(struct options, family), 4, 6,
	    "4|6", "of this address family only" },
	OPTION_JSON,
	OPTION_CSV,
	OPTION_HTML,
	OPTION_WHERE,
	{ 0 },
};

static const struct command_spec spec = { PROGRAM, "catchment", "", 0, 0,
	"which vantages land at which site", options };

static json_t *
landing_json(const struct landed *l)
{
	char vantage[NAME_MAX_LEN + 8];
	json_t *o = json_object();

	snprintf(vantage, sizeof vantage, "%s/%u", l->probe, l->family);
	json_object_set_new(o, "vantage", report_json_text(vantage));
	json_object_set_new(o, "family", json_integer(l->family));
	json_object_set_new(
	    o, "asn", l->asn != 0 ? json_integer(l->asn) : json_null());
	json_object_set_new(o, "country",
	    report_json_text(l->country[0] != '\0' ? l->country : NULL));
	json_object_set_new(o, "target", report_json_text(l->target));
	json_object_set_new(o, "service", report_json_text(l->service));
	json_object_set_new(
	    o, "site", report_json_text(l->site[0] != '\0' ? l->site : NULL));
	json_object_set_new(o, "state", report_json_text(l->state));
	json_object_set_new(o, "since",
	    l->has_since ? report_json_time(l->since_us) : json_null());
	json_object_set_new(o, "rtt_mean_us",
	    l->rtt_n > 0 ? json_integer(l->rtt_sum_us / l->rtt_n)
			 : json_null());
	json_object_set_new(o, "is_trusted", json_boolean(l->is_trusted));
	return o;
}

/* Gives. */
static json_t *
whole_json(const struct report *r, const struct landed_list *list, enum by by,
    int64_t at_us)
{
	json_t *whole = json_object(), *landings = json_array();

	for (size_t i = 0; i < list->n; i++)
		json_array_append_new(landings, landing_json(&list->rows[i]));
	json_object_set_new(whole, "at", report_json_time(at_us));
	json_object_set_new(whole, "by", json_string(catchment_by_names[by]));
	json_object_set_new(whole, "rows", report_json(r));
	json_object_set_new(whole, "landings", landings);
	return whole;
}

static enum rc
parse_by(const char *word, enum by *by, struct err *err)
{
	*by = BY_SITE;
	for (unsigned i = 0; word != NULL && i < N_BY; i++) {
		if (strcmp(word, catchment_by_names[i]) != 0)
			continue;
		*by = (enum by)i;
		return RC_OK;
	}
	return word == NULL ? RC_OK
			    : unknown_word(err, "grouping", word,
				  catchment_by_names, N_BY);
}

/* The catchment at a moment, in both of its shapes. */
struct catchment {
	enum by by;
	int64_t at_us;
	struct landed_list list;
	struct report report;
};

/* The names are there, or the reason why not. */
static enum rc
gather_rows(struct store *st, const struct view_query *q, struct catchment *c,
    struct site_list *sites, struct err *err)
{
	struct landed_filter filter = { q->service, q->target,
		(uint8_t)q->family };
	enum rc rc = lookup_name(st, NAMES_SERVICE, "service", q->service, err);

	if (rc == RC_OK)
		rc = lookup_name(st, NAMES_TARGET, "target", q->target, err);
	if (rc == RC_OK)
		rc = store_landed_at(st, c->at_us, &filter, &c->list, err);
	if (rc == RC_OK && c->by == BY_SITE)
		rc = store_sites(st, sites, err);
	return rc;
}

/* Gives *out: release with let_go, in any case. */
static enum rc
gather(struct store *st, const struct view_query *q, struct catchment *out,
    struct err *err)
{
	int64_t now_us = clock_wall_us();
	struct site_list sites = { 0 };
	enum rc rc = check_family(q->family, err);

	*out = (struct catchment){ .at_us = now_us };
	if (rc == RC_OK)
		rc = parse_by(q->by, &out->by, err);
	if (rc == RC_OK && q->at != NULL)
		rc = clock_parse(&out->at_us, q->at, now_us, err);
	if (rc == RC_OK)
		rc = gather_rows(st, q, out, &sites, err);
	if (rc == RC_OK)
		catchment_fill(&out->report, &out->list, out->by, &sites);
	free(sites.rows);
	return rc;
}

static void
let_go(struct catchment *c)
{
	report_fini(&c->report);
	free(c->list.rows);
}

enum rc
view_catchment(
    struct store *st, const struct view_query *q, json_t **out, struct err *err)
{
	struct catchment c;
	enum rc rc = gather(st, q, &c, err);

	if (rc == RC_OK && c.list.n > VIEW_LANDINGS_MAX)
		rc = err_set(err, RC_RANGE,
		    "%zu landings are too many for one answer; ask for one "
		    "service, target or family, or 'catchwater catchment'",
		    c.list.n);
	if (rc == RC_OK)
		*out = whole_json(&c.report, &c.list, c.by, c.at_us);
	let_go(&c);
	return rc;
}

static void
print(const struct where *w, const struct catchment *c)
{
	if (w->is_json)
		where_print_json(
		    whole_json(&c->report, &c->list, c->by, c->at_us));
	else
		where_print(w, &c->report, "no vantage has measured yet");
}

static enum rc
run(const struct command_call *call, struct err *err)
{
	const struct options *o = call->options;
	const struct view_query q = { .service = o->service,
		.target = o->target,
		.at = o->at,
		.by = o->by,
		.family = o->family };
	struct catchment c = { 0 };
	struct store *st = NULL;
	enum rc rc = where_open(&o->where, STORE_READ, &st, err);

	if (rc == RC_OK)
		rc = gather(st, &q, &c, err);
	if (rc == RC_OK)
		print(&o->where, &c);
	let_go(&c);
	store_close(st);
	return rc;
}

int
command_catchment(int argc, char **argv)
{
	struct options o = { 0 };

	return command_run(&spec, &o, argc, argv, run);
}
