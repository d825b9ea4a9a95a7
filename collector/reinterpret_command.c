/* reinterpret_command.c - catchwater reinterpret: reads what is stored again by
 * the templates of the configuration. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "collector/commands.h"
#include "collector/place.h"
#include "collector/reinterpret.h"
#include "collector/report_command.h"
#include "collector/settings.h"
#include "collector/store_detect.h"
#include "collector/store_heard.h"
#include "collector/store_probe.h"
#include "collector/store_reinterpret.h"
#include "collector/store_services.h"
#include "schema/base/clock.h"
#include "schema/base/mem.h"
#include "schema/base/progress.h"

struct options {
	struct where where;
	bool is_dry;
};

static const struct option_spec options[] = {
	{ 'n', "dry-run", OPTION_FLAG, offsetof(struct options, is_dry), 0, 0,
	    NULL, "only show what would change" },
	OPTION_JSON,
	OPTION_CSV,
	{ 'c', "config", OPTION_TEXT, offsetof(struct where, config), 0, 0,
	    "FILE", "configuration (default " DEFAULT_CONFIG ")" },
	{ 0, "db", OPTION_TEXT, offsetof(struct where, database), 0, 0, "FILE",
	    "database (default: the configuration's)" },
	{ 0 },
};

static const struct command_spec spec = { PROGRAM, "reinterpret", "", 0, 0,
	"read stored identities again after templates changed; the collector "
	"must be stopped (not for --dry-run)",
	options };

static const struct column columns[] = {
	{ "service", "service", CELL_TEXT },
	{ "from", "from", CELL_TEXT },
	{ "to", "to", CELL_TEXT },
	{ "n_observations", "observations", CELL_COUNT },
	{ "n_landings", "landings", CELL_COUNT },
};
#define N_COLUMNS (sizeof columns / sizeof columns[0])

/* ---- what changes ---- */

static enum rc
place_name(struct store *st, const struct services *services, int64_t place,
    char out[static NAME_MAX_LEN + 1], struct err *err)
{
	const struct site *site = services_site_by_id(services, place, NULL);

	if (site == NULL && place > 0)
		return store_site_name(st, place, out, err);
	snprintf(out, NAME_MAX_LEN + 1, "%s",
	    site != NULL                  ? site->name
	    : place == REINTERPRET_UNTOLD ? "untold"
					  : "unknown");
	return RC_OK;
}

/* The changes from i on that have its places. */
struct group {
	size_t next; /* where others begin */
	int64_t n_observations, n_pairs;
};

static struct group
count_group(const struct reinterpret *r, size_t i)
{
	const struct reinterpret_change *list = r->changes, *last = NULL;
	struct group g = { .next = i };

	for (; g.next < r->n_changes && list[g.next].from == list[i].from &&
	       list[g.next].to == list[i].to;
	     g.next++) {
		const struct reinterpret_change *c = &list[g.next];

		if (!reinterpret_is_news(r, c))
			continue;
		g.n_observations++;
		g.n_pairs += last == NULL ||
			     c->vantage_id != last->vantage_id ||
			     c->target_id != last->target_id;
		last = c;
	}
	return g;
}

static enum rc
add_rows(struct report *out, struct store *st, const struct reinterpret *r,
    struct err *err)
{
	enum rc rc = RC_OK;
	struct group g;

	for (size_t i = 0; rc == RC_OK && i < r->n_changes; i = g.next) {
		const struct reinterpret_change *c = &r->changes[i];
		const struct target *t =
		    services_target_by_id(r->services, c->target_id);
		char from[NAME_MAX_LEN + 1], to[NAME_MAX_LEN + 1];

		g = count_group(r, i);
		if (g.n_observations == 0)
			continue;
		rc = place_name(st, r->services, c->from, from, err);
		if (rc == RC_OK)
			rc = place_name(st, r->services, c->to, to, err);
		if (rc != RC_OK)
			break;
		report_text(out, r->services->list[t->service].name);
		report_text(out, from);
		report_text(out, to);
		report_number(out, g.n_observations);
		report_number(out, g.n_pairs);
	}
	return rc;
}

static enum rc
show(const struct options *o, struct store *st, const struct reinterpret *r,
    struct err *err)
{
	struct report report;
	enum rc rc;

	report_init(&report, columns, N_COLUMNS);
	rc = add_rows(&report, st, r, err);
	if (rc == RC_OK)
		where_print(
		    &o->where, &report, "every identity means the same");
	report_fini(&report);
	fprintf(stderr,
	    "%" PRIu64 " observations read; the journals of %zu vantages and "
	    "targets %s; events stay as they were\n",
	    r->n_read, r->n_rewritten,
	    o->is_dry ? "would be written anew" : "were written anew");
	return rc;
}

/* ---- reading ---- */

static void
on_compare(void *ctx, const struct stored_answer *a)
{
	struct reinterpret *r = ctx;

	reinterpret_compare(r, a);
	progress_show("answers read again", (int64_t)r->n_read, 0);
}

/* The second pass: answers, and between them the times by which they went. */
struct fold {
	struct reinterpret *r;
	struct store *st;
	struct heard times; /* that come next; id 0: none do */
	enum rc rc;
	struct err *err;
};

static void
next_times(struct fold *f)
{
	f->rc = store_heard_next_times(f->st, f->times.id, &f->times, f->err);
	if (f->rc != RC_NOTFOUND)
		return;
	f->times.id = 0;
	f->rc = RC_OK;
}

static void
on_fold(void *ctx, const struct stored_answer *a)
{
	struct fold *f = ctx;

	while (
	    f->rc == RC_OK && f->times.id != 0 && f->times.after_id < a->id) {
		reinterpret_retime(f->r,
		    f->times.kind == HEARD_TIMES ? &f->times.times : NULL);
		next_times(f);
	}
	reinterpret_fold(f->r, a);
}

static enum rc
fold_all(struct store *st, struct reinterpret *r, struct err *err)
{
	struct fold f = { .r = r, .st = st, .err = err };
	enum rc rc;

	next_times(&f);
	rc = store_answer_each(st, on_fold, &f, err);
	return rc == RC_OK ? f.rc : rc;
}

static void
on_landing(void *ctx, const struct landing *l)
{
	reinterpret_journal(ctx, l);
}

static void
on_vantage(void *ctx, const char *probe_id, enum probe_state state,
    const struct vantage_row *row)
{
	struct vantage v = place_vantage(probe_id, state, row);

	reinterpret_vantage(ctx, &v);
}

static enum rc
read_all(struct store *st, struct reinterpret *r, struct err *err)
{
	int64_t next_event_id, next_landing_id = 1;
	enum rc rc = store_answer_each(st, on_compare, r, err);

	progress_end();
	if (rc == RC_OK)
		rc = store_detect_next_ids(
		    st, &next_event_id, &next_landing_id, err);
	if (rc != RC_OK)
		return rc;
	reinterpret_prepare(r, next_landing_id);
	if (r->n_pairs == 0)
		return RC_OK;
	rc = store_vantage_each(st, on_vantage, r, err);
	if (rc == RC_OK)
		rc = store_landing_each(st, on_landing, r, err);
	if (rc == RC_OK)
		rc = fold_all(st, r, err);
	if (rc == RC_OK)
		reinterpret_end(r);
	return rc;
}

/* ---- writing ---- */

static enum rc
write_effect(
    struct store *st, const struct effect *e, enum rc rc, struct err *err)
{
	return rc == RC_OK ? store_effect_apply(st, e, err) : rc;
}

static enum rc
write_pair(struct store *st, const struct reinterpret_pair *p, struct err *err)
{
	struct effect e;
	enum rc rc = store_moves_delete(
	    st, p->vantage_id, p->target_id, p->first_at_us, err);

	for (size_t i = 0; rc == RC_OK && i < p->n_old; i++)
		if (reinterpret_is_gone(p, &p->old[i]))
			rc = store_landing_delete(st, p->old[i].id, err);
	for (size_t i = 0; i < p->n_landings; i++) {
		e = (struct effect){ .kind = EFFECT_LANDING,
			.landing = p->landings[i] };
		rc = write_effect(st, &e, rc, err);
	}
	for (size_t i = 0; i < p->n_moves; i++) {
		e = (struct effect){ .kind = EFFECT_MOVE, .move = p->moves[i] };
		rc = write_effect(st, &e, rc, err);
	}
	if (p->has_track) {
		e = (struct effect){ .kind = EFFECT_TRACK, .track = p->track };
		rc = write_effect(st, &e, rc, err);
	}
	return rc;
}

/* A replay is to know that it hears something else from now on. */
static enum rc
write_reread(struct store *st, struct err *err)
{
	struct heard h = { .kind = HEARD_REREAD, .until_us = clock_wall_us() };
	enum rc rc = store_observation_last(st, &h.after_id, err);

	return rc == RC_OK ? store_heard_put(st, &h, err) : rc;
}

static bool
has_other_site(const struct reinterpret *r)
{
	size_t i = 0;

	while (i < r->n_changes && r->changes[i].from <= 0 &&
	       r->changes[i].to <= 0)
		i++;
	return i < r->n_changes;
}

static int
compare_sites(const void *left, const void *right)
{
	const struct chunk_site *a = left, *b = right;

	return (a->id > b->id) - (a->id < b->id);
}

static enum rc
write_sites(struct store *st, const struct reinterpret *r, struct err *err)
{
	struct chunk_site *sites = mem_new((r->n_changes + 1) * sizeof *sites);
	enum rc rc;

	for (size_t i = 0; i < r->n_changes; i++)
		sites[i] = (struct chunk_site){ r->changes[i].observation_id,
			r->changes[i].to };
	if (r->n_changes > 0)
		qsort(sites, r->n_changes, sizeof *sites, compare_sites);
	rc = store_answer_sites(st, sites, r->n_changes, err);
	free(sites);
	return rc;
}

static enum rc
write_all(struct store *st, const struct reinterpret *r, struct err *err)
{
	enum rc rc = has_other_site(r) ? write_reread(st, err) : RC_OK;

	if (rc == RC_OK)
		rc = write_sites(st, r, err);
	for (size_t i = 0; rc == RC_OK && i < r->n_pairs; i++)
		if (!r->pairs[i].is_same)
			rc = write_pair(st, &r->pairs[i], err);
	return rc;
}

/* ---- the command ---- */

static enum rc
run_dry(const struct options *o, struct store *st, struct services *services,
    struct err *err)
{
	struct reinterpret r;
	enum rc rc = store_find_services(st, services, err);

	reinterpret_init(&r, services);
	if (rc == RC_OK)
		rc = read_all(st, &r, err);
	if (rc == RC_OK)
		rc = show(o, st, &r, err);
	reinterpret_fini(&r);
	return rc;
}

/* All or nothing, in one transaction. */
static enum rc
run_wet(const struct options *o, struct store *st, struct services *services,
    struct err *err)
{
	struct reinterpret r;
	enum rc rc = store_begin(st, err);

	if (rc != RC_OK)
		return rc;
	reinterpret_init(&r, services);
	rc = store_sync_services(st, services, err);
	if (rc == RC_OK)
		rc = read_all(st, &r, err);
	if (rc == RC_OK)
		rc = write_all(st, &r, err);
	if (rc == RC_OK)
		rc = store_commit(st, err);
	else
		store_rollback(st);
	if (rc == RC_OK)
		rc = show(o, st, &r, err);
	reinterpret_fini(&r);
	return rc;
}

/* A database that is not there is not made. */
static enum rc
open_store(const struct options *o, const char *path, struct store **st,
    struct err *err)
{
	enum rc rc = store_open(st, path, STORE_READ, err);

	if (rc != RC_OK || o->is_dry)
		return rc;
	store_close(*st);
	*st = NULL;
	return store_open(st, path, STORE_SERVE, err);
}

static enum rc
run(const struct command_call *call, struct err *err)
{
	const struct options *o = call->options;
	const char *config =
	    o->where.config != NULL ? o->where.config : DEFAULT_CONFIG;
	struct settings settings;
	struct store *st = NULL;
	enum rc rc =
	    o->where.database != NULL
		? settings_load_without_database(&settings, config, err)
		: settings_load(&settings, config, err);

	if (rc != RC_OK)
		return rc;
	rc = open_store(o,
	    o->where.database != NULL ? o->where.database : settings.database,
	    &st, err);
	if (rc == RC_OK)
		rc = o->is_dry ? run_dry(o, st, &settings.services, err)
			       : run_wet(o, st, &settings.services, err);
	store_close(st);
	settings_fini(&settings);
	return rc;
}

int
command_reinterpret(int argc, char **argv)
{
	struct options o = { 0 };

	return command_run(&spec, &o, argc, argv, run);
}
