/* store_observation.c - see store_observation.h. */
#include "collector/store_observation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/hop_text.h"
#include "collector/store_detail.h"
#include "collector/store_sqlite.h"
#include "schema/base/mem.h"

/* Both caches map straight from the hash to one place: what comes later
 * takes the place over, and the worst case is one question more. */
#define CACHE_PLACES 1024

struct observation_cache {
	struct {
		int64_t id; /* 0: empty */
		uint8_t len;
		uint8_t bytes[IDENTITY_MAX];
	} identities[CACHE_PLACES];
	struct {
		int64_t id;
		uint64_t hash;
	} paths[CACHE_PLACES];
	size_t
	    last; /* place of an identity: one server's answers come together */
};

static const char FIND_IDENTITY[] = "SELECT id FROM identity WHERE bytes = ?1";
static const char PUT_IDENTITY[] = "INSERT INTO identity (bytes) VALUES (?1)";
static const char FIND_PATH[] = "SELECT id FROM path WHERE hash = ?1";
static const char PUT_PATH[] = "INSERT INTO path (hash, hops) VALUES (?1, ?2)";

static const char PUT_OBSERVATION[] =
    "INSERT INTO observation (vantage_id, seq, received_us, at_us, target_id, "
    "kind, why, proto, stamp, outcome, site_id, rtt_us, reply_ttl, "
    "source_port, rcode, flags, serial, size_bytes, ede, n_late, n_duplicate, "
    "nsid_id, chaos_name, chaos_outcome, chaos_rcode, chaos_rtt_us, chaos_id, "
    "chaos_nsid_id, n_sent, n_received, rtt_min_us, is_reached, path_id, "
    "hop_rtts, zoneversion) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, "
    "?11, ?12, "
    "?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, "
    "?27, ?28, ?29, ?30, ?31, ?32, ?33, ?34, ?35)";

/* Places of the parameters above, for those not bound in one run. */
enum {
	P_RTT = 12,
	P_REPLY_TTL,
	P_SOURCE_PORT,
	P_RCODE,
	P_FLAGS,
	P_SERIAL,
	P_SIZE,
	P_EDE,
	P_LATE,
	P_DUPLICATE,
	P_NSID,
	P_CHAOS_NAME,
	P_CHAOS_OUTCOME,
	P_CHAOS_RCODE,
	P_CHAOS_RTT,
	P_CHAOS_ID,
	P_CHAOS_NSID,
	P_SENT,
	P_RECEIVED,
	P_RTT_MIN,
	P_REACHED,
	P_PATH,
	P_HOP_RTTS,
	P_ZONEVERSION
};

struct observation_cache *
observation_cache_new(void)
{
	return mem_new(sizeof(struct observation_cache));
}

void
observation_cache_free(struct observation_cache *c)
{
	free(c);
}

void
observation_cache_forget(struct observation_cache *c)
{
	memset(c, 0, sizeof *c);
}

/* Runs find, and put when nothing was found; *id is the row's. */
static enum rc
find_or_put(struct store *st, sqlite3_stmt *find, sqlite3_stmt *put,
    int64_t *id, struct err *err)
{
	enum rc rc = store_step(st, find, err);

	if (rc == RC_OK)
		*id = sqlite3_column_int64(find, 0);
	if (find != NULL)
		sqlite3_reset(find);
	if (rc != RC_NOTFOUND)
		return rc;
	rc = store_run(st, put, err);
	if (rc == RC_OK)
		*id = sqlite3_last_insert_rowid(store_handle(st));
	return rc;
}

static bool
is_at(
    const struct observation_cache *c, size_t place, const struct identity *id)
{
	return c->identities[place].id != 0 &&
	       c->identities[place].len == id->len &&
	       memcmp(c->identities[place].bytes, id->bytes, id->len) == 0;
}

static size_t
place_of(const struct identity *id)
{
	uint32_t h = 2166136261; /* FNV-1a */

	for (size_t i = 0; i < id->len; i++)
		h = (h ^ id->bytes[i]) * 16777619;
	return h % CACHE_PLACES;
}

/* *row: the identity's id; 0 when it is absent. */
static enum rc
identity_row(struct store *st, struct observation_cache *c,
    const struct identity *id, int64_t *row, struct err *err)
{
	sqlite3_stmt *find, *put;
	size_t place;
	enum rc rc;

	*row = 0;
	if (!id->is_present)
		return RC_OK;
	place = is_at(c, c->last, id) ? c->last : place_of(id);
	c->last = place;
	if (is_at(c, place, id)) {
		*row = c->identities[place].id;
		return RC_OK;
	}
	find = store_stmt(st, FIND_IDENTITY);
	store_bind_blob(find, 1, id->bytes, id->len);
	put = store_stmt(st, PUT_IDENTITY);
	store_bind_blob(put, 1, id->bytes, id->len);
	rc = find_or_put(st, find, put, row, err);
	if (rc != RC_OK)
		return rc;
	c->identities[place].id = *row;
	c->identities[place].len = id->len;
	memcpy(c->identities[place].bytes, id->bytes, id->len);
	return RC_OK;
}

static enum rc
path_row(struct store *st, struct observation_cache *c,
    const struct trace_result *t, int64_t *row, struct err *err)
{
	uint64_t hash = trace_path_hash(t);
	size_t place = hash % CACHE_PLACES;
	sqlite3_stmt *find, *put;
	char *hops;
	enum rc rc;

	if (c->paths[place].id != 0 && c->paths[place].hash == hash) {
		*row = c->paths[place].id;
		return RC_OK;
	}
	find = store_stmt(st, FIND_PATH);
	store_bind_int(find, 1, (int64_t)hash);
	put = store_stmt(st, PUT_PATH);
	store_bind_int(put, 1, (int64_t)hash);
	hops = hop_text_path(t);
	store_bind_text(put, 2, hops);
	free(hops);
	rc = find_or_put(st, find, put, row, err);
	if (rc == RC_OK) {
		c->paths[place].id = *row;
		c->paths[place].hash = hash;
	}
	return rc;
}

/* The rows that an observation refers to; 0: none. */
struct references {
	int64_t nsid, chaos, chaos_nsid, second_nsid, path;
};

static enum rc
refer(struct store *st, struct observation_cache *c,
    const struct observation *o, struct references *r, struct err *err)
{
	enum rc rc;

	switch (o->kind) {
	case KIND_DNS:
		rc = identity_row(st, c, &o->dns.nsid, &r->nsid, err);
		if (rc == RC_OK && o->dns.chaos.is_asked)
			rc = identity_row(
			    st, c, &o->dns.chaos.txt, &r->chaos, err);
		if (rc == RC_OK && o->dns.chaos.is_asked)
			rc = identity_row(
			    st, c, &o->dns.chaos.nsid, &r->chaos_nsid, err);
		if (rc == RC_OK)
			rc = identity_row(
			    st, c, &o->dns.second.nsid, &r->second_nsid, err);
		return rc;
	case KIND_TRACE:
		rc = identity_row(st, c, &o->trace.nsid, &r->nsid, err);
		if (rc == RC_OK)
			rc = path_row(st, c, &o->trace, &r->path, err);
		return rc;
	case KIND_PING:
		break;
	}
	return RC_OK;
}

static void
bind_ede(sqlite3_stmt *s, const struct dns_result *d)
{
	char text[EDE_MAX * sizeof "65535,"];
	int used = 0;

	if (d->n_ede == 0)
		return;
	for (unsigned i = 0; i < d->n_ede && i < EDE_MAX; i++)
		used += snprintf(text + used, sizeof text - (size_t)used,
		    "%s%u", i > 0 ? "," : "", d->ede[i]);
	store_bind_text(s, P_EDE, text);
}

static void
bind_zoneversion(sqlite3_stmt *s, const struct zoneversion *z)
{
	uint8_t bytes[2 + ZONEVERSION_MAX] = { z->n_labels, z->type };

	if (!z->is_present)
		return;
	memcpy(bytes + 2, z->bytes, z->len);
	store_bind_blob(s, P_ZONEVERSION, bytes, 2 + (size_t)z->len);
}

static void
bind_chaos(sqlite3_stmt *s, const struct chaos *c, const struct references *r)
{
	bool answered = outcome_is_answer(c->outcome);

	if (!c->is_asked)
		return;
	store_bind_int(s, P_CHAOS_NAME, c->name);
	store_bind_int(s, P_CHAOS_OUTCOME, c->outcome);
	store_bind_int_or_null(s, P_CHAOS_RCODE, answered, c->rcode);
	store_bind_int_or_null(s, P_CHAOS_RTT, answered, c->rtt_us);
	store_bind_int_or_null(s, P_CHAOS_ID, r->chaos != 0, r->chaos);
	store_bind_int_or_null(
	    s, P_CHAOS_NSID, r->chaos_nsid != 0, r->chaos_nsid);
}

static void
bind_dns(
    sqlite3_stmt *s, const struct observation *o, const struct references *r)
{
	const struct dns_result *d = &o->dns;
	bool answered = outcome_is_answer(o->outcome);
	bool has_rtt = answered || o->outcome == OUTCOME_REFUSED ||
		       o->outcome == OUTCOME_UNREACHABLE;

	store_bind_int_or_null(s, P_RTT, has_rtt, d->rtt_us);
	store_bind_int_or_null(s, P_REPLY_TTL, d->has_reply_ttl, d->reply_ttl);
	store_bind_int_or_null(
	    s, P_SOURCE_PORT, d->source_port != 0, d->source_port);
	store_bind_int_or_null(s, P_RCODE, answered, d->rcode);
	store_bind_int_or_null(s, P_FLAGS, answered,
	    d->is_aa | d->is_tc << 1 | d->is_ra << 2 |
		d->is_truncated_udp << 3);
	store_bind_int_or_null(s, P_SERIAL, d->has_serial, d->serial);
	store_bind_int_or_null(s, P_SIZE, answered, d->size_bytes);
	bind_ede(s, d);
	store_bind_int_or_null(s, P_LATE, d->n_late != 0, d->n_late);
	store_bind_int_or_null(
	    s, P_DUPLICATE, d->n_duplicate != 0, d->n_duplicate);
	store_bind_int_or_null(s, P_NSID, r->nsid != 0, r->nsid);
	bind_zoneversion(s, &d->zoneversion);
	bind_chaos(s, &d->chaos, r);
}

static void
bind_ping(sqlite3_stmt *s, const struct ping_result *p)
{
	bool answered = p->n_received > 0;

	store_bind_int_or_null(s, P_RTT, answered, p->rtt_median_us);
	store_bind_int_or_null(s, P_REPLY_TTL, p->has_reply_ttl, p->reply_ttl);
	store_bind_int(s, P_SENT, p->n_sent);
	store_bind_int(s, P_RECEIVED, p->n_received);
	store_bind_int_or_null(s, P_RTT_MIN, answered, p->rtt_min_us);
}

static void
bind_trace(
    sqlite3_stmt *s, const struct trace_result *t, const struct references *r)
{
	char *rtts = hop_text_rtts(t);

	store_bind_int_or_null(
	    s, P_SOURCE_PORT, t->source_port != 0, t->source_port);
	store_bind_int_or_null(s, P_NSID, r->nsid != 0, r->nsid);
	store_bind_int(s, P_REACHED, t->is_reached);
	store_bind_int(s, P_PATH, r->path);
	store_bind_text(s, P_HOP_RTTS, rtts);
	free(rtts);
}

static void
bind_common(sqlite3_stmt *s, const struct observation *o,
    const struct observation_context *context)
{
	store_bind_int(s, 1, context->vantage_id);
	store_bind_int(s, 2, (int64_t)o->seq);
	store_bind_int(s, 3, context->received_us);
	store_bind_int(s, 4, context->at_us);
	store_bind_int(s, 5, context->target_id);
	store_bind_int(s, 6, o->kind);
	store_bind_int(s, 7, o->why);
	store_bind_int(s, 8, o->proto);
	store_bind_int(s, 9, o->stamp);
	store_bind_int(s, 10, o->outcome);
	store_bind_int_or_null(s, 11, context->site_id != 0, context->site_id);
}

enum rc
store_observation_put(struct store *st, struct observation_cache *c,
    const struct observation *o, const struct observation_context *context,
    int64_t *id, struct err *err)
{
	struct references r = { 0 };
	enum rc rc = refer(st, c, o, &r, err);
	sqlite3_stmt *s;

	if (rc != RC_OK)
		return rc;
	s = store_stmt(st, PUT_OBSERVATION);
	bind_common(s, o, context);
	switch (o->kind) {
	case KIND_DNS:
		bind_dns(s, o, &r);
		break;
	case KIND_PING:
		bind_ping(s, &o->ping);
		break;
	case KIND_TRACE:
		bind_trace(s, &o->trace, &r);
		break;
	}
	rc = store_run(st, s, err);
	if (rc != RC_OK)
		return rc;
	*id = sqlite3_last_insert_rowid(store_handle(st));
	return store_detail_put(st, *id, o, r.second_nsid, err);
}
