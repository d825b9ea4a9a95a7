/*
 * store_site.h - what sites say of themselves.                       (edge)
 *
 * Uses     store_sqlite.h, schema/site_report.h, collector/detect.h
 * Used by  api_site and the subcommand announce (write), ingest (tells the
 *          detector)
 *
 * A row is an interval in which one speaker's answers stayed the same; a
 * renewal moves its end.  Where several speak for a site, an answer of yes
 * outweighs no, and no outweighs unknown: one router that exports announces.
 */
#ifndef COLLECTOR_STORE_SITE_H
#define COLLECTOR_STORE_SITE_H

#include <stdint.h>

#include "collector/detect.h"
#include "collector/store.h"
#include "collector/store_probe.h"
#include "schema/site_report.h"

/* Takes a probe's report, within the caller's transaction.  RC_PEER: the probe
 * may not speak for that site.  RC_NOTFOUND: there is no such site.  RC_RANGE:
 * it is in several services, and the report does not say which.  RC_LIMIT: seq
 * is not above *last_seq, the probe's last: a replay, or one that was overtaken.
 * In each case *err says it to the other end.  RC_DB. */
MUST_USE enum rc store_site_report(struct store *st,
    const struct probe_row *probe, const struct site_report *r, int64_t seq,
    int64_t now_us, int64_t *last_seq, struct err *err);

/* Takes the word of an operator's automation for a site's health, in a family
 * or (0) both.  One transaction.  RC_DB. */
MUST_USE enum rc store_site_health(struct store *st, int64_t site_id,
    uint8_t family, enum said healthy, int64_t now_us, int64_t lease_until_us,
    struct err *err);

/* Tells the detector what was heard about and after *last_us, or, when that is
 * 0, is in force at now_us or was heard in the hour before; moves *last_us on.
 * RC_DB. */
MUST_USE enum rc store_site_words(struct store *st, struct detect *d,
    int64_t now_us, int64_t *last_us, struct err *err);

/* Deletes what was over before a moment.  RC_DB. */
MUST_USE enum rc
store_site_forget(struct store *st, int64_t before_us, struct err *err);

#endif
