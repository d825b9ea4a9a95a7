/* store_reinterpret.c - see store_reinterpret.h. */
#include "collector/store_reinterpret.h"

#include <stdio.h>

#include "collector/store_sqlite.h"

static const char ANSWERS[] =
    "SELECT o.id, o.vantage_id, o.target_id, o.received_us, o.at_us, "
    "o.site_id, o.why, o.outcome, o.rcode, o.rtt_us, n.bytes, o.chaos_name, "
    "o.chaos_outcome, c.bytes FROM observed o "
    "LEFT JOIN identity n ON n.id = o.nsid_id "
    "LEFT JOIN identity c ON c.id = o.chaos_id "
    "WHERE o.kind = 0 ORDER BY o.id";
static const char LANDINGS[] =
    "SELECT id, vantage_id, target_id, state, site_id, since_us, until_us, "
    "last_us, n, rtt_min_us, rtt_sum_us, rtt_n FROM landing ORDER BY id";
static const char SET_SITE[] =
    "UPDATE observation SET site_id = ?2 WHERE id = ?1";
static const char DELETE_LANDING[] = "DELETE FROM landing WHERE id = ?1";
static const char DELETE_MOVES[] =
    "DELETE FROM move WHERE vantage_id = ?1 AND target_id = ?2 "
    "AND at_us >= ?3";
static const char SITE_NAME[] = "SELECT name FROM site WHERE id = ?1";

static void
read_identity(struct identity *id, sqlite3_stmt *s, int column)
{
	*id = (struct identity){ 0 };
	if (sqlite3_column_type(s, column) != SQLITE_NULL)
		identity_set(id, sqlite3_column_blob(s, column),
		    (size_t)sqlite3_column_bytes(s, column));
}

static void
read_answer(sqlite3_stmt *s, struct stored_answer *a, struct observation *o)
{
	a->id = sqlite3_column_int64(s, 0);
	a->vantage_id = sqlite3_column_int64(s, 1);
	a->target_id = sqlite3_column_int64(s, 2);
	a->received_us = sqlite3_column_int64(s, 3);
	a->at_us = sqlite3_column_int64(s, 4);
	a->site_id = sqlite3_column_int64(s, 5);
	o->kind = KIND_DNS;
	o->why = (enum why)sqlite3_column_int(s, 6);
	o->outcome = (enum outcome)sqlite3_column_int(s, 7);
	o->dns.rcode = (uint16_t)sqlite3_column_int(s, 8);
	o->dns.rtt_us = sqlite3_column_int64(s, 9);
	read_identity(&o->dns.nsid, s, 10);
	o->dns.chaos.is_asked = sqlite3_column_type(s, 12) != SQLITE_NULL;
	o->dns.chaos.name = (uint8_t)sqlite3_column_int(s, 11);
	o->dns.chaos.outcome = (enum outcome)sqlite3_column_int(s, 12);
	read_identity(&o->dns.chaos.txt, s, 13);
}

enum rc
store_answer_each(struct store *st,
    void (*row)(void *ctx, const struct stored_answer *a), void *ctx,
    struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, ANSWERS);
	struct observation o = { 0 };
	struct stored_answer a = { .o = &o };
	enum rc rc;

	while ((rc = store_step(st, s, err)) == RC_OK) {
		read_answer(s, &a, &o);
		row(ctx, &a);
	}
	if (s != NULL)
		sqlite3_reset(s);
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

static bool
read_landing(sqlite3_stmt *s, struct landing *l)
{
	*l = (struct landing){ .id = sqlite3_column_int64(s, 0),
		.vantage_id = sqlite3_column_int64(s, 1),
		.target_id = sqlite3_column_int64(s, 2),
		.site_id = sqlite3_column_int64(s, 4),
		.since_us = sqlite3_column_int64(s, 5),
		.until_us = sqlite3_column_int64(s, 6),
		.last_us = sqlite3_column_int64(s, 7),
		.n = sqlite3_column_int64(s, 8),
		.rtt_min_us = sqlite3_column_int64(s, 9),
		.rtt_sum_us = sqlite3_column_int64(s, 10),
		.rtt_n = sqlite3_column_int64(s, 11) };
	return landing_state_from_name(&l->state, store_text(s, 3)) == RC_OK;
}

enum rc
store_landing_each(struct store *st,
    void (*row)(void *ctx, const struct landing *l), void *ctx, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, LANDINGS);
	struct landing l;
	enum rc rc;

	while ((rc = store_step(st, s, err)) == RC_OK)
		if (read_landing(s, &l))
			row(ctx, &l);
	if (s != NULL)
		sqlite3_reset(s);
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

enum rc
store_answer_sites(
    struct store *st, const struct chunk_site *sites, size_t n, struct err *err)
{
	int64_t packed_id = 0;
	size_t n_packed = 0;
	enum rc rc = store_chunk_packed(st, &packed_id, err);

	while (n_packed < n && sites[n_packed].id <= packed_id)
		n_packed++;
	if (rc == RC_OK)
		rc = store_chunk_sites(st, sites, n_packed, err);
	for (size_t i = n_packed; rc == RC_OK && i < n; i++) {
		sqlite3_stmt *s = store_stmt(st, SET_SITE);

		store_bind_int(s, 1, sites[i].id);
		store_bind_int_or_null(
		    s, 2, sites[i].site_id > 0, sites[i].site_id);
		rc = store_run(st, s, err);
	}
	return rc;
}

enum rc
store_landing_delete(struct store *st, int64_t id, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, DELETE_LANDING);

	store_bind_int(s, 1, id);
	return store_run(st, s, err);
}

enum rc
store_moves_delete(struct store *st, int64_t vantage_id, int64_t target_id,
    int64_t from_us, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, DELETE_MOVES);

	store_bind_int(s, 1, vantage_id);
	store_bind_int(s, 2, target_id);
	store_bind_int(s, 3, from_us);
	return store_run(st, s, err);
}

enum rc
store_site_name(struct store *st, int64_t id, char out[static NAME_MAX_LEN + 1],
    struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, SITE_NAME);
	enum rc rc;

	store_bind_int(s, 1, id);
	rc = store_step(st, s, err);
	out[0] = '\0';
	if (rc == RC_OK)
		snprintf(out, NAME_MAX_LEN + 1, "%s", store_text(s, 0));
	if (s != NULL)
		sqlite3_reset(s);
	return rc == RC_NOTFOUND ? RC_OK : rc;
}
