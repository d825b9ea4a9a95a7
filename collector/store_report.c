/* store_report.c - see store_report.h. */
#include "collector/store_report.h"

#include <stdlib.h>
#include <string.h>

#include "collector/store_row.h"
#include "collector/store_sqlite.h"
#include "collector/store_trusted.h"
#include "schema/base/mem.h"

/* Columns shared by both queries on landings; read by fill_landed. */
#define LANDED(is_trusted) \
	"v.id, t.id, l.site_id, v.family, " is_trusted ", v.asn, " \
	"v.country, p.id, p.name, s.name, t.address, i.name, " \
	"coalesce(l.state, 'unobserved'), l.since_us, l.until_us, l.n, " \
	"l.rtt_min_us, l.rtt_sum_us, l.rtt_n, " \
	"(SELECT count(*) FROM doubt d WHERE d.vantage_id = v.id " \
	"AND d.target_id = t.id AND d.at_us >= l.since_us " \
	"AND d.at_us < coalesce(l.until_us, 9223372036854775807)) "

#define LANDED_THEN "SELECT " LANDED(IS_TRUSTED("?1", "?1"))
#define LANDED_NOW "SELECT " LANDED(IS_TRUSTED_NOW)

/* A vantage that is gone, or had not come, counts only where it landed; so
 * does a service address that nobody measured for a week. */
static const char LANDED_AT[] = LANDED_THEN
    "FROM vantage v JOIN probe p ON p.id = v.probe_id "
    "JOIN target t ON t.role = 'service' AND t.family = v.family "
    "JOIN service s ON s.id = t.service_id "
    "LEFT JOIN landing l ON l.vantage_id = v.id AND l.target_id = t.id "
    "AND l.since_us <= ?1 AND (l.until_us IS NULL OR l.until_us > ?1) "
    "LEFT JOIN site i ON i.id = l.site_id "
    "WHERE (l.id IS NOT NULL OR (v.first_us <= ?1 "
    "AND p.state IN ('active', 'quarantined') AND EXISTS (SELECT 1 "
    "FROM landing k WHERE k.target_id = t.id AND (k.until_us IS NULL "
    "OR k.until_us > ?1 - 604800000000)))) "
    "AND (?2 IS NULL OR s.name = ?2) AND (?3 IS NULL OR t.address = ?3) "
    "AND (?4 IS NULL OR v.family = ?4) "
    "ORDER BY s.name, p.name, v.family, t.address";

/* A probe's intervals by landing_of_vantage, everybody's by landing_of_target;
 * the order of the tables is ours, for SQLite knows no sizes. */
#define JOURNAL_REST \
	"JOIN service s ON s.id = t.service_id " \
	"LEFT JOIN site i ON i.id = l.site_id " \
	"WHERE (?1 IS NULL OR p.id = ?1) AND (?2 IS NULL OR v.family = ?2) " \
	"AND (l.until_us IS NULL OR l.until_us > ?3) " \
	"ORDER BY p.name, v.family, s.name, t.address, l.since_us"
static const char JOURNAL_OF_PROBE[] =
    LANDED_NOW "FROM probe p CROSS JOIN vantage v ON v.probe_id = p.id "
	       "CROSS JOIN landing l ON l.vantage_id = v.id AND p.id = ?1 "
	       "JOIN target t ON t.id = l.target_id "
	       "AND t.role = 'service' " JOURNAL_REST;
static const char JOURNAL[] =
    LANDED_NOW "FROM target t CROSS JOIN landing l "
	       "ON l.target_id = t.id AND t.role = 'service' "
	       "JOIN vantage v ON v.id = l.vantage_id "
	       "JOIN probe p ON p.id = v.probe_id " JOURNAL_REST;

static const char SITES[] =
    "SELECT i.id, s.name, i.name, i.scope = 'local', f.family, "
    "coalesce(z.announced, 'unknown'), coalesce(z.healthy, 'unknown'), "
    "coalesce(z.receiving, 'unknown'), coalesce(z.verdict, 'unknown'), "
    "z.since_us, (SELECT count(DISTINCT l.vantage_id) FROM target t "
    "CROSS JOIN landing l ON l.target_id = t.id AND l.site_id = i.id "
    "AND l.state = 'stable' AND l.until_us IS NULL " /* landing_by_place */
    "JOIN vantage v ON v.id = l.vantage_id AND v.family = f.family "
    "JOIN probe p ON p.id = v.probe_id AND " IS_TRUSTED_NOW
    " WHERE t.service_id = s.id AND t.role = 'service'), w.heard_us, "
    "w.announced_why, w.healthy_why, "
    "w.serial, d.since_us, d.until_us, d.ended_us, "
    "CAST(round(10000 * i.latitude) AS INTEGER), "
    "CAST(round(10000 * i.longitude) AS INTEGER), i.capacity "
    "FROM site i JOIN service s ON s.id = i.service_id "
    "JOIN (SELECT DISTINCT service_id, family FROM target "
    "WHERE role = 'service') f ON f.service_id = s.id "
    "LEFT JOIN site_state z ON z.site_id = i.id AND z.family = f.family "
    "AND z.until_us IS NULL "
    "LEFT JOIN site_report w ON w.id = (SELECT id FROM site_report "
    "WHERE site_id = i.id AND family = f.family "
    "ORDER BY heard_us DESC, id DESC LIMIT 1) "
    "LEFT JOIN drain d ON d.id = (SELECT id FROM drain WHERE site_id = i.id "
    "ORDER BY since_us DESC, id DESC LIMIT 1) "
    "ORDER BY s.name, i.name, f.family";

static const char VANTAGES[] =
    "SELECT v.id, v.family, p.id, p.name, CASE WHEN p.state = 'active' "
    "AND q.reason IS NOT NULL THEN 'quarantined' ELSE p.state END, "
    "p.reason, p.version, "
    "coalesce(v.country, p.country), v.source, p.clock, p.v4, p.v6, "
    "coalesce(v.asn, p.asn), p.enrolled_us, p.received_us, "
    "p.clock_offset_us, p.n_lost, v.seen, v.own, "
    "(SELECT CASE WHEN max(is_intercepted) THEN 'intercepted' "
    "WHEN max(class = 'per_packet') THEN 'per_packet' END "
    "FROM vantage_target b WHERE b.vantage_id = v.id), "
    "CASE WHEN p.state = 'quarantined' THEN 'hand' "
    "WHEN p.state = 'active' THEN q.reason END, "
    "CASE WHEN p.state = 'quarantined' THEN (SELECT max(at_us) FROM audit a "
    "WHERE a.action = 'quarantined' AND a.subject = p.id) "
    "WHEN p.state = 'active' THEN q.since_us END, "
    "CASE WHEN p.state = 'active' THEN q.numbers END, "
    "CAST(round(10000 * coalesce(v.latitude, p.latitude)) AS INTEGER), "
    "CAST(round(10000 * coalesce(v.longitude, p.longitude)) AS INTEGER) "
    "FROM probe p "
    "LEFT JOIN vantage v ON v.probe_id = p.id "
    "LEFT JOIN quarantine q ON q.vantage_id = v.id AND q.until_us IS NULL "
    "ORDER BY p.name, v.family";

static const char *const NAMES[] = {
	[NAMES_SERVICE] = "SELECT DISTINCT name FROM service ORDER BY name",
	[NAMES_SITE] = "SELECT DISTINCT name FROM site ORDER BY name",
	[NAMES_PROBE] = "SELECT DISTINCT name FROM probe ORDER BY name",
	[NAMES_TARGET] = ("SELECT DISTINCT address FROM target "
			  "WHERE role = 'service' ORDER BY address"),
};

static void
fill_landed(sqlite3_stmt *s, void *row)
{
	struct landed *l = row;
	int c = 0;

	l->vantage_id = sqlite3_column_int64(s, c++);
	l->target_id = sqlite3_column_int64(s, c++);
	l->site_id = sqlite3_column_int64(s, c++);
	l->family = (uint8_t)sqlite3_column_int(s, c++);
	l->is_trusted = sqlite3_column_int(s, c++) != 0;
	l->asn = sqlite3_column_int64(s, c++);
	ROW_TEXT(l->country, s, c++);
	ROW_TEXT(l->probe_id, s, c++);
	ROW_TEXT(l->probe, s, c++);
	ROW_TEXT(l->service, s, c++);
	ROW_TEXT(l->target, s, c++);
	ROW_TEXT(l->site, s, c++);
	ROW_TEXT(l->state, s, c++);
	l->has_since = row_int(s, c++, &l->since_us);
	l->has_until = row_int(s, c++, &l->until_us);
	l->n = sqlite3_column_int64(s, c++);
	l->rtt_min_us = sqlite3_column_int64(s, c++);
	l->rtt_sum_us = sqlite3_column_int64(s, c++);
	l->rtt_n = sqlite3_column_int64(s, c++);
	l->n_doubted = sqlite3_column_int64(s, c++);
}

enum rc
store_landed_at(struct store *st, int64_t at_us, const struct landed_filter *f,
    struct landed_list *out, struct err *err)
{
	sqlite3_stmt *s = store_stmt(st, LANDED_AT);

	store_bind_int(s, 1, at_us);
	store_bind_text(s, 2, f->service);
	store_bind_text(s, 3, f->target);
	store_bind_int_or_null(s, 4, f->family != 0, f->family);
	return store_rows(st, s, sizeof *out->rows, fill_landed,
	    (void **)&out->rows, &out->n, err);
}

enum rc
store_journal(struct store *st, const char *probe_id, uint8_t family,
    int64_t since_us, struct landed_list *out, struct err *err)
{
	sqlite3_stmt *s =
	    store_stmt(st, probe_id != NULL ? JOURNAL_OF_PROBE : JOURNAL);

	store_bind_text(s, 1, probe_id);
	store_bind_int_or_null(s, 2, family != 0, family);
	store_bind_int(s, 3, since_us);
	return store_rows(st, s, sizeof *out->rows, fill_landed,
	    (void **)&out->rows, &out->n, err);
}

static void
fill_site(sqlite3_stmt *s, void *row)
{
	struct site_now *n = row;

	n->site_id = sqlite3_column_int64(s, 0);
	ROW_TEXT(n->service, s, 1);
	ROW_TEXT(n->site, s, 2);
	n->is_local = sqlite3_column_int(s, 3) != 0;
	n->family = (uint8_t)sqlite3_column_int(s, 4);
	ROW_TEXT(n->announced, s, 5);
	ROW_TEXT(n->healthy, s, 6);
	ROW_TEXT(n->receiving, s, 7);
	ROW_TEXT(n->verdict, s, 8);
	n->has_since = row_int(s, 9, &n->since_us);
	n->n_vantages = sqlite3_column_int64(s, 10);
	n->has_heard = row_int(s, 11, &n->heard_us);
	ROW_TEXT(n->announced_why, s, 12);
	ROW_TEXT(n->healthy_why, s, 13);
	n->has_serial = row_int(s, 14, &n->serial);
	n->drain = (struct drain){ .site_id = n->site_id,
		.since_us = sqlite3_column_int64(s, 15),
		.until_us = sqlite3_column_int64(s, 16),
		.ended_us = sqlite3_column_int64(s, 17) };
	n->has_position =
	    row_int(s, 18, &n->latitude) && row_int(s, 19, &n->longitude);
	n->capacity = sqlite3_column_int64(s, 20);
}

enum rc
store_sites(struct store *st, struct site_list *out, struct err *err)
{
	return store_rows(st, store_stmt(st, SITES), sizeof *out->rows,
	    fill_site, (void **)&out->rows, &out->n, err);
}

static void
fill_vantage(sqlite3_stmt *s, void *row)
{
	struct vantage_info *v = row;
	int c = 0;

	v->id = sqlite3_column_int64(s, c++);
	v->family = (uint8_t)sqlite3_column_int(s, c++);
	ROW_TEXT(v->probe_id, s, c++);
	ROW_TEXT(v->probe, s, c++);
	ROW_TEXT(v->state, s, c++);
	ROW_TEXT(v->reason, s, c++);
	ROW_TEXT(v->version, s, c++);
	ROW_TEXT(v->country, s, c++);
	ROW_TEXT(v->source, s, c++);
	ROW_TEXT(v->clock, s, c++);
	ROW_TEXT(v->v4, s, c++);
	ROW_TEXT(v->v6, s, c++);
	v->asn = sqlite3_column_int64(s, c++);
	v->enrolled_us = sqlite3_column_int64(s, c++);
	v->has_received = row_int(s, c++, &v->received_us);
	v->has_offset = row_int(s, c++, &v->clock_offset_us);
	v->n_lost = sqlite3_column_int64(s, c++);
	if (addr_parse(&v->seen, store_text(s, c++)) != RC_OK)
		v->seen.family = 0;
	if (addr_parse(&v->own, store_text(s, c++)) != RC_OK)
		v->own.family = 0;
	ROW_TEXT(v->between, s, c++);
	ROW_TEXT(v->quarantine, s, c++);
	v->has_quarantined = row_int(s, c++, &v->quarantined_us);
	ROW_TEXT(v->numbers, s, c++);
	v->has_position =
	    row_int(s, c, &v->latitude) && row_int(s, c + 1, &v->longitude);
}

enum rc
store_vantages(struct store *st, struct vantage_list *out, struct err *err)
{
	return store_rows(st, store_stmt(st, VANTAGES), sizeof *out->rows,
	    fill_vantage, (void **)&out->rows, &out->n, err);
}

static void
fill_name(sqlite3_stmt *s, void *row)
{
	*(char **)row = mem_strdup(store_text(s, 0));
}

enum rc
store_names(
    struct store *st, enum names_of of, struct names *out, struct err *err)
{
	return store_rows(st, store_stmt(st, NAMES[of]), sizeof *out->list,
	    fill_name, (void **)&out->list, &out->n, err);
}

void
names_fini(struct names *n)
{
	for (size_t i = 0; i < n->n; i++)
		free(n->list[i]);
	free(n->list);
	*n = (struct names){ 0 };
}
