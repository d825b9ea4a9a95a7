/*
 * fleet.h - the vantages, their tracks, and counting them.           (pure)
 *
 * Uses     collector/track.h, landing.h, map.h
 * Used by  detect_fold, detect_shift, detect_blackhole, detect_mismatch
 *
 * Memory is bounded by vantages x targets.  A track is made at the first
 * sighting, or when it is restored.
 *
 * A quorum counts networks.  A vantage adds one when none that was counted is
 * of its AS, of its probe, or of the prefix that its requests come from (or
 * those of its probe's other family): an AS may be what a probe says of
 * itself, and one host may have enrolled many probes, but all their requests
 * come from one prefix.  So neither one enrolment, nor one AS, nor one prefix
 * is ever more than one.
 */
#ifndef COLLECTOR_FLEET_H
#define COLLECTOR_FLEET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collector/detect.h"
#include "collector/landing.h"
#include "collector/map.h"
#include "collector/service.h"
#include "collector/track.h"

struct member {
	struct vantage vantage;
	size_t index; /* into fleet.members */
	/* dense: equal for vantages of one AS (without one: of its own), of
	 * one probe, of one prefix (MAP_NONE: not known) */
	size_t as_index, probe_index, prefix_index;
	struct track *tracks;
	/* Of each of the services' targets the index of its track and one
	 * more, 0 for none; NULL: none at all. */
	uint32_t *track_of_target;
	int64_t heard_us;    /* the newest of its tracks' */
	struct member *twin; /* the same probe's other family; NULL */
	bool is_quarantined; /* by the detector itself: detect_trust */
};

/* Is it in nobody's quarantine? */
bool member_is_trusted(const struct member *m);

struct track_list {
	struct track **list;
	size_t n, cap;
};

/* Marks of one round of counting: equal to round means seen. */
struct marks {
	uint32_t *seen;
	uint32_t round;
};

/* Keys as dense numbers, and marks for them. */
struct groups {
	struct map by_key;
	struct marks marks;
	size_t n, cap;
};

struct fleet {
	const struct services *services;
	struct landing_rules *rules;  /* of each service */
	struct track_list *of_target; /* as services->targets */
	struct track **slabs; /* all tracks, in order of creation: no order
	                         that effects may follow */
	size_t n_tracks;
	struct member **members;
	size_t n_members, cap_members;
	uint64_t n_news; /* grows with each change of a vantage */
	struct map member_by_id, member_by_probe, target_by_id;
	struct groups asns, probes, prefixes;
	size_t *prefix_of_probe; /* by probe_index: the last one known */
	size_t cap_prefix_of_probe;
	struct marks vantages;
};

void fleet_init(struct fleet *f, const struct services *services);
void fleet_fini(struct fleet *f);

/* Works out the landing rules anew, from the services' times. */
void fleet_retime(struct fleet *f);

/* Adds or changes a vantage. */
void fleet_put_vantage(struct fleet *f, const struct vantage *v);

/* NULL: not known. */
struct member *fleet_member(const struct fleet *f, int64_t vantage_id);

/* Finds a track or makes it; NULL for an unknown vantage or target. */
struct track *
fleet_track(struct fleet *f, int64_t vantage_id, int64_t target_id);

/* The member's at one of the services' targets, or NULL. */
struct track *
fleet_track_of(const struct fleet *f, const struct member *m, size_t target);

/* The track with an index below n_tracks. */
struct track *fleet_track_at(const struct fleet *f, size_t i);

/* The collector got news of the track. */
void fleet_hear(struct fleet *f, struct track *t, int64_t at_us);

/* The track if there is one, or NULL. */
struct track *
fleet_find_track(const struct fleet *f, int64_t vantage_id, int64_t target_id);

/* Has another address than those of t's own site or service answered the same
 * vantage since?  The proof that its own network works.  except: a track that
 * is left out; NULL: none. */
bool fleet_control_answered(
    const struct track *t, int64_t since_us, const struct track *except);

/* Is c such an address for t? */
bool fleet_is_control_of(const struct track *c, const struct track *t);

/* Distinct networks, hosts or vantages: begin, then add; add says whether it is
 * one more. */
void fleet_count_begin(struct fleet *f);
bool fleet_count_as(struct fleet *f, const struct member *m);
/* The same of hosts: of one AS, those of another probe and another prefix. */
bool fleet_count_host(struct fleet *f, const struct member *m);
bool fleet_count_vantage(struct fleet *f, const struct member *m);

/* What a question about tracks is about. */
struct track_query {
	int64_t now_us;
	int64_t site_id;
	int64_t at_us, window_us;
	int64_t event_id;
	uint8_t family;
};
typedef bool track_claim(const struct track *t, const struct track_query *q);

/* Networks with a track at a service address of the service for which the
 * claim is true. */
size_t fleet_count_asns(struct fleet *f, size_t service, track_claim *claim,
    const struct track_query *q);

/* Tracks there for which the claim is true: landings, not networks. */
size_t fleet_count_tracks(const struct fleet *f, size_t service,
    track_claim *claim, const struct track_query *q);

/* Is it counted at all: of a trusted vantage, not excused and not flapping? */
bool track_counts(const struct track *t);

/* Moves of the last NOISE_DAYS days that belonged to no event. */
unsigned fleet_noise(const struct fleet *f, size_t service, int64_t now_us);

/* Claims: of one that counts with fresh news (q.family 0: either). */
bool track_is_fresh(const struct track *t, const struct track_query *q);
bool track_is_on_site(const struct track *t, const struct track_query *q);

/* Walks the tracks at the service addresses of one service. */
struct track_walk {
	const struct fleet *fleet;
	size_t service, target, i;
};
struct track_walk fleet_walk(const struct fleet *f, size_t service);
struct track *fleet_next(struct track_walk *w); /* NULL: that was all */

#endif
