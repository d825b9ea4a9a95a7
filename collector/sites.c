/* sites.c - catchwater sites: announced x healthy x receiving, per site. */
#include <stdlib.h>
#include <string.h>

#include "collector/commands.h"
#include "collector/detect_mismatch.h"
#include "collector/drains.h"
#include "collector/report_command.h"
#include "collector/sites_check.h"
#include "collector/store_report.h"
#include "collector/store_status.h"
#include "collector/views.h"
#include "schema/base/clock.h"

#define STALE_US (600 * US_PER_S) /* several times the longest default wait */

struct options {
	struct where where;
	bool is_check;
};

static const struct option_spec options[] = {
	{ 0, "check", OPTION_FLAG, offsetof(struct options, is_check), 0, 0,
	    NULL, "one line and exit status 0 to 3, for Nagios and its heirs" },
	OPTION_JSON,
	OPTION_CSV,
	OPTION_HTML,
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
	{ "drain", "drain", CELL_TEXT },
	{ "drain_since", NULL, CELL_TIME },
	{ "possible", NULL, CELL_TEXT },
	{ "reported", NULL, CELL_TIME },
	{ "announced_why", NULL, CELL_TEXT },
	{ "healthy_why", NULL, CELL_TEXT },
	{ "serial", NULL, CELL_COUNT },
	{ "latitude", NULL, CELL_DEGREES },
	{ "longitude", NULL, CELL_DEGREES },
};
#define N_COLUMNS (sizeof columns / sizeof columns[0])

static enum tri
tri_of(const char *word)
{
	enum tri t;

	return tri_from_name(&t, word) == RC_OK ? t : TRI_UNKNOWN;
}

/* The verdicts that are possible, when there are several. */
static void
add_possible(struct report *r, const struct site_now *s, bool is_draining)
{
	char possible[MISMATCH_POSSIBLE_LEN];

	if (!is_draining && tri_of(s->announced) == TRI_UNKNOWN &&
	    tri_of(s->healthy) == TRI_UNKNOWN &&
	    tri_of(s->receiving) == TRI_UNKNOWN) {
		report_none(r);
		return;
	}
	mismatch_possible(possible, is_draining ? TRI_NO : tri_of(s->announced),
	    tri_of(s->healthy), tri_of(s->receiving));
	report_text(r, strchr(possible, ',') != NULL ? possible : NULL);
}

static const char *
text_or_none(const char *text)
{
	return text[0] != '\0' ? text : NULL;
}

static void
add_words(struct report *r, const struct site_now *s, int64_t now_us)
{
	bool is_draining =
	    s->drain.since_us != 0 && now_us < drain_end_us(&s->drain);

	report_text(r, is_draining ? "draining" : NULL);
	report_number_if(r, is_draining, s->drain.since_us);
	add_possible(r, s, is_draining);
	report_number_if(r, s->has_heard, s->heard_us);
	report_text(r, text_or_none(s->announced_why));
	report_text(r, text_or_none(s->healthy_why));
	report_number_if(r, s->has_serial, s->serial);
	report_number_if(r, s->has_position, s->latitude);
	report_number_if(r, s->has_position, s->longitude);
}

static void
add_row(struct report *r, const struct site_now *s, int64_t now_us)
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
	add_words(r, s, now_us);
}

/* Initialises *r: release with report_fini. */
static enum rc
fill_report(struct store *st, struct report *r, struct err *err)
{
	struct site_list list = { 0 };
	enum rc rc = store_sites(st, &list, err);

	report_init(r, columns, N_COLUMNS);
	for (size_t i = 0; rc == RC_OK && i < list.n; i++)
		add_row(r, &list.rows[i], clock_wall_us());
	free(list.rows);
	return rc;
}

enum rc
view_sites(
    struct store *st, const struct view_query *q, json_t **out, struct err *err)
{
	struct report r;
	enum rc rc = fill_report(st, &r, err);

	(void)q;
	if (rc == RC_OK)
		*out = report_json(&r);
	report_fini(&r);
	return rc;
}

static enum rc
report_sites(struct store *st, const struct where *w, struct err *err)
{
	struct report r;
	enum rc rc = fill_report(st, &r, err);

	if (rc == RC_OK)
		where_print(w, &r,
		    "no sites; has 'catchwater serve' been started with them?");
	report_fini(&r);
	return rc;
}

static enum rc
check_sites(struct store *st, int *status, struct err *err)
{
	struct site_list list = { 0 };
	struct store_status now;
	int64_t now_us = clock_wall_us();
	enum rc rc = store_sites(st, &list, err);

	if (rc == RC_OK)
		rc =
		    store_status_read(st, now_us, now_us - STALE_US, &now, err);
	if (rc == RC_OK)
		*status = sites_check_print(
		    &(struct sites_check){ &list,
			now.has_received ? now.received_us : 0, now_us,
			STALE_US },
		    stdout);
	free(list.rows);
	return rc;
}

/* Monitoring reads the first line of standard output. */
static int
fail(const struct options *o, const struct err *err)
{
	if (!o->is_check)
		return command_fail(spec.name, err);
	printf("CATCHWATER UNKNOWN - %s\n", err->text);
	return CHECK_UNKNOWN;
}

int
command_sites(int argc, char **argv)
{
	struct options o = { 0 };
	struct store *st = NULL;
	struct err err = ERR_NONE;
	char **operands;
	enum rc rc;
	int n, status;

	status = command_options(&spec, &o, argc, argv, &operands, &n);
	if (status >= 0)
		return status;
	status = 0;
	rc = where_open(&o.where, STORE_READ, &st, &err);
	if (rc == RC_OK)
		rc = o.is_check ? check_sites(st, &status, &err)
				: report_sites(st, &o.where, &err);
	store_close(st);
	return rc == RC_OK ? status : fail(&o, &err);
}
