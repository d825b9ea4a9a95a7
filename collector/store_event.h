/*
 * store_event.h - events and their votes, as reports and alerts need. (edge)
 *
 * Uses     store_sqlite.h
 * Used by  events, explain, alert, summary
 *
 * Reads only.  Lists are given: release with free().
 */
#ifndef COLLECTOR_STORE_EVENT_H
#define COLLECTOR_STORE_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collector/detect.h"
#include "collector/service.h"
#include "collector/store.h"

#define EVENT_WORD_LEN 24

/* An event with its names; words as in SQL. */
struct event_row {
	int64_t id;
	char kind[EVENT_WORD_LEN], severity[EVENT_WORD_LEN];
	char service[NAME_MAX_LEN + 1];
	char site[NAME_MAX_LEN + 1]; /* "" when there is none in particular */
	uint8_t family;              /* 0: both */
	char verdict[EVENT_WORD_LEN], resolution[EVENT_WORD_LEN];
	int64_t since_us, detected_us, updated_us, resolved_us;
	bool is_resolved;
	bool is_planned;   /* a drain wanted it so: nobody was told */
	int64_t parent_id; /* 0: none */
	int64_t n_vantages, n_asns, needed;
	char gates[GATES_TEXT_MAX];
};

struct event_list {
	size_t n;
	struct event_row *rows;
};

struct event_filter {
	bool is_open_only;
	const char *kind; /* NULL: all */
	int64_t since_us; /* open, or resolved after this */
};

/* Newest first.  RC_DB. */
MUST_USE enum rc store_events(struct store *st, const struct event_filter *f,
    struct event_list *out, struct err *err);

/* RC_NOTFOUND, RC_DB. */
MUST_USE enum rc store_event_find(
    struct store *st, int64_t id, struct event_row *out, struct err *err);

/* How many vantages of an event went from where to where. */
struct event_move {
	char from[NAME_MAX_LEN + 1], to[NAME_MAX_LEN + 1]; /* "": nowhere */
	int64_t n_vantages, n_asns;
};

struct event_moves {
	size_t n;
	struct event_move *rows;
};

/* Most vantages first.  RC_DB. */
MUST_USE enum rc store_event_moves(struct store *st, int64_t event_id,
    struct event_moves *out, struct err *err);

#endif
