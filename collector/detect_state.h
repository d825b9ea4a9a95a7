/*
 * detect_state.h - what the parts of the detector share.             (pure)
 *
 * Uses     collector/detect.h, fleet.h, crowds.h, roll.h, events.h, announced.h,
 *          drains.h
 * Used by  detect_fold, detect_part and each part
 */
#ifndef COLLECTOR_DETECT_STATE_H
#define COLLECTOR_DETECT_STATE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "collector/announced.h"
#include "collector/crowds.h"
#include "collector/detect.h"
#include "collector/drains.h"
#include "collector/events.h"
#include "collector/fleet.h"
#include "collector/roll.h"
#include "schema/base/clock.h"

/* What is no further apart may have one cause: routes take minutes. */
#define DETECT_NEAR_US (300 * US_PER_S)

struct site_watch { /* one site in one family: detect_mismatch.c */
	size_t service, site;
	struct site_state state; /* verdict "": nothing said yet */
};

struct detect {
	const struct services *services; /* own: their times may be changed */
	struct services own;             /* shares all but the list */
	detect_emit *emit;
	void *ctx;
	detect_heard *heard; /* NULL: nobody listens */
	void *heard_ctx;
	int64_t now_us;   /* the newest received_us or beat */
	int64_t heard_us; /* when anything at all last came in */
	int64_t beat_us;  /* the last whole second that passed; 0: none */
	int64_t next_landing_id;
	bool is_reannounced; /* some announcement changed since the last tick */
	struct fleet fleet;
	struct roll *roll; /* of the fleet */
	struct crowds crowds;
	uint64_t n_summed; /* votes and landings that were looked at to say what
	                    * the votes of an event come to: what that costs */
	struct events events;
	struct announced announced, healthy; /* as said */
	struct drains drains;
	struct site_watch *watches;
	size_t n_watches;
	void **memories; /* what each part's init gave */
};

/* Which of the services an event is of. */
size_t detect_service_of(const struct detect *d, const struct event *e);

/* "" when no site has the id. */
const char *detect_site_name(const struct detect *d, int64_t site_id);

void detect_emit_landing(struct detect *d, const struct landing *l);
void detect_emit_move(struct detect *d, const struct move *m);
void detect_emit_track(struct detect *d, const struct track *t);

/* Emits the votes that are new, or changed since they were emitted. */
void detect_emit_votes(struct detect *d, struct open_event *o);
/* ... and of these only the one of the same vantage and target as v. */
void
detect_emit_vote(struct detect *d, struct open_event *o, const struct vote *v);

/* Counts the vantages and networks of the votes, and dates the event and says
 * its family by them.  Without votes: nothing. */
void detect_sum_votes(struct detect *d, struct open_event *o);

/* Emits the event; when it is open and new or worse than told, its notice too
 * (an event with a parent is not told: its cause is).  Takes the gates. */
void detect_emit_event(struct detect *d, struct open_event *o, json_t *gates);

/* Ends an event: emits it and its notice, which goes to whom the opening was
 * told; forgets it.  Takes the gates. */
void detect_resolve(struct detect *d, struct open_event *o,
    const char *resolution, json_t *gates);

#endif
