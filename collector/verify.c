/* verify.c - catchwater verify: is the database whole? */
#include <inttypes.h>
#include <stdio.h>

#include "collector/commands.h"
#include "collector/geo.h"
#include "collector/replay.h"
#include "collector/report_command.h"
#include "collector/settings.h"
#include "collector/store_compare.h"
#include "collector/store_heard.h"
#include "collector/store_verify.h"
#include "schema/base/progress.h"

struct options {
	struct where where;
	bool is_replay;
};

static const struct option_spec options[] = {
	{ 0, "replay", OPTION_FLAG, offsetof(struct options, is_replay), 0, 0,
	    NULL,
	    "detect again, and compare: with the configuration of all the "
	    "time" },
	OPTION_JSON,
	OPTION_CSV,
	OPTION_WHERE,
	{ 0 },
};

static const struct command_spec spec = { PROGRAM, "verify", "", 0, 0,
	"is the database whole, and does it agree with itself", options };

static const struct column columns[] = {
	{ "check", "check", CELL_TEXT },
	{ "result", "result", CELL_TEXT },
	{ "fault", "fault", CELL_TEXT },
};

struct verdict {
	struct report report;
	unsigned n_faults;
	int64_t n_results;
};

static void
add_row(void *ctx, const char *check, const char *fault)
{
	struct verdict *v = ctx;

	report_text(&v->report, check);
	report_text(&v->report, fault == NULL ? "ok" : "fault");
	report_text(&v->report, fault);
	v->n_faults += fault != NULL;
	progress_show("results of checks", ++v->n_results, 0);
}

static void
add_difference(void *ctx, const char *fault)
{
	add_row(ctx, "replay", fault);
}

static enum rc
compare(struct store *st, struct store *scratch, struct settings *settings,
    struct verdict *v, struct err *err)
{
	struct replayed told = { 0 };
	unsigned n_before = v->n_faults;
	struct geo *geo = NULL;
	enum rc rc = RC_OK;

	if (settings->geo_asn != NULL || settings->geo_city != NULL)
		rc = geo_open(&geo, settings->geo_asn, settings->geo_city, err);
	if (rc == RC_OK)
		rc = replay(st, scratch, &settings->services, geo, &told, err);
	geo_close(geo);
	if (rc == RC_OK && (!told.is_whole || told.is_reread))
		return err_set(err, RC_RANGE,
		    "--replay: not every observation is there any more, as it "
		    "was heard: there is nothing to compare with");
	if (rc == RC_OK)
		rc = store_compare(st, scratch, add_difference, v, err);
	if (rc == RC_OK && v->n_faults == n_before)
		add_row(v, "replay", NULL);
	return rc;
}

static enum rc
check_replay(
    struct store *st, const struct where *w, struct verdict *v, struct err *err)
{
	const char *path = w->config != NULL ? w->config : DEFAULT_CONFIG;
	struct store *scratch = NULL;
	struct settings settings;
	enum rc rc = w->database != NULL
			 ? settings_load_without_database(&settings, path, err)
			 : settings_load(&settings, path, err);

	if (rc != RC_OK)
		return rc;
	rc = store_open_scratch(&scratch,
	    w->database != NULL ? w->database : settings.database, err);
	if (rc == RC_OK)
		rc = compare(st, scratch, &settings, v, err);
	store_close(scratch);
	settings_fini(&settings);
	return rc;
}

static enum rc
run(const struct options *o, unsigned *n_faults, struct err *err)
{
	struct verdict v = { .n_faults = 0 };
	struct store *st = NULL;
	enum rc rc = where_open(&o->where, STORE_READ, &st, err);

	report_init(&v.report, columns, sizeof columns / sizeof *columns);
	if (rc == RC_OK)
		rc = store_begin_reading(st, err);
	if (rc == RC_OK)
		store_verify(st, add_row, &v);
	progress_end();
	if (rc == RC_OK && o->is_replay)
		rc = check_replay(st, &o->where, &v, err);
	if (rc == RC_OK)
		where_print(&o->where, &v.report, "");
	*n_faults = v.n_faults;
	report_fini(&v.report);
	store_close(st);
	return rc;
}

int
command_verify(int argc, char **argv)
{
	struct options o = { 0 };
	struct err err = ERR_NONE;
	unsigned n_faults = 0;
	char **operands;
	int n, status;

	status = command_options(&spec, &o, argc, argv, &operands, &n);
	if (status >= 0)
		return status;
	if (run(&o, &n_faults, &err) != RC_OK)
		return command_fail(spec.name, &err);
	if (n_faults == 0)
		return 0;
	fflush(stdout);
	fprintf(stderr,
	    PROGRAM " verify: %u faults; a copy made by '" PROGRAM
		    " backup' before them has what is lost, and 'sqlite3 FILE "
		    ".recover' what can still be read\n",
	    n_faults);
	return 1;
}
