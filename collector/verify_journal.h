/*
 * verify_journal.h - does the journal say what the observations say? (pure)
 *
 * Uses     collector/detect.h (its landings)
 * Used by  store_verify
 *
 * The intervals are told first, then every observation that is left, in any
 * order; what was deleted meanwhile is not held against the journal.  An
 * interval begins and ends with an observation, and counts no more of them than
 * there are (a crash may have taken the count of the last minute with it).
 */
#ifndef COLLECTOR_VERIFY_JOURNAL_H
#define COLLECTOR_VERIFY_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collector/detect.h"

struct verify_journal;

/* first_us: observations that were made later are all there. */
struct verify_journal *verify_journal_new(int64_t first_us);
void verify_journal_free(struct verify_journal *j); /* NULL is fine */

/* Copies *l. */
void verify_journal_landing(struct verify_journal *j, const struct landing *l);

struct verify_seen {
	int64_t vantage_id, target_id;
	int64_t at_us;
	int64_t site_id; /* 0: none */
};

/* The first ends the telling of landings. */
void verify_journal_see(struct verify_journal *j, const struct verify_seen *o);

/* The next interval from *at on (0 at first) that is not borne out: text says
 * why, in one line.  False: no more. */
bool verify_journal_next(
    struct verify_journal *j, size_t *at, char *text, size_t cap);

#endif
