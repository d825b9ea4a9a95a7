/*
 * store_left_out.h - whom an event did not count, and why.           (edge)
 *
 * Uses     store_sqlite.h
 * Used by  explain
 *
 * Reads only.
 */
#ifndef COLLECTOR_STORE_LEFT_OUT_H
#define COLLECTOR_STORE_LEFT_OUT_H

#include "collector/store_event.h"
#include "schema/base/addr.h"

/* What a vantage meets at a target counts for nothing, as things stand now. */
struct left_out {
	char probe[NAME_MAX_LEN + 1];
	uint8_t family;
	int64_t asn; /* 0: not known */
	char target[ADDR_TEXT_LEN];
	char why[EVENT_WORD_LEN]; /* quarantined, intercepted, per_packet */
	bool has_since;
	int64_t since_us;
	char reason[128]; /* of the quarantine; "": none was given */
	/* What it did around the event: its last move; "": none. */
	char from[NAME_MAX_LEN + 1], to[NAME_MAX_LEN + 1];
};

struct left_out_list {
	size_t n;
	struct left_out *rows; /* release with free() */
};

/* Of those that landed at the event's service while it lasted, without those
 * that voted in it: who moved first, then by name.  RC_DB. */
MUST_USE enum rc store_left_out(struct store *st, int64_t event_id,
    struct left_out_list *out, struct err *err);

#endif
