/*
 * detect_part.h - what a kind of event adds to the fold.             (pure)
 *
 * Uses     collector/detect_state.h
 * Used by  detect_fold (calls them, in the order of the table), and the parts:
 *          one file each, detect_KIND.c
 *
 * A part sees every input after the landing has been moved along by it.  What
 * it knows it keeps in tracks (track.h), in its open events and votes, or in
 * memory of its own, which it brings back by memos; a detector restored from
 * what was emitted goes on as if it had never stopped.
 */
#ifndef COLLECTOR_DETECT_PART_H
#define COLLECTOR_DETECT_PART_H

#include "collector/detect_state.h"

/* Each function may be NULL. */
struct detect_part {
	const char *name; /* its memos' keys begin with it and a slash */

	/* Gives the part's memory, which part_memory then finds. */
	void *(*init)(struct detect *d);
	void (*fini)(void *memory);

	/* A sighting at a service address that is not late; the track has
	 * taken it. */
	void (*see)(
	    struct detect *d, struct track *t, const struct sighting *s);
	void (*way)(struct detect *d, struct track *t, const struct way *w);
	/* A confirmed move, after shift has had it. */
	void (*move)(struct detect *d, struct track *t, const struct move *m);
	/* About every second, after the parts before it. */
	void (*tick)(struct detect *d);

	/* An open event of any kind has come back; then its votes do. */
	void (*restore_event)(struct detect *d, struct open_event *o);
	void (*restore_vote)(
	    struct detect *d, struct open_event *o, const struct vote *v);
	void (*restore_memo)(struct detect *d, const struct memo *m);
};

/* In this order. */
extern const struct detect_part *const detect_parts[];
extern const size_t detect_n_parts;

/* What the part's init gave. */
void *part_memory(const struct detect *d, const struct detect_part *part);

void detect_emit_memo(
    struct detect *d, const char *key, const void *bytes, size_t len);

#endif
