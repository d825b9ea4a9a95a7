/* store_import.c - see store_import.h. */
#include "collector/store_import.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/store_sqlite.h"

#define COLUMNS \
	"id, name, at_us, n_done, is_done, first_us, last_us, summary, hash "

static const char FIND[] = "SELECT " COLUMNS "FROM import WHERE hash = ?1";
static const char NEWEST[] =
    "SELECT " COLUMNS "FROM import WHERE source = ?1 ORDER BY id DESC LIMIT 1";
static const char PUT[] =
    "INSERT INTO import (id, source, name, hash, at_us, n_done, is_done, "
    "first_us, last_us, summary) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, "
    "?10) ON CONFLICT (id) DO UPDATE SET n_done = excluded.n_done, "
    "is_done = excluded.is_done, first_us = excluded.first_us, "
    "last_us = excluded.last_us, summary = excluded.summary";
static const char ADD_PROBE[] =
    "INSERT INTO probe (id, public_key, name, state, enrolled_us, country, "
    "latitude, longitude, asn, source) VALUES (?1, ?2, ?3, 'active', ?4, ?5, "
    "?6, ?7, ?8, ?9) ON CONFLICT (id) DO NOTHING";
static const char NAME_TAKEN[] =
    "SELECT 1 FROM probe WHERE name = ?1 AND id <> ?2";
static const char LAST_RECEIVED[] =
    "SELECT received_us FROM observation ORDER BY id DESC LIMIT 1";

static const char ANNOUNCE[] =
    "INSERT INTO announcement (site_id, family, is_up, at_us, lease_until_us, "
    "source) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";

static void
read_row(sqlite3_stmt *s, struct import_row *row)
{
	const void *hash = sqlite3_column_blob(s, 8);

	row->id = sqlite3_column_int64(s, 0);
	snprintf(row->name, sizeof row->name, "%s", store_text(s, 1));
	row->at_us = sqlite3_column_int64(s, 2);
	row->n_done = sqlite3_column_int64(s, 3);
	row->is_done = sqlite3_column_int(s, 4) != 0;
	row->has_times = sqlite3_column_type(s, 5) != SQLITE_NULL;
	row->first_us = sqlite3_column_int64(s, 5);
	row->last_us = sqlite3_column_int64(s, 6);
	row->summary = json_loads(store_text(s, 7), 0, NULL);
	if (row->summary == NULL)
		row->summary = json_object();
	if (hash != NULL)
		memcpy(row->hash, hash, sizeof row->hash);
}

static enum rc
take_row(
    struct store *st, sqlite3_stmt *s, struct import_row *row, struct err *err)
{
	enum rc rc = store_step(st, s, err);

	if (rc == RC_OK)
		read_row(s, row);
	if (s != NULL)
		sqlite3_reset(s);
	return rc;
}

enum rc
store_import_find(struct store *st, struct import_row *row, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, FIND);

	store_bind_blob(s, 1, row->hash, sizeof row->hash);
	return take_row(st, s, row, err);
}

enum rc
store_import_newest(struct store *st, struct import_row *row, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, NEWEST);

	store_bind_text(s, 1, row->source);
	return take_row(st, s, row, err);
}

enum rc
store_import_put(struct store *st, struct import_row *row, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, PUT);
	char *summary = json_dumps(row->summary, JSON_COMPACT);
	enum rc rc;

	store_bind_int_or_null(s, 1, row->id != 0, row->id);
	store_bind_text(s, 2, row->source);
	store_bind_text(s, 3, row->name);
	store_bind_blob(s, 4, row->hash, sizeof row->hash);
	store_bind_int(s, 5, row->at_us);
	store_bind_int(s, 6, row->n_done);
	store_bind_int(s, 7, row->is_done);
	store_bind_int_or_null(s, 8, row->has_times, row->first_us);
	store_bind_int_or_null(s, 9, row->has_times, row->last_us);
	store_bind_text(s, 10, summary);
	free(summary);
	rc = store_run(st, s, err);
	if (rc == RC_OK && row->id == 0)
		row->id = sqlite3_last_insert_rowid(store_handle(st));
	return rc;
}

static enum rc
check_name(struct store *st, const struct probe_row *p, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, NAME_TAKEN);
	enum rc rc;

	store_bind_text(s, 1, p->name);
	store_bind_text(s, 2, p->id);
	rc = store_step(st, s, err);
	if (s != NULL)
		sqlite3_reset(s);
	if (rc == RC_NOTFOUND)
		return RC_OK;
	return rc != RC_OK ? rc
			   : err_set(err, RC_RANGE,
				 "a probe of this collector's own is named "
				 "'%s', as an imported one would be",
				 p->name);
}

enum rc
store_probe_import(struct store *st, const char *source,
    const struct probe_row *p, int64_t at_us, struct err *err)
{
	enum rc rc = check_name(st, p, err);
	uint8_t key[SIGNATURE_PUBLIC_BYTES];
	sqlite3_stmt *s;

	if (rc != RC_OK)
		return rc;
	/* A point that came out of a hash: nobody knows its secret. */
	crypto_generichash(
	    key, sizeof key, (const uint8_t *)p->id, strlen(p->id), NULL, 0);
	s = store_stmt(st, ADD_PROBE);
	store_bind_text(s, 1, p->id);
	store_bind_blob(s, 2, key, sizeof key);
	store_bind_text(s, 3, p->name);
	store_bind_int(s, 4, at_us);
	store_bind_text(
	    s, 5, p->declared.country[0] != '\0' ? p->declared.country : NULL);
	store_bind_real_or_null(
	    s, 6, p->declared.has_position, p->declared.latitude);
	store_bind_real_or_null(
	    s, 7, p->declared.has_position, p->declared.longitude);
	store_bind_int_or_null(s, 8, p->declared.asn != 0, p->declared.asn);
	store_bind_text(s, 9, source);
	return store_run(st, s, err);
}

enum rc
store_last_received(struct store *st, int64_t *received_us, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, LAST_RECEIVED);
	enum rc rc = store_step(st, s, err);

	*received_us = rc == RC_OK ? sqlite3_column_int64(s, 0) : 0;
	if (s != NULL)
		sqlite3_reset(s);
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

enum rc
store_import_announce(
    struct store *st, const struct announcement *a, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, ANNOUNCE);

	store_bind_int(s, 1, a->site_id);
	store_bind_int_or_null(s, 2, a->family != 0, a->family);
	store_bind_int(s, 3, a->is_up);
	store_bind_int(s, 4, a->at_us);
	store_bind_int(s, 5, a->lease_until_us);
	store_bind_text(s, 6, a->source);
	return store_run(st, s, err);
}
