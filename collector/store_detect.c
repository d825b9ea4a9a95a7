/* store_detect.c - see store_detect.h: what the detector emits, as rows. */
#include "collector/store_detect.h"

#include <stdio.h>

#include "collector/store_quarantine.h"
#include "collector/store_sqlite.h"

static const char PUT_LANDING[] =
    "INSERT INTO landing (id, vantage_id, target_id, state, site_id, "
    "since_us, until_us, last_us, n, rtt_min_us, rtt_sum_us, rtt_n) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) "
    "ON CONFLICT (id) DO UPDATE SET state = excluded.state, "
    "site_id = excluded.site_id, since_us = excluded.since_us, "
    "until_us = excluded.until_us, last_us = excluded.last_us, "
    "n = excluded.n, rtt_min_us = excluded.rtt_min_us, "
    "rtt_sum_us = excluded.rtt_sum_us, rtt_n = excluded.rtt_n";
static const char PUT_TRACK[] =
    "INSERT INTO track (vantage_id, target_id, state) VALUES (?1, ?2, ?3) "
    "ON CONFLICT DO UPDATE SET state = excluded.state";
static const char PUT_MOVE[] =
    "INSERT INTO move (vantage_id, target_id, from_site_id, to_site_id, "
    "at_us, confirmed_us) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
static const char PUT_EVENT[] =
    "INSERT INTO event (id, kind, severity, service_id, site_id, family, "
    "verdict, since_us, detected_us, updated_us, resolved_us, resolution, "
    "parent_id, n_vantages, n_asns, needed, gates, is_planned) VALUES (?1, "
    "?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, "
    "?18) "
    "ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, "
    "severity = excluded.severity, "
    "site_id = excluded.site_id, family = excluded.family, "
    "verdict = excluded.verdict, since_us = excluded.since_us, "
    "detected_us = excluded.detected_us, updated_us = excluded.updated_us, "
    "resolved_us = excluded.resolved_us, resolution = excluded.resolution, "
    "parent_id = excluded.parent_id, n_vantages = excluded.n_vantages, "
    "n_asns = excluded.n_asns, needed = excluded.needed, "
    "gates = excluded.gates, is_planned = excluded.is_planned";
static const char PUT_VOTE[] =
    "INSERT INTO vote (event_id, vantage_id, target_id, from_site_id, "
    "to_site_id, at_us, confirmed_us, ended_us, from_rtt_us, to_rtt_us) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) "
    "ON CONFLICT DO UPDATE SET from_site_id = excluded.from_site_id, "
    "to_site_id = excluded.to_site_id, at_us = excluded.at_us, "
    "confirmed_us = excluded.confirmed_us, ended_us = excluded.ended_us, "
    "from_rtt_us = excluded.from_rtt_us, to_rtt_us = excluded.to_rtt_us";
static const char CLOSE_SITE_STATE[] =
    "UPDATE site_state SET until_us = ?3 "
    "WHERE site_id = ?1 AND family = ?2 AND until_us IS NULL";
static const char PUT_SITE_STATE[] =
    "INSERT INTO site_state (site_id, family, announced, healthy, receiving, "
    "verdict, since_us) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
static const char PUT_MEMO[] =
    "INSERT INTO memo (key, bytes) VALUES (?1, ?2) "
    "ON CONFLICT DO UPDATE SET bytes = excluded.bytes";
static const char FORGET_MEMO[] = "DELETE FROM memo WHERE key = ?1";
static const char PUT_DELIVERY[] =
    "INSERT INTO delivery (event_id, alert, notice, key, created_us, "
    "next_try_us) SELECT ?1, ?2, ?3, ?4, ?5, ?5 "
    "WHERE ?3 = 'open' OR EXISTS (SELECT 1 FROM delivery WHERE "
    "event_id = ?1 AND alert = ?2 AND notice = 'open') "
    "ON CONFLICT (key) DO NOTHING";

/* An id or a time of which 0 means none. */
static void
bind_unless_0(sqlite3_stmt *s, int i, int64_t v)
{
	store_bind_int_or_null(s, i, v != 0, v);
}

static enum rc
put_landing(struct store *st, const struct landing *l, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, PUT_LANDING);

	store_bind_int(s, 1, l->id);
	store_bind_int(s, 2, l->vantage_id);
	store_bind_int(s, 3, l->target_id);
	store_bind_text(s, 4, landing_state_name(l->state));
	bind_unless_0(s, 5, l->site_id);
	store_bind_int(s, 6, l->since_us);
	bind_unless_0(s, 7, l->until_us);
	store_bind_int(s, 8, l->last_us);
	store_bind_int(s, 9, l->n);
	store_bind_int_or_null(s, 10, l->rtt_n > 0, l->rtt_min_us);
	store_bind_int(s, 11, l->rtt_sum_us);
	store_bind_int(s, 12, l->rtt_n);
	return store_run(st, s, err);
}

static enum rc
put_track(struct store *st, const struct track_bytes *t, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, PUT_TRACK);

	store_bind_int(s, 1, t->vantage_id);
	store_bind_int(s, 2, t->target_id);
	store_bind_blob(s, 3, t->bytes, t->len);
	return store_run(st, s, err);
}

static enum rc
put_move(struct store *st, const struct move *m, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, PUT_MOVE);

	store_bind_int(s, 1, m->vantage_id);
	store_bind_int(s, 2, m->target_id);
	store_bind_int(s, 3, m->from_site_id);
	store_bind_int(s, 4, m->to_site_id);
	store_bind_int(s, 5, m->at_us);
	store_bind_int(s, 6, m->confirmed_us);
	return store_run(st, s, err);
}

static enum rc
put_event(struct store *st, const struct event *e, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, PUT_EVENT);

	store_bind_int(s, 1, e->id);
	store_bind_text(s, 2, event_kind_name(e->kind));
	store_bind_text(s, 3, severity_name(e->severity));
	store_bind_int(s, 4, e->service_id);
	bind_unless_0(s, 5, e->site_id);
	bind_unless_0(s, 6, e->family);
	store_bind_text(s, 7, e->verdict[0] != '\0' ? e->verdict : NULL);
	store_bind_int(s, 8, e->since_us);
	store_bind_int(s, 9, e->detected_us);
	store_bind_int(s, 10, e->updated_us);
	bind_unless_0(s, 11, e->resolved_us);
	store_bind_text(s, 12, e->resolution[0] != '\0' ? e->resolution : NULL);
	bind_unless_0(s, 13, e->parent_id);
	store_bind_int(s, 14, e->n_vantages);
	store_bind_int(s, 15, e->n_asns);
	store_bind_int(s, 16, e->needed);
	store_bind_text(s, 17, e->gates);
	store_bind_int(s, 18, e->is_planned);
	return store_run(st, s, err);
}

static enum rc
put_vote(struct store *st, const struct vote *v, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, PUT_VOTE);

	store_bind_int(s, 1, v->event_id);
	store_bind_int(s, 2, v->vantage_id);
	store_bind_int(s, 3, v->target_id);
	bind_unless_0(s, 4, v->from_site_id);
	bind_unless_0(s, 5, v->to_site_id);
	store_bind_int(s, 6, v->at_us);
	store_bind_int(s, 7, v->confirmed_us);
	bind_unless_0(s, 8, v->ended_us);
	bind_unless_0(s, 9, v->from_rtt_us);
	bind_unless_0(s, 10, v->to_rtt_us);
	return store_run(st, s, err);
}

static enum rc
put_site_state(struct store *st, const struct site_state *v, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, CLOSE_SITE_STATE);
	enum rc rc;

	store_bind_int(s, 1, v->site_id);
	store_bind_int(s, 2, v->family);
	store_bind_int(s, 3, v->since_us);
	rc = store_run(st, s, err);
	if (rc != RC_OK)
		return rc;
	s = store_stmt(st, PUT_SITE_STATE);
	store_bind_int(s, 1, v->site_id);
	store_bind_int(s, 2, v->family);
	store_bind_text(s, 3, tri_name(v->announced));
	store_bind_text(s, 4, tri_name(v->healthy));
	store_bind_text(s, 5, tri_name(v->receiving));
	store_bind_text(s, 6, v->verdict);
	store_bind_int(s, 7, v->since_us);
	return store_run(st, s, err);
}

static enum rc
put_memo(struct store *st, const struct memo *m, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, m->len > 0 ? PUT_MEMO : FORGET_MEMO);

	store_bind_text(s, 1, m->key);
	if (m->len > 0)
		store_bind_blob(s, 2, m->bytes, m->len);
	return store_run(st, s, err);
}

enum rc
store_effect_apply(struct store *st, const struct effect *e, struct err *err)
{
	switch (e->kind) {
	case EFFECT_LANDING:
		return put_landing(st, &e->landing, err);
	case EFFECT_TRACK:
		return put_track(st, &e->track, err);
	case EFFECT_MOVE:
		return put_move(st, &e->move, err);
	case EFFECT_EVENT:
		return put_event(st, &e->event, err);
	case EFFECT_VOTE:
		return put_vote(st, &e->vote, err);
	case EFFECT_SITE_STATE:
		return put_site_state(st, &e->site_state, err);
	case EFFECT_MEMO:
		return put_memo(st, &e->memo, err);
	case EFFECT_QUARANTINE:
		return store_quarantine_put(st, &e->quarantine, err);
	case EFFECT_NOTICE:
		break;
	}
	return RC_OK;
}

enum rc
store_delivery_put(struct store *st, int64_t event_id, bool is_resolve,
    const char *alert, int64_t now_us, struct err *err)
{
	const char *notice = is_resolve ? "resolve" : "open";
	sqlite3_stmt *s = store_stmt(st, PUT_DELIVERY);
	char key[128];

	snprintf(
	    key, sizeof key, "%lld-%s-%s", (long long)event_id, notice, alert);
	store_bind_int(s, 1, event_id);
	store_bind_text(s, 2, alert);
	store_bind_text(s, 3, notice);
	store_bind_text(s, 4, key);
	store_bind_int(s, 5, now_us);
	return store_run(st, s, err);
}
