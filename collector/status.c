/* status.c - catchwater status: how the collector and its database are. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "collector/commands.h"
#include "collector/forecast.h"
#include "collector/report_command.h"
#include "collector/settings.h"
#include "collector/store_status.h"
#include "schema/base/clock.h"
#include "schema/base/mem.h"

#define LATELY_US (300 * US_PER_S) /* several times the longest default wait */

static const struct option_spec options[] = {
	OPTION_JSON,
	OPTION_CSV,
	OPTION_WHERE,
	{ 0 },
};

static const struct command_spec spec = { PROGRAM, "status", "", 0, 0,
	"probes, ingest, open events; the database's size, and what it will be",
	options };

static const struct column columns[] = {
	{ "probes_active", NULL, CELL_COUNT },
	{ "probes_quarantined", NULL, CELL_COUNT },
	{ "probes_gone", NULL, CELL_COUNT },
	{ "probes_heard", NULL, CELL_COUNT },
	{ "last_heard", NULL, CELL_TIME },
	{ "last_heard_ago_us", NULL, CELL_AGO },
	{ "events_open", NULL, CELL_COUNT },
	{ "events_worst", NULL, CELL_TEXT },
	{ "observations", NULL, CELL_COUNT },
	{ "oldest", NULL, CELL_TIME },
	{ "keep_us", NULL, CELL_AGO },
	{ "per_second", NULL, CELL_TENTHS },
	{ "packed", NULL, CELL_COUNT },
	{ "packed_bytes_each", NULL, CELL_TENTHS },
	{ "unpacked_bytes_each", NULL, CELL_TENTHS },
	{ "size_bytes", NULL, CELL_BYTES },
	{ "unused_bytes", NULL, CELL_BYTES },
	{ "log_bytes", NULL, CELL_BYTES },
	{ "disk_free_bytes", NULL, CELL_BYTES },
	{ "full_at", NULL, CELL_TIME },
	{ "full_bytes", NULL, CELL_BYTES },
	{ "year_bytes", NULL, CELL_BYTES },
	{ "schema", NULL, CELL_COUNT },
};

struct status {
	char *path;      /* of the database */
	int64_t keep_us; /* 0: no configuration was read */
	int64_t keep_details_us;
	int64_t now_us;
	struct store_status of;
	bool has_log, has_disk;
	int64_t log_bytes, disk_free_bytes;
	struct forecast forecast;
};

/* The database and, when a configuration names it, how long it keeps. */
static enum rc
find(struct status *s, const struct where *w, struct err *err)
{
	struct settings settings;
	enum rc rc = where_database(w, &s->path, err);

	if (rc != RC_OK || w->database != NULL)
		return rc;
	rc = settings_load(
	    &settings, w->config != NULL ? w->config : DEFAULT_CONFIG, err);
	if (rc != RC_OK)
		return rc;
	s->keep_us = settings.keep_observations_us;
	s->keep_details_us = settings.keep_details_us;
	settings_fini(&settings);
	return RC_OK;
}

static void
look_at_disk(struct status *s)
{
	size_t cap = strlen(s->path) + sizeof "-wal";
	char *log = mem_new(cap);
	struct stat file;
	struct statvfs disk;

	snprintf(log, cap, "%s-wal", s->path);
	s->has_log = stat(log, &file) == 0;
	if (s->has_log)
		s->log_bytes = file.st_size;
	free(log);
	s->has_disk = statvfs(s->path, &disk) == 0;
	if (s->has_disk)
		s->disk_free_bytes =
		    (int64_t)disk.f_bavail * (int64_t)disk.f_frsize;
}

static void
add_events(struct report *r, const struct store_status *of)
{
	const char *worst = NULL;
	int64_t n = 0;

	for (int i = 0; i <= SEVERITY_CRITICAL; i++) {
		n += of->n_open[i];
		if (of->n_open[i] > 0)
			worst = severity_name((enum severity)i);
	}
	report_number(r, n);
	report_text(r, worst);
}

static void
add_size(struct report *r, const struct status *s)
{
	const struct forecast *f = &s->forecast;

	report_number(r, s->of.bytes);
	report_number(r, s->of.free_bytes);
	report_number_if(r, s->has_log, s->log_bytes);
	report_number_if(r, s->has_disk, s->disk_free_bytes);
	report_number_if(r, f->is_known, f->full_us);
	report_number_if(r, f->is_known, f->full_bytes);
	report_number_if(r, f->is_known, f->year_bytes);
	report_number(r, s->of.schema);
}

static int64_t
tenths(double v)
{
	return v > 0 ? (int64_t)(v * 10 + 0.5) : 0;
}

static void
print(const struct status *s, const struct where *w)
{
	const struct store_status *of = &s->of;
	bool has_rows = of->n_observations > 0;
	struct report r;

	report_init(&r, columns, sizeof columns / sizeof *columns);
	report_number(&r, of->n_active);
	report_number(&r, of->n_quarantined);
	report_number(&r, of->n_gone);
	report_number(&r, of->n_heard_lately);
	report_number_if(&r, of->has_received, of->received_us);
	report_number_if(&r, of->has_received, s->now_us - of->received_us);
	add_events(&r, of);
	report_number(&r, of->n_observations);
	report_number_if(&r, has_rows, of->oldest_us);
	report_number_if(&r, s->keep_us > 0, s->keep_us);
	report_number_if(&r, has_rows, tenths(of->per_second));
	report_number(&r, of->n_packed);
	report_number_if(&r, of->n_packed > 0,
	    tenths((double)of->packed_bytes / (double)of->n_packed));
	report_number_if(&r, has_rows, tenths(of->raw_bytes));
	add_size(&r, s);
	if (w->is_json || w->is_csv)
		where_print(w, &r, "");
	else
		report_print_list(&r, stdout);
	report_fini(&r);
}

/* A forecast that does not fit is worth a word. */
static void
warn(const struct status *s)
{
	int64_t more = s->forecast.year_bytes - s->of.bytes;

	if (s->forecast.is_known && s->has_disk && more > s->disk_free_bytes)
		fprintf(stderr,
		    PROGRAM " status: the disk has less room than the database "
			    "will need within a year; keep_observations says "
			    "for how long observations stay\n");
}

static enum rc
run(struct status *s, const struct where *w, struct err *err)
{
	struct store *st = NULL;
	enum rc rc = find(s, w, err);

	if (rc == RC_OK)
		rc = store_open(&st, s->path, STORE_READ, err);
	if (rc == RC_OK)
		rc = store_status_read(
		    st, s->now_us, s->now_us - LATELY_US, &s->of, err);
	store_close(st);
	if (rc != RC_OK)
		return rc;
	look_at_disk(s);
	s->forecast = forecast_of(&(struct forecast_from){ .now_us = s->now_us,
	    .used_bytes = s->of.bytes - s->of.free_bytes,
	    .n_observations = s->of.n_observations,
	    .oldest_us = s->of.oldest_us,
	    .per_second = s->of.per_second,
	    .keep_us = s->keep_us,
	    .keep_details_us = s->keep_details_us,
	    .lasting_bytes = s->of.lasting_bytes,
	    .lasting_since_us = s->of.lasting_since_us,
	    .n_packed = s->of.n_packed,
	    .packed_bytes = s->of.packed_bytes,
	    .raw_bytes = s->of.raw_bytes });
	print(s, w);
	warn(s);
	return RC_OK;
}

int
command_status(int argc, char **argv)
{
	struct status s = { .now_us = clock_wall_us() };
	struct where where = { 0 };
	struct err err = ERR_NONE;
	char **operands;
	int n, status;

	status = command_options(&spec, &where, argc, argv, &operands, &n);
	if (status >= 0)
		return status;
	status =
	    run(&s, &where, &err) == RC_OK ? 0 : command_fail(spec.name, &err);
	free(s.path);
	return status;
}
