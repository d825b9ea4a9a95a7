/*
 * courier.h - the short-lived child that uploads.                    (edge)
 *
 * Uses     libuv, jansson
 * Used by  probe/resident
 *
 * Runs "catchwater-upload upload --json", at most one at a time, tells it what
 * the host can measure, and reads the one line that it says (probe/upload.c).
 * Loop thread only.
 */
#ifndef PROBE_COURIER_H
#define PROBE_COURIER_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "schema/base/err.h"
#include "schema/record.h"

struct courier; /* opaque: owns a process and a pipe */

struct courier_orders { /* what the child is told */
	enum family_state v4, v6;
	uint64_t acked; /* the collector has all up to this */
};

struct courier_news {
	bool is_ok;
	uint64_t acked; /* 0: not said */
	uint64_t n_sent;
	int64_t retry_after_us; /* 0: not asked for */
	bool is_assignment_changed;
	char error[256]; /* when not ok */
};

/* Lends news for the duration of the call. */
typedef void courier_done(void *ctx, const struct courier_news *news);

/* Reads the child's line.  RC_MALFORMED. */
MUST_USE enum rc
courier_parse(struct courier_news *out, const char *line, size_t len);

/* Gives a courier: release with courier_free.  Lends helper (a path) and
 * state_dir. */
struct courier *courier_new(uv_loop_t *loop, const char *helper,
    const char *state_dir, courier_done *done, void *ctx);

/* Starts the child; done is called once, later, when it is over or could not
 * be started.  False: the last one is still under way, nothing happens. */
bool courier_go(struct courier *c, const struct courier_orders *orders);

/* Ends the child, calls nobody any more. */
void courier_stop(struct courier *c);

/* After courier_stop, and after the loop ran its handles to their end.  NULL
 * is fine. */
void courier_free(struct courier *c);

#endif
