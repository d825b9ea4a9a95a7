/* store_vantage.c - vantages; see store_probe.h. */
#include <stdio.h>
#include <string.h>

#include "collector/store_probe.h"
#include "collector/store_sqlite.h"

#define VANTAGE_COLUMNS \
	"v.id, v.family, v.source, v.asn, v.country, v.latitude, " \
	"v.longitude, v.seen, v.own"

static const char FIND[] =
    "SELECT " VANTAGE_COLUMNS
    " FROM vantage v WHERE v.probe_id = ?1 AND v.family = ?2";
static const char EACH[] =
    "SELECT " VANTAGE_COLUMNS ", p.id, p.state "
    "FROM vantage v JOIN probe p ON p.id = v.probe_id ORDER BY v.id";
static const char PUT[] =
    "INSERT INTO vantage (source, asn, country, latitude, longitude, seen, "
    "own, probe_id, family, first_us) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
static const char UPDATE[] =
    "UPDATE vantage SET source = ?1, asn = ?2, country = ?3, latitude = ?4, "
    "longitude = ?5, seen = ?6, own = ?7 WHERE id = ?8";

static void
read_address(sqlite3_stmt *s, int column, struct addr *out)
{
	if (sqlite3_column_type(s, column) == SQLITE_NULL ||
	    addr_parse(out, store_text(s, column)) != RC_OK)
		out->family = 0;
}

static void
bind_address(sqlite3_stmt *s, int i, const struct addr *a)
{
	char text[ADDR_TEXT_LEN];

	if (a->family != 0)
		store_bind_text(s, i, addr_format(a, text));
}

static void
read_vantage(sqlite3_stmt *s, struct vantage_row *v)
{
	memset(v, 0, sizeof *v);
	v->id = sqlite3_column_int64(s, 0);
	v->family = (uint8_t)sqlite3_column_int(s, 1);
	read_address(s, 2, &v->source);
	v->at.asn = (uint32_t)sqlite3_column_int64(s, 3);
	snprintf(v->at.country, sizeof v->at.country, "%s", store_text(s, 4));
	v->at.has_position = sqlite3_column_type(s, 5) != SQLITE_NULL &&
			     sqlite3_column_type(s, 6) != SQLITE_NULL;
	v->at.latitude = sqlite3_column_double(s, 5);
	v->at.longitude = sqlite3_column_double(s, 6);
	read_address(s, 7, &v->seen);
	read_address(s, 8, &v->own);
}

enum rc
store_vantage_find(struct store *st, const char *probe_id, uint8_t family,
    struct vantage_row *out, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, FIND);
	enum rc rc;

	store_bind_text(s, 1, probe_id);
	store_bind_int(s, 2, family);
	rc = store_step(st, s, err);
	if (rc == RC_OK)
		read_vantage(s, out);
	if (s != NULL)
		sqlite3_reset(s);
	return rc;
}

enum rc
store_vantage_put(struct store *st, const char *probe_id, struct vantage_row *v,
    int64_t now_us, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, v->id == 0 ? PUT : UPDATE);
	const struct whereabouts *w = &v->at;
	enum rc rc;

	bind_address(s, 1, &v->source);
	store_bind_int(s, 2, w->asn);
	store_bind_text(s, 3, w->country[0] != '\0' ? w->country : NULL);
	store_bind_real_or_null(s, 4, w->has_position, w->latitude);
	store_bind_real_or_null(s, 5, w->has_position, w->longitude);
	bind_address(s, 6, &v->seen);
	bind_address(s, 7, &v->own);
	if (v->id != 0) {
		store_bind_int(s, 8, v->id);
		return store_run(st, s, err);
	}
	store_bind_text(s, 8, probe_id);
	store_bind_int(s, 9, v->family);
	store_bind_int(s, 10, now_us);
	rc = store_run(st, s, err);
	if (rc == RC_OK)
		v->id = sqlite3_last_insert_rowid(store_handle(st));
	return rc;
}

enum rc
store_vantage_each(struct store *st,
    void (*row)(void *ctx, const char *probe_id, enum probe_state state,
	const struct vantage_row *v),
    void *ctx, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, EACH);
	enum probe_state state;
	struct vantage_row v;
	enum rc rc;

	while ((rc = store_step(st, s, err)) == RC_OK) {
		read_vantage(s, &v);
		if (probe_state_from_name(&state, store_text(s, 10)) == RC_OK)
			row(ctx, store_text(s, 9), state, &v);
	}
	if (s != NULL)
		sqlite3_reset(s);
	return rc == RC_NOTFOUND ? RC_OK : rc;
}
