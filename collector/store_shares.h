/*
 * store_shares.h - all landings of a time, for shares of it.         (edge)
 *
 * Uses     store_sqlite.h
 * Used by  shares_report
 */
#ifndef COLLECTOR_STORE_SHARES_H
#define COLLECTOR_STORE_SHARES_H

#include <stdint.h>

#include "collector/service.h"
#include "collector/store.h"
#include "collector/store_report.h"

/* That one vantage landed on one address of a service. */
struct share_row {
	char service[NAME_MAX_LEN + 1];
	char site[NAME_MAX_LEN + 1]; /* "": none */
	char state[WORD_LEN];
	int64_t since_us, until_us; /* INT64_MAX: still */
};

struct share_list {
	size_t n;
	struct share_row *rows;
};

/* Those of vantages that count now, that reach into the time from since_us to
 * until_us; service NULL, family 0: of all.  Gives the rows: release with
 * free().  RC_DB. */
MUST_USE enum rc store_shares(struct store *st, const char *service,
    uint8_t family, int64_t since_us, int64_t until_us, struct share_list *out,
    struct err *err);

#endif
