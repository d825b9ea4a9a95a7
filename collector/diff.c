/*
 * diff.c - catchwater diff: who moved between two moments.
 *
 * Compares where each vantage landed, service address by service address.  A
 * vantage that one moment knows nothing of was "unobserved" then.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "collector/commands.h"
#include "collector/lookup.h"
#include "collector/report_command.h"
#include "collector/store_report.h"
#include "collector/views.h"
#include "schema/base/clock.h"
#include "schema/base/mem.h"

#define NAMES_SHOWN 4 /* vantages named in a row of the table */
#define NAMES_LEN 200

struct options {
	struct where where;
	const char *service;
	int64_t family;
};

static const struct option_spec options[] = {
	{ 's', "service", OPTION_TEXT, offsetof(struct options, service), 0, 0,
	    "NAME", "of this service only" },
	{ 'f', "family", OPTION_COUNT, offsetof(struct options, family), 4, 6,
	    "4|6", "of this address family only" },
	OPTION_JSON,
	OPTION_CSV,
	OPTION_HTML,
	OPTION_WHERE,
	{ 0 },
};

static const struct command_spec spec = { PROGRAM, "diff", "TIME1 TIME2", 2, 2,
	"who moved from where to where between two moments", options };

static const struct column columns[] = {
	{ "service", "service", CELL_TEXT },
	{ "from", "from", CELL_TEXT },
	{ "to", "to", CELL_TEXT },
	{ "n_vantages", "vantages", CELL_COUNT },
	{ "n_asns", "ASes", CELL_COUNT },
	{ "vantages", "who", CELL_TEXT },
};
#define N_COLUMNS (sizeof columns / sizeof columns[0])

/* One vantage that differs. */
struct change {
	const struct landed
	    *landed; /* of the later moment where there is one */
	char from[NAME_MAX_LEN + 3], to[NAME_MAX_LEN + 3];
};

struct changes {
	size_t n;
	struct change *list;
};

static void
name_landing(const struct landed *l, char buf[static NAME_MAX_LEN + 3])
{
	if (l == NULL)
		snprintf(buf, NAME_MAX_LEN + 3, "(unobserved)");
	else if (strcmp(l->state, "stable") == 0)
		snprintf(buf, NAME_MAX_LEN + 3, "%s", l->site);
	else
		snprintf(buf, NAME_MAX_LEN + 3, "(%s)", l->state);
}

static int
compare_pairs(const void *a, const void *b)
{
	const struct landed *x = a, *y = b;

	if (x->vantage_id != y->vantage_id)
		return x->vantage_id < y->vantage_id ? -1 : 1;
	return (x->target_id > y->target_id) - (x->target_id < y->target_id);
}

static void
compare_two(struct changes *out, const struct landed *before,
    const struct landed *after)
{
	struct change c = { .landed = after != NULL ? after : before };

	name_landing(before, c.from);
	name_landing(after, c.to);
	if (strcmp(c.from, c.to) != 0)
		out->list[out->n++] = c;
}

/* Walks both lists in the same order, like a merge. */
static void
find_changes(
    struct changes *out, struct landed_list *before, struct landed_list *after)
{
	size_t i = 0, j = 0;

	qsort(before->rows, before->n, sizeof *before->rows, compare_pairs);
	qsort(after->rows, after->n, sizeof *after->rows, compare_pairs);
	out->list = mem_new((before->n + after->n + 1) * sizeof *out->list);
	while (i < before->n || j < after->n) {
		int d = i == before->n ? 1
			: j == after->n
			    ? -1
			    : compare_pairs(&before->rows[i], &after->rows[j]);

		compare_two(out, d <= 0 ? &before->rows[i] : NULL,
		    d >= 0 ? &after->rows[j] : NULL);
		i += d <= 0;
		j += d >= 0;
	}
}

/* By service, from, to, AS, probe, family. */
static int
compare_changes(const void *a, const void *b)
{
	const struct change *x = a, *y = b;
	int d = strcmp(x->landed->service, y->landed->service);

	if (d == 0)
		d = strcmp(x->from, y->from);
	if (d == 0)
		d = strcmp(x->to, y->to);
	if (d == 0)
		d = (x->landed->asn > y->landed->asn) -
		    (x->landed->asn < y->landed->asn);
	if (d == 0)
		d = strcmp(x->landed->probe, y->landed->probe);
	return d != 0 ? d : x->landed->family - y->landed->family;
}

static bool
is_same_move(const struct change *a, const struct change *b)
{
	return strcmp(a->landed->service, b->landed->service) == 0 &&
	       strcmp(a->from, b->from) == 0 && strcmp(a->to, b->to) == 0;
}

static void
list_names(const struct change *c, size_t n, char buf[static NAMES_LEN])
{
	size_t used = 0;

	for (size_t i = 0; i < n && i < NAMES_SHOWN && used < NAMES_LEN; i++)
		used += (size_t)snprintf(buf + used, NAMES_LEN - used,
		    "%s%.32s/%u", i > 0 ? " " : "", c[i].landed->probe,
		    c[i].landed->family);
	if (n > NAMES_SHOWN && used < NAMES_LEN)
		snprintf(buf + used, NAMES_LEN - used, " and %zu more",
		    n - NAMES_SHOWN);
}

/* One row for a run of changes; they are in order of AS, an unknown AS counts
 * as one of its own. */
static void
add_row(struct report *r, const struct change *c, size_t n)
{
	char names[NAMES_LEN];
	int64_t n_asns = 0;

	for (size_t i = 0; i < n; i++)
		n_asns += i == 0 || c[i].landed->asn == 0 ||
			  c[i].landed->asn != c[i - 1].landed->asn;
	list_names(c, n, names);
	report_text(r, c->landed->service);
	report_text(r, c->from);
	report_text(r, c->to);
	report_number(r, (int64_t)n);
	report_number(r, n_asns);
	report_text(r, names);
}

static void
fill_report(struct report *r, const struct changes *c)
{
	qsort(c->list, c->n, sizeof *c->list, compare_changes);
	for (size_t i = 0, end; i < c->n; i = end) {
		for (end = i;
		     end < c->n && is_same_move(&c->list[end], &c->list[i]);)
			end++;
		add_row(r, c->list + i, end - i);
	}
}

static json_t *
change_json(const struct change *c)
{
	char vantage[NAME_MAX_LEN + 8];
	json_t *o = json_object();

	snprintf(vantage, sizeof vantage, "%s/%u", c->landed->probe,
	    c->landed->family);
	json_object_set_new(o, "vantage", report_json_text(vantage));
	json_object_set_new(o, "asn",
	    c->landed->asn != 0 ? json_integer(c->landed->asn) : json_null());
	json_object_set_new(o, "service", report_json_text(c->landed->service));
	json_object_set_new(o, "target", report_json_text(c->landed->target));
	json_object_set_new(o, "from", report_json_text(c->from));
	json_object_set_new(o, "to", report_json_text(c->to));
	return o;
}

/* Gives. */
static json_t *
whole_json(const struct report *r, const struct changes *c,
    const int64_t at_us[static 2])
{
	json_t *whole = json_object(), *list = json_array();

	for (size_t i = 0; i < c->n; i++)
		json_array_append_new(list, change_json(&c->list[i]));
	json_object_set_new(whole, "from", report_json_time(at_us[0]));
	json_object_set_new(whole, "to", report_json_time(at_us[1]));
	json_object_set_new(whole, "rows", report_json(r));
	json_object_set_new(whole, "vantages", list);
	return whole;
}

/* What differs, in the form asked for; where NULL: gives *out. */
static void
show_changes(const struct where *w, const struct changes *c,
    const int64_t at_us[static 2], json_t **out)
{
	struct report r;

	report_init(&r, columns, N_COLUMNS);
	fill_report(&r, c);
	if (w == NULL)
		*out = whole_json(&r, c, at_us);
	else if (w->is_json)
		where_print_json(whole_json(&r, c, at_us));
	else
		where_print(w, &r, "nobody moved");
	report_fini(&r);
}

static enum rc
compare_moments(struct store *st, const struct view_query *q,
    const struct where *w, json_t **out, struct err *err)
{
	struct landed_filter filter = { q->service, NULL, (uint8_t)q->family };
	struct landed_list before = { 0 }, after = { 0 };
	const char *const times[2] = { q->from, q->to };
	struct changes changes = { 0 };
	int64_t at_us[2], now_us = clock_wall_us();
	enum rc rc = check_family(q->family, err);

	for (int i = 0; rc == RC_OK && i < 2; i++)
		rc = clock_parse(&at_us[i], times[i] != NULL ? times[i] : "now",
		    now_us, err);
	if (rc == RC_OK)
		rc = lookup_name(st, NAMES_SERVICE, "service", q->service, err);

	if (rc == RC_OK)
		rc = store_landed_at(st, at_us[0], &filter, &before, err);
	if (rc == RC_OK)
		rc = store_landed_at(st, at_us[1], &filter, &after, err);
	if (rc == RC_OK) {
		find_changes(&changes, &before, &after);
		show_changes(w, &changes, at_us, out);
	}
	free(changes.list);
	free(before.rows);
	free(after.rows);
	return rc;
}

enum rc
view_diff(
    struct store *st, const struct view_query *q, json_t **out, struct err *err)
{
	return compare_moments(st, q, NULL, out, err);
}

static enum rc
run(const struct options *o, char **times, struct err *err)
{
	const struct view_query q = { .service = o->service,
		.family = o->family,
		.from = times[0],
		.to = times[1] };
	struct store *st = NULL;
	enum rc rc = where_open(&o->where, STORE_READ, &st, err);

	if (rc == RC_OK)
		rc = compare_moments(st, &q, &o->where, NULL, err);
	store_close(st);
	return rc;
}

/* getopt would take the time "-2h" for an option: a sign that no option
 * begins with stands in for the minus until it has gone by. */
#define MINUS '~'
static void
hide_minus(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (argv[i][0] == '-' && isdigit((unsigned char)argv[i][1]))
			argv[i][0] = MINUS;
}

static void
show_minus(int n, char **operands)
{
	for (int i = 0; i < n; i++)
		if (operands[i][0] == MINUS)
			operands[i][0] = '-';
}

int
command_diff(int argc, char **argv)
{
	struct options o = { 0 };
	struct err err = ERR_NONE;
	char **operands;
	int n, status;

	hide_minus(argc, argv);
	status = command_options(&spec, &o, argc, argv, &operands, &n);
	if (status >= 0)
		return status;
	show_minus(n, operands);
	return run(&o, operands, &err) == RC_OK ? 0
						: command_fail(spec.name, &err);
}
