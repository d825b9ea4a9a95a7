/*
 * store_audit.h - who did what, for those who ask later.             (edge)
 *
 * Uses     store_sqlite.h
 * Used by  store_admin, store_drain, store_probe, store_quarantine (write);
 *          ingest, audit_log (read)
 */
#ifndef COLLECTOR_STORE_AUDIT_H
#define COLLECTOR_STORE_AUDIT_H

#include <stdint.h>

#include "collector/store.h"

/* Adds a line, inside the caller's transaction; detail may be NULL.  RC_DB. */
MUST_USE enum rc store_audit(struct store *st, int64_t at_us,
    const char *action, const char *subject, const char *detail,
    struct err *err);

/* The same about a row that goes by its number. */
MUST_USE enum rc store_audit_id(struct store *st, int64_t at_us,
    const char *action, int64_t id, const char *detail, struct err *err);

/* Lends its texts for the duration of the call; detail may be "". */
typedef void store_audit_tell(
    void *ctx, const char *action, const char *subject, const char *detail);

/* The number of the last line; 0: none.  RC_DB. */
MUST_USE enum rc
store_audit_last(struct store *st, int64_t *last_id, struct err *err);

/* Tells of each line after *last_id, in order; moves *last_id on.  RC_DB. */
MUST_USE enum rc store_audit_after(struct store *st, int64_t *last_id,
    store_audit_tell *tell, void *ctx, struct err *err);

#endif
