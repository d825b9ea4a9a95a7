/* store_restore.c - rows back into the detector; see store_detect.h. */
#include <stdio.h>
#include <string.h>

#include "collector/store_detect.h"
#include "collector/store_sqlite.h"
#include "schema/base/clock.h"

/* What was announced this lately still explains what is seen now. */
#define REMEMBERED_US (3600 * US_PER_S)

static const char NEXT_IDS[] =
    "SELECT (SELECT coalesce(max(id), 0) + 1 FROM event), "
    "(SELECT coalesce(max(id), 0) + 1 FROM landing)";
static const char TRACKS[] =
    "SELECT t.vantage_id, t.target_id, t.state, l.id, l.state, l.site_id, "
    "l.since_us, l.last_us, l.n, l.rtt_min_us, l.rtt_sum_us, l.rtt_n "
    "FROM track t LEFT JOIN landing l ON l.vantage_id = t.vantage_id "
    "AND l.target_id = t.target_id AND l.until_us IS NULL";
static const char EVENTS[] =
    "SELECT id, kind, severity, service_id, site_id, family, verdict, "
    "since_us, detected_us, updated_us, parent_id, n_vantages, n_asns, "
    "needed, gates, is_planned FROM event WHERE resolved_us IS NULL ORDER BY "
    "id";
static const char VOTES[] =
    "SELECT event_id, vantage_id, target_id, from_site_id, to_site_id, "
    "v.at_us, confirmed_us, ended_us, from_rtt_us, to_rtt_us FROM vote v "
    "JOIN event e ON e.id = v.event_id WHERE e.resolved_us IS NULL "
    "ORDER BY event_id, confirmed_us";
static const char SITE_STATES[] =
    "SELECT site_id, family, announced, healthy, receiving, verdict, since_us "
    "FROM site_state WHERE until_us IS NULL";
static const char MEMOS[] = "SELECT key, bytes FROM memo ORDER BY key";
static const char ANNOUNCEMENTS[] =
    "SELECT id, site_id, family, is_up, at_us, lease_until_us "
    "FROM announcement WHERE id > ?1 ORDER BY id";

struct restoring {
	struct detect *detect;
	unsigned n_afresh;
};

/* Calls row for each row of s. */
static enum rc
each(struct store *st, sqlite3_stmt *s,
    void (*row)(struct restoring *r, sqlite3_stmt *s), struct restoring *r,
    struct err *err)
{
	enum rc rc;

	while ((rc = store_step(st, s, err)) == RC_OK)
		row(r, s);
	if (s != NULL)
		sqlite3_reset(s);
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

static void
copy_text(char *to, size_t cap, sqlite3_stmt *s, int column)
{
	snprintf(to, cap, "%s", store_text(s, column));
}

/* The open landing beside a track, from column 3 on. */
static bool
read_open(sqlite3_stmt *s, struct landing *l)
{
	memset(l, 0, sizeof *l);
	if (sqlite3_column_type(s, 3) == SQLITE_NULL ||
	    landing_state_from_name(&l->state, store_text(s, 4)) != RC_OK)
		return false;
	l->id = sqlite3_column_int64(s, 3);
	l->vantage_id = sqlite3_column_int64(s, 0);
	l->target_id = sqlite3_column_int64(s, 1);
	l->site_id = sqlite3_column_int64(s, 5);
	l->since_us = sqlite3_column_int64(s, 6);
	l->last_us = sqlite3_column_int64(s, 7);
	l->n = sqlite3_column_int64(s, 8);
	l->rtt_min_us = sqlite3_column_int64(s, 9);
	l->rtt_sum_us = sqlite3_column_int64(s, 10);
	l->rtt_n = sqlite3_column_int64(s, 11);
	return true;
}

static void
restore_track(struct restoring *r, sqlite3_stmt *s)
{
	int len = sqlite3_column_bytes(s, 2);
	struct track_bytes t = {
		.vantage_id = sqlite3_column_int64(s, 0),
		.target_id = sqlite3_column_int64(s, 1),
	};
	struct landing open;

	if (len > 0 && len <= TRACK_BYTES_MAX) {
		t.len = (uint16_t)len;
		memcpy(t.bytes, sqlite3_column_blob(s, 2), t.len);
	}
	if (detect_restore_track(
		r->detect, &t, read_open(s, &open) ? &open : NULL) != RC_OK)
		r->n_afresh++;
}

static void
restore_event(struct restoring *r, sqlite3_stmt *s)
{
	struct event e = {
		.id = sqlite3_column_int64(s, 0),
		.service_id = sqlite3_column_int64(s, 3),
		.site_id = sqlite3_column_int64(s, 4),
		.family = (uint8_t)sqlite3_column_int(s, 5),
		.since_us = sqlite3_column_int64(s, 7),
		.detected_us = sqlite3_column_int64(s, 8),
		.updated_us = sqlite3_column_int64(s, 9),
		.parent_id = sqlite3_column_int64(s, 10),
		.n_vantages = sqlite3_column_int64(s, 11),
		.n_asns = sqlite3_column_int64(s, 12),
		.needed = sqlite3_column_int64(s, 13),
		.is_planned = sqlite3_column_int(s, 15) != 0,
	};

	if (event_kind_from_name(&e.kind, store_text(s, 1)) != RC_OK ||
	    severity_from_name(&e.severity, store_text(s, 2)) != RC_OK)
		return;
	copy_text(e.verdict, sizeof e.verdict, s, 6);
	copy_text(e.gates, sizeof e.gates, s, 14);
	detect_restore_event(r->detect, &e);
}

static void
restore_vote(struct restoring *r, sqlite3_stmt *s)
{
	struct vote v = {
		.event_id = sqlite3_column_int64(s, 0),
		.vantage_id = sqlite3_column_int64(s, 1),
		.target_id = sqlite3_column_int64(s, 2),
		.from_site_id = sqlite3_column_int64(s, 3),
		.to_site_id = sqlite3_column_int64(s, 4),
		.at_us = sqlite3_column_int64(s, 5),
		.confirmed_us = sqlite3_column_int64(s, 6),
		.ended_us = sqlite3_column_int64(s, 7),
		.from_rtt_us = sqlite3_column_int64(s, 8),
		.to_rtt_us = sqlite3_column_int64(s, 9),
	};

	detect_restore_vote(r->detect, &v);
}

static void
restore_site_state(struct restoring *r, sqlite3_stmt *s)
{
	struct site_state v = {
		.site_id = sqlite3_column_int64(s, 0),
		.family = (uint8_t)sqlite3_column_int(s, 1),
		.since_us = sqlite3_column_int64(s, 6),
	};

	if (tri_from_name(&v.announced, store_text(s, 2)) != RC_OK ||
	    tri_from_name(&v.healthy, store_text(s, 3)) != RC_OK ||
	    tri_from_name(&v.receiving, store_text(s, 4)) != RC_OK)
		return;
	copy_text(v.verdict, sizeof v.verdict, s, 5);
	detect_restore_site_state(r->detect, &v);
}

static void
restore_memo(struct restoring *r, sqlite3_stmt *s)
{
	struct memo m = { .len = (size_t)sqlite3_column_bytes(s, 1) };

	copy_text(m.key, sizeof m.key, s, 0);
	m.bytes = sqlite3_column_blob(s, 1);
	if (m.len > 0)
		detect_restore_memo(r->detect, &m);
}

enum rc
store_detect_next_ids(struct store *st, int64_t *next_event_id,
    int64_t *next_landing_id, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, NEXT_IDS);
	enum rc rc = store_step(st, s, err);

	if (rc == RC_OK) {
		*next_event_id = sqlite3_column_int64(s, 0);
		*next_landing_id = sqlite3_column_int64(s, 1);
	}
	if (s != NULL)
		sqlite3_reset(s);
	return rc;
}

enum rc
store_detect_restore(
    struct store *st, struct detect *d, unsigned *n_afresh, struct err *err)
{
	struct restoring r = { .detect = d };
	enum rc rc = each(st, store_stmt(st, TRACKS), restore_track, &r, err);

	if (rc == RC_OK)
		rc = each(st, store_stmt(st, EVENTS), restore_event, &r, err);
	if (rc == RC_OK)
		rc = each(st, store_stmt(st, VOTES), restore_vote, &r, err);
	if (rc == RC_OK)
		rc = each(st, store_stmt(st, SITE_STATES), restore_site_state,
		    &r, err);
	if (rc == RC_OK)
		rc = each(st, store_stmt(st, MEMOS), restore_memo, &r, err);
	*n_afresh = r.n_afresh;
	return rc;
}

enum rc
store_announcements(struct store *st, struct detect *d, int64_t now_us,
    int64_t *last_id, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, ANNOUNCEMENTS);
	enum rc rc;

	store_bind_int(s, 1, *last_id);
	while ((rc = store_step(st, s, err)) == RC_OK) {
		*last_id = sqlite3_column_int64(s, 0);
		if (sqlite3_column_int64(s, 4) < now_us - REMEMBERED_US &&
		    sqlite3_column_int64(s, 5) <= now_us)
			continue;
		detect_announcement(d, sqlite3_column_int64(s, 1),
		    (uint8_t)sqlite3_column_int(s, 2),
		    sqlite3_column_int(s, 3) != 0, sqlite3_column_int64(s, 4),
		    sqlite3_column_int64(s, 5));
	}
	if (s != NULL)
		sqlite3_reset(s);
	return rc == RC_NOTFOUND ? RC_OK : rc;
}
