/*
 * audit_log.h - tells the log of who counts no longer, and again.  (wiring)
 *
 * Uses     store_audit.h
 * Used by  ingest (its thread)
 *
 * By the audit, so that what an operator and what the detector does is told in
 * the same words, once, and only when it is on disk.
 */
#ifndef COLLECTOR_AUDIT_LOG_H
#define COLLECTOR_AUDIT_LOG_H

#include <stdint.h>

#include "collector/store.h"

/* Logs the quarantines and releases after line *last_id of the audit; moves
 * *last_id on.  RC_DB. */
MUST_USE enum rc
audit_log_tell(struct store *st, int64_t *last_id, struct err *err);

#endif
