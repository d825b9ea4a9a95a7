/* whatif_command.c - catchwater whatif: a site fails; who takes its vantages? */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "collector/commands.h"
#include "collector/lookup.h"
#include "collector/report_command.h"
#include "collector/whatif.h"
#include "schema/base/clock.h"
#include "schema/base/mem.h"

struct options {
	struct where where;
	const char *service, *since;
	int64_t family;
};

static const struct option_spec options[] = {
	{ 's', "service", OPTION_TEXT, offsetof(struct options, service), 0, 0,
	    "NAME", "where several services have a site of this name" },
	{ 'f', "family", OPTION_COUNT, offsetof(struct options, family), 4, 6,
	    "4|6", "of this address family only" },
	{ 0, "since", OPTION_TEXT, offsetof(struct options, since), 0, 0,
	    "TIME", "learn from moves after this moment (default -90d)" },
	OPTION_JSON,
	OPTION_CSV,
	OPTION_HTML,
	OPTION_WHERE,
	{ 0 },
};

static const struct command_spec spec = { PROGRAM, "whatif", "SITE", 1, 1,
	"who would take a site's vantages if it failed, by what they did "
	"before",
	options };

static const struct column columns[] = {
	{ "service", NULL, CELL_TEXT },
	{ "site", "site", CELL_TEXT },
	{ "n_now", "now", CELL_COUNT },
	{ "share_now_percent", "share", CELL_PERCENT },
	{ "n_gained", "gains", CELL_COUNT },
	{ "n_itself", "itself", CELL_COUNT },
	{ "n_as", "its AS", CELL_COUNT },
	{ "n_country", "country", CELL_COUNT },
	{ "n_anybody", "anybody", CELL_COUNT },
	{ "n_then", "then", CELL_COUNT },
	{ "share_then_percent", "share then", CELL_PERCENT },
	{ "capacity", "capacity", CELL_COUNT },
	{ "load_then_percent", "of capacity", CELL_PERCENT },
};

/* A site of the service, both families together. */
struct place {
	const struct site_now *site; /* lent */
	bool is_withdrawn;           /* in every family */
	int64_t n_now, n_gained[WHATIF_BASES];
};

struct question {
	const struct options *o;
	const char *site;
	int64_t site_id;
	struct store *store;
	int64_t since_us;
	struct site_list sites;
	struct landed_list now, journal;
	struct place *places; /* the service's */
	size_t n_places;
	int64_t n_all, n_unknown,
	    capacity; /* of the others, of them that say */
	struct whatif what;
	struct err *err;
};

static struct place *
find_place(const struct question *q, int64_t site_id)
{
	for (size_t i = 0; i < q->n_places; i++)
		if (q->places[i].site->site_id == site_id)
			return &q->places[i];
	return NULL;
}

static bool
may_take(void *ctx, int64_t site_id)
{
	const struct place *p = find_place(ctx, site_id);

	return p != NULL && !p->is_withdrawn;
}

static const char *
service_of(const struct question *q)
{
	for (size_t i = 0; i < q->sites.n; i++)
		if (q->sites.rows[i].site_id == q->site_id)
			return q->sites.rows[i].service;
	return "";
}

static void
note_places(struct question *q)
{
	const char *service = service_of(q);

	q->places = mem_new((q->sites.n + 1) * sizeof *q->places);
	for (size_t i = 0; i < q->sites.n; i++) {
		const struct site_now *s = &q->sites.rows[i];
		struct place *p = find_place(q, s->site_id);
		bool is_withdrawn = strcmp(s->announced, "no") == 0;

		if (strcmp(s->service, service) != 0)
			continue;
		if (p != NULL) {
			p->is_withdrawn &= is_withdrawn;
			continue;
		}
		q->places[q->n_places++] =
		    (struct place){ .site = s, .is_withdrawn = is_withdrawn };
		if (s->site_id != q->site_id)
			q->capacity += s->capacity;
	}
}

static void
count(struct question *q)
{
	for (size_t i = 0; i < q->now.n; i++) {
		const struct landed *l = &q->now.rows[i];
		struct place *p = find_place(q, l->site_id);

		if (p == NULL || !l->is_trusted ||
		    strcmp(l->state, "stable") != 0)
			continue;
		p->n_now++;
		q->n_all++;
	}
	for (size_t i = 0; i < q->what.n; i++) {
		const struct whatif_answer *a = &q->what.list[i];
		struct place *p = find_place(q, a->to_site_id);

		if (p == NULL)
			q->n_unknown++;
		else
			p->n_gained[a->basis]++;
	}
}

static enum rc
ask(struct question *q)
{
	struct landed_filter filter = { NULL, NULL, (uint8_t)q->o->family };
	enum rc rc =
	    lookup_site(q->store, q->o->service, q->site, &q->site_id, q->err);

	if (rc == RC_OK)
		rc = store_sites(q->store, &q->sites, q->err);
	if (rc != RC_OK)
		return rc;
	note_places(q);
	filter.service = service_of(q);
	rc = store_landed_at(
	    q->store, clock_wall_us(), &filter, &q->now, q->err);
	if (rc == RC_OK)
		rc = store_journal(q->store, NULL, (uint8_t)q->o->family,
		    q->since_us, &q->journal, q->err);
	if (rc != RC_OK)
		return rc;
	whatif_ask(&q->what, q->site_id, &q->now, &q->journal, may_take, q);
	count(q);
	return RC_OK;
}

static int64_t
permille(int64_t part, int64_t whole)
{
	return whole == 0 ? 0 : (part * 2000 + whole) / (2 * whole);
}

static void
add_row(struct report *r, const struct question *q, const struct place *p)
{
	bool is_failed = p->site->site_id == q->site_id;
	int64_t n_gained = 0, n_then, capacity = p->site->capacity;

	for (int b = 0; b < WHATIF_UNKNOWN; b++)
		n_gained += p->n_gained[b];
	n_then = is_failed ? 0 : p->n_now + n_gained;
	report_text(r, p->site->service);
	report_text(r, p->site->site);
	report_number(r, p->n_now);
	report_number_if(r, q->n_all > 0, permille(p->n_now, q->n_all));
	report_number(r, n_gained);
	for (int b = 0; b < WHATIF_UNKNOWN; b++)
		report_number(r, p->n_gained[b]);
	report_number(r, n_then);
	report_number_if(r, q->n_all > 0, permille(n_then, q->n_all));
	report_number_if(r, capacity > 0, capacity);
	report_number_if(r, capacity > 0 && !is_failed && q->n_all > 0,
	    permille(n_then * q->capacity, q->n_all * (capacity + !capacity)));
}

static void
print_notes(const struct question *q)
{
	char since[CLOCK_TEXT_LEN];

	printf("\nlearnt from %zu moves away from the site since %s; of "
	       "%" PRId64 " landings nothing is known\n",
	    q->what.n_moves, clock_format(q->since_us, since), q->n_unknown);
	if (q->capacity > 0)
		printf("of capacity: the share then, of the site's share of "
		       "the capacity that is left\n");
}

static void
print(const struct question *q)
{
	const struct where *w = &q->o->where;
	struct report r;

	report_init(&r, columns, sizeof columns / sizeof *columns);
	for (size_t i = 0; i < q->n_places; i++)
		add_row(&r, q, &q->places[i]);
	if (w->is_json)
		where_print_json(json_pack("{s:o,s:o,s:I,s:I,s:o}", "site",
		    report_json_text(q->site), "since",
		    report_json_time(q->since_us), "n_moves",
		    (json_int_t)q->what.n_moves, "n_unknown",
		    (json_int_t)q->n_unknown, "rows", report_json(&r)));
	else
		where_print(w, &r, "the service has no sites");
	if (where_is_table(w))
		print_notes(q);
	report_fini(&r);
}

static enum rc
run(const struct command_call *call, struct err *err)
{
	struct question q = {
		.o = call->options, .site = call->operands[0], .err = err
	};
	const char *since = q.o->since != NULL ? q.o->since : "-90d";
	enum rc rc = check_family(q.o->family, err);

	if (rc == RC_OK)
		rc = clock_parse(&q.since_us, since, clock_wall_us(), err);
	if (rc == RC_OK)
		rc = where_open(&q.o->where, STORE_READ, &q.store, err);
	if (rc == RC_OK)
		rc = ask(&q);
	if (rc == RC_OK)
		print(&q);
	whatif_fini(&q.what);
	free(q.places);
	free(q.sites.rows);
	free(q.now.rows);
	free(q.journal.rows);
	store_close(q.store);
	return rc;
}

int
command_whatif(int argc, char **argv)
{
	struct options o = { 0 };

	return command_run(&spec, &o, argc, argv, run);
}
