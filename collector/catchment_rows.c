/* catchment_rows.c - see catchment_rows.h. */
#include "collector/catchment_rows.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "schema/base/mem.h"

const char *const catchment_by_names[N_BY] = { "site", "asn", "country",
	"family" };

/* The title of the group's column is what the groups are. */
#define COLUMNS(group) \
	{ \
		{ "service", "service", CELL_TEXT }, \
		    { group, group, CELL_TEXT }, { "n_v4", "v4", CELL_COUNT }, \
		    { "n_v6", "v6", CELL_COUNT }, \
		    { "n_vantages", "vantages", CELL_COUNT }, \
		    { "n_asns", "ASes", CELL_COUNT }, \
		    { "share_percent", "share", CELL_PERCENT }, \
		    { "rtt_median_us", "rtt median", CELL_MS }, \
	}
#define N_COLUMNS 8
static const struct column columns[N_BY][N_COLUMNS] = {
	[BY_SITE] = COLUMNS("site"),
	[BY_ASN] = COLUMNS("asn"),
	[BY_COUNTRY] = COLUMNS("country"),
	[BY_FAMILY] = COLUMNS("family"),
};

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

void
catchment_fill(struct report *r, const struct landed_list *list, enum by by,
    const struct site_list *sites)
{
	struct member *m = group_members(list, by);

	report_init(r, columns[by], N_COLUMNS);
	for (size_t i = 0, end; i < list->n; i = end) {
		for (end = i; end < list->n && strcmp(m[end].landed->service,
						   m[i].landed->service) == 0;)
			end++;
		add_service(r, m + i, end - i, sites);
	}
	free(m);
}
