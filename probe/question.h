/*
 * question.h - what can be asked of the engine, and how it answers.  (pure)
 *
 * Uses     schema/record.h
 * Used by  engine and its parts, assigned, measure, resident, doctor
 */
#ifndef PROBE_QUESTION_H
#define PROBE_QUESTION_H

#include <stdbool.h>
#include <stdint.h>

#include "schema/record.h"

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

#endif
