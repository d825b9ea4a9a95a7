/*
 * engine.h - one measurement at a time, many at once.              (wiring)
 *
 * Uses     libuv, probe/socks, flow, dnsmsg, icmpmsg, trace, pace
 * Used by  probe/measure.c, probe/run.c, probe/doctor.c
 *
 * engine_ask starts a measurement and returns at once; when its outcome is
 * known the callback gets the finished observation, seq 0.  Replies that come
 * late or twice are counted in the next observation of the same flow.  All
 * from the loop's thread.
 */
#ifndef PROBE_ENGINE_H
#define PROBE_ENGINE_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "probe/question.h"
#include "schema/base/err.h"

struct engine;
struct socks;

/* Gives *out: release with engine_free.  socks must outlive it. */
MUST_USE enum rc engine_new(struct engine **out, uv_loop_t *loop,
    struct socks *socks, const struct engine_limits *limits, struct err *err);

/* Starts a measurement; done is called exactly once, never from inside this
 * call, except when engine_free comes first.  Two questions on one 5-tuple
 * may overlap (they differ by DNS id).  The observation is handed over as
 * soon as its outcome is known; replies that come late or twice are then
 * counted in the next observation of the same flow.  RC_LIMIT: too many
 * under way. */
MUST_USE enum rc engine_ask(
    struct engine *e, const struct question *q, engine_done *done, void *ctx);

/* Measurements under way. */
unsigned engine_n_active(const struct engine *e);

/* Those of them that wait for the right to send, under packets_per_s: who has
 * many questions asks more while this is small. */
unsigned engine_n_waiting(const struct engine *e);

/* Questions that still fit. */
unsigned engine_room(const struct engine *e);

/* Stops without calling anybody; not from inside done.  Close the loop afterwards, after running it
 * until its handles are closed.  NULL is fine. */
void engine_free(struct engine *e);

#endif
