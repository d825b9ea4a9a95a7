/*
 * import_session.h - a database that history is being read into.    (wiring)
 *
 * Uses     ingest_foreign, store_import, settings, geo, zlib, libsodium
 * Used by  import_atlas, import_catchment
 *
 * Time is that of the history: it never runs backwards, and what is older than
 * what is there already goes to the journal like any late news.  No alert is
 * sent about the past, and nothing of it expires.
 */
#ifndef COLLECTOR_IMPORT_SESSION_H
#define COLLECTOR_IMPORT_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collector/geo.h"
#include "collector/ingest_foreign.h"
#include "collector/map.h"
#include "collector/metrics.h"
#include "collector/report_command.h"
#include "collector/settings.h"

#define PACE_GAPS 64

/* How often the vantages look at a service, learned from their looks; and the
 * times that it is judged by, which follow that. */
struct pace {
	int64_t configured_us;
	struct times times;
	size_t n;
	int64_t gaps_us[PACE_GAPS];
};

struct import_session {
	const char *source;
	struct settings settings;
	size_t n_alerts; /* of the configuration; the settings have none */
	struct store *store;
	struct geo *geo;
	struct ingest *ingest;
	struct metrics metrics;
	struct err *err;      /* of the transaction under way */
	int64_t now_us;       /* of the history; 0: not begun */
	int64_t tick_us;      /* of the last tick */
	struct map by_id;     /* probe and family: place in vantages */
	struct map by_target; /* vantage and target: place in looks */
	struct vantage_row *vantages;
	int64_t *looks_us;
	size_t n_vantages, n_looks;
	struct pace *paces; /* of each service */
};

/* Loads the configuration, opens the database (creating it) and takes its lock.
 * Release with import_session_close, also after a fault.  RC_LIMIT: a
 * 'catchwater serve' has it. */
MUST_USE enum rc import_session_open(struct import_session *s,
    const char *source, const struct where *where, struct err *err);
void import_session_close(struct import_session *s);

/* Looks the file up by its content.  RC_OK: *row is what is known of it, with
 * n_done; id 0 for a new one.  Gives row->summary.  RC_SYS, RC_DB. */
MUST_USE enum rc import_session_file(struct import_session *s, const char *path,
    struct import_row *row, struct err *err);

/* A transaction: at the end, *row is written with it.  RC_DB. */
MUST_USE enum rc
import_session_begin(struct import_session *s, struct err *err);
MUST_USE enum rc
import_session_end(struct import_session *s, struct import_row *row);

/* Within a transaction.  Lets time pass up to at_us, with the detector's
 * ticks; then s->now_us is at least at_us.  RC_DB. */
MUST_USE enum rc
import_session_advance(struct import_session *s, int64_t at_us);

/* Lends the vantage, until the next call; known ones cost nothing.  RC_RANGE,
 * RC_DB. */
MUST_USE enum rc import_session_vantage(struct import_session *s,
    const struct foreign_vantage *v, int64_t at_us,
    const struct vantage_row **out);

/* Learns the pace of a look; the service's times follow it.  RC_DB. */
MUST_USE enum rc import_session_pace(struct import_session *s,
    int64_t vantage_id, const struct target *target, int64_t at_us);

/* The target of an observation; NULL: no service has this address. */
const struct target *
import_session_target(const struct import_session *s, const struct addr *a);

/* A probe's id for a name within a source: 16 hexadecimal digits that no
 * enrolment gives on purpose. */
void import_probe_id(
    char out[static PROBE_ID_LEN + 1], const char *source, const char *name);

#endif
