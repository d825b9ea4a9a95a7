/*
 * trust.h - how long one vantage has been contradicted, and what follows. (pure)
 *
 * Uses     collector/detect.h (the values), schema/base/bytes.h, jansson
 * Used by  detect_trust (judges each vantage every ten minutes)
 *
 * For each reason (detect_trust.h says what contradicts) a vantage has a share:
 * of what could be held against others, how much was contradicted, smoothed
 * with a half-life of three hours.  A judgement without anything to compare
 * changes no share.
 *
 *   into quarantine  when the share was over the limit at every judgement for
 *                    24 h: those with nothing to compare do not count, and
 *                    after a day of these it begins anew.  So a vantage that is
 *                    new has a day at least
 *   out of it        when the share was under half of the limit for 24 h
 *                    ("believable"), or when for seven days of measuring there
 *                    was nothing to hold against it ("unjudged")
 *   by hand          it is out at once ("released"), and not put back for the
 *                    same reason for 30 days
 *
 * Limits: 0.4 for peers and own_address, 0.2 for light.  24 h stable before one
 * is let in again is the practice of the NLNOG ring (nlnog-ring #55);
 * the limits (agreement under 0.6 for a day), half of them, seven and 30 days
 * are ours.
 */
#ifndef COLLECTOR_TRUST_H
#define COLLECTOR_TRUST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collector/detect.h"
#include "schema/base/clock.h"

#define TRUST_EVERY_US (600 * US_PER_S)
#define TRUST_FORGIVEN_US (30 * 86400 * US_PER_S)
#define TRUST_PORTS_MAX 64
#define TRUST_BYTES_MAX 1280

/* What one judgement found: of n_compared, so many are contradicted. */
struct finding {
	unsigned n_compared, n_contradicted;
	unsigned n_witnesses; /* the most that contradict one of them */
};

struct standing {
	uint32_t share_ppm;               /* contradicted, smoothed */
	uint16_t n_over, n_under, n_none; /* judgements; they stop at the top */
	int64_t forgiven_us;              /* released by hand; 0: never */
};

/* Answers from other source ports that came from elsewhere: the network
 * balances by flow. */
struct port_news {
	int64_t target_id, at_us;
};

struct trust {
	struct standing standing[DISTRUSTS];
	struct finding finding[DISTRUSTS]; /* the last; not remembered */
	int64_t since_us; /* quarantined, for reason; 0: it is not */
	enum distrust reason;
	size_t n_ports;
	struct port_news ports[TRUST_PORTS_MAX];
};

/* One judgement of one reason. */
void
trust_judge(struct trust *t, enum distrust reason, const struct finding *f);

/* What follows from the judgements as of now; is_held: it is in quarantine
 * already, by hand. */
enum trust_verdict { TRUST_AS_BEFORE, TRUST_WITHHELD, TRUST_RESTORED };
enum trust_verdict trust_decide(struct trust *t, int64_t now_us, bool is_held);

/* After TRUST_RESTORED: the word for it; and out of quarantine. */
const char *trust_ending(const struct trust *t);
void trust_restore(struct trust *t);

/* Out of quarantine, by hand. */
void trust_forgive(struct trust *t, int64_t at_us);

/* Takes note of a varied port's answer.  True: a restart must not forget it. */
bool trust_note_port(struct trust *t, int64_t target_id, int64_t at_us);

/* Did one come from elsewhere in the 24 h before now? */
bool
trust_is_balanced(const struct trust *t, int64_t target_id, int64_t now_us);

/* Is there nothing to remember? */
bool trust_is_plain(const struct trust *t);

/* What stands behind its quarantine, a JSON object: "share", "limit" and
 * "ends_below" of what is contradicted, what was compared at last ("targets",
 * "own_addresses" or "landings"), how many of these were "contradicted" by how
 * many "witnesses" at most, and for how long it has been believable
 * ("believable_us").  "{}": it is in none. */
void trust_numbers(const struct trust *t, char out[static QUARANTINE_TEXT_MAX]);

size_t trust_encode(const struct trust *t, uint8_t out[static TRUST_BYTES_MAX]);

/* RC_MALFORMED: not of this program; *t is not touched. */
MUST_USE enum rc
trust_decode(struct trust *t, const uint8_t *bytes, size_t len);

#endif
