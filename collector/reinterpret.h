/*
 * reinterpret.h - stored answers read again by other templates.      (pure)
 *
 * Uses     collector/interpret.h, collector/detect.h (its landings)
 * Used by  reinterpret_command
 *
 * Two passes over the stored DNS observations in order of arrival.  The first
 * finds those that mean another site now.  The second folds the vantages that
 * have any of them anew, and what comes out takes the place of the journal of
 * those vantages and targets, from their first stored observation on.  What was
 * before that stays as it was read then.
 */
#ifndef COLLECTOR_REINTERPRET_H
#define COLLECTOR_REINTERPRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collector/detect.h"
#include "collector/service.h"
#include "schema/record.h"

/* What is stored of an answer, as far as it matters here. */
struct stored_answer {
	int64_t id, vantage_id, target_id;
	int64_t received_us;
	int64_t at_us;   /* corrected */
	int64_t site_id; /* what it meant when it was stored; 0: nothing */
	const struct observation *o; /* kind, why, outcome, identities, rtt */
};

/* A place in a change beside a site's id. */
#define REINTERPRET_UNKNOWN 0   /* an identity that no site has */
#define REINTERPRET_UNTOLD (-1) /* one that does not tell the site */

struct reinterpret_change { /* of one observation */
	int64_t from, to;   /* places */
	int64_t vantage_id, target_id;
	int64_t observation_id;
};

/* A vantage and target whose journal is written anew. */
struct reinterpret_pair {
	int64_t vantage_id, target_id;
	int64_t first_at_us; /* of its stored observations; 0: none yet */
	bool has_track;
	struct track_bytes track;
	size_t n_landings, n_moves, n_old;
	struct landing *landings; /* as they are now; the last may be open */
	struct move *moves;
	struct landing *old; /* that were in the journal */
	/* Interval of old that begins before the first observation. */
	bool has_head;
	struct landing head;
	int64_t n_in_head; /* stored observations that it counted */
	bool is_same;      /* the journal says all that already */
	bool was_unknown;  /* anywhere in the old journal */
};

struct reinterpret {
	const struct services *services; /* lent */
	uint64_t n_read;
	size_t n_changes, cap_changes;
	struct reinterpret_change *changes;
	size_t n_pairs, n_rewritten;    /* those whose journal differs */
	struct reinterpret_pair *pairs; /* by vantage, then target */
	struct detect *detect;
	int64_t ticked_us;
};

void reinterpret_init(struct reinterpret *r, const struct services *services);
void reinterpret_fini(struct reinterpret *r); /* NULL is fine */

/* First pass. */
void reinterpret_compare(struct reinterpret *r, const struct stored_answer *a);

/* Between the passes: sorts the changes by place and pair, makes the pairs, and
 * starts the fold with landings from next_landing_id on. */
void reinterpret_prepare(struct reinterpret *r, int64_t next_landing_id);

/* Then what the fold must know: the vantages, and the journal of the pairs, of
 * which others are ignored. */
void reinterpret_vantage(struct reinterpret *r, const struct vantage *v);
void reinterpret_journal(struct reinterpret *r, const struct landing *l);

/* Second pass, in the order in which it was heard: the times that a service
 * went by from then on (NULL: every one by its own), and answers; and its end: landings then holds what is to be written (with the
 * id of an old interval: in its place). */
void reinterpret_retime(struct reinterpret *r, const struct times *t);
void reinterpret_fold(struct reinterpret *r, const struct stored_answer *a);
void reinterpret_end(struct reinterpret *r);

/* Is there anything to tell of a change?  What meant no site and does not tell
 * one is no news, unless the vantage was somewhere unknown by it. */
bool reinterpret_is_news(
    const struct reinterpret *r, const struct reinterpret_change *c);

/* Is an old interval of the pair to be deleted? */
bool reinterpret_is_gone(
    const struct reinterpret_pair *p, const struct landing *old);

#endif
