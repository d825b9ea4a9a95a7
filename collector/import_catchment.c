/* import_catchment.c - catchwater import catchment: rounds of a catchment
 * mapper.
 *
 * A round is an aggregated look at every vantage at once.  Three agreeing
 * answers never come, and need not: what quorum and hysteresis do for single
 * questions, the round does by its size.  So while rounds are read the service
 * lives by their pace (struct service, round_us): each is judged as a whole
 * when it is over, and its events are settled when the next one begins. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/import_commands.h"
#include "collector/import_session.h"
#include "collector/interpret.h"
#include "collector/round.h"
#include "schema/base/clock.h"
#include "schema/base/mem.h"
#include "schema/base/progress.h"

#define GAP_MAX_US (86400 * US_PER_S) /* more is no pace */
#define ROUTING_BYTES (1 << 20)

struct options {
	struct where where;
};

static const struct option_spec options[] = {
	OPTION_JSON,
	{ 'c', "config", OPTION_TEXT, offsetof(struct where, config), 0, 0,
	    "FILE", "configuration (default " DEFAULT_CONFIG ")" },
	{ 0, "db", OPTION_TEXT, offsetof(struct where, database), 0, 0, "FILE",
	    "database (default: that of the configuration)" },
	{ 0 },
};

static const struct command_spec spec = { "catchwater import", "catchment",
	"ROUND.csv[.gz]...", 1, -1,
	"rounds of a catchment mapper such as Verfploeter, in order of time; "
	"with NAME.routing beside NAME.csv.gz, what each site announced",
	options };

/* A run over several rounds. */
struct rounds {
	const struct options *options;
	struct import_session session;
	struct round before; /* service NULL: none, or not loaded */
	int64_t every_us;    /* their pace; 0: not known */
	bool has_printed;
};

/* Pace. */

static int
by_length(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* The median of the gaps between the files; 0: too few. */
static int64_t
find_pace(char **paths, int n)
{
	int64_t *gaps = mem_new(((size_t)n + 1) * sizeof *gaps), last_us = 0;
	int64_t at_us, median = 0;
	size_t n_gaps = 0;

	for (int i = 0; i < n; i++) {
		if (!round_peek(paths[i], &at_us))
			continue;
		if (last_us != 0 && at_us > last_us &&
		    at_us - last_us < GAP_MAX_US)
			gaps[n_gaps++] = at_us - last_us;
		last_us = at_us;
	}
	if (n_gaps > 0) {
		qsort(gaps, n_gaps, sizeof *gaps, by_length);
		median = gaps[n_gaps / 2];
	}
	free(gaps);
	return median;
}

static struct times *
times_of(struct rounds *x, const struct service *s)
{
	struct import_session *session = &x->session;

	return &session->paces[s - session->settings.services.list].times;
}

/* The service lives by the rounds from now on; at its own times before. */
static enum rc
set_round(struct rounds *x, const struct service *s, int64_t round_us,
    int64_t before_us)
{
	struct times *t = times_of(x, s);

	t->round_us = round_us;
	t->round_before_us = before_us;
	t->dns_every_us = x->every_us;
	t->shift_settles_us = 1;
	return ingest_foreign_retime(x->session.ingest, t);
}

/* Announcements. */

struct spoken {
	struct rounds *rounds;
	const struct round *round;
	const struct service *service;
	char source[NAME_MAX_LEN + IMPORT_NAME_LEN];
	bool *is_up; /* of each site */
};

static void
read_routing_line(struct spoken *k, char *line)
{
	const struct round_entry *e = &k->round->entries[0];
	struct addr prefix;
	char site[64];
	unsigned len;

	if (!csv_routing(site, &prefix, &len, line) ||
	    !prefix_holds(&prefix, len, &e->target->address))
		return;
	for (size_t i = 0; i < k->service->n_sites; i++) {
		struct identity id;
		struct interpretation m;

		identity_set(&id, site, strlen(site));
		m = interpret_identity(k->service, &id);
		if (m.site_id == k->service->sites[i].id ||
		    strcmp(k->service->sites[i].name, site) == 0)
			k->is_up[i] = true;
	}
}

static enum rc
announce_all(struct spoken *k)
{
	struct rounds *x = k->rounds;
	struct announcement a = { .source = k->source,
		.family = k->round->entries[0].target->address.family,
		.at_us = k->round->first_us,
		.lease_until_us = k->round->first_us + 3 * x->every_us };
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && i < k->service->n_sites; i++) {
		a.site_id = k->service->sites[i].id;
		a.is_up = k->is_up[i];
		rc = ingest_foreign_announce(x->session.ingest, &a);
	}
	return rc;
}

/* The path without .csv or .csv.gz.  Gives. */
static char *
stem_of(const char *path)
{
	static const char *const ends[] = { ".csv.gz", ".csv" };
	char *stem = mem_strdup(path);
	size_t n = strlen(stem);

	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
		size_t m = strlen(ends[i]);

		if (n > m && strcmp(stem + n - m, ends[i]) == 0) {
			stem[n - m] = '\0';
			break;
		}
	}
	return stem;
}

/* Tells what the file beside the round says; without one: nothing. */
static enum rc
tell_routing(struct rounds *x, const char *path, const struct round *round)
{
	struct spoken k = { x, round, round->service, "", NULL };
	char *stem = stem_of(path), line[CSV_LINE_MAX];
	size_t n = strlen(stem) + sizeof ".routing";
	char *beside = mem_new(n);
	enum rc rc = RC_OK;
	FILE *file;

	snprintf(beside, n, "%s.routing", stem);
	snprintf(k.source, sizeof k.source, "import %.200s",
	    strrchr(beside, '/') != NULL ? strrchr(beside, '/') + 1 : beside);
	file = fopen(beside, "re");
	free(stem);
	free(beside);
	if (file == NULL)
		return RC_OK;
	k.is_up = mem_new(round->service->n_sites + 1);
	for (long left = ROUTING_BYTES;
	     left > 0 && fgets(line, sizeof line, file) != NULL;
	     left -= (long)strlen(line) + 1)
		read_routing_line(&k, line);
	fclose(file);
	rc = announce_all(&k);
	free(k.is_up);
	return rc;
}

/* Observations. */

static enum rc
put_entry(struct rounds *x, const struct round *round, size_t i,
    const struct import_row *row)
{
	struct import_session *s = &x->session;
	const struct round_entry *e = &round->entries[i];
	struct foreign_vantage v = { .source = "catchment",
		.family = e->source.family,
		.seen = e->source };
	struct observation o = { .seq = (uint64_t)row->id << 32 | (i + 1),
		.at_us = e->at_us,
		.kind = KIND_PING,
		.why = WHY_ROUND,
		.proto = PROTO_ICMP,
		.stamp = STAMP_USER,
		.outcome = OUTCOME_OK,
		.target = e->target->address,
		.source = e->source,
		.ping = { .n_sent = 1,
		    .n_received = 1,
		    .rtt_min_us = e->rtt_us,
		    .rtt_median_us = e->rtt_us,
		    .has_reply_ttl = e->ttl != 0,
		    .reply_ttl = e->ttl } };
	struct foreign_sight sight = { .observation = &o,
		.target_id = e->target->id,
		.is_known = true,
		.site_id = round->service->sites[e->site].id };
	enum rc rc;

	addr_format(&e->source, v.probe.name);
	import_probe_id(v.probe.id, "catchment", v.probe.name);
	memcpy(v.probe.declared.country, e->country, sizeof e->country);
	v.probe.declared.asn = e->asn;
	rc = import_session_vantage(s, &v, e->at_us, &sight.vantage);
	sight.received_us = s->now_us;
	return rc == RC_OK ? ingest_foreign_put(s->ingest, &sight) : rc;
}

/* One transaction: what came before is over, then the round is seen all at
 * once, when its last reply was received, and judged. */
static enum rc
put_round(struct rounds *x, const char *path, const struct round *round,
    struct import_row *row, struct err *err)
{
	struct import_session *s = &x->session;
	int64_t gap_us = round->first_us - x->before.last_us;
	bool is_first = x->before.service == NULL ||
			gap_us > 3 * x->every_us + 60 * US_PER_S;
	enum rc rc = import_session_begin(s, err);

	if (rc == RC_OK && row->id == 0)
		rc = store_import_put(s->store, row, err);
	if (rc == RC_OK && x->before.service != NULL) /* that one lasts */
		rc = set_round(x, round->service, x->before.first_us, 0);
	if (rc == RC_OK)
		rc = import_session_advance(s, round->last_us);
	if (rc == RC_OK)
		rc = ingest_foreign_tick(s->ingest, s->now_us);
	if (rc == RC_OK)
		rc = set_round(x, round->service, round->first_us,
		    is_first ? 0 : x->before.first_us);
	if (rc == RC_OK)
		rc = tell_routing(x, path, round);
	for (size_t i = 0; rc == RC_OK && i < round->n; i++)
		rc = put_entry(x, round, i, row);
	if (rc == RC_OK)
		rc = ingest_foreign_tick(s->ingest, s->now_us);
	row->is_done = true;
	row->n_done = round->n_replies;
	row->has_times = true;
	row->first_us = round->first_us;
	row->last_us = round->last_us;
	return rc == RC_OK ? import_session_end(s, row) : rc;
}

/* Lines. */

static void
print_moves(const json_t *moves)
{
	const json_t *m;
	size_t i;

	json_array_foreach(moves, i, m) printf("%s%s>%s=%" JSON_INTEGER_FORMAT,
	    i == 0 ? "" : ";", json_string_value(json_object_get(m, "from")),
	    json_string_value(json_object_get(m, "to")),
	    json_integer_value(json_object_get(m, "vantages")));
	printf("%s\n", json_array_size(moves) == 0 ? "-" : "");
}

static void
print_line(struct rounds *x, const json_t *line)
{
	static const char *const keys[] = { "vantages", "moved", "new",
		"silent" };

	if (x->options->where.is_json) {
		json_dumpf(line, stdout, JSON_COMPACT | JSON_ENSURE_ASCII);
		putchar('\n');
	} else {
		char *safe = report_safe(
		    json_string_value(json_object_get(line, "round")));

		if (!x->has_printed)
			puts("round at vantages moved new silent moves");
		printf("%s %s", safe,
		    json_string_value(json_object_get(line, "at")));
		for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
			printf(" %" JSON_INTEGER_FORMAT,
			    json_integer_value(json_object_get(line, keys[i])));
		putchar(' ');
		print_moves(json_object_get(line, "moves"));
		free(safe);
	}
	fflush(stdout);
	x->has_printed = true;
}

static json_t *
line_of(const char *path, const struct rounds *x, const struct round *round)
{
	char *stem = stem_of(path), *name = strrchr(stem, '/');
	json_t *line = json_pack("{s:o, s:o}", "round",
	    report_json_text(name == NULL ? stem : name + 1), "at",
	    report_json_time(round->first_us));

	json_object_update_new(line, round_compare(&x->before, round));
	json_object_set_new(line, "replies", json_integer(round->n_replies));
	json_object_set_new(
	    line, "rejected", json_integer(tally_total(&round->rejected)));
	json_object_set_new(line, "reasons", tally_json(&round->rejected));
	json_object_set_new(line, "service", json_string(round->service->name));
	json_object_set_new(line, "every_us", json_integer(x->every_us));
	free(stem);
	return line;
}

/* Rounds. */

/* The round before this one, if another run imported it; also its pace. */
static enum rc
load_before(struct rounds *x, const struct round *round, struct err *err)
{
	struct import_session *s = &x->session;
	struct import_row row = { .source = "catchment" };
	const char *service;
	enum rc rc;

	if (x->before.service == round->service)
		return RC_OK;
	round_fini(&x->before);
	rc = store_import_newest(s->store, &row, err);
	if (rc != RC_OK)
		return rc == RC_NOTFOUND ? RC_OK : rc;
	service = json_string_value(json_object_get(row.summary, "service"));
	if (service != NULL && strcmp(service, round->service->name) == 0)
		rc = round_load(&x->before, s->store, round->service,
		    row.first_us, row.last_us, err);
	if (x->every_us == 0)
		x->every_us = json_integer_value(
		    json_object_get(row.summary, "every_us"));
	json_decref(row.summary);
	return rc;
}

static void
settle_pace(struct rounds *x, const struct round *round)
{
	int64_t gap_us = round->first_us - x->before.first_us;

	if (x->every_us == 0 && x->before.service != NULL &&
	    gap_us < GAP_MAX_US)
		x->every_us = gap_us;
	if (x->every_us == 0)
		x->every_us = times_of(x, round->service)->dns_every_us;
}

static enum rc
take_round(struct rounds *x, const char *path, struct import_row *row,
    struct round *round, struct err *err)
{
	enum rc rc =
	    round_read(round, &x->session.settings.services, path, err);

	if (rc == RC_OK)
		rc = load_before(x, round, err);
	if (rc != RC_OK)
		return rc;
	if (x->before.service != NULL && round->first_us <= x->before.last_us)
		return err_set(err, RC_RANGE,
		    "%s is not later than the round before it; give the "
		    "rounds in order of time",
		    path);
	settle_pace(x, round);
	json_decref(row->summary);
	row->summary = line_of(path, x, round);
	rc = put_round(x, path, round, row, err);
	if (rc == RC_OK)
		print_line(x, row->summary);
	return rc;
}

static enum rc
take_file(struct rounds *x, const char *path, struct err *err)
{
	struct import_row row = { 0 };
	struct round round = { 0 };
	enum rc rc = import_session_file(&x->session, path, &row, err);

	if (rc == RC_OK && row.is_done) {
		json_object_set_new(
		    row.summary, "already_imported", json_true());
		print_line(x, row.summary);
	} else if (rc == RC_OK) {
		rc = take_round(x, path, &row, &round, err);
	}
	json_decref(row.summary);
	if (rc != RC_OK || round.service == NULL) {
		round_fini(&round);
		return rc;
	}
	round_fini(&x->before);
	x->before = round;
	return RC_OK;
}

static enum rc
run(const struct options *o, char **paths, int n, struct err *err)
{
	struct rounds x = { .options = o };
	enum rc rc;

	x.every_us = find_pace(paths, n);
	rc = import_session_open(&x.session, "catchment", &o->where, err);
	for (int i = 0; rc == RC_OK && i < n; i++) {
		rc = take_file(&x, paths[i], err);
		progress_show(paths[i], i + 1, n);
	}
	progress_end();
	round_fini(&x.before);
	import_session_close(&x.session);
	return rc;
}

int
import_catchment(int argc, char **argv)
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
		   : command_fail("import catchment", &err);
}
