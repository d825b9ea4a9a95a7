/*
 * coverage.c - catchwater coverage: which countries, networks and regions the
 * vantages stand for, and which nobody does.
 *
 * Weights are anybody's: users, queries, customers.  A line "KEY,NUMBER" each,
 * the key a country code or an AS number, by what is counted.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/commands.h"
#include "collector/region.h"
#include "collector/report_command.h"
#include "collector/store_report.h"
#include "schema/base/file.h"
#include "schema/base/mem.h"

#define WEIGHTS_MAX_BYTES (16 << 20)
#define KEY_LEN 32

enum by { BY_COUNTRY, BY_ASN, BY_REGION, N_BY };

struct options {
	struct where where;
	const char *by, *weights;
};

static const struct option_spec options[] = {
	{ 0, "by", OPTION_TEXT, offsetof(struct options, by), 0, 0,
	    "country|asn|region", "count by this (default country)" },
	{ 0, "weights", OPTION_TEXT, offsetof(struct options, weights), 0, 0,
	    "FILE",
	    "what each stands for: lines KEY,NUMBER, of countries or AS "
	    "numbers" },
	OPTION_JSON,
	OPTION_CSV,
	OPTION_HTML,
	OPTION_WHERE,
	{ 0 },
};

static const struct command_spec spec = { PROGRAM, "coverage", "", 0, 0,
	"which countries and networks the vantages stand for", options };

static const struct column columns[] = {
	{ "group", "group", CELL_TEXT },
	{ "n_v4", "v4", CELL_COUNT },
	{ "n_v6", "v6", CELL_COUNT },
	{ "n_vantages", "vantages", CELL_COUNT },
	{ "n_asns", "ASes", CELL_COUNT },
	{ "share_percent", "share", CELL_PERCENT },
	{ "weight_percent", "weight", CELL_PERCENT },
	{ "weight_covered_percent", "covered", CELL_PERCENT },
};

struct group {
	char key[KEY_LEN];
	int64_t n4, n6, n_asns;
	double weight;
};

struct coverage {
	const struct options *o;
	enum by by;
	struct vantage_list vantages;
	struct group *groups;
	size_t n, cap;
	int64_t n_vantages;
	double weight, covered;
	struct err *err;
};

static struct group *
find_group(struct coverage *c, const char *key)
{
	for (size_t i = 0; i < c->n; i++)
		if (strcmp(c->groups[i].key, key) == 0)
			return &c->groups[i];
	if (c->n == c->cap) {
		c->cap = 2 * c->cap + 64;
		c->groups = mem_grow(c->groups, c->cap, sizeof *c->groups);
	}
	c->groups[c->n] = (struct group){ 0 };
	snprintf(c->groups[c->n].key, KEY_LEN, "%s", key);
	return &c->groups[c->n++];
}

/* ---- vantages ---- */

static void
key_of(const struct coverage *c, const struct vantage_info *v,
    char key[static KEY_LEN])
{
	if (c->by == BY_REGION)
		snprintf(key, KEY_LEN, "%s", region_of(v->country));
	else if (c->by == BY_COUNTRY)
		snprintf(key, KEY_LEN, "%.20s",
		    v->country[0] != '\0' ? v->country : REGION_UNKNOWN);
	else if (v->asn != 0)
		snprintf(key, KEY_LEN, "%" PRId64, v->asn);
	else
		snprintf(key, KEY_LEN, REGION_UNKNOWN);
}

static bool
counts(const struct vantage_info *v)
{
	return v->family != 0 && strcmp(v->state, "active") == 0;
}

/* Has the group one of this AS already, before row at? */
static bool
has_asn(const struct coverage *c, size_t at, const char *key)
{
	int64_t asn = c->vantages.rows[at].asn;

	for (size_t i = 0; i < at; i++) {
		const struct vantage_info *v = &c->vantages.rows[i];
		char other[KEY_LEN];

		if (v->asn != asn || !counts(v))
			continue;
		key_of(c, v, other);
		if (strcmp(key, other) == 0)
			return true;
	}
	return false;
}

static void
count_vantages(struct coverage *c)
{
	for (size_t i = 0; i < c->vantages.n; i++) {
		const struct vantage_info *v = &c->vantages.rows[i];
		char key[KEY_LEN];
		struct group *g;

		if (!counts(v))
			continue;
		key_of(c, v, key);
		g = find_group(c, key);
		g->n4 += v->family == 4;
		g->n6 += v->family == 6;
		g->n_asns += v->asn != 0 && !has_asn(c, i, key);
		c->n_vantages++;
	}
}

/* ---- weights ---- */

static enum rc
add_weight(struct coverage *c, char *line, unsigned number)
{
	char *comma = strchr(line, ','), *end = NULL;
	const char *key = line;
	double weight = comma != NULL ? strtod(comma + 1, &end) : 0;

	if (comma == NULL || end == comma + 1 ||
	    end[strspn(end, "\r ")] != '\0' || !(weight >= 0) ||
	    weight > 1e15 || comma - line >= KEY_LEN)
		return err_set(c->err, RC_MALFORMED,
		    "--weights: line %u: expected KEY,NUMBER such as DE,83.2",
		    number);
	*comma = '\0';
	if (c->by == BY_REGION)
		key = region_of(line);
	else if (c->by == BY_ASN && strncmp(key, "AS", 2) == 0)
		key += 2;
	find_group(c, key)->weight += weight;
	c->weight += weight;
	return RC_OK;
}

static enum rc
read_weights(struct coverage *c)
{
	char *text, *rest = NULL;
	size_t len;
	unsigned number = 0;
	enum rc rc =
	    file_read(c->o->weights, WEIGHTS_MAX_BYTES, &text, &len, c->err);

	if (rc != RC_OK)
		return err_at(c->err, rc, "--weights");
	for (char *line = strtok_r(text, "\n", &rest);
	     rc == RC_OK && line != NULL; line = strtok_r(NULL, "\n", &rest)) {
		number++;
		if (line[0] != '#' && line[0] != '\r')
			rc = add_weight(c, line, number);
	}
	free(text);
	return rc;
}

/* ---- telling ---- */

static int
by_weight(const void *a, const void *b)
{
	const struct group *x = a, *y = b;
	int64_t nx = x->n4 + x->n6, ny = y->n4 + y->n6;

	if (x->weight != y->weight)
		return x->weight < y->weight ? 1 : -1;
	if (nx != ny)
		return nx < ny ? 1 : -1;
	return strcmp(x->key, y->key);
}

static void
add_row(struct report *r, struct coverage *c, const struct group *g)
{
	int64_t n = g->n4 + g->n6;
	bool has_weight = c->weight > 0;

	c->covered += n > 0 ? g->weight : 0;
	report_text(r, g->key);
	report_number(r, g->n4);
	report_number(r, g->n6);
	report_number(r, n);
	report_number(r, g->n_asns);
	report_number_if(r, c->n_vantages > 0,
	    c->n_vantages > 0 ? (n * 2000 + c->n_vantages) / (2 * c->n_vantages)
			      : 0);
	report_number_if(r, has_weight,
	    has_weight ? (int64_t)(g->weight * 1000 / c->weight + 0.5) : 0);
	report_number_if(r, has_weight,
	    has_weight ? (int64_t)(c->covered * 1000 / c->weight + 0.5) : 0);
}

static void
add_empty_regions(struct coverage *c)
{
	for (size_t i = 0; c->by == BY_REGION && i < 5; i++)
		find_group(c, regions[i]);
}

static void
print(struct coverage *c)
{
	struct report r;

	add_empty_regions(c);
	qsort(c->groups, c->n, sizeof *c->groups, by_weight);
	report_init(&r, columns, sizeof columns / sizeof *columns);
	for (size_t i = 0; i < c->n; i++)
		add_row(&r, c, &c->groups[i]);
	where_print(&c->o->where, &r, "no vantages yet");
	if (c->weight > 0 && where_is_table(&c->o->where))
		printf("\nwith vantages: %.1f%% of the weight\n",
		    c->covered * 100 / c->weight);
	report_fini(&r);
}

static enum rc
parse_by(struct coverage *c)
{
	static const char *const names[N_BY] = { "country", "asn", "region" };

	for (int i = 0; c->o->by != NULL && i < N_BY; i++) {
		if (strcmp(c->o->by, names[i]) != 0)
			continue;
		c->by = (enum by)i;
		return RC_OK;
	}
	return c->o->by == NULL ? RC_OK
				: err_set(c->err, RC_RANGE,
				      "--by: expected country, asn or region");
}

static enum rc
run(const struct command_call *call, struct err *err)
{
	struct coverage of = { .o = call->options, .err = err }, *c = &of;
	struct store *st = NULL;
	enum rc rc = parse_by(c);

	if (rc == RC_OK)
		rc = where_open(&c->o->where, STORE_READ, &st, c->err);
	if (rc == RC_OK)
		rc = store_vantages(st, &c->vantages, c->err);
	if (rc == RC_OK)
		count_vantages(c);
	if (rc == RC_OK && c->o->weights != NULL)
		rc = read_weights(c);
	if (rc == RC_OK)
		print(c);
	free(c->vantages.rows);
	free(c->groups);
	store_close(st);
	return rc;
}

int
command_coverage(int argc, char **argv)
{
	struct options o = { 0 };

	return command_run(&spec, &o, argc, argv, run);
}
