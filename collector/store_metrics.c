/* store_metrics.c - see store_metrics.h. */
#include "collector/store_metrics.h"

#include <math.h>
#include <string.h>

#include "collector/store_sqlite.h"
#include "schema/base/clock.h"

/* Each is by the open rows' index of its table, or over a table that stays
 * small.  A family's labels are the first columns, its value the one after. */
static const char LANDINGS[] =
    "SELECT v.name, coalesce(s.name, ''), t.family, g.state, sum(g.n) "
    "FROM (SELECT target_id, site_id, state, count(*) AS n FROM landing "
    "INDEXED BY landing_by_place WHERE until_us IS NULL "
    "GROUP BY target_id, site_id, state) g "
    "JOIN target t ON t.id = g.target_id JOIN service v ON v.id = t.service_id "
    "LEFT JOIN site s ON s.id = g.site_id WHERE t.role = 'service' "
    "GROUP BY v.id, g.site_id, t.family, g.state";
#define SITE_ROWS \
	" FROM site s JOIN service v ON v.id = s.service_id " \
	"JOIN site_state x ON x.id IN (SELECT max(y.id) FROM site_state y " \
	"WHERE y.site_id = s.id AND y.until_us IS NULL GROUP BY y.family)"
static const char ANNOUNCED[] =
    "SELECT v.name, s.name, x.family, x.announced" SITE_ROWS;
static const char HEALTHY[] =
    "SELECT v.name, s.name, x.family, x.healthy" SITE_ROWS;
static const char RECEIVING[] =
    "SELECT v.name, s.name, x.family, x.receiving" SITE_ROWS;
static const char VERDICTS[] =
    "SELECT v.name, s.name, x.family, x.verdict, 1" SITE_ROWS;
static const char OPEN_EVENTS[] =
    "SELECT count(*) FROM event WHERE resolved_us IS NULL";
static const char EVENTS[] =
    "SELECT kind, severity, "
    "CASE WHEN resolved_us IS NULL THEN 'open' ELSE 'resolved' END, count(*) "
    "FROM event GROUP BY 1, 2, 3";
static const char DELIVERIES[] =
    "SELECT alert, CASE WHEN delivered_us IS NOT NULL THEN 'delivered' "
    "WHEN held IS NOT NULL THEN 'held' "
    "WHEN given_up_us IS NOT NULL THEN 'given_up' ELSE 'waiting' END, count(*) "
    "FROM delivery GROUP BY 1, 2";
static const char PROBES[] = "SELECT state, count(*) FROM probe "
			     "WHERE source IS NULL GROUP BY state";
static const char PROBES_HEARD[] =
    "SELECT w.name, (SELECT count(*) FROM probe WHERE source IS NULL "
    "AND received_us >= ?1 - w.us) FROM (SELECT '1m' AS name, 60000000 AS us "
    "UNION ALL SELECT '5m', 300000000 UNION ALL SELECT '1h', 3600000000 "
    "UNION ALL SELECT '1d', 86400000000) w";
static const char QUARANTINED[] =
    "SELECT 'hand', count(*) FROM probe p JOIN vantage v ON v.probe_id = p.id "
    "WHERE p.state = 'quarantined' UNION ALL "
    "SELECT w.reason, (SELECT count(*) FROM quarantine q "
    "JOIN vantage v ON v.id = q.vantage_id JOIN probe p ON p.id = v.probe_id "
    "WHERE q.until_us IS NULL AND q.reason = w.reason AND p.state = 'active') "
    "FROM (SELECT 'peers' AS reason UNION ALL SELECT 'own_address' "
    "UNION ALL SELECT 'light') w";

#define LABELS_MAX 4

static const struct family {
	const char *sql, *name, *help;
	size_t n_labels;
	const char *labels[LABELS_MAX];
	bool is_tri; /* yes is 1, no is 0, unknown is NaN */
} families[] = {
	{ LANDINGS, "catchwater_landings",
	    "Vantages by where they land now, and how: stable, dark, unknown.",
	    4, { "service", "site", "family", "state" }, false },
	{ ANNOUNCED, "catchwater_site_announced",
	    "Does routing have the site? 1 yes, 0 no, NaN unknown.", 3,
	    { "service", "site", "family" }, true },
	{ HEALTHY, "catchwater_site_healthy",
	    "Is the site's service well? 1 yes, 0 no, NaN unknown.", 3,
	    { "service", "site", "family" }, true },
	{ RECEIVING, "catchwater_site_receiving",
	    "Do vantages land there? 1 yes, 0 no, NaN unknown.", 3,
	    { "service", "site", "family" }, true },
	{ VERDICTS, "catchwater_site_verdict",
	    "The word for announced, healthy and receiving together; always 1.",
	    4, { "service", "site", "family", "verdict" }, false },
	{ OPEN_EVENTS, "catchwater_open_events", "Events now open.", 0,
	    { NULL }, false },
	{ EVENTS, "catchwater_events",
	    "Events by their severity now, open and resolved.", 3,
	    { "kind", "severity", "state" }, false },
	{ DELIVERIES, "catchwater_deliveries",
	    "Notices by what became of them.", 2, { "alert", "state" }, false },
	{ PROBES, "catchwater_probes", "Probes that ever enrolled.", 1,
	    { "state" }, false },
	{ PROBES_HEARD, "catchwater_probes_heard",
	    "Probes of which a batch came within that time.", 1, { "within" },
	    false },
	{ QUARANTINED, "catchwater_quarantined",
	    "Vantages that count nowhere, by hand or for what the detector "
	    "has against them.",
	    1, { "reason" }, false },
};

static void
write_row(const struct family *f, sqlite3_stmt *s, struct exposition *e)
{
	struct exposition_label labels[LABELS_MAX];
	int value = (int)f->n_labels;

	for (int i = 0; i < value; i++)
		labels[i] =
		    (struct exposition_label){ f->labels[i], store_text(s, i) };
	if (!f->is_tri)
		exposition_int(
		    e, labels, f->n_labels, sqlite3_column_int64(s, value));
	else if (strcmp(store_text(s, value), "unknown") == 0)
		exposition_real(e, labels, f->n_labels, (double)NAN);
	else
		exposition_int(e, labels, f->n_labels,
		    strcmp(store_text(s, value), "yes") == 0);
}

enum rc
store_metrics_write(
    struct store *st, int64_t now_us, struct exposition *e, struct err *err)
{
	enum rc rc = RC_NOTFOUND;

	for (size_t i = 0;
	     rc == RC_NOTFOUND && i < sizeof families / sizeof families[0];
	     i++) {
		const struct family *f = &families[i];
		sqlite3_stmt *s = store_stmt(st, f->sql);

		if (s != NULL && sqlite3_bind_parameter_count(s) > 0)
			store_bind_int(s, 1, now_us);
		exposition_family(e, f->name, EXPOSITION_GAUGE, f->help);
		while ((rc = store_step(st, s, err)) == RC_OK)
			write_row(f, s, e);
		if (s != NULL)
			sqlite3_reset(s);
	}
	return rc == RC_NOTFOUND ? RC_OK : rc;
}
