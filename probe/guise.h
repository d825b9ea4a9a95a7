/*
 * guise.h - does an answer look as if it were somebody else's?       (pure)
 *
 * Uses     schema/record.h
 * Used by  probe/react
 *
 * A probe knows neither a service's names nor what other vantages get.  It
 * remarks what an authoritative server seldom does (a code other than
 * NOERROR, RA, no AA) and an identity of another shape than the last:
 * "ns1.ams" and "ns2.fra" are of one, "cache7.isp.example" is not.  Each
 * guise is worth one look at the path, again after GUISE_AGAIN_US; another
 * guise, or the same after an ordinary answer, after GUISE_APART_US at the
 * soonest.
 */
#ifndef PROBE_GUISE_H
#define PROBE_GUISE_H

#include <stdbool.h>
#include <stdint.h>

#include "schema/record.h"

#define GUISE_APART_US INT64_C(600000000)
#define GUISE_AGAIN_US INT64_C(21600000000)

struct guise {             /* small: one for every target */
	int64_t looked_us; /* 0: never */
	uint32_t looked;   /* what it looked like then; 0: ordinary since */
	uint32_t seen;     /* what the last answer looked like */
	bool is_from_nsid; /* its identity */
	bool is_odd;       /* the last answer */
};

/* Takes an answer to a DNS question of the target's own flow. */
void guise_see(struct guise *g, const struct observation *o);

/* Is what was last seen worth a look at now_us? */
bool guise_wants_look(const struct guise *g, int64_t now_us);

/* The look begins. */
void guise_looked(struct guise *g, int64_t now_us);

#endif
