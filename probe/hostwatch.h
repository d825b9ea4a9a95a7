/*
 * hostwatch.h - is the host's network there, and when does it change? (edge)
 *
 * Uses     libuv, rtnetlink, a timerfd, probe/flow, hoststate
 * Used by  probe/resident
 *
 * The kernel says when addresses, links and routes change, and when the clock
 * was set or the host woke up; between such news nothing runs.  News that
 * come together are told once, and a network that never rests is listened to
 * ever less often, up to some seconds apart.  Loop thread only.
 */
#ifndef PROBE_HOSTWATCH_H
#define PROBE_HOSTWATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "probe/hoststate.h"
#include "schema/base/addr.h"
#include "schema/base/err.h"

#define HOSTWATCH_TARGETS 8 /* that a look tries at most */

struct hostwatch; /* opaque: it owns descriptors and handles */

struct hostwatch_news {
	int64_t waited_us; /* since the first of what is told now */
	bool is_clock;     /* only: the clock was set, or the host woke up */
	/* The address that the last look found, or its link, went away, even
	 * if it is back by now: IPv4, IPv6. */
	bool was_lost[2];
};

/* Lends news for the duration of the call. */
typedef void hostwatch_heard(void *ctx, const struct hostwatch_news *news);

/* Gives *out: stop with hostwatch_stop.  RC_SYS: the kernel tells nothing
 * here; looks work all the same. */
MUST_USE enum rc hostwatch_new(struct hostwatch **out, uv_loop_t *loop,
    hostwatch_heard *heard, void *ctx, struct err *err);

/* What the host can do towards one of n targets (at most HOSTWATCH_TARGETS)
 * of a family; sends nothing.  w may be NULL. */
struct family_look hostwatch_look(
    struct hostwatch *w, uint8_t family, const struct addr *targets, size_t n);

/* Calls nobody any more, and releases itself when the loop has closed its
 * handles.  NULL is fine. */
void hostwatch_stop(struct hostwatch *w);

#endif
