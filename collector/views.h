/*
 * views.h - what the report subcommands print with --json, as values. (wiring)
 *
 * Uses     store, jansson
 * Used by  api_view (answers them over HTTP), the subcommands (print them)
 *
 * Each view_NAME is defined beside the subcommand of that name, so that both
 * say the same.
 */
#ifndef COLLECTOR_VIEWS_H
#define COLLECTOR_VIEWS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "collector/store.h"
#include "schema/base/err.h"

/* What is asked, as typed; NULL, 0 and false: not said.  All lent. */
struct view_query {
	const char *service, *target, *vantage, *site, *kind;
	const char *at, *by, *since, *until, *from, *to;
	int64_t family, step_us, id;
	bool is_open_only;
};

/* Gives *out.  RC_NOTFOUND: a name that is not there; RC_MALFORMED, RC_RANGE:
 * a value that makes no sense; *err tells which and what would.  RC_DB. */
typedef enum rc view(struct store *st, const struct view_query *q, json_t **out,
    struct err *err);

MUST_USE view view_catchment, view_diff, view_event, view_events, view_history,
    view_landing, view_shares, view_sites, view_vantages;

#endif
