/*
 * heard.h - what the detector hears beside observations.             (pure)
 *
 * Uses     collector/detect.h, jansson
 * Used by  ingest (hears and writes down), replay (hears again), store_heard
 *
 * A replay gives the events that were given live, byte for byte, because the
 * detector gets the same calls in the same order:
 *
 *   - observations are stored in the order in which it heard them;
 *   - everything else is a row of the table heard, which stands after the
 *     observation with after_id: vantages that are new or changed (AS, prefix,
 *     position, trust), their release from quarantine by hand, excuses,
 *     announcements, drains, a site's own word, the times that imported history
 *     goes by, and its own beginnings and ends (detect_listen tells of all but
 *     these);
 *   - its time passes in whole seconds, between these, by itself
 *     (detect_tick), so it does not matter when ticks came; an observation is
 *     never received before the time that has passed;
 *   - after a start it is made from the database as it then stood, with the
 *     vantages that were heard of before.  A replay has a database of its own,
 *     brought to the same state.
 *
 * So a row says: whatever observations are before me, then let the time pass
 * until passed_us (which it had), then do this.
 *
 * Rows are kept as long as the observations after them, but the last word on
 * each vantage before those stays.  Once observations
 * have been deleted, a replay begins with those that are left, without what
 * came before, and says so.  So it does once observations were read anew by
 * other templates (reinterpret), since what they meant when they were heard is
 * gone then.
 */
#ifndef COLLECTOR_HEARD_H
#define COLLECTOR_HEARD_H

#include <stdbool.h>
#include <stdint.h>

#include "collector/detect.h"
#include "schema/base/err.h"

enum heard_kind {
	HEARD_START,    /* a new detector, which knows the vantages of the rows
	                   before; the last one had passed until_us */
	HEARD_RESTORED, /* it was made from the database; its time begins */
	HEARD_SKIP,     /* its time was stopped, and goes on at until_us */
	HEARD_FLUSH,    /* a stop, at until_us */
	HEARD_VANTAGE,
	HEARD_EXCUSE,
	HEARD_ANNOUNCEMENT,
	HEARD_HEALTH, /* as an announcement: is_up says healthy */
	HEARD_DRAIN,
	HEARD_TIMES,
	HEARD_REREAD, /* not heard: reinterpret changed observations, at until_us */
	HEARD_RELEASE /* of a vantage from quarantine, by hand */
};

struct heard {
	int64_t id;       /* of the row */
	int64_t after_id; /* of an observation; 0: before the first */
	int64_t passed_us;
	enum heard_kind kind;
	union {
		int64_t until_us; /* 0 (start): there was none before */
		struct vantage vantage;
		struct {
			int64_t vantage_id, target_id;
			enum excuse excuse;
		} excuse;
		struct {
			int64_t site_id;
			uint8_t family;
			bool is_up;
			int64_t at_us, lease_until_us;
		} announcement;
		struct drain drain;
		struct times times;
		struct {
			int64_t vantage_id, at_us;
		} release;
	};
};

/* Tells the detector.  A start is for the caller to make: nothing is done
 * here. */
void heard_apply(struct detect *d, const struct heard *h);

const char *heard_kind_name(enum heard_kind k);

/* The body as JSON: release with free(). */
char *heard_body(const struct heard *h);

/* Fills in kind and body.  RC_MALFORMED: of another program, or damaged. */
MUST_USE enum rc
heard_read(struct heard *h, const char *kind, const char *body);

#endif
