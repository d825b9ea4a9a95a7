/*
 * store_suspected.h - what is suspected, as reports need it.         (edge)
 *
 * Uses     store_sqlite.h, collector/detect_suspected.h (the memo)
 * Used by  events, explain
 *
 * Reads only: what the detector last said, so of the newest commit.
 */
#ifndef COLLECTOR_STORE_SUSPECTED_H
#define COLLECTOR_STORE_SUSPECTED_H

#include "collector/store_event.h"
#include "collector/store_evidence.h"

struct suspected {
	/* Its kind, service, site, since_us, n_vantages, n_asns and needed; what
	 * only an event has is 0.  gates: the needs (array of rule, asns, needed). */
	struct event_row event;
	char direction[EVENT_WORD_LEN]; /* shift: from, to */
	int64_t last_us;                /* the newest vote's first sign */
	struct event_moves moves;
	struct vote_list votes; /* confirmed_us 0: not known */
};

struct suspected_list {
	size_t n;
	struct suspected *rows;
};

/* kind: NULL: all.  Gives the list: release with suspected_fini.  RC_DB. */
MUST_USE enum rc store_suspected(struct store *st, const char *kind,
    struct suspected_list *out, struct err *err);
void suspected_fini(struct suspected_list *list);

#endif
