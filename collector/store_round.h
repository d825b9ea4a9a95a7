/*
 * store_round.h - where everybody landed in one imported round.      (edge)
 *
 * Uses     store_sqlite.h
 * Used by  collector/round.c
 */
#ifndef COLLECTOR_STORE_ROUND_H
#define COLLECTOR_STORE_ROUND_H

#include <stdint.h>

#include "collector/store.h"

/* Calls row with the name of each imported probe that was seen at an address of
 * the service from first_us to last_us, and the site where it was then; it was
 * seen there for the last time so far.  RC_DB. */
MUST_USE enum rc store_round_each(struct store *st, int64_t service_id,
    int64_t first_us, int64_t last_us,
    void (*row)(void *ctx, const char *probe, int64_t site_id), void *ctx,
    struct err *err);

#endif
