/*
 * round.h - one round of a catchment mapper: who landed where.     (wiring)
 *
 * Uses     catchment_csv, interpret, map, store_round, tally, zlib
 * Used by  collector/import_catchment.c
 *
 * The earliest reply of a vantage gives its site.  In memory is one entry per
 * vantage, however many replies there are.
 */
#ifndef COLLECTOR_ROUND_H
#define COLLECTOR_ROUND_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "collector/catchment_csv.h"
#include "collector/map.h"
#include "collector/service.h"
#include "collector/store.h"
#include "collector/tally.h"

struct round_entry {
	struct addr source;
	size_t site; /* index into the service's sites */
	int64_t at_us, rtt_us;
	const struct target *target;
	bool has_rtt;
	uint8_t ttl;
	char country[3];
	uint32_t asn;
};

struct round {
	const struct service *service; /* NULL: not known yet */
	struct map by_source;
	struct round_entry *entries; /* in order of first appearance */
	size_t n, cap;
	int64_t n_replies, first_us, last_us;
	struct tally rejected;
};

void round_fini(struct round *r); /* also of {0} */

/* Reads a file.  RC_SYS, RC_MALFORMED: it has no usable header.  RC_NOTFOUND:
 * no line of it is a reply at a service's address to one of its sites; *err
 * says what was wrong with them. */
MUST_USE enum rc round_read(struct round *r, const struct services *services,
    const char *path, struct err *err);

/* When the round of a file began, as its first reply tells; false: it tells
 * nothing. */
bool round_peek(const char *path, int64_t *at_us);

/* The round from first_us to last_us, as the database has it.  RC_DB. */
MUST_USE enum rc round_load(struct round *r, struct store *st,
    const struct service *service, int64_t first_us, int64_t last_us,
    struct err *err);

/* What is different from the round before: gives {"vantages", "moved", "new",
 * "silent", "moves": [{"from", "to", "vantages"}], most first}. */
json_t *round_compare(const struct round *before, const struct round *now);

#endif
