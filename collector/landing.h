/*
 * landing.h - where one vantage lands at one target, debounced.      (pure)
 *
 * Uses     collector/track.h, collector/service.h
 * Used by  detect_fold
 *
 * A state machine (after Trinocular and the fast confirmation of our probes):
 *
 *   never     -- 3 agreeing answers -->               at a place
 *   at s      -- 3 agreeing answers of s', none of s --> at s', a move
 *   at s      -- failures, their retries, a control answers --> dark from s
 *   dark      -- one good answer -->                  at s, or nowhere until
 *                                                     3 agree on s'
 *   any       -- no news for long -->                 nobody reports: the
 *                                                     interval is closed
 *
 * The first changed or failed sample dates what happened, the last one only
 * releases it.  Timeouts neither help nor hurt a candidate; observations from
 * other source ports (why varied) never move a landing; observations older
 * than the newest one of the track are dropped.
 *
 * An answer without any identity says that somebody answers: it ends
 * darkness at the old site and moves nothing.  SERVFAIL and REFUSED where
 * NOERROR was known are failures, but their identity still says where they
 * came from.
 */
#ifndef COLLECTOR_LANDING_H
#define COLLECTOR_LANDING_H

#include <stdbool.h>
#include <stdint.h>

#include "collector/detect.h"
#include "collector/service.h"
#include "collector/track.h"

#define LANDING_AGREE 3 /* answers that make a landing, as a rule */

struct landing_rules {
	int64_t dns_every_us;
	int64_t fresh_us; /* without news for longer: nobody reports */
	int64_t late_us;  /* arriving later says nothing of the present */
	int64_t round_us, round_before_us; /* struct service */
	int64_t stay_us;       /* a stay as long makes a site remembered */
	int64_t retry_span_us; /* three failures over this are silence too */
	uint8_t n_retry, n_agree;
};

struct landing_rules landing_rules_of(const struct service *s);

/* What one step says; the intervals are to be written in this order. */
#define LANDING_INTERVALS_MAX 6
struct landing_out {
	size_t n;
	struct landing intervals[LANDING_INTERVALS_MAX];
	int64_t next_id; /* of intervals: in and out */
	bool is_hard;    /* the track must be saved now */
	bool has_move;
	struct move move;
	bool is_other; /* went dark or answered again or fell silent */
};

enum health { HEALTH_NONE, HEALTH_GOOD, HEALTH_BAD };

/* An empty step; its intervals go on from next_id. */
void landing_out_init(struct landing_out *out, int64_t next_id);

/* Good: it answers as it should.  None: says nothing of the target. */
enum health landing_health(const struct track *t, const struct sighting *s);

/* Takes a sighting of a service address.  HEALTH_NONE: it says nothing, or is
 * older than what is known; nothing changed. */
enum health
landing_see(struct track *t, const struct sighting *s, struct landing_out *out);

/* The same for a control or a unicast address: only the times of its answers
 * and its failures in a row. */
enum health landing_see_reach(
    struct track *t, const struct sighting *s, struct landing_out *out);

/* Have the failures and their retries said all they can?  Then a control that
 * answered after failures.since_us makes it dark. */
bool landing_is_silent(const struct track *t);
void landing_darken(struct track *t, struct landing_out *out);

/* The newest failure agrees with the darkness: a control answered lately. */
void landing_still_dark(struct track *t);

/* The failures were the vantage's own: forgets them. */
void landing_forgive(struct track *t, struct landing_out *out);

/* Closes the interval when nobody has reported for long. */
void landing_expire(struct track *t, int64_t now_us, struct landing_out *out);

/* Is there an interval that someone lately said is so? */
bool landing_is_fresh(const struct track *t, int64_t now_us);

#endif
