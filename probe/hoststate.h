/*
 * hoststate.h - what the host itself could do, and when it could not. (pure)
 *
 * Uses     schema/record.h
 * Used by  probe/resident, hostwatch (struct family_look)
 *
 * A question that was under way while the host had no link, no address of the
 * family, another address, or slept, and that got no answer, failed at the
 * host: it is send_failed, or no_family where the family is gone, and says
 * nothing of the target.  An answer stays an answer.  All times are the
 * caller's, of one clock that counts through suspend.
 */
#ifndef PROBE_HOSTSTATE_H
#define PROBE_HOSTSTATE_H

#include <stdbool.h>
#include <stdint.h>

#include "schema/base/addr.h"
#include "schema/record.h"

/* A link is dead before its driver says so, and takes a moment to carry
 * packets again (neighbours, a switch's ports): what was under way then is
 * in doubt too. */
#define HOSTSTATE_BEFORE_US INT64_C(1000000)
#define HOSTSTATE_AFTER_US INT64_C(2000000)
#define HOSTSTATE_OUTAGES 8                /* remembered per family */
#define HOSTSTATE_SLEEP_US INT64_C(500000) /* less than this is no sleep */

struct family_look {        /* what a look at the host found, of one family */
	bool has_targets;   /* else nobody needs it */
	struct addr source; /* towards the targets; family 0: no route */
	bool is_up;         /* the source's link carries packets */
};

struct outage {
	int64_t from_us, until_us; /* INT64_MAX: it lasts */
};

struct family_record {
	enum family_state state;
	struct addr source;                       /* when ok */
	unsigned n_outages;                       /* since the start */
	struct outage outages[HOSTSTATE_OUTAGES]; /* a ring */
};

/* All zeros: nothing is known yet. */
struct hoststate {
	struct family_record families[2]; /* IPv4, IPv6 */
	int64_t mono_us, awake_us;        /* both clocks when last compared */
};

enum host_change {
	HOST_SAME,
	HOST_LOST,  /* the family can no longer be measured, or never could */
	HOST_FOUND, /* it can; nobody had looked before */
	HOST_BACK,  /* it can again */
	HOST_MOVED, /* it can, from another address */
};

/* Takes note of a look at family (4 or 6).  since_us: the first sign of a
 * change (now_us: there was none); was_lost: link or address went away in
 * between, even if they are back. */
enum host_change hoststate_look(struct hoststate *h, uint8_t family,
    const struct family_look *look, int64_t since_us, bool was_lost,
    int64_t now_us);

enum family_state hoststate_of(const struct hoststate *h, uint8_t family);

/* Compares two clocks, of which awake_us stands still while the host is
 * suspended; true when it slept since the last time. */
bool hoststate_slept(struct hoststate *h, int64_t mono_us, int64_t awake_us);

/* Turns an observation that ended at now_us without an answer into the
 * probe's own fault, if it is; its at_us is of the same clock. */
void hoststate_settle(
    const struct hoststate *h, struct observation *o, int64_t now_us);

#endif
