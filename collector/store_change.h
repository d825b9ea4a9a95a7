/*
 * store_change.h - changes of site, vantage by vantage.              (edge)
 *
 * Uses     store_sqlite.h
 * Used by  landing_changes
 *
 * Reads only, from the journal, which is kept for ever.
 */
#ifndef COLLECTOR_STORE_CHANGE_H
#define COLLECTOR_STORE_CHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collector/service.h"
#include "collector/store.h"
#include "schema/base/addr.h"
#include "schema/record.h"

struct change_row {
	int64_t vantage_id, target_id;
	char probe[NAME_MAX_LEN + 1];
	uint8_t family;
	char service[NAME_MAX_LEN + 1];
	char target[ADDR_TEXT_LEN];
	char from[NAME_MAX_LEN + 1], to[NAME_MAX_LEN + 1];
	int64_t last_us;  /* last seen at from */
	int64_t first_us; /* first seen at to */
	int64_t n_before; /* answers of the vantage before the change */
	bool is_shared;   /* part of a shift of several networks */
};

struct change_list {
	size_t n;
	struct change_row *rows; /* release with free() */
};

/* The changes of a probe (its id; NULL: of all) that were seen after since_us,
 * in order of probe, family, service, address, time.  family 0: both.  RC_DB. */
MUST_USE enum rc store_changes(struct store *st, const char *probe_id,
    uint8_t family, int64_t since_us, struct change_list *out, struct err *err);

#endif
