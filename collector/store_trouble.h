/*
 * store_trouble.h - which alert was told what of the collector itself.  (edge)
 *
 * Uses     store_sqlite.h
 * Used by  alert_self
 */
#ifndef COLLECTOR_STORE_TROUBLE_H
#define COLLECTOR_STORE_TROUBLE_H

#include <stdint.h>

#include "collector/store.h"

/* It has been told, or it has been told that it is over.  RC_DB. */
MUST_USE enum rc store_trouble_put(struct store *st, const char *alert,
    const char *part, int64_t since_us, struct err *err);
MUST_USE enum rc store_trouble_drop(
    struct store *st, const char *alert, const char *part, struct err *err);

/* RC_NOTFOUND: of that part it has not been told.  RC_DB. */
MUST_USE enum rc store_trouble_find(struct store *st, const char *alert,
    const char *part, int64_t *since_us, struct err *err);

#endif
