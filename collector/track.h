/*
 * track.h - what is remembered of one vantage and one target.        (pure)
 *
 * Uses     collector/detect.h (the values), witness.h, pace.h,
 *          schema/base/bytes.h
 * Used by  landing (moves it along), fleet (keeps them), detect_*
 *
 * Everything here but the open interval survives a restart as bytes of a
 * fixed layout with a version, to which later ones only add; the interval is
 * restored from the journal.
 */
#ifndef COLLECTOR_TRACK_H
#define COLLECTOR_TRACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collector/detect.h"
#include "collector/pace.h"
#include "collector/service.h"
#include "collector/witness.h"

/* A place is a site's id, or one of these. */
#define PLACE_NONE 0
#define PLACE_UNKNOWN (-1) /* an identity that no site has */

#define NOISE_DAYS 7

/* Round trips of the answers of an interval. */
struct rtt_sum {
	int64_t min_us, sum_us, n;
};

/* A place that was seen and is not believed yet. */
struct candidate {
	int64_t place;
	int64_t since_us, last_us;
	uint8_t n; /* 0: none */
	struct rtt_sum rtt;
};

/* Failures in a row. */
struct failures {
	int64_t since_us, last_us;
	uint8_t n, n_retry; /* they stop counting at 255 */
};

/* Where the vantage came from lately, over all moves of the last window: the
 * other end is where it is now.  What shift events are made of. */
struct recent_move {
	int64_t from_site_id; /* 0: none */
	int64_t at_us, confirmed_us;
	uint8_t n;           /* moves on the way */
	int64_t from_rtt_us; /* the shortest there; 0: not known */
	int64_t to_rtt_us;   /* of the answers that confirmed it */
};

/* The router before the target, from a trace. */
struct last_router {
	struct addr address; /* family 0: none known */
	uint32_t asn;        /* 0: not known */
	int64_t at_us;
};

/* Moves that belonged to no event, day by day: the noise. */
struct noise {
	uint32_t day; /* since 1970, of n[0]; n[i] is i days earlier */
	uint8_t n[NOISE_DAYS];
};

/* What only those have to tell that moved, or went dark: allocated with its
 * first word, and read through track_rare. */
struct track_rare {
	struct recent_move recent;
	int64_t before; /* the site before home where it stayed long */
	int64_t before_left_us;
	int64_t came_from; /* the site before home; 0: none */
	int64_t shift_id;  /* the open shift event it has a vote in; 0 */
	struct last_router dark_router; /* where traces end since it is dark */
};

/* The open interval of the journal: what a landing has that its track does not
 * say. */
struct interval {
	int64_t id; /* 0: none */
	int64_t site_id, since_us;
	int64_t until_us; /* not 0: nobody reports */
	int64_t last_us;
	int64_t rtt_min_us, rtt_sum_us;
	uint32_t n, rtt_n;
	uint8_t state; /* enum landing_state */
};

struct member;        /* fleet.h */
struct landing_rules; /* landing.h */

/* There are very many. */
struct track {
	int64_t vantage_id;
	const struct target *target;
	const struct member *member;
	const struct landing_rules *rules;
	struct track *next;      /* of the same member */
	int64_t unicast_site_id; /* whose own address it is; 0: of none */

	int64_t place;         /* that is believed; PLACE_NONE: not yet */
	int64_t home;          /* last site landed at; 0: never */
	int64_t home_since_us; /* when it came there */
	int64_t seen_us;       /* newest observation; older ones are dropped */
	int64_t ok_us;         /* newest good answer */
	int64_t round_us;      /* newest question of the schedule */
	bool is_round_lost;
	bool is_dark;
	bool is_late;      /* the newest observation came late */
	bool was_away;     /* ... and nobody looked for long before: what is
	                      elsewhere now was not seen moving */
	bool has_answered; /* ever, with NOERROR */
	struct candidate candidate;
	struct failures failures;
	struct noise noise;
	uint32_t index;             /* in the fleet */
	struct track_rare *rare;    /* own; NULL: nothing */
	struct last_router *router; /* own; while the target answered; NULL: no
	                             * trace yet */
	int64_t heard_us;           /* when the collector last got news of it */
	struct witness witness;
	struct pace pace;

	struct interval open;
	bool is_hard;       /* changed so that a restart must know */
	bool is_soft;       /* open or ok_us changed since they were emitted */
	enum excuse excuse; /* not none: seen, not counted */
};

/* Frees what it keeps. */
void track_fini(struct track *t);

/* Lent; all 0 when there is none. */
const struct track_rare *track_rare(const struct track *t);
const struct last_router *track_router(const struct track *t);

/* The same, to write to. */
struct track_rare *track_own_rare(struct track *t);
struct last_router *track_own_router(struct track *t);

/* The open interval as it is written, and back. */
struct landing track_landing(const struct track *t);
void track_set_landing(struct track *t, const struct landing *l);

/* Writes what is to be remembered. */
void track_encode(const struct track *t, struct track_bytes *out);

/* Reads it back, leaving pointers and the interval alone; of an earlier
 * version, what it had not yet is left as it is.  RC_MALFORMED: a later
 * version or another length; *t is not touched. */
MUST_USE enum rc track_decode(struct track *t, const struct track_bytes *b);

void rtt_sum_add(struct rtt_sum *r, int64_t rtt_us);

/* Counts n moves of the day of at_us; older than the days kept: nothing. */
void noise_add(struct noise *x, int64_t at_us, uint8_t n);

/* Moves of the last NOISE_DAYS days before now. */
unsigned noise_count(const struct noise *x, int64_t now_us);

#endif
