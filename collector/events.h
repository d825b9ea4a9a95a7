/*
 * events.h - the open events and their votes.                        (pure)
 *
 * Uses     collector/detect.h (the values)
 * Used by  detect_fold (restores), detect_shift, detect_blackhole,
 *          detect_mismatch
 *
 * A closed event is forgotten here: the store has it.
 */
#ifndef COLLECTOR_EVENTS_H
#define COLLECTOR_EVENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collector/detect.h"

/* What the catchment after a shift is, beside the earlier ones. */
struct recurrence {
	enum {
		RECURRENCE_UNKNOWN, /* not judged yet */
		RECURRENCE_NEW,
		RECURRENCE_VARIANT,
		RECURRENCE_SAME
	} is;
	double similarity; /* to the nearest mode; 0: there is none */
	int64_t last_us;   /* when that was last in force */
	uint32_t mode, n_times;
};

struct shift_count;

struct open_event {
	struct event event;
	bool is_to;         /* shift: the site gained; else it lost */
	bool is_told;       /* a notice went out, */
	enum severity told; /* and this was its severity */
	char rule[16];      /* shift, black hole: which quorum was full */
	char subject[SIGHTING_IDENTITY_MAX + 1]; /* whose name it is about */
	struct recurrence recurrence;            /* shift */
	size_t n_votes, cap_votes;
	struct vote *votes; /* by vantage and target */
	bool *is_untold;    /* of each: it changed since it was emitted */
	size_t n_untold;
	/* shift: what they come to; own, NULL: not counted (shift_count.h) */
	struct shift_count *count;
};

struct events {
	struct open_event **list; /* in order of opening */
	size_t n, cap;
	int64_t next_id;
};

void events_fini(struct events *e);

/* Gives a new event its id and a place; lent until events_close. */
struct open_event *events_open(struct events *e, const struct event *event);

/* Brings back one with the id that it has. */
struct open_event *events_restore(struct events *e, const struct event *event);

/* Forgets it. */
void events_close(struct events *e, struct open_event *o);

/* The open event of a kind about a site, or NULL. */
struct open_event *
events_find(const struct events *e, enum event_kind kind, int64_t site_id);

struct open_event *events_by_id(const struct events *e, int64_t id);

/* The vote of a vantage about a target, or NULL.  Lent until the next
 * events_vote on the same event. */
struct vote *
events_find_vote(struct open_event *o, int64_t vantage_id, int64_t target_id);

/* Adds a vote, or replaces the one of the same vantage and target: untold. */
void events_vote(struct open_event *o, const struct vote *v);

/* One of its votes was changed: untold. */
void events_change_vote(struct open_event *o, const struct vote *v);

/* The i-th vote was emitted, or comes from where it was. */
void events_tell_vote(struct open_event *o, size_t i);

/* The place of a vote of the event among its votes. */
size_t events_place_of(const struct open_event *o, const struct vote *v);

#endif
