/* store_admin.c - see store_admin.h. */
#include "collector/store_admin.h"

#include <stdio.h>

#include "collector/store_row.h"
#include "collector/store_audit.h"
#include "collector/store_sqlite.h"
#include "schema/base/clock.h"

static const char PUT_TOKEN[] =
    "INSERT INTO token (hash, uses_left, created_us, expires_us, site, "
    "service) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";

static const char REVOKE_TOKEN[] =
    "UPDATE token SET revoked_us = coalesce(revoked_us, ?2) WHERE id = ?1";

static const char TOKENS[] =
    "SELECT t.id, t.uses_left, t.created_us, t.expires_us, "
    "t.revoked_us IS NOT NULL, (SELECT count(*) FROM probe p "
    "WHERE p.token_id = t.id), t.site, t.service FROM token t ORDER BY t.id";

/* A detector that starts anew is told what was said in the last hour. */
#define ANNOUNCEMENT_KEPT_US (INT64_C(2) * 3600 * US_PER_S)

static const char LAST_ANNOUNCEMENT[] =
    "SELECT is_up FROM announcement WHERE site_id = ?1 AND family IS ?2 "
    "ORDER BY id DESC LIMIT 1";
static const char FORGET_ANNOUNCEMENTS[] =
    "DELETE FROM announcement WHERE lease_until_us < ?1";
static const char PUT_ANNOUNCEMENT[] =
    "INSERT INTO announcement (site_id, family, is_up, at_us, "
    "lease_until_us, source) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";

static enum rc
put_token(
    struct store *st, const struct new_token *t, int64_t *id, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, PUT_TOKEN);
	enum rc rc;

	store_bind_blob(s, 1, t->hash, sizeof t->hash);
	store_bind_int(s, 2, t->n_uses);
	store_bind_int(s, 3, t->created_us);
	store_bind_int(s, 4, t->expires_us);
	store_bind_text(s, 5, t->site);
	store_bind_text(s, 6, t->service);
	rc = store_run(st, s, err);
	if (rc != RC_OK)
		return rc;
	*id = sqlite3_last_insert_rowid(store_handle(st));
	return store_audit_id(st, t->created_us, "token", *id, t->site, err);
}

enum rc
store_token_add(
    struct store *st, const struct new_token *t, int64_t *id, struct err *err)
{
	enum rc rc = store_begin(st, err);

	return rc == RC_OK ? store_end(st, put_token(st, t, id, err), err) : rc;
}

static enum rc
revoke_token(struct store *st, int64_t id, int64_t now_us, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, REVOKE_TOKEN);
	enum rc rc;

	store_bind_int(s, 1, id);
	store_bind_int(s, 2, now_us);
	rc = store_run(st, s, err);
	if (rc != RC_OK)
		return rc;
	if (sqlite3_changes64(store_handle(st)) == 0)
		return err_set(err, RC_NOTFOUND,
		    "no token %lld; 'catchwater token list' lists them",
		    (long long)id);
	return store_audit_id(st, now_us, "token-revoke", id, NULL, err);
}

enum rc
store_token_revoke(
    struct store *st, int64_t id, int64_t now_us, struct err *err)
{
	enum rc rc = store_begin(st, err);

	return rc == RC_OK
		   ? store_end(st, revoke_token(st, id, now_us, err), err)
		   : rc;
}

static void
fill_token(sqlite3_stmt *s, void *row)
{
	struct token_row *t = row;

	t->id = sqlite3_column_int64(s, 0);
	t->n_uses_left = sqlite3_column_int64(s, 1);
	t->created_us = sqlite3_column_int64(s, 2);
	t->expires_us = sqlite3_column_int64(s, 3);
	t->is_revoked = sqlite3_column_int(s, 4) != 0;
	t->n_probes = sqlite3_column_int64(s, 5);
	ROW_TEXT(t->site, s, 6);
	ROW_TEXT(t->service, s, 7);
}

enum rc
store_tokens(struct store *st, struct token_list *out, struct err *err)
{
	return store_rows(st, store_stmt(st, TOKENS), sizeof *out->rows,
	    fill_token, (void **)&out->rows, &out->n, err);
}

static enum rc
put_announcement(
    struct store *st, const struct announcement *a, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, PUT_ANNOUNCEMENT);

	store_bind_int(s, 1, a->site_id);
	store_bind_int_or_null(s, 2, a->family != 0, a->family);
	store_bind_int(s, 3, a->is_up);
	store_bind_int(s, 4, a->at_us);
	store_bind_int(s, 5, a->lease_until_us);
	store_bind_text(s, 6, a->source);
	return store_run(st, s, err);
}

/* Was the opposite, or nothing, said last?  Renewals are no news. */
static bool
is_news(struct store *st, const struct announcement *a)
{
	sqlite3_stmt *s = store_stmt(st, LAST_ANNOUNCEMENT);
	bool is_news;

	store_bind_int(s, 1, a->site_id);
	store_bind_int_or_null(s, 2, a->family != 0, a->family);
	is_news = store_step(st, s, NULL) != RC_OK ||
		  (sqlite3_column_int(s, 0) != 0) != a->is_up;
	if (s != NULL)
		sqlite3_reset(s);
	return is_news;
}

static enum rc
forget_announcements(struct store *st, int64_t before_us, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, FORGET_ANNOUNCEMENTS);

	store_bind_int(s, 1, before_us);
	return store_run(st, s, err);
}

static enum rc
announce(struct store *st, const struct announcement *a, struct err *err)
{
	enum rc rc = RC_OK;

	if (is_news(st, a))
		rc = store_audit_id(st, a->at_us,
		    a->is_up ? "announce-up" : "announce-down", a->site_id,
		    a->source, err);
	if (rc == RC_OK)
		rc = put_announcement(st, a, err);
	if (rc == RC_OK)
		rc = forget_announcements(
		    st, a->at_us - ANNOUNCEMENT_KEPT_US, err);
	return rc;
}

enum rc
store_announce(struct store *st, const struct announcement *a, struct err *err)
{
	enum rc rc = store_begin(st, err);

	return rc == RC_OK ? store_end(st, announce(st, a, err), err) : rc;
}
