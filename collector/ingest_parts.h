/*
 * ingest_parts.h - what the parts of ingest share.                 (wiring)
 *
 * Uses     store_*, detect, suspect
 * Used by  ingest.c, ingest_foreign.c
 */
#ifndef COLLECTOR_INGEST_PARTS_H
#define COLLECTOR_INGEST_PARTS_H

#include "collector/confidence.h"
#include "collector/detect.h"
#include "collector/geo.h"
#include "collector/interpret.h"
#include "collector/metrics.h"
#include "collector/packing.h"
#include "collector/retention.h"
#include "collector/rollups.h"
#include "collector/settings.h"
#include "collector/store.h"
#include "collector/store_observation.h"
#include "collector/suspect.h"
#include "collector/upstream.h"

struct ingest {
	struct store *store;
	const struct settings *settings;
	const struct geo *geo;
	struct metrics *metrics;
	struct observation_cache *cache;
	struct upstreams *upstreams;
	struct retention *retention;
	struct rollups *rollups;
	struct packing *packing;
	struct detect *detect; /* NULL: to be made anew, with the next */
	struct suspects *suspects;
	int64_t last_announcement, last_word_us, last_drain_us;
	int64_t last_release_us;
	int64_t last_audit_id; /* told to the log */
	int64_t last_heard_id; /* observation */
	int64_t committed_us;  /* the last time that something was */
	/* of the transaction under way */
	bool is_begun;
	int64_t now_us;
	enum rc rc; /* first fault */
	struct err *err;
};

/* Every piece of work: the detector is there, the transaction is begun when
 * there is something to write, and what went wrong is in in->rc. */
void ingest_start_work(struct ingest *in, int64_t now_us, struct err *err);

/* Starts the transaction, unless it has been or something went wrong. */
void ingest_begin(struct ingest *in);

/* An observation, with what it means. */
struct ingest_found {
	const struct observation *observation;
	const struct target *target;
	struct interpretation meaning;
	struct observation_context context;
	struct position at; /* of the vantage */
};

/* What the identity in it says of where it landed. */
struct interpretation ingest_interpret(const struct ingest *in,
    const struct target *t, const struct observation *o);

/* Stores it, and lets everything see it that is to see it.  in->rc: RC_DB. */
void ingest_store(struct ingest *in, const struct ingest_found *f);

/* When nothing was heard for more than a minute, the detector's time goes on at
 * now_us. */
void ingest_skip_pause(struct ingest *in, int64_t now_us);

/* It goes on at now_us in any case, once more if that second has passed: to be
 * told of a round when it is over. */
void ingest_go_on(struct ingest *in, int64_t now_us);

/* Writes what the detector still holds back.  in->rc: RC_DB. */
void ingest_hold_nothing_back(struct ingest *in, int64_t now_us);

/* Commits what was begun, or takes back what was folded.  RC_DB. */
MUST_USE enum rc ingest_end_work(struct ingest *in);

#endif
