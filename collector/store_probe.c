/* store_probe.c - see store_probe.h. */
#include "collector/store_probe.h"

#include <stdio.h>
#include <string.h>

#include "collector/store_audit.h"
#include "collector/store_sqlite.h"

static const char *const states[] = {
	[PROBE_ACTIVE] = "active",
	[PROBE_QUARANTINED] = "quarantined",
	[PROBE_REVOKED] = "revoked",
	[PROBE_LEFT] = "left",
};

#define PROBE_COLUMNS \
	"id, public_key, name, version, state, country, asn, latitude, " \
	"longitude, acked_seq, site, service"

static const char FIND[] = "SELECT " PROBE_COLUMNS " FROM probe WHERE id = ?1";
static const char EACH[] = "SELECT " PROBE_COLUMNS " FROM probe ORDER BY id";
static const char USE_TOKEN[] =
    "UPDATE token SET uses_left = uses_left - 1 WHERE hash = ?1 "
    "AND uses_left > 0 AND expires_us > ?2 AND revoked_us IS NULL "
    "RETURNING id";
static const char CHECK_TOKEN[] =
    "SELECT 1 FROM token WHERE hash = ?1 AND uses_left > 0 "
    "AND expires_us > ?2 AND revoked_us IS NULL";
static const char NAME_TAKEN[] = "SELECT 1 FROM probe WHERE name = ?1";
static const char PUT[] =
    "INSERT INTO probe (id, public_key, name, state, token_id, enrolled_us, "
    "version, country, latitude, longitude, asn, site, service) "
    "SELECT ?1, ?2, ?3, 'active', id, ?5, ?6, ?7, ?8, ?9, ?10, site, service "
    "FROM token WHERE id = ?4";
static const char NEWS[] =
    "UPDATE probe SET acked_seq = ?2, received_us = ?3, clock = ?4, "
    "clock_offset_us = coalesce(?5, clock_offset_us), n_lost = ?6, "
    "assignment = nullif(?7, ''), version = ?8, v4 = ?9, v6 = ?10 "
    "WHERE id = ?1";
static const char SET_STATE[] =
    "UPDATE probe SET state = ?2, reason = ?3 WHERE id = ?1";
static const char RANK[] =
    "SELECT count(*) FILTER (WHERE id < ?1), count(*) FROM probe "
    "WHERE state IN ('active', 'quarantined') AND source IS NULL";

const char *
probe_state_name(enum probe_state s)
{
	return (size_t)s < sizeof states / sizeof states[0] ? states[s] : "?";
}

enum rc
probe_state_from_name(enum probe_state *out, const char *name)
{
	for (unsigned i = 0; i < sizeof states / sizeof states[0]; i++) {
		if (strcmp(states[i], name) == 0) {
			*out = (enum probe_state)i;
			return RC_OK;
		}
	}
	return RC_MALFORMED;
}

static void
read_probe(sqlite3_stmt *s, struct probe_row *p)
{
	memset(p, 0, sizeof *p);
	snprintf(p->id, sizeof p->id, "%s", store_text(s, 0));
	if (sqlite3_column_bytes(s, 1) == sizeof p->public_key)
		memcpy(p->public_key, sqlite3_column_blob(s, 1),
		    sizeof p->public_key);
	snprintf(p->name, sizeof p->name, "%s", store_text(s, 2));
	snprintf(p->version, sizeof p->version, "%s", store_text(s, 3));
	if (probe_state_from_name(&p->state, store_text(s, 4)) != RC_OK)
		p->state = PROBE_REVOKED; /* the CHECK forbids it */
	snprintf(p->declared.country, sizeof p->declared.country, "%s",
	    store_text(s, 5));
	p->declared.asn = (uint32_t)sqlite3_column_int64(s, 6);
	p->declared.has_position = sqlite3_column_type(s, 7) != SQLITE_NULL &&
				   sqlite3_column_type(s, 8) != SQLITE_NULL;
	p->declared.latitude = sqlite3_column_double(s, 7);
	p->declared.longitude = sqlite3_column_double(s, 8);
	p->acked_seq = (uint64_t)sqlite3_column_int64(s, 9);
	snprintf(p->site, sizeof p->site, "%s", store_text(s, 10));
	snprintf(p->service, sizeof p->service, "%s", store_text(s, 11));
}

enum rc
store_probe_find(
    struct store *st, const char *id, struct probe_row *out, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, FIND);
	enum rc rc;

	store_bind_text(s, 1, id);
	rc = store_step(st, s, err);
	if (rc == RC_OK)
		read_probe(s, out);
	if (s != NULL)
		sqlite3_reset(s);
	return rc;
}

enum rc
store_probe_each(struct store *st,
    void (*row)(void *ctx, const struct probe_row *p), void *ctx,
    struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, EACH);
	struct probe_row p;
	enum rc rc;

	while ((rc = store_step(st, s, err)) == RC_OK) {
		read_probe(s, &p);
		row(ctx, &p);
	}
	if (s != NULL)
		sqlite3_reset(s);
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

static enum rc
check_name(struct store *st, const char *name, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, NAME_TAKEN);
	enum rc rc;

	store_bind_text(s, 1, name);
	rc = store_step(st, s, err);
	if (s != NULL)
		sqlite3_reset(s);
	if (rc == RC_OK)
		return err_set(err, RC_RANGE,
		    "another probe is named %s; choose another name", name);
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

static enum rc
use_token(struct store *st, const uint8_t hash[static TOKEN_HASH_BYTES],
    int64_t now_us, int64_t *token_id, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, USE_TOKEN);
	enum rc rc;

	store_bind_blob(s, 1, hash, TOKEN_HASH_BYTES);
	store_bind_int(s, 2, now_us);
	rc = store_step(st, s, err);
	if (rc == RC_OK)
		*token_id = sqlite3_column_int64(s, 0);
	if (s != NULL)
		sqlite3_reset(s);
	if (rc == RC_NOTFOUND)
		return err_set(err, RC_PEER, "the token is not good");
	return rc;
}

static enum rc
put_probe(struct store *st, const struct probe_row *p, int64_t token_id,
    int64_t now_us, struct err *err)
{
	const struct whereabouts *w = &p->declared;
	sqlite3_stmt *s = store_stmt(st, PUT);

	store_bind_text(s, 1, p->id);
	store_bind_blob(s, 2, p->public_key, sizeof p->public_key);
	store_bind_text(s, 3, p->name);
	store_bind_int(s, 4, token_id);
	store_bind_int(s, 5, now_us);
	store_bind_text(s, 6, p->version);
	store_bind_text(s, 7, w->country[0] != '\0' ? w->country : NULL);
	store_bind_real_or_null(s, 8, w->has_position, w->latitude);
	store_bind_real_or_null(s, 9, w->has_position, w->longitude);
	store_bind_int_or_null(s, 10, w->asn != 0, w->asn);
	return store_run(st, s, err);
}

enum rc
store_token_check(struct store *st,
    const uint8_t token_hash[static TOKEN_HASH_BYTES], int64_t now_us,
    struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, CHECK_TOKEN);
	enum rc rc;

	store_bind_blob(s, 1, token_hash, TOKEN_HASH_BYTES);
	store_bind_int(s, 2, now_us);
	rc = store_step(st, s, err);
	if (s != NULL)
		sqlite3_reset(s);
	return rc == RC_NOTFOUND
		   ? err_set(err, RC_PEER, "the token is not good")
		   : rc;
}

/* A probe that enrols again: its first answer was lost. */
static enum rc
check_there(
    const struct probe_row *there, const struct probe_row *p, struct err *err)
{
	if (memcmp(there->public_key, p->public_key, sizeof p->public_key) != 0)
		return err_set(err, RC_RANGE, "another key has this id");
	if (there->state == PROBE_REVOKED || there->state == PROBE_LEFT)
		return err_set(err, RC_PEER,
		    "this key was revoked or has left; enroll with a new one");
	return RC_OK;
}

enum rc
store_probe_enrol(struct store *st, const struct probe_row *p,
    const uint8_t token_hash[static TOKEN_HASH_BYTES], int64_t now_us,
    struct err *err)
{
	struct probe_row there;
	int64_t token_id = 0;
	enum rc rc = store_probe_find(st, p->id, &there, err);

	if (rc == RC_OK)
		return check_there(&there, p, err);
	if (rc == RC_NOTFOUND)
		rc = use_token(st, token_hash, now_us, &token_id, err);
	if (rc == RC_OK)
		rc = check_name(st, p->name, err);
	if (rc == RC_OK)
		rc = put_probe(st, p, token_id, now_us, err);
	if (rc == RC_OK)
		rc = store_audit(st, now_us, "enroll", p->id, p->name, err);
	return rc;
}

static void
bind_family_state(sqlite3_stmt *s, int i, enum family_state state)
{
	if (state != FAMILY_UNKNOWN)
		store_bind_text(s, i, family_state_name(state));
}

enum rc
store_probe_news(struct store *st, const char *id,
    const struct probe_news *news, struct err *err)
{
	const struct batch_header *h = news->header;
	sqlite3_stmt *s = store_stmt(st, NEWS);

	store_bind_text(s, 1, id);
	store_bind_int(s, 2, (int64_t)news->acked_seq);
	store_bind_int(s, 3, news->received_us);
	store_bind_text(s, 4, clock_state_name(h->clock));
	store_bind_int_or_null(s, 5, news->has_offset, news->clock_offset_us);
	store_bind_int(s, 6, (int64_t)h->n_lost);
	store_bind_text(s, 7, h->assignment);
	store_bind_text(s, 8, h->version);
	bind_family_state(s, 9, h->v4);
	bind_family_state(s, 10, h->v6);
	return store_run(st, s, err);
}

enum rc
store_probe_set_state(struct store *st, const char *id, enum probe_state state,
    const char *reason, int64_t now_us, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, SET_STATE);
	enum rc rc;

	store_bind_text(s, 1, id);
	store_bind_text(s, 2, probe_state_name(state));
	store_bind_text(s, 3, reason);
	rc = store_run(st, s, err);
	if (rc != RC_OK)
		return rc;
	if (sqlite3_changes64(store_handle(st)) == 0)
		return err_set(err, RC_NOTFOUND, "no probe %s", id);
	return store_audit(
	    st, now_us, probe_state_name(state), id, reason, err);
}

enum rc
store_probe_rank(
    struct store *st, const char *id, size_t *rank, size_t *n, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, RANK);
	enum rc rc;

	store_bind_text(s, 1, id);
	rc = store_step(st, s, err);
	if (rc == RC_OK) {
		*rank = (size_t)sqlite3_column_int64(s, 0);
		*n = (size_t)sqlite3_column_int64(s, 1);
	}
	if (s != NULL)
		sqlite3_reset(s);
	return rc;
}
