/* store_heard.c - see store_heard.h. */
#include "collector/store_heard.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "collector/store_chunk.h"
#include "collector/store_sqlite.h"

static const char PUT[] = "INSERT INTO heard (after_id, passed_us, kind, body) "
			  "VALUES (?1, ?2, ?3, ?4)";
static const char MARK[] =
    "INSERT INTO heard_until (id, passed_us) VALUES (1, ?1) "
    "ON CONFLICT DO UPDATE SET passed_us = excluded.passed_us";
static const char UNTIL[] = "SELECT passed_us FROM heard_until";
static const char LAST[] = "SELECT coalesce(max(id), 0) FROM observation";
static const char EXPIRE[] =
    "DELETE FROM heard WHERE id IN (SELECT id FROM heard "
    "WHERE kind <> 'vantage' "
    "AND after_id < " STORE_OLDEST_ID " - 1 "
    "ORDER BY after_id LIMIT ?1)";
static const char EXPIRE_VANTAGES[] =
    "DELETE FROM heard WHERE kind = 'vantage' "
    "AND after_id < " STORE_OLDEST_ID " - 1 "
    "AND id NOT IN (SELECT max(id) FROM heard WHERE kind = 'vantage' "
    "AND after_id < " STORE_OLDEST_ID " - 1 "
    "GROUP BY body ->> 'vantage')";
static const char VANTAGES[] =
    "SELECT id, after_id, passed_us, kind, body FROM heard "
    "WHERE kind = 'vantage' AND id < ?1 ORDER BY id";
static const char HEARD[] =
    "SELECT id, after_id, passed_us, kind, body FROM heard WHERE id > ?1 "
    "ORDER BY id LIMIT 1";
static const char TIMES[] =
    "SELECT id, after_id, passed_us, kind, body FROM heard WHERE id > ?1 "
    "AND kind IN ('start', 'times') ORDER BY id LIMIT 1";
static const char OBSERVATION[] =
    "SELECT o.id, o.vantage_id, o.target_id, o.site_id, o.at_us, "
    "o.received_us, o.kind, o.why, o.outcome, o.rcode, o.rtt_us, o.serial, "
    "n.bytes, o.chaos_outcome, c.bytes, o.is_reached, p.hops, "
    "o.chaos_name, coalesce(d.doubts, 0) "
    "FROM observed o LEFT JOIN identity n ON n.id = o.nsid_id "
    "LEFT JOIN identity c ON c.id = o.chaos_id "
    "LEFT JOIN path p ON p.id = o.path_id "
    "LEFT JOIN doubt d ON d.observation_id = o.id WHERE o.id > ?1 "
    "ORDER BY o.id LIMIT 1";
static const char ATTACH[] = "ATTACH DATABASE ?1 AS source";
/* In the order in which they refer to one another. */
static const char *const COPY[] = {
	"INSERT INTO service SELECT * FROM source.service",
	"INSERT INTO site SELECT * FROM source.site",
	"INSERT INTO target SELECT * FROM source.target",
	"INSERT INTO token SELECT * FROM source.token",
	"INSERT INTO probe SELECT * FROM source.probe",
	"INSERT INTO vantage SELECT * FROM source.vantage",
};
static const char DETACH[] = "DETACH DATABASE source";

enum rc
store_heard_put(struct store *st, const struct heard *h, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, PUT);
	char *body = heard_body(h);

	store_bind_int(s, 1, h->after_id);
	store_bind_int(s, 2, h->passed_us);
	store_bind_text(s, 3, heard_kind_name(h->kind));
	store_bind_text(s, 4, body);
	free(body);
	return store_run(st, s, err);
}

enum rc
store_heard_mark(struct store *st, int64_t passed_us, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, MARK);

	store_bind_int(s, 1, passed_us);
	return store_run(st, s, err);
}

/* One number; 0 when there is no row. */
static enum rc
number(struct store *st, const char *sql, int64_t *out, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, sql);
	enum rc rc = store_step(st, s, err);

	if (rc == RC_OK)
		*out = sqlite3_column_int64(s, 0);
	else if (rc == RC_NOTFOUND)
		*out = 0;
	if (s != NULL)
		sqlite3_reset(s);
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

enum rc
store_heard_until(struct store *st, int64_t *passed_us, struct err *err)
{
	return number(st, UNTIL, passed_us, err);
}

enum rc
store_observation_last(struct store *st, int64_t *id, struct err *err)
{
	return number(st, LAST, id, err);
}

enum rc
store_heard_expire(
    struct store *st, int64_t n, int64_t *n_gone, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, EXPIRE);
	enum rc rc;

	store_bind_int(s, 1, n);
	rc = store_run(st, s, err);
	if (rc == RC_OK)
		*n_gone = sqlite3_changes64(store_handle(st));
	return rc;
}

enum rc
store_heard_expire_vantages(struct store *st, struct err *err)
{
	return store_run(st, store_stmt(st, EXPIRE_VANTAGES), err);
}

/* RC_MALFORMED. */
static enum rc
read_heard(sqlite3_stmt *s, struct heard *out)
{
	*out = (struct heard){ .id = sqlite3_column_int64(s, 0),
		.after_id = sqlite3_column_int64(s, 1),
		.passed_us = sqlite3_column_int64(s, 2) };
	return heard_read(out, store_text(s, 3), store_text(s, 4));
}

enum rc
store_heard_vantages(
    struct store *st, int64_t before_id, struct detect *d, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, VANTAGES);
	struct heard h;
	enum rc rc;

	store_bind_int(s, 1, before_id);
	while ((rc = store_step(st, s, err)) == RC_OK)
		if (read_heard(s, &h) == RC_OK)
			detect_vantage(d, &h.vantage);
	if (s != NULL)
		sqlite3_reset(s);
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

static enum rc
next_heard(struct store *st, const char *sql, int64_t after_id,
    struct heard *out, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, sql);
	enum rc rc;

	store_bind_int(s, 1, after_id);
	rc = store_step(st, s, err);
	if (rc == RC_OK && read_heard(s, out) != RC_OK)
		rc = err_set(err, RC_MALFORMED,
		    "heard %lld: '%s' is not of this program; replay with the "
		    "one that wrote it",
		    (long long)out->id, store_text(s, 3));
	if (s != NULL)
		sqlite3_reset(s);
	return rc;
}

enum rc
store_heard_next(
    struct store *st, int64_t after_id, struct heard *out, struct err *err)
{
	return next_heard(st, HEARD, after_id, out, err);
}

enum rc
store_heard_next_times(
    struct store *st, int64_t after_id, struct heard *out, struct err *err)
{
	return next_heard(st, TIMES, after_id, out, err);
}

/* Observations. */

static void
read_identity(sqlite3_stmt *s, int column, struct identity *id)
{
	if (sqlite3_column_type(s, column) != SQLITE_NULL)
		identity_set(id, sqlite3_column_blob(s, column),
		    (size_t)sqlite3_column_bytes(s, column));
}

static void
read_dns(sqlite3_stmt *s, struct dns_result *d)
{
	d->rcode = (uint16_t)sqlite3_column_int(s, 9);
	d->rtt_us = sqlite3_column_int64(s, 10);
	d->has_serial = sqlite3_column_type(s, 11) != SQLITE_NULL;
	d->serial = (uint32_t)sqlite3_column_int64(s, 11);
	read_identity(s, 12, &d->nsid);
	d->chaos.is_asked = sqlite3_column_type(s, 13) != SQLITE_NULL;
	d->chaos.outcome = (enum outcome)sqlite3_column_int(s, 13);
	d->chaos.name = (uint8_t)sqlite3_column_int(s, 17);
	read_identity(s, 14, &d->chaos.txt);
}

static void
read_hop(json_t *json, struct hop *h)
{
	const char *address = NULL;
	int ttl = 0, is_target = 0;

	if (json_unpack(json, "{s:i, s?s, s?b}", "ttl", &ttl, "address",
		&address, "target", &is_target) != 0)
		return;
	h->ttl = (uint8_t)ttl;
	h->is_target = is_target != 0;
	if (address != NULL && addr_parse(&h->address, address) != RC_OK)
		h->address.family = 0;
}

static void
read_trace(sqlite3_stmt *s, struct trace_result *t)
{
	json_t *hops = json_loads(store_text(s, 16), 0, NULL), *hop;
	size_t i;

	t->is_reached = sqlite3_column_int(s, 15) != 0;
	json_array_foreach(hops, i, hop)
	{
		if (t->n_hops < HOP_MAX)
			read_hop(hop, &t->hops[t->n_hops++]);
	}
	json_decref(hops);
}

static void
read_observation(sqlite3_stmt *s, struct observation_heard *out)
{
	struct observation *o = &out->observation;

	memset(out, 0, sizeof *out);
	out->id = sqlite3_column_int64(s, 0);
	out->vantage_id = sqlite3_column_int64(s, 1);
	out->target_id = sqlite3_column_int64(s, 2);
	out->site_id = sqlite3_column_int64(s, 3);
	out->at_us = sqlite3_column_int64(s, 4);
	out->received_us = sqlite3_column_int64(s, 5);
	out->doubts = (unsigned)sqlite3_column_int(s, 18);
	o->kind = (enum kind)sqlite3_column_int(s, 6);
	o->why = (enum why)sqlite3_column_int(s, 7);
	o->outcome = (enum outcome)sqlite3_column_int(s, 8);
	if (o->kind == KIND_DNS)
		read_dns(s, &o->dns);
	else if (o->kind == KIND_TRACE)
		read_trace(s, &o->trace);
	else
		o->ping.rtt_median_us = sqlite3_column_int64(s, 10);
}

enum rc
store_observation_next(struct store *st, int64_t after_id,
    struct observation_heard *out, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, OBSERVATION);
	enum rc rc;

	store_bind_int(s, 1, after_id);
	rc = store_step(st, s, err);
	if (rc == RC_OK)
		read_observation(s, out);
	if (s != NULL)
		sqlite3_reset(s);
	return rc;
}

/* A database to replay in. */

static enum rc
copy_services(struct store *st, const char *path, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, ATTACH);
	enum rc rc;

	store_bind_text(s, 1, path);
	rc = store_run(st, s, err);
	for (size_t i = 0; rc == RC_OK && i < sizeof COPY / sizeof *COPY; i++)
		rc = store_run(st, store_stmt(st, COPY[i]), err);
	if (rc == RC_OK)
		rc = store_run(st, store_stmt(st, DETACH), err);
	return rc;
}

enum rc
store_open_scratch(struct store **out, const char *path, struct err *err)
{
	struct store *st;
	enum rc rc = store_open(&st, ":memory:", STORE_SCRATCH, err);

	if (rc != RC_OK)
		return rc;
	rc = copy_services(st, path, err);
	if (rc != RC_OK) {
		store_close(st);
		return rc;
	}
	*out = st;
	return RC_OK;
}
