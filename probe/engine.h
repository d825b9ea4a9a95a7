/*
 * engine.h - one measurement at a time, many at once.              (wiring)
 *
 * Uses     libuv, probe/socks, flow, dnsmsg, icmpmsg, trace, pace
 * Used by  probe/measure.c, probe/run.c, probe/doctor.c
 *
 * engine_ask starts a measurement and returns at once; when it is over (an
 * answer, or its last timeout) the callback gets the finished observation,
 * seq 0.  Late and duplicate replies that come up to 5 s after the question
 * are counted in the observation, which is therefore handed over then; see
 * engine_ask.  All from the loop's thread.
 */
#ifndef PROBE_ENGINE_H
#define PROBE_ENGINE_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "schema/base/err.h"
#include "schema/record.h"

struct engine;
struct socks;

struct engine_limits {
	unsigned packets_per_s; /* hard cap of what is sent; 0: none */
	unsigned burst_packets; /* that may leave at once under the cap */
};

struct question {
	enum kind kind;
	enum why why;
	enum proto proto; /* dns, trace: udp or tcp; ping: icmp or tcp */
	struct addr target;
	uint16_t port;        /* 53 unless the operator says otherwise */
	uint16_t source_port; /* 0: any; else the same 5-tuple every time */
	bool with_chaos;      /* dns: the CHAOS half too, on the same 5-tuple */
	char zone[ZONE_TEXT_MAX + 1];
	int64_t timeout_us; /* of one packet; dns over UDP: RSSAC047 says 4 s */
	unsigned n_pings;   /* ping: echoes in the round */
};

/* Lends *o for the duration of the call. */
typedef void engine_done(void *ctx, const struct observation *o);

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

/* Stops without calling anybody.  Close the loop afterwards, after running it
 * until its handles are closed.  NULL is fine. */
void engine_free(struct engine *e);

#endif
