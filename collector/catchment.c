/* catchment.c - catchwater catchment: which vantages land where. */
#include <stdlib.h>
#include <string.h>

#include "collector/catchment_rows.h"
#include "collector/commands.h"
#include "collector/lookup.h"
#include "collector/report_command.h"
#include "collector/store_report.h"
#include "schema/base/clock.h"

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

static void
print_json(const struct report *r, const struct landed_list *list, enum by by,
    int64_t at_us)
{
	json_t *whole = json_object(), *landings = json_array();

	for (size_t i = 0; i < list->n; i++)
		json_array_append_new(landings, landing_json(&list->rows[i]));
	json_object_set_new(whole, "at", report_json_time(at_us));
	json_object_set_new(whole, "by", json_string(catchment_by_names[by]));
	json_object_set_new(whole, "rows", report_json(r));
	json_object_set_new(whole, "landings", landings);
	where_print_json(whole);
}

static void
print_report(const struct options *o, const struct landed_list *list,
    const struct site_list *sites, enum by by, int64_t at_us)
{
	struct report r;

	catchment_fill(&r, list, by, sites);
	if (o->where.is_json)
		print_json(&r, list, by, at_us);
	else
		where_print(&o->where, &r, "no vantage has measured yet");
	report_fini(&r);
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

static enum rc
report_catchment(struct store *st, const struct options *o, enum by by,
    int64_t at_us, struct err *err)
{
	struct landed_filter filter = { o->service, o->target,
		(uint8_t)o->family };
	struct landed_list list = { 0 };
	struct site_list sites = { 0 };
	enum rc rc = lookup_name(st, NAMES_SERVICE, "service", o->service, err);

	if (rc == RC_OK)
		rc = lookup_name(st, NAMES_TARGET, "target", o->target, err);
	if (rc == RC_OK)
		rc = store_landed_at(st, at_us, &filter, &list, err);
	if (rc == RC_OK && by == BY_SITE)
		rc = store_sites(st, &sites, err);
	if (rc == RC_OK)
		print_report(o, &list, &sites, by, at_us);
	free(list.rows);
	free(sites.rows);
	return rc;
}

static enum rc
run(const struct command_call *call, struct err *err)
{
	const struct options *o = call->options;
	int64_t now_us = clock_wall_us(), at_us = now_us;
	struct store *st = NULL;
	enum by by;
	enum rc rc = check_family(o->family, err);

	if (rc == RC_OK)
		rc = parse_by(o->by, &by, err);
	if (rc == RC_OK && o->at != NULL)
		rc = clock_parse(&at_us, o->at, now_us, err);
	if (rc == RC_OK)
		rc = where_open(&o->where, STORE_READ, &st, err);
	if (rc == RC_OK)
		rc = report_catchment(st, o, by, at_us, err);
	store_close(st);
	return rc;
}

int
command_catchment(int argc, char **argv)
{
	struct options o = { 0 };

	return command_run(&spec, &o, argc, argv, run);
}
