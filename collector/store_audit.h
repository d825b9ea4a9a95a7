/*
 * store_audit.h - who did what, for those who ask later.             (edge)
 *
 * Uses     store_sqlite.h
 * Used by  store_admin, store_drain, store_probe, store_quarantine
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

#endif
