/*
 * trace.h - traceroute: which TTL to send when, and what came back.  (pure)
 *
 * Uses     schema/record.h
 * Used by  probe/engine_trace.c
 *
 * A few TTLs are in flight at once; a silent one is tried again and then
 * given up, after a wait that follows from the round trips already seen.
 * Ends at the target, at an error that says the way ends, after
 * TRACE_SILENT_MAX silent hops in a row, or at TRACE_TTL_MAX.
 */
#ifndef PROBE_TRACE_H
#define PROBE_TRACE_H

#include <stdbool.h>
#include <stdint.h>

#include "schema/record.h"

#define TRACE_TRIES 2
#define TRACE_EXTRAS 2 /* extra replies kept per TTL */
#define TRACE_SILENT_MAX 5
#define TRACE_WINDOW 4 /* fresh TTLs in flight at once */

enum trace_state {
	TRACE_SEND, /* send trace.next_ttl, then call trace_sent */
	TRACE_WAIT, /* nothing to do before *until_us, or a reply */
	TRACE_DONE
};

struct trace_ttl {
	uint8_t n_sent;
	bool is_answered;
	bool is_given_up;
	int64_t sent_mono_us; /* the last try */
};

struct trace {
	uint8_t window;
	uint8_t first_ttl;
	uint8_t n_started;    /* TTLs first_ttl .. n_started were sent */
	uint8_t last_ttl;     /* where the way ends, or how far to look */
	uint8_t farthest_ttl; /* highest that answered; 0: none */
	int64_t max_wait_us;
	int64_t rtt_max_us;                       /* largest seen */
	struct trace_ttl ttls[TRACE_TTL_MAX + 1]; /* [0] unused */
	uint8_t n_hops;
	struct hop hops[HOP_MAX]; /* in order of arrival */
};

struct trace_limits {
	unsigned window; /* TTLs in flight; 1: strictly one packet */
	uint8_t first_ttl, last_ttl; /* 0: 1 and TRACE_TTL_MAX */
	int64_t max_wait_us;         /* longest wait for one try */
};

void trace_init(struct trace *t, const struct trace_limits *limits);

/* Says what to do now: *ttl when TRACE_SEND, *until_us when TRACE_WAIT.
 * Gives up what is overdue. */
enum trace_state trace_next(
    struct trace *t, int64_t now_mono_us, uint8_t *ttl, int64_t *until_us);

/* A try leaves for ttl: gives its number, from 1. */
uint8_t trace_sent(struct trace *t, uint8_t ttl, int64_t now_mono_us);

/* A reply came; copies *hop, whose ttl and attempt say to which packet.
 * is_end: the way ends there (the target, or an error that is not "TTL
 * exceeded").  is_first: the first reply to that packet; a further one from
 * the same address is counted, one from another address is kept as extra, and
 * neither says anything of the path. */
void
trace_reply(struct trace *t, const struct hop *hop, bool is_end, bool is_first);

/* Writes the hops in order of TTL, silent ones with family 0, up to where the
 * way ends or the last that answered. */
void trace_finish(const struct trace *t, struct trace_result *out);

#endif
