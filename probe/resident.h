/*
 * resident.h - the probe that stays: measures what is assigned.    (wiring)
 *
 * Uses     libuv, probe/engine, schedule, react, spool, courier, lists, state,
 *          hostwatch, hoststate
 * Used by  probe/run
 *
 * One thread, one loop.  schedule and react say what to ask, engine asks,
 * react and spool take the answer, courier carries it away.  The loop waits
 * for nothing but the disk, and the disk is written to only when an upload
 * fails, is refused or is not over when the next is due.
 */
#ifndef PROBE_RESIDENT_H
#define PROBE_RESIDENT_H

#include <stdbool.h>
#include <uv.h>

#include "probe/lists.h"
#include "probe/socks.h"
#include "probe/state.h"
#include "schema/base/err.h"

/* The host's cap on what leaves, whatever the collector asks. */
#define RESIDENT_PACKETS_PER_S 20
#define RESIDENT_BURST_PACKETS 20
#define RESIDENT_TRACES_PER_S 1 /* started: they share the next routers */

struct resident; /* opaque */

struct resident_setup {
	uv_loop_t *loop;
	struct socks *socks;
	const char *helper;    /* path of catchwater-upload */
	const char *state_dir; /* locked */
	const char *probe;     /* its id */
	struct lists *lists;   /* loaded */
	bool is_durable;       /* every observation goes to disk at once */
};

/* Opens the spool and starts.  Lends all of *setup's pointers for its life.
 * Gives *out: release with resident_free.  RC_SYS and what engine_new gives. */
MUST_USE enum rc resident_new(
    struct resident **out, const struct resident_setup *setup, struct err *err);

/* Reads the host's lists again, now (SIGHUP). */
void resident_reload(struct resident *r);

/* Stops asking, flushes the spool, closes every handle; the loop then comes to
 * its end by itself. */
void resident_stop(struct resident *r);

/* After resident_stop and after the loop has ended.  NULL is fine. */
void resident_free(struct resident *r);

#endif
