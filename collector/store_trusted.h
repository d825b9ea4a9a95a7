/*
 * store_trusted.h - which vantages count, as a condition of SQL.     (edge)
 *
 * Used by  store_report.c, store_shares.c
 */
#ifndef COLLECTOR_STORE_TRUSTED_H
#define COLLECTOR_STORE_TRUSTED_H

/* Is nobody's word against vantage v of probe p, the detector's at the given
 * moment? */
#define IS_TRUSTED(from, to) \
	"p.state <> 'quarantined' AND NOT EXISTS (SELECT 1 FROM quarantine q " \
	"WHERE q.vantage_id = v.id AND q.since_us <= " from \
	" AND coalesce(q.until_us, 9223372036854775807) > " to ")"
#define IS_TRUSTED_NOW IS_TRUSTED("9223372036854775807", "9223372036854775806")

#endif
