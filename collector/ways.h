/*
 * ways.h - the routers through which each site is reached.           (pure)
 *
 * Uses     collector/detect_state.h
 * Used by  detect_impostor (learns them), detect_unknown
 *
 * Per site and family the last routers before it, at most 32 (the one not seen
 * for longest goes first), with their ASes and how many vantages have shown
 * each.  They are learnt of vantages that have landed at the site for ten
 * periods, three periods after the trace; two must show one before it speaks
 * for a third.  Whether a router that is not among them means anything is asked of
 * the list itself: as many of the vantages to come will show a new router as
 * have shown one alone (Good and Turing), so the list is believed from two
 * vantages on and while that is a fifth at most.
 */
#ifndef COLLECTOR_WAYS_H
#define COLLECTOR_WAYS_H

#include "collector/detect_state.h"

#define WAYS_MAX 32

struct known_way {
	struct addr router;
	uint32_t asn; /* 0: not known */
	uint16_t n;   /* vantages that have shown it */
	int64_t last_us;
};

struct ways {
	int64_t site_id;
	uint8_t family;
	size_t n;
	struct known_way list[WAYS_MAX];
};

/* What the last trace says of where a vantage lands. */
enum standing_of_way { WAY_SAYS_NOTHING, WAY_AS_BEFORE, WAY_NEW };

/* Compares the trace of t, when it is of since_us or later, with what is known
 * of a site.  An AS that is known makes any router of it known. */
enum standing_of_way
ways_compare(const struct ways *w, const struct track *t, int64_t since_us);

/* Learns the trace of t.  True: something worth remembering is new. */
bool ways_learn(struct ways *w, struct track *t);

#define WAYS_BYTES_MAX (WAYS_MAX * 31)

size_t ways_encode(const struct ways *w, uint8_t out[static WAYS_BYTES_MAX]);
void ways_decode(struct ways *w, const void *bytes, size_t len);

#endif
