/* store_detail.c - see store_detail.h. */
#include "collector/store_detail.h"

#include <stdlib.h>
#include <string.h>

#include "collector/hop_text.h"
#include "collector/store_sqlite.h"

static const char FIND_CERTIFICATE[] =
    "SELECT id FROM certificate WHERE fingerprint = ?1";
static const char PUT_CERTIFICATE[] =
    "INSERT INTO certificate (fingerprint, not_after_us, subject, issuer, "
    "names) VALUES (?1, ?2, ?3, ?4, ?5)";
static const char PUT_TLS[] =
    "INSERT INTO tls (observation_id, certificate_id, version, is_verified, "
    "connect_us, handshake_us, fault) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
static const char PUT_SECOND[] =
    "INSERT INTO second_answer (observation_id, is_different, rcode, rtt_us, "
    "nsid_id) VALUES (?1, ?2, ?3, ?4, ?5)";
static const char PUT_NOTE[] =
    "INSERT INTO hop_note (observation_id, hops) VALUES (?1, ?2)";

static void
bind_bytes(sqlite3_stmt *s, int i, const char *text)
{
	if (text[0] != '\0')
		store_bind_blob(s, i, text, strlen(text));
}

static enum rc
put_certificate(
    struct store *st, const struct tls_result *t, int64_t *id, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, PUT_CERTIFICATE);
	enum rc rc;

	store_bind_blob(s, 1, t->fingerprint, sizeof t->fingerprint);
	store_bind_int(s, 2, t->not_after_us);
	bind_bytes(s, 3, t->subject);
	bind_bytes(s, 4, t->issuer);
	bind_bytes(s, 5, t->names);
	rc = store_run(st, s, err);
	if (rc == RC_OK)
		*id = sqlite3_last_insert_rowid(store_handle(st));
	return rc;
}

static enum rc
certificate_row(
    struct store *st, const struct tls_result *t, int64_t *id, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, FIND_CERTIFICATE);
	enum rc rc;

	store_bind_blob(s, 1, t->fingerprint, sizeof t->fingerprint);
	rc = store_step(st, s, err);
	if (rc == RC_OK)
		*id = sqlite3_column_int64(s, 0);
	if (s != NULL)
		sqlite3_reset(s);
	return rc == RC_NOTFOUND ? put_certificate(st, t, id, err) : rc;
}

static enum rc
put_tls(struct store *st, int64_t observation_id, const struct tls_result *t,
    struct err *err)
{
	int64_t certificate_id = 0;
	enum rc rc = certificate_row(st, t, &certificate_id, err);
	sqlite3_stmt *s;

	if (rc != RC_OK)
		return rc;
	s = store_stmt(st, PUT_TLS);
	store_bind_int(s, 1, observation_id);
	store_bind_int(s, 2, certificate_id);
	store_bind_int(s, 3, t->version);
	store_bind_int(s, 4, t->is_verified);
	store_bind_int(s, 5, t->connect_us);
	store_bind_int(s, 6, t->handshake_us);
	store_bind_text(s, 7, t->fault[0] != '\0' ? t->fault : NULL);
	return store_run(st, s, err);
}

static enum rc
put_second(struct store *st, int64_t observation_id,
    const struct second_answer *a, int64_t nsid_id, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, PUT_SECOND);

	store_bind_int(s, 1, observation_id);
	store_bind_int(s, 2, a->is_different);
	store_bind_int(s, 3, a->rcode);
	store_bind_int(s, 4, a->rtt_us);
	store_bind_int_or_null(s, 5, nsid_id != 0, nsid_id);
	return store_run(st, s, err);
}

static enum rc
put_notes(struct store *st, int64_t observation_id,
    const struct trace_result *t, struct err *err)
{
	char *hops = hop_text_notes(t);
	sqlite3_stmt *s;
	enum rc rc;

	if (hops == NULL)
		return RC_OK;
	s = store_stmt(st, PUT_NOTE);
	store_bind_int(s, 1, observation_id);
	store_bind_text(s, 2, hops);
	rc = store_run(st, s, err);
	free(hops);
	return rc;
}

enum rc
store_detail_put(struct store *st, int64_t observation_id,
    const struct observation *o, int64_t second_nsid_id, struct err *err)
{
	enum rc rc = RC_OK;

	if (o->kind == KIND_TRACE)
		return put_notes(st, observation_id, &o->trace, err);
	if (o->kind != KIND_DNS)
		return RC_OK;
	if (o->dns.second.is_present)
		rc = put_second(
		    st, observation_id, &o->dns.second, second_nsid_id, err);
	if (rc == RC_OK && o->dns.tls.is_present)
		rc = put_tls(st, observation_id, &o->dns.tls, err);
	return rc;
}
