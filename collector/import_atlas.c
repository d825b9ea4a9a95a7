/* import_atlas.c - catchwater import atlas: results of RIPE Atlas. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/atlas.h"
#include "collector/atlas_json.h"
#include "collector/atlas_place.h"
#include "collector/import_commands.h"
#include "collector/import_session.h"
#include "collector/json_stream.h"
#include "collector/tally.h"
#include "schema/base/clock.h"
#include "schema/base/mem.h"
#include "schema/base/progress.h"

#define RESULTS_PER_COMMIT 5000

struct options {
	struct where where;
	bool is_decode;
};

static const struct option_spec options[] = {
	{ 0, "decode", OPTION_FLAG, offsetof(struct options, is_decode), 0, 0,
	    NULL,
	    "write each response as a line of JSON, with every field that was "
	    "decoded; no configuration, no database" },
	OPTION_JSON,
	{ 'c', "config", OPTION_TEXT, offsetof(struct where, config), 0, 0,
	    "FILE", "configuration (default " DEFAULT_CONFIG ")" },
	{ 0, "db", OPTION_TEXT, offsetof(struct where, database), 0, 0, "FILE",
	    "database (default: that of the configuration)" },
	{ 0 },
};

static const struct command_spec spec = { "catchwater import", "atlas",
	"FILE...", 1, -1,
	"results of RIPE Atlas: DNS, traceroute and ping; a JSON array or JSON "
	"Lines, gzip or not",
	options };

/* What became of a file, or of all. */
struct counts {
	int64_t n_results, n_decoded, n_responses, n_stored, n_late;
	struct tally rejected, not_stored;
};

/* A file on its way in. */
struct intake {
	const struct options *options;
	struct import_session *session; /* NULL: --decode */
	struct import_row *row;
	struct counts counts;
	enum rc rc;
};

/* Counts. */

static const struct {
	const char *key;
	size_t offset;
} count_keys[] = {
	{ "results", offsetof(struct counts, n_results) },
	{ "decoded", offsetof(struct counts, n_decoded) },
	{ "responses", offsetof(struct counts, n_responses) },
	{ "stored", offsetof(struct counts, n_stored) },
	{ "late", offsetof(struct counts, n_late) },
};
#define N_COUNT_KEYS (sizeof count_keys / sizeof count_keys[0])

static int64_t *
count_of(struct counts *c, size_t i)
{
	return (int64_t *)(void *)((char *)c + count_keys[i].offset);
}

static json_t *
counts_json(struct counts *c)
{
	json_t *out = json_object();

	for (size_t i = 0; i < N_COUNT_KEYS; i++)
		json_object_set_new(
		    out, count_keys[i].key, json_integer(*count_of(c, i)));
	json_object_set_new(
	    out, "rejected", json_integer(tally_total(&c->rejected)));
	json_object_set_new(out, "reasons", tally_json(&c->rejected));
	json_object_set_new(out, "not_stored", tally_json(&c->not_stored));
	return out;
}

static void
counts_read(struct counts *c, const json_t *from)
{
	for (size_t i = 0; i < N_COUNT_KEYS; i++)
		*count_of(c, i) = json_integer_value(
		    json_object_get(from, count_keys[i].key));
	tally_read(&c->rejected, json_object_get(from, "reasons"));
	tally_read(&c->not_stored, json_object_get(from, "not_stored"));
}

static void
counts_sum(struct counts *into, struct counts *more)
{
	for (size_t i = 0; i < N_COUNT_KEYS; i++)
		*count_of(into, i) += *count_of(more, i);
	tally_sum(&into->rejected, &more->rejected);
	tally_sum(&into->not_stored, &more->not_stored);
}

/* One response. */

static void
print_response(const json_t *response)
{
	json_dumpf(response, stdout,
	    JSON_COMPACT | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(15));
	putchar('\n');
}

static void
note_time(struct import_row *row, int64_t at_us)
{
	if (!row->has_times || at_us < row->first_us)
		row->first_us = at_us;
	if (!row->has_times || at_us > row->last_us)
		row->last_us = at_us;
	row->has_times = true;
}

/* Puts an observation of a service's address into the database. */
static void
store(struct intake *in, const struct foreign_vantage *v, struct observation *o,
    const struct target *target)
{
	struct import_session *s = in->session;
	struct foreign_sight sight = { .observation = o,
		.target_id = target->id };

	o->seq = (uint64_t)in->row->id << 32 | (uint64_t)in->counts.n_responses;
	in->counts.n_late +=
	    s->now_us - o->at_us > s->paces[target->service].times.dns_every_us;
	in->rc = import_session_advance(s, o->at_us);
	if (in->rc == RC_OK)
		in->rc = import_session_vantage(s, v, o->at_us, &sight.vantage);
	if (in->rc != RC_OK)
		return;
	sight.received_us = s->now_us;
	if (o->kind == KIND_DNS && target->role == ROLE_SERVICE)
		in->rc =
		    import_session_pace(s, sight.vantage->id, target, o->at_us);
	if (in->rc == RC_OK)
		in->rc = ingest_foreign_put(s->ingest, &sight);
	note_time(in->row, o->at_us);
	in->counts.n_stored++;
}

static void
take_response(void *ctx, const json_t *result, const json_t *response)
{
	struct intake *in = ctx;
	const struct target *target;
	struct foreign_vantage v;
	struct observation o;
	const char *why;

	in->counts.n_responses++;
	if (in->session == NULL) {
		print_response(response);
		return;
	}
	if (in->rc != RC_OK)
		return;
	why = atlas_observe(response, &o);
	target =
	    why == NULL ? import_session_target(in->session, &o.target) : NULL;
	if (why == NULL && target == NULL)
		why = "no service has this address";
	if (why != NULL) {
		tally_add(&in->counts.not_stored, why, 1);
		return;
	}
	atlas_vantage(&v, result, response, &o, &in->session->settings.atlas);
	store(in, &v, &o, target);
}

/* One file. */

static void
take_value(struct intake *in, enum rc found, const char *text, size_t len)
{
	const char *why = found == RC_LIMIT ? "a result of over 8 MiB"
			  : found == RC_MALFORMED
			      ? "the file is broken from here on"
			      : atlas_decode(text, len, take_response, in);

	in->counts.n_results++;
	if (why == NULL)
		in->counts.n_decoded++;
	else
		tally_add(&in->counts.rejected, why, 1);
}

static enum rc
commit(struct intake *in, bool is_done, struct err *err)
{
	struct import_row *row = in->row;
	enum rc rc;

	row->n_done = in->counts.n_results;
	row->is_done = is_done;
	json_decref(row->summary);
	row->summary = counts_json(&in->counts);
	rc = import_session_end(in->session, row);
	if (rc == RC_OK && !is_done)
		rc = import_session_begin(in->session, err);
	return rc;
}

/* Reads values to the end of the file; the first skip of them were taken by an
 * earlier run. */
static enum rc
read_values(struct intake *in, struct json_stream *stream, int64_t skip,
    struct err *err)
{
	int64_t n = 0;
	const char *text;
	size_t len;

	for (;;) {
		enum rc found = json_stream_next(stream, &text, &len, err);

		if (found == RC_NOTFOUND)
			return RC_OK;
		if (found == RC_SYS)
			return found;
		if (n++ < skip)
			continue;
		take_value(in, found, text, len);
		if (in->rc != RC_OK)
			return in->rc;
		progress_show(in->row->name, n, 0);
		if (in->session != NULL && n % RESULTS_PER_COMMIT == 0)
			in->rc = commit(in, false, err);
	}
}

static enum rc
read_file(struct intake *in, const char *path, struct err *err)
{
	struct json_stream *stream;
	enum rc rc = json_stream_open(&stream, path, err);

	if (rc != RC_OK)
		return rc;
	rc = read_values(in, stream, in->row->n_done, err);
	progress_end();
	json_stream_close(stream);
	return rc;
}

/* The row of the file is there before what it brought refers to it. */
static enum rc
import_file(struct intake *in, const char *path, struct err *err)
{
	struct import_session *s = in->session;
	enum rc rc;

	counts_read(&in->counts, in->row->summary);
	rc = import_session_begin(s, err);
	if (rc == RC_OK && in->row->id == 0)
		rc = commit(in, false, err);
	if (rc == RC_OK)
		rc = read_file(in, path, err);
	return rc == RC_OK ? commit(in, true, err) : rc;
}

static json_t *
file_json(struct intake *in, int64_t stored_before, bool was_done)
{
	json_t *out = json_pack("{s:s}", "file", in->row->name);

	in->counts.n_stored -= stored_before;
	json_object_set_new(out, "already_imported", json_boolean(was_done));
	json_object_update_new(out, counts_json(&in->counts));
	return out;
}

static enum rc
take_file(struct intake *all, const char *path, json_t *files, struct err *err)
{
	struct import_row row = { 0 };
	struct intake in = *all;
	int64_t before;
	bool was_done;
	enum rc rc;

	in.row = &row;
	in.counts = (struct counts){ 0 };
	if (in.session == NULL)
		return read_file(&in, path, err);
	rc = import_session_file(in.session, path, &row, err);
	was_done = rc == RC_OK && row.is_done;
	before = json_integer_value(json_object_get(row.summary, "stored"));
	if (was_done)
		counts_read(&in.counts, row.summary);
	else if (rc == RC_OK)
		rc = import_file(&in, path, err);
	if (rc == RC_OK) {
		json_array_append_new(files, file_json(&in, before, was_done));
		counts_sum(&all->counts, &in.counts);
	}
	json_decref(row.summary);
	return rc;
}

/* Order. */

struct queued {
	const char *path;
	int64_t at; /* its first result; 0: it says nothing */
	int place;  /* as given */
};

static int
by_time(const void *a, const void *b)
{
	const struct queued *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return (x->place > y->place) - (x->place < y->place);
}

static int64_t
first_timestamp(const char *path)
{
	struct json_stream *stream;
	json_t *result = NULL;
	const char *text;
	int64_t at = 0;
	size_t len;

	if (json_stream_open(&stream, path, NULL) != RC_OK)
		return 0;
	if (json_stream_next(stream, &text, &len, NULL) == RC_OK)
		result = json_loadb(
		    text, len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
	if (!atlas_int(result, "timestamp", &at))
		at = 0;
	json_decref(result);
	json_stream_close(stream);
	return at;
}

/* Whoever names files with a star has them by name: takes them by time. */
static void
sort_by_time(char **paths, int n)
{
	struct queued *list = mem_new(((size_t)n + 1) * sizeof *list);

	for (int i = 0; i < n; i++)
		list[i] =
		    (struct queued){ paths[i], first_timestamp(paths[i]), i };
	qsort(list, (size_t)n, sizeof *list, by_time);
	for (int i = 0; i < n; i++)
		memcpy(&paths[i], &list[i].path, sizeof paths[i]);
	free(list);
}

/* The outcome. */

static const struct column columns[] = {
	{ "file", "file", CELL_TEXT },
	{ "results", "results", CELL_COUNT },
	{ "decoded", "decoded", CELL_COUNT },
	{ "rejected", "rejected", CELL_COUNT },
	{ "responses", "responses", CELL_COUNT },
	{ "stored", "stored", CELL_COUNT },
	{ "note", "", CELL_TEXT },
};
#define N_COLUMNS (sizeof columns / sizeof columns[0])

static void
add_row(struct report *r, const json_t *o, const char *name)
{
	report_text(r, name);
	for (size_t i = 1; i + 1 < N_COLUMNS; i++)
		report_number(
		    r, json_integer_value(json_object_get(o, columns[i].key)));
	report_text(r, json_is_true(json_object_get(o, "already_imported"))
			   ? "imported before"
			   : NULL);
}

static void
print_tally(const char *what, const struct tally *t)
{
	for (size_t i = 0; i < t->n; i++)
		printf("%s: %s: %" PRId64 "\n", what, t->rows[i].why,
		    t->rows[i].count);
}

static void
print_tables(const json_t *files, const json_t *sums, struct counts *c)
{
	struct report r;
	const json_t *file;
	size_t i;

	report_init(&r, columns, N_COLUMNS);
	json_array_foreach(files, i, file)
	    add_row(&r, file, json_string_value(json_object_get(file, "file")));
	if (json_array_size(files) > 1)
		add_row(&r, sums, "total");
	report_print_table(&r, "no file", stdout);
	report_fini(&r);
	print_tally("rejected", &c->rejected);
	print_tally("not stored", &c->not_stored);
	if (c->n_late > 0)
		printf("%" PRId64 " were older than what came before them: "
		       "they are in the journal, and raise no event; within "
		       "a file, the oldest should come first\n",
		    c->n_late);
}

/* Takes files. */
static void
print_outcome(const struct options *o, json_t *files, struct counts *c)
{
	json_t *sums = counts_json(c);

	if (o->where.is_json) {
		json_object_set(sums, "files", files);
		where_print_json(json_incref(sums));
	} else {
		print_tables(files, sums, c);
	}
	json_decref(sums);
	json_decref(files);
}

static enum rc
run(const struct options *o, char **paths, int n, struct err *err)
{
	struct import_session session;
	struct intake all = { .options = o };
	json_t *files = json_array();
	enum rc rc = RC_OK;

	if (!o->is_decode) {
		sort_by_time(paths, n);
		all.session = &session;
		rc = import_session_open(&session, "atlas", &o->where, err);
	}
	for (int i = 0; rc == RC_OK && i < n; i++)
		rc = take_file(&all, paths[i], files, err);
	if (!o->is_decode) {
		import_session_close(&session);
		print_outcome(o, files, &all.counts);
	} else {
		json_decref(files);
	}
	return rc;
}

int
import_atlas(int argc, char **argv)
{
	struct options o = { 0 };
	struct err err = ERR_NONE;
	char **operands;
	int n, status;

	status = command_options(&spec, &o, argc, argv, &operands, &n);
	if (status >= 0)
		return status;
	return run(&o, operands, n, &err) == RC_OK
		   ? 0
		   : command_fail("import atlas", &err);
}
