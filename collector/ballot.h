/*
 * ballot.h - one question to all vantages, and the event of the answer. (pure)
 *
 * Uses     collector/detect_state.h, quorum.h
 * Used by  the parts of the detector that count claims (detect_KIND.c)
 *
 * The part says who claims; the ballot counts the networks, opens the event
 * when enough do, keeps a vote of each vantage that does, ends the votes of
 * those that no longer do, and resolves when fewer than half of what was
 * needed stand and the last that ended did so a while ago.  All it knows is
 * in the votes, so that a restart changes nothing.
 */
#ifndef COLLECTOR_BALLOT_H
#define COLLECTOR_BALLOT_H

#include "collector/detect_state.h"

/* What a vantage that claims would vote. */
struct claim {
	int64_t since_us;
	int64_t from_site_id, to_site_id; /* 0: none */
};

struct ballot {
	enum event_kind kind;
	enum severity severity; /* as of now: an event's only rises */
	size_t service;
	int64_t site_id;     /* 0: of none in particular */
	const char *verdict; /* "": none */
	bool is_unicast_too; /* the sites' own addresses are asked as well */
	unsigned marks;      /* none claims without any of these; 0: anybody may
	                      * (roll.h) */
	bool is_at_site;     /* none claims who does not land at site_id */
	const struct member *only; /* none claims but it and its twin; NULL */
	size_t needed;             /* networks */
	int64_t hold_us;           /* how long claims must be gone */
	const char *resolution;
	int64_t parent_id; /* of an event that opens now */
	const void *about; /* the part's own */

	/* Does t say so?  Fills *c, whose fields are the vantage's first sign
	 * and nothing else. */
	bool (*claims)(const struct detect *d, const struct track *t,
	    const struct ballot *b, struct claim *c);
	/* What stands behind it, in numbers.  Gives. */
	json_t *(*gates)(struct detect *d, const struct ballot *b,
	    const struct open_event *o);
};

/* Networks that claim. */
size_t ballot_count(struct detect *d, const struct ballot *b);

/* Opens an event and takes the votes, or does so for one that was of another
 * kind until now (o; NULL: none). */
struct open_event *
ballot_open(struct detect *d, const struct ballot *b, struct open_event *o);

/* Takes the votes anew; resolves.  False: o is gone. */
bool
ballot_follow(struct detect *d, const struct ballot *b, struct open_event *o);

/* Hands each open event of the kind to follow, which says false when it is
 * gone. */
void ballot_follow_all(struct detect *d, enum event_kind kind,
    bool (*follow)(struct detect *d, struct open_event *o));

/* Networks of which a vote stands. */
size_t ballot_standing(struct detect *d, const struct open_event *o);

/* What a shift of a service would need now (quorum.h). */
size_t ballot_quorum(const struct detect *d, size_t service);

/* Walks the tracks that may claim, by roll_next. */
struct roll_walk ballot_walk(const struct detect *d, const struct ballot *b);

#endif
