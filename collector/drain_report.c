#include "collector/drain_report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "collector/report.h"
#include "schema/base/clock.h"

#define NAMES_SHOWN 12

static const struct column columns[] = {
	{ "to", "to", CELL_TEXT },
	{ "expected_percent", "expected", CELL_PERCENT },
	{ "share_percent", "share", CELL_PERCENT },
	{ "n_vantages", "vantages", CELL_COUNT },
	{ "n_asns", "ASes", CELL_COUNT },
};

static const char *
state_of(const struct drain_about *a)
{
	if (a->drain == NULL)
		return "planned";
	return a->is_over ? "over" : "draining";
}

/* What became of one who was on the site. */
static const char *
fate_of(const struct drain_about *a, const struct drained *d)
{
	if (d->now == NULL)
		return "unobserved";
	if (landed_is_at(d->now, a->site))
		return d->is_back ? "returned" : "stayed";
	return strcmp(d->now->state, "stable") == 0 ? "moved" : d->now->state;
}

/* ---- words ---- */

static void
print_head(const struct drain_about *a, FILE *to)
{
	char since[CLOCK_TEXT_LEN], until[CLOCK_TEXT_LEN];
	char ago[REPORT_AGO_LEN];

	if (a->drain == NULL) {
		fprintf(to, "%s %s is not in drain; if it were:\n", a->service,
		    a->site);
		return;
	}
	clock_format(a->drain->since_us, since);
	fprintf(to, "%s %s in drain since %s (%s)", a->service, a->site, since,
	    report_ago(a->now_us - a->drain->since_us, ago));
	if (a->is_over)
		fprintf(to, ", over since %s\n",
		    clock_format(a->drain->ended_us != 0 ? a->drain->ended_us
							 : a->drain->until_us,
			until));
	else if (a->drain->until_us != 0)
		fprintf(to, ", until %s\n",
		    clock_format(a->drain->until_us, until));
	else
		fprintf(to, ", until --undo\n");
}

static int64_t
permille(size_t part, size_t whole)
{
	return whole == 0 ? 0 : (int64_t)(1000 * part / whole);
}

/* Who is on it, by network: the largest. */
static void
print_networks(
    const struct drain_about *a, const struct drain_view *v, FILE *to)
{
	static const struct column networks[] = {
		{ "asn", "AS", CELL_COUNT },
		{ "share_percent", "share", CELL_PERCENT },
		{ "n_vantages", "vantages", CELL_COUNT },
		{ "n_left", "left", CELL_COUNT },
	};
	struct report r;

	report_init(&r, networks, 4);
	for (size_t i = 0; i < v->n_networks && i < NAMES_SHOWN; i++) {
		const struct drain_network *n = &v->networks[i];

		report_number_if(&r, n->asn != 0, n->asn);
		report_number(&r, permille(n->n_vantages, v->n));
		report_number(&r, (int64_t)n->n_vantages);
		report_number_if(&r, a->drain != NULL, (int64_t)n->n_left);
	}
	report_print_table(&r, "nobody is on it", to);
	if (v->n_networks > NAMES_SHOWN)
		fprintf(to, "and %zu ASes more\n", v->n_networks - NAMES_SHOWN);
	report_fini(&r);
}

static void
print_leaving(const struct drain_about *a, const struct drain_view *v, FILE *to)
{
	char median[REPORT_AGO_LEN], last[REPORT_AGO_LEN];

	fprintf(to,
	    "%zu vantages (%zu ASes) %s on it; the journal knows where "
	    "%zu went the last time\n",
	    v->n, v->n_asns, a->drain == NULL ? "are" : "were",
	    v->n_by_journal);
	if (a->drain == NULL)
		return;
	fprintf(to, "%zu of %zu have left", v->n_left, v->n);
	if (v->n_left > 0)
		fprintf(to, ", half of them within %s, the last after %s",
		    report_ago(v->median_us, median),
		    report_ago(v->last_us, last));
	fputc('\n', to);
}

/* Names those for whom is_one holds, up to a few. */
static void
print_names(const struct drain_about *a, const struct drain_view *v,
    const char *what, const char *fate, FILE *to)
{
	size_t n = 0;

	for (size_t i = 0; i < v->n; i++) {
		const struct landed *l = v->list[i].before;
		char *name;

		if (strcmp(fate_of(a, &v->list[i]), fate) != 0)
			continue;
		if (n++ >= NAMES_SHOWN)
			continue;
		name = report_safe(l->probe);
		fprintf(to, "%s%s/%u", n == 1 ? what : ", ", name, l->family);
		if (l->asn != 0)
			fprintf(to, " (AS%" PRId64 ")", l->asn);
		free(name);
	}
	if (n > NAMES_SHOWN)
		fprintf(to, " and %zu more", n - NAMES_SHOWN);
	if (n > 0)
		fputc('\n', to);
}

static void
print_return(const struct drain_about *a, const struct drain_view *v, FILE *to)
{
	fprintf(to, "%zu of the %zu who left have come back\n", v->n_back,
	    v->n_left);
	if (v->has_similarity)
		fprintf(to,
		    "of %zu landings known then and now, %.1f %% are where "
		    "they were before\n",
		    v->n_known, 100 * v->similarity);
	print_names(a, v, "not back: ", "moved", to);
}

static void
print_destinations(const struct drain_view *v, FILE *to)
{
	struct report r;

	report_init(&r, columns, sizeof columns / sizeof columns[0]);
	for (size_t i = 0; i < v->n_destinations; i++) {
		const struct drain_destination *d = &v->destinations[i];

		report_text(&r, d->site);
		report_number(&r, (int64_t)(1000 * d->expected + 0.5));
		report_number(&r, permille(d->n_vantages, v->n));
		report_number(&r, (int64_t)d->n_vantages);
		report_number(&r, (int64_t)d->n_asns);
	}
	report_print_table(&r, "nobody would go anywhere", to);
	report_fini(&r);
}

void
drain_print(const struct drain_about *a, const struct drain_view *v, FILE *to)
{
	print_head(a, to);
	print_networks(a, v, to);
	print_leaving(a, v, to);
	print_destinations(v, to);
	if (a->is_over) {
		print_return(a, v, to);
	} else if (a->drain != NULL) {
		print_names(a, v, "still there: ", "stayed", to);
		print_names(a, v, "dark: ", "dark", to);
		if (v->n > 0 && v->n_staying == 0)
			fprintf(to, "%s is empty\n", a->site);
	}
}

/* ---- JSON ---- */

static json_t *
json_drained(const struct drain_about *a, const struct drained *d)
{
	char name[NAME_MAX_LEN + 8];
	json_t *row = json_object();

	snprintf(
	    name, sizeof name, "%s/%u", d->before->probe, d->before->family);
	json_object_set_new(row, "vantage", report_json_text(name));
	if (d->before->asn != 0)
		json_object_set_new(row, "asn", json_integer(d->before->asn));
	json_object_set_new(row, "target", report_json_text(d->before->target));
	if (d->expected != NULL)
		json_object_set_new(
		    row, "went_last_time", report_json_text(d->expected));
	if (a->drain == NULL)
		return row;
	json_object_set_new(row, "state", json_string(fate_of(a, d)));
	if (d->now != NULL && strcmp(d->now->state, "stable") == 0)
		json_object_set_new(
		    row, "site", report_json_text(d->now->site));
	if (d->has_left)
		json_object_set_new(
		    row, "left_after_us", json_integer(d->left_after_us));
	if (d->is_back)
		json_object_set_new(
		    row, "back_after_us", json_integer(d->back_after_us));
	return row;
}

static json_t *
json_destination(const struct drain_view *v, const struct drain_destination *d)
{
	return json_pack("{s:o, s:f, s:f, s:I, s:I}", "site",
	    report_json_text(d->site), "expected_share", d->expected, "share",
	    v->n == 0 ? 0.0 : (double)d->n_vantages / (double)v->n,
	    "n_vantages", (json_int_t)d->n_vantages, "n_asns",
	    (json_int_t)d->n_asns);
}

static json_t *
json_networks(const struct drain_view *v)
{
	json_t *networks = json_array();

	for (size_t i = 0; i < v->n_networks; i++) {
		const struct drain_network *n = &v->networks[i];
		json_t *row = json_pack("{s:f, s:I, s:I}", "share",
		    (double)n->n_vantages / (double)v->n, "n_vantages",
		    (json_int_t)n->n_vantages, "n_left", (json_int_t)n->n_left);

		if (n->asn != 0)
			json_object_set_new(row, "asn", json_integer(n->asn));
		json_array_append_new(networks, row);
	}
	return networks;
}

static void
put_times(json_t *root, const struct drain_about *a)
{
	if (a->drain == NULL)
		return;
	json_object_set_new(root, "drain", json_integer(a->drain->id));
	json_object_set_new(
	    root, "since", report_json_time(a->drain->since_us));
	if (a->drain->until_us != 0)
		json_object_set_new(
		    root, "until", report_json_time(a->drain->until_us));
	if (a->drain->ended_us != 0)
		json_object_set_new(
		    root, "undone", report_json_time(a->drain->ended_us));
}

static void
put_numbers(
    json_t *root, const struct drain_about *a, const struct drain_view *v)
{
	json_object_update_new(
	    root, json_pack("{s:I, s:I, s:I}", "n_vantages", (json_int_t)v->n,
		      "n_asns", (json_int_t)v->n_asns, "n_known_from_last_time",
		      (json_int_t)v->n_by_journal));
	if (a->drain == NULL)
		return;
	json_object_update_new(
	    root, json_pack("{s:I, s:I, s:I}", "n_left", (json_int_t)v->n_left,
		      "n_stayed", (json_int_t)v->n_staying, "n_returned",
		      (json_int_t)v->n_back));
	if (v->n_left > 0)
		json_object_update_new(
		    root, json_pack("{s:I, s:I}", "left_median_us",
			      (json_int_t)v->median_us, "left_last_us",
			      (json_int_t)v->last_us));
	if (v->has_similarity)
		json_object_set_new(
		    root, "similarity", json_real(v->similarity));
}

json_t *
drain_json(const struct drain_about *a, const struct drain_view *v)
{
	json_t *root = json_object(), *vantages = json_array();
	json_t *destinations = json_array();

	json_object_set_new(root, "service", report_json_text(a->service));
	json_object_set_new(root, "site", report_json_text(a->site));
	json_object_set_new(root, "state", json_string(state_of(a)));
	put_times(root, a);
	put_numbers(root, a, v);
	for (size_t i = 0; i < v->n_destinations; i++)
		json_array_append_new(
		    destinations, json_destination(v, &v->destinations[i]));
	json_object_set_new(root, "destinations", destinations);
	json_object_set_new(root, "networks", json_networks(v));
	for (size_t i = 0; i < v->n; i++)
		json_array_append_new(vantages, json_drained(a, &v->list[i]));
	json_object_set_new(root, "vantages", vantages);
	return root;
}
