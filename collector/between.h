/*
 * between.h - what stands between a vantage and its targets, told.  (wiring)
 *
 * Uses     collector/store_suspect.h, report.h
 * Used by  vantages
 */
#ifndef COLLECTOR_BETWEEN_H
#define COLLECTOR_BETWEEN_H

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>

#include "collector/store.h"
#include "schema/base/err.h"

/* Prints three tables, of the targets, of the signals seen there and of the
 * doubts of the last day; nothing where there is nothing to tell.  vantage: its name.  RC_DB. */
MUST_USE enum rc between_print(struct store *st, int64_t vantage_id,
    const char *vantage, int64_t now_us, FILE *to, struct err *err);

/* Sets "targets", "signals" and "doubts" of the vantage's object.  RC_DB. */
MUST_USE enum rc between_add_json(struct store *st, int64_t vantage_id,
    int64_t now_us, json_t *object, struct err *err);

#endif
