/* replay_command.c - catchwater replay: the events of stored observations. */
#include <inttypes.h>
#include <stdio.h>

#include "collector/commands.h"
#include "collector/events_report.h"
#include "collector/geo.h"
#include "collector/replay.h"
#include "collector/report_command.h"
#include "collector/settings.h"
#include "collector/store_heard.h"
#include "schema/base/clock.h"

static const struct option_spec options[] = {
	OPTION_JSON,
	OPTION_CSV,
	{ 'c', "config", OPTION_TEXT, offsetof(struct where, config), 0, 0,
	    "FILE", "configuration of that time (default " DEFAULT_CONFIG ")" },
	{ 0, "db", OPTION_TEXT, offsetof(struct where, database), 0, 0, "FILE",
	    "database, or a copy of it (default: the configuration's)" },
	{ 0 },
};

static const struct command_spec spec = { PROGRAM, "replay", "", 0, 0,
	"what the detector makes of the stored observations", options };

static void
tell(const struct replayed *r)
{
	char since[CLOCK_TEXT_LEN];

	if (r->n_observations == 0)
		fprintf(stderr, PROGRAM " replay: no observations\n");
	else if (!r->is_whole)
		fprintf(stderr,
		    PROGRAM " replay: what was before %s is no longer there: "
			    "these events need not be those that were told\n",
		    clock_format(r->first_us, since));
	else if (r->is_reread)
		fprintf(stderr,
		    PROGRAM " replay: 'reinterpret' has changed what "
			    "observations mean since: these events need not "
			    "be those that were told\n");
}

static enum rc
replay_into(struct store *scratch, struct store *source,
    struct settings *settings, const struct where *w, struct err *err)
{
	struct event_filter all = { false, NULL, 0 };
	struct replayed told;
	struct geo *geo = NULL;
	enum rc rc = RC_OK;

	if (settings->geo_asn != NULL || settings->geo_city != NULL)
		rc = geo_open(&geo, settings->geo_asn, settings->geo_city, err);
	if (rc == RC_OK)
		rc = replay(
		    source, scratch, &settings->services, geo, &told, err);
	if (rc == RC_OK) {
		tell(&told);
		rc = events_print(scratch, w, &all, "no events", err);
	}
	geo_close(geo);
	return rc;
}

static enum rc
run(const struct command_call *call, struct err *err)
{
	const struct where *w = call->options;
	struct store *source = NULL, *scratch = NULL;
	struct settings settings;
	const char *path;
	const char *config = w->config != NULL ? w->config : DEFAULT_CONFIG;
	enum rc rc =
	    w->database != NULL
		? settings_load_without_database(&settings, config, err)
		: settings_load(&settings, config, err);

	if (rc != RC_OK)
		return rc;
	path = w->database != NULL ? w->database : settings.database;
	rc = store_open(&source, path, STORE_READ, err);
	if (rc == RC_OK)
		rc = store_open_scratch(&scratch, path, err);
	if (rc == RC_OK)
		rc = replay_into(scratch, source, &settings, w, err);
	store_close(scratch);
	store_close(source);
	settings_fini(&settings);
	return rc;
}

int
command_replay(int argc, char **argv)
{
	struct where w = { 0 };

	return command_run(&spec, &w, argc, argv, run);
}
