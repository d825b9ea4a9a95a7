/*
 * store_import.h - imported files, and the probes that came with them. (edge)
 *
 * Uses     store_sqlite.h
 * Used by  import_session, ingest_foreign
 */
#ifndef COLLECTOR_STORE_IMPORT_H
#define COLLECTOR_STORE_IMPORT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collector/store.h"
#include "collector/store_admin.h"
#include "collector/store_probe.h"

#define IMPORT_HASH_BYTES 32
#define IMPORT_NAME_LEN 256

struct import_row {
	int64_t id;         /* 0: not stored yet */
	const char *source; /* "atlas" or "catchment" */
	char name[IMPORT_NAME_LEN];
	uint8_t hash[IMPORT_HASH_BYTES]; /* of the content, unpacked */
	int64_t at_us, n_done;
	bool is_done;
	bool has_times; /* first_us and last_us */
	int64_t first_us, last_us;
	json_t *summary; /* an object; released with json_decref */
};

/* By row->hash; gives row->summary.  RC_NOTFOUND, RC_DB. */
MUST_USE enum rc
store_import_find(struct store *st, struct import_row *row, struct err *err);

/* The one of row->source that was begun last.  Gives row->summary.
 * RC_NOTFOUND, RC_DB. */
MUST_USE enum rc
store_import_newest(struct store *st, struct import_row *row, struct err *err);

/* Inserts (id 0, and fills it) or updates, within the caller's transaction.
 * RC_DB. */
MUST_USE enum rc
store_import_put(struct store *st, struct import_row *row, struct err *err);

/* Adds a probe that measures elsewhere, unless it is there.  Of *p the id,
 * name and declared count.  Within the caller's transaction.  RC_RANGE:
 * another probe has the name.  RC_DB. */
MUST_USE enum rc store_probe_import(struct store *st, const char *source,
    const struct probe_row *p, int64_t at_us, struct err *err);

/* Inserts what was announced, within the caller's transaction.  RC_DB. */
MUST_USE enum rc store_import_announce(
    struct store *st, const struct announcement *a, struct err *err);

/* Of the newest observation in order of arrival; 0: there is none.  RC_DB. */
MUST_USE enum rc
store_last_received(struct store *st, int64_t *received_us, struct err *err);

#endif
