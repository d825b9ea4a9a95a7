/*
 * availability_command.c - catchwater availability: a month of services as
 * RSSAC047 judges them, from what is kept of the round trips.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "collector/availability.h"
#include "collector/commands.h"
#include "collector/lookup.h"
#include "collector/report_command.h"
#include "collector/store_report.h"
#include "collector/store_rollup.h"
#include "schema/base/clock.h"
#include "schema/base/mem.h"
#include "schema/base/progress.h"

#define SERVERS_MAX 256 /* addresses of a family */

struct options {
	struct where where;
	const char *month, *service;
	int64_t k;
};

static const struct option_spec options[] = {
	{ 'm', "month", OPTION_TEXT, offsetof(struct options, month), 0, 0,
	    "YYYY-MM", "this month (default: the one that is running)" },
	{ 's', "service", OPTION_TEXT, offsetof(struct options, service), 0, 0,
	    "NAME", "of this service only" },
	{ 'k', "enough", OPTION_COUNT, offsetof(struct options, k), 1,
	    SERVERS_MAX, "K",
	    "so many servers are enough (default 2/3 of all but one)" },
	OPTION_JSON,
	OPTION_CSV,
	OPTION_HTML,
	OPTION_WHERE,
	{ 0 },
};

static const struct command_spec spec = { PROGRAM, "availability", "", 0, 0,
	"availability and latency of a month, by RSSAC047", options };

static const struct column columns[] = {
	{ "server", "server", CELL_TEXT },
	{ "address", "address", CELL_TEXT },
	{ "family", "family", CELL_COUNT },
	{ "n", "asked", CELL_COUNT },
	{ "availability_percent", "available", CELL_PPM },
	{ "availability_least_percent", "at least", CELL_PPM },
	{ "availability", "availability", CELL_TEXT },
	{ "latency_us", "latency", CELL_MS },
	{ "latency_most_us", "at most", CELL_MS },
	{ "latency", "verdict", CELL_TEXT },
};

/* One family's servers. */
struct family {
	uint8_t number;
	size_t n;
	char service[SERVERS_MAX][NAME_MAX_LEN + 1];
	char address[SERVERS_MAX][ADDR_TEXT_LEN];
	struct availability of;
};

struct month {
	const struct options *o;
	struct store *store;
	char name[8]; /* "2026-10" */
	int64_t from_us, to_us;
	struct vantage_list vantages;
	size_t n_counted;
	struct family families[2];
	struct report report;
	/* of the rows that are being read */
	struct family *family;
	size_t server;
	enum rollup_span span;
	bool is_damaged;
	struct err *err;
};

/* ---- the month ---- */

static enum rc
read_month(struct month *m)
{
	int64_t now_us = clock_wall_us();
	char text[CLOCK_TEXT_LEN];
	int year, number;

	if (m->o->month == NULL)
		snprintf(m->name, sizeof m->name, "%.7s",
		    clock_format(now_us, text));
	else
		snprintf(m->name, sizeof m->name, "%.7s", m->o->month);
	snprintf(text, sizeof text, "%s-01", m->name);
	if ((m->o->month != NULL && strlen(m->o->month) != 7) ||
	    clock_parse(&m->from_us, text, now_us, m->err) != RC_OK ||
	    sscanf(m->name, "%4d-%2d", &year, &number) != 2)
		return err_set(m->err, RC_MALFORMED,
		    "--month: expected a month such as 2026-10");
	snprintf(text, sizeof text, "%04d-%02d-01",
	    number == 12 ? year + 1 : year, number == 12 ? 1 : number + 1);
	return clock_parse(&m->to_us, text, now_us, m->err);
}

/* ---- who counts, and which servers there are ---- */

/* Why a vantage is left out; NULL: it counts. */
static const char *
exclusion(const struct vantage_info *v)
{
	if (v->quarantine[0] != '\0' || strcmp(v->state, "quarantined") == 0)
		return "in quarantine";
	if (strcmp(v->state, "revoked") == 0)
		return "revoked";
	if (strcmp(v->between, "intercepted") == 0)
		return "somebody in between answers it";
	return NULL;
}

static size_t
find_server(const struct family *f, const char *address)
{
	size_t i = 0;

	while (i < f->n && strcmp(f->address[i], address) != 0)
		i++;
	return i;
}

static bool
is_asked_for(const struct month *m, const struct series_row *s)
{
	return s->is_service && (m->o->service == NULL ||
				    strcmp(m->o->service, s->service) == 0);
}

typedef enum rc
with_series(struct month *m, struct family *f, const struct series_row *s);

/* Each DNS series of a vantage on a service address. */
static enum rc
each_series(struct month *m, const struct vantage_info *v, with_series *with)
{
	struct family *f = &m->families[v->family == 6];
	struct series_list list = { 0 };
	enum rc rc = store_series_of(
	    m->store, v->probe_id, v->family, KIND_DNS, &list, m->err);

	for (size_t i = 0; rc == RC_OK && i < list.n; i++)
		if (is_asked_for(m, &list.rows[i]))
			rc = with(m, f, &list.rows[i]);
	free(list.rows);
	return rc;
}

static enum rc
note_server(struct month *m, struct family *f, const struct series_row *s)
{
	if (find_server(f, s->target) < f->n)
		return RC_OK;
	if (f->n == SERVERS_MAX)
		return err_set(m->err, RC_RANGE,
		    "more than %d addresses of a family; name one --service",
		    SERVERS_MAX);
	snprintf(f->service[f->n], sizeof f->service[0], "%s", s->service);
	snprintf(f->address[f->n], sizeof f->address[0], "%s", s->target);
	f->n++;
	return RC_OK;
}

/* ---- adding up ---- */

static void
add_row(void *ctx, int64_t at, const uint8_t *body, size_t len)
{
	struct month *m = ctx;
	bool is_hour = m->span == ROLLUP_HOUR;
	int64_t row_us = is_hour ? ROLLUP_HOUR_US : ROLLUP_DAY_US;
	int64_t slot_us = is_hour ? ROLLUP_SLOT_US : ROLLUP_HOUR_US;
	struct rollup row = { 0 };

	m->is_damaged |= rollup_decode(&row, body, len) != RC_OK;
	for (size_t i = 0; i < ROLLUP_SLOTS; i++)
		availability_add(&m->family->of, m->server,
		    at * row_us + (int64_t)i * slot_us, slot_us, &row.slots[i]);
	rollup_fini(&row);
}

static enum rc
add_series(struct month *m, struct family *f, const struct series_row *s)
{
	static const int64_t lengths_us[] = { ROLLUP_HOUR_US, ROLLUP_DAY_US };
	enum rc rc = RC_OK;

	m->family = f;
	m->server = find_server(f, s->target);
	for (int i = ROLLUP_HOUR; rc == RC_OK && i <= ROLLUP_DAY; i++) {
		m->span = (enum rollup_span)i;
		rc = store_rollup_range(m->store, m->span, s->id,
		    m->from_us / lengths_us[i], (m->to_us - 1) / lengths_us[i],
		    add_row, m, m->err);
	}
	if (rc == RC_OK && m->is_damaged)
		rc = err_set(m->err, RC_MALFORMED,
		    "a row of statistics is damaged; 'catchwater verify' "
		    "tells which");
	return rc;
}

static enum rc
add_all(struct month *m)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && i < m->vantages.n; i++) {
		const struct vantage_info *v = &m->vantages.rows[i];

		if (v->family == 0 || exclusion(v) != NULL)
			continue;
		progress_show(
		    "vantages added up", (int64_t)i, (int64_t)m->vantages.n);
		rc = each_series(m, v, add_series);
		availability_end_vantage(&m->families[v->family == 6].of);
		m->n_counted++;
	}
	progress_end();
	return rc;
}

/* ---- telling ---- */

static void
add_verdicts(struct report *r, int64_t ppm, int64_t least_ppm,
    const struct sketch *rtt, int64_t most_us)
{
	int64_t median_us = sketch_quantile_us(rtt, 500);

	report_number_if(r, ppm >= 0, ppm);
	report_number(r, least_ppm);
	report_text(r, ppm < 0 ? NULL : ppm >= least_ppm ? "pass" : "fail");
	report_number_if(r, rtt->n > 0, median_us);
	report_number(r, most_us);
	report_text(r, rtt->n == 0            ? NULL
		       : median_us <= most_us ? "pass"
					      : "fail");
}

static void
add_family(struct month *m, const struct family *f)
{
	for (size_t i = 0; i < f->n; i++) {
		const struct availability_server *s = &f->of.servers[i];

		report_text(&m->report, f->service[i]);
		report_text(&m->report, f->address[i]);
		report_number(&m->report, f->number);
		report_number(&m->report, (int64_t)s->n);
		add_verdicts(&m->report, availability_server_ppm(s),
		    AVAILABILITY_SERVER_PPM, &s->rtt, LATENCY_SERVER_US);
	}
	if (f->n < 2)
		return;
	report_text(&m->report, "(system)");
	report_none(&m->report);
	report_number(&m->report, f->number);
	report_number(&m->report, (int64_t)f->of.n_judged);
	add_verdicts(&m->report, availability_system_ppm(&f->of),
	    AVAILABILITY_SYSTEM_PPM, &f->of.rtt, LATENCY_SYSTEM_US);
}

static void
print_vantage(const struct vantage_info *v, const char *why)
{
	char *name = report_safe(v->probe);

	printf("excluded: %s/%u, %s\n", name, v->family, why);
	free(name);
}

static void
print_notes(const struct month *m)
{
	printf("\n%s by %zu vantages; latency is the median, over the "
	       "transport that was asked\n",
	    m->name, m->n_counted);
	for (size_t i = 0; i < 2; i++) {
		const struct family *f = &m->families[i];

		if (f->n < 2)
			continue;
		printf("system v%u: %zu of %zu servers are enough; %" PRIu64
		       " intervals judged, %" PRIu64 " excluded (not every "
		       "server was asked)\n",
		    f->number, f->of.k, f->n, f->of.n_judged, f->of.n_partial);
	}
	for (size_t i = 0; i < m->vantages.n; i++) {
		const struct vantage_info *v = &m->vantages.rows[i];

		if (v->family != 0 && exclusion(v) != NULL)
			print_vantage(v, exclusion(v));
	}
}

static json_t *
excluded_json(const struct month *m)
{
	json_t *list = json_array();

	for (size_t i = 0; i < m->vantages.n; i++) {
		const struct vantage_info *v = &m->vantages.rows[i];
		char name[NAME_MAX_LEN + 8];
		json_t *one;

		if (v->family == 0 || exclusion(v) == NULL)
			continue;
		snprintf(name, sizeof name, "%s/%u", v->probe, v->family);
		one = json_object();
		json_object_set_new(one, "vantage", report_json_text(name));
		json_object_set_new(one, "why", json_string(exclusion(v)));
		json_array_append_new(list, one);
	}
	return list;
}

static json_t *
systems_json(const struct month *m)
{
	json_t *list = json_array();

	for (size_t i = 0; i < 2; i++) {
		const struct family *f = &m->families[i];

		if (f->n >= 2)
			json_array_append_new(
			    list, json_pack("{s:i,s:I,s:I,s:I,s:I}", "family",
				      f->number, "n_servers", (json_int_t)f->n,
				      "k", (json_int_t)f->of.k, "n_judged",
				      (json_int_t)f->of.n_judged, "n_excluded",
				      (json_int_t)f->of.n_partial));
	}
	return list;
}

static void
print(const struct month *m)
{
	const struct where *w = &m->o->where;

	if (w->is_json) {
		where_print_json(json_pack("{s:s,s:o,s:o,s:I,s:o,s:o}", "month",
		    m->name, "rows", report_json(&m->report), "systems",
		    systems_json(m), "n_vantages", (json_int_t)m->n_counted,
		    "excluded", excluded_json(m), "not_measured",
		    json_pack("[s,s]", "correctness", "publication_latency")));
		return;
	}
	where_print(w, &m->report, "nobody asked a service in this month");
	if (where_is_table(w))
		print_notes(m);
}

static enum rc
report_month(struct month *m)
{
	enum rc rc = lookup_name(
	    m->store, NAMES_SERVICE, "service", m->o->service, m->err);

	if (rc == RC_OK)
		rc = store_vantages(m->store, &m->vantages, m->err);
	for (size_t i = 0; rc == RC_OK && i < m->vantages.n; i++)
		if (m->vantages.rows[i].family != 0)
			rc = each_series(m, &m->vantages.rows[i], note_server);
	if (rc != RC_OK)
		return rc;
	for (size_t i = 0; i < 2; i++)
		availability_init(&m->families[i].of, m->families[i].n,
		    (size_t)m->o->k, m->from_us, m->to_us);
	rc = add_all(m);
	for (size_t i = 0; rc == RC_OK && i < 2; i++)
		add_family(m, &m->families[i]);
	if (rc == RC_OK)
		print(m);
	for (size_t i = 0; i < 2; i++)
		availability_fini(&m->families[i].of);
	return rc;
}

static enum rc
run(const struct command_call *call, struct err *err)
{
	const struct options *o = call->options;
	struct month *m = mem_new(sizeof *m);
	enum rc rc;

	*m = (struct month){ .o = o, .err = err };
	m->families[0].number = 4;
	m->families[1].number = 6;
	report_init(&m->report, columns, sizeof columns / sizeof *columns);
	rc = read_month(m);
	if (rc == RC_OK)
		rc = where_open(&o->where, STORE_READ, &m->store, err);
	if (rc == RC_OK)
		rc = report_month(m);
	report_fini(&m->report);
	free(m->vantages.rows);
	store_close(m->store);
	free(m);
	return rc;
}

int
command_availability(int argc, char **argv)
{
	struct options o = { 0 };

	return command_run(&spec, &o, argc, argv, run);
}
