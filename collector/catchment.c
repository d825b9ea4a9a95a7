/*
 * catchment.c - catchwater catchment: which vantages land where.
 *
 * Rows are counted by group: the site, or what --by asks for.  A vantage that
 * is dark, unknown or unobserved is in a group of its own in parentheses, so
 * that shares are those of what landed.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "collector/commands.h"
#include "collector/lookup.h"
#include "collector/report_command.h"
#include "collector/store_report.h"
#include "schema/base/clock.h"
#include "schema/base/mem.h"

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

enum by { BY_SITE, BY_ASN, BY_COUNTRY, BY_FAMILY };
static const char *const by_names[] = { "site", "asn", "country", "family" };

/* One landing, and the group that it counts in. */
struct member {
	const struct landed *landed;
	char key[NAME_MAX_LEN + 1];
	int rank; /* order of groups of a service: first those that landed */
};

enum rank { /* in the order of the rows */
	RANK_LANDED,
	RANK_DARK,
	RANK_UNKNOWN,
	RANK_UNOBSERVED,
	RANK_ASIDE
};

/* What is counted in a run of members. */
struct count {
	int64_t n4, n6, n, n_asns;
	bool has_rtt;
	int64_t rtt_us;
};

static const struct column columns[] = {
	{ "service", "service", CELL_TEXT },
	{ "group", "group", CELL_TEXT },
	{ "n_v4", "v4", CELL_COUNT },
	{ "n_v6", "v6", CELL_COUNT },
	{ "n_vantages", "vantages", CELL_COUNT },
	{ "n_asns", "ASes", CELL_COUNT },
	{ "share_percent", "share", CELL_PERCENT },
	{ "rtt_median_us", "rtt median", CELL_MS },
};
#define N_COLUMNS (sizeof columns / sizeof columns[0])

static enum rank
rank_of(const struct landed *l)
{
	if (!l->is_trusted)
		return RANK_ASIDE;
	if (strcmp(l->state, "stable") == 0)
		return RANK_LANDED;
	if (strcmp(l->state, "dark") == 0)
		return RANK_DARK;
	return strcmp(l->state, "unknown") == 0 ? RANK_UNKNOWN
						: RANK_UNOBSERVED;
}

static void
name_group(struct member *m, enum by by)
{
	const struct landed *l = m->landed;

	if (m->rank == RANK_ASIDE)
		snprintf(m->key, sizeof m->key, "(quarantined)");
	else if (m->rank != RANK_LANDED)
		snprintf(m->key, sizeof m->key, "(%s)", l->state);
	else if (by == BY_SITE)
		snprintf(m->key, sizeof m->key, "%s", l->site);
	else if (by == BY_FAMILY)
		snprintf(m->key, sizeof m->key, "v%u", l->family);
	else if (by == BY_COUNTRY)
		snprintf(m->key, sizeof m->key, "%s",
		    l->country[0] != '\0' ? l->country : "?");
	else if (l->asn == 0)
		snprintf(m->key, sizeof m->key, "AS?");
	else
		snprintf(m->key, sizeof m->key, "AS%" PRId64, l->asn);
}

/* By service, rank, group, then site: a group is one run. */
static int
compare(const void *a, const void *b)
{
	const struct member *x = a, *y = b;
	int d = strcmp(x->landed->service, y->landed->service);

	if (d == 0)
		d = x->rank - y->rank;
	if (d == 0)
		d = strcmp(x->key, y->key);
	return d != 0 ? d : strcmp(x->landed->site, y->landed->site);
}

static int
compare_numbers(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* An unknown AS counts as one of its own probe's. */
static int64_t
asn_key(const struct landed *l)
{
	return l->asn != 0 ? l->asn : -l->vantage_id;
}

static int64_t
count_distinct(int64_t *keys, size_t n)
{
	int64_t distinct = 0;

	qsort(keys, n, sizeof *keys, compare_numbers);
	for (size_t i = 0; i < n; i++)
		distinct += i == 0 || keys[i] != keys[i - 1];
	return distinct;
}

static struct count
count_members(const struct member *m, size_t n)
{
	int64_t *numbers = mem_new((n + 1) * sizeof *numbers);
	struct count c = { .n = (int64_t)n };
	size_t n_rtts = 0;

	for (size_t i = 0; i < n; i++) {
		c.n4 += m[i].landed->family == 4;
		c.n6 += m[i].landed->family == 6;
		numbers[i] = asn_key(m[i].landed);
	}
	c.n_asns = count_distinct(numbers, n);
	for (size_t i = 0; i < n; i++)
		if (m[i].landed->rtt_n > 0)
			numbers[n_rtts++] =
			    m[i].landed->rtt_sum_us / m[i].landed->rtt_n;
	qsort(numbers, n_rtts, sizeof *numbers, compare_numbers);
	c.has_rtt = n_rtts > 0;
	if (c.has_rtt)
		c.rtt_us =
		    (numbers[(n_rtts - 1) / 2] + numbers[n_rtts / 2]) / 2;
	free(numbers);
	return c;
}

static void
add_row(struct report *r, const char *service, const char *group,
    const struct count *c, int64_t n_landed)
{
	report_text(r, service);
	report_text(r, group);
	report_number(r, c->n4);
	report_number(r, c->n6);
	report_number(r, c->n);
	report_number(r, c->n_asns);
	report_number_if(r, n_landed > 0,
	    n_landed > 0 ? (2000 * c->n / n_landed + 1) / 2 : 0);
	report_number_if(r, c->has_rtt, c->rtt_us);
}

/* Sites where nobody landed belong in the picture. */
static void
add_empty_sites(struct report *r, const struct site_list *sites,
    const struct member *m, size_t n)
{
	static const struct count none = { 0 };

	for (size_t i = 0; i < sites->n; i++) {
		const struct site_now *s = &sites->rows[i];
		bool is_hit = i > 0 && s->site_id == s[-1].site_id;

		if (strcmp(s->service, m->landed->service) != 0)
			continue;
		for (size_t j = 0; j < n && !is_hit; j++)
			is_hit = m[j].rank == RANK_LANDED &&
				 m[j].landed->site_id == s->site_id;
		if (!is_hit)
			add_row(r, s->service, s->site, &none, 1);
	}
}

static void
add_groups(struct report *r, const struct member *m, size_t n, int64_t n_landed)
{
	for (size_t i = 0, end; i < n; i = end) {
		struct count c;

		for (end = i; end < n && strcmp(m[end].key, m[i].key) == 0;)
			end++;
		c = count_members(m + i, end - i);
		c.has_rtt = c.has_rtt && n_landed > 0;
		add_row(r, m->landed->service, m[i].key, &c, n_landed);
	}
}

/* The members of one service: those that landed come first. */
static void
add_service(struct report *r, const struct member *m, size_t n,
    const struct site_list *sites)
{
	struct count all = count_members(m, n);
	size_t n_landed = 0;

	while (n_landed < n && m[n_landed].rank == RANK_LANDED)
		n_landed++;
	add_groups(r, m, n_landed, (int64_t)n_landed);
	add_empty_sites(r, sites, m, n);
	add_groups(r, m + n_landed, n - n_landed, 0);
	all.has_rtt = false;
	add_row(r, m->landed->service, "total", &all, 0);
}

static struct member *
group_members(const struct landed_list *list, enum by by)
{
	struct member *m = mem_new((list->n + 1) * sizeof *m);

	for (size_t i = 0; i < list->n; i++) {
		m[i].landed = &list->rows[i];
		m[i].rank = (int)rank_of(&list->rows[i]);
		name_group(&m[i], by);
	}
	qsort(m, list->n, sizeof *m, compare);
	return m;
}

/* sites is empty unless the groups are sites. */
static void
fill_report(struct report *r, const struct landed_list *list, enum by by,
    const struct site_list *sites)
{
	struct member *m = group_members(list, by);

	for (size_t i = 0, end; i < list->n; i = end) {
		for (end = i; end < list->n && strcmp(m[end].landed->service,
						   m[i].landed->service) == 0;)
			end++;
		add_service(r, m + i, end - i, sites);
	}
	free(m);
}

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
	json_object_set_new(whole, "by", json_string(by_names[by]));
	json_object_set_new(whole, "rows", report_json(r));
	json_object_set_new(whole, "landings", landings);
	where_print_json(whole);
}

static void
print_report(const struct options *o, const struct landed_list *list,
    const struct site_list *sites, enum by by, int64_t at_us)
{
	struct column titled[N_COLUMNS];
	struct report r;

	memcpy(titled, columns, sizeof titled);
	titled[1].key = titled[1].title = by_names[by];
	report_init(&r, titled, N_COLUMNS);
	fill_report(&r, list, by, sites);
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
	for (unsigned i = 0; word != NULL && i < 4; i++) {
		if (strcmp(word, by_names[i]) != 0)
			continue;
		*by = (enum by)i;
		return RC_OK;
	}
	return word == NULL ? RC_OK
			    : unknown_word(err, "grouping", word, by_names, 4);
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
run(const struct options *o, struct err *err)
{
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
	struct err err = ERR_NONE;
	char **operands;
	int n, status;

	status = command_options(&spec, &o, argc, argv, &operands, &n);
	if (status >= 0)
		return status;
	return run(&o, &err) == RC_OK ? 0 : command_fail(spec.name, &err);
}
