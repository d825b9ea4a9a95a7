/*
 * trace.h - traceroute: which TTL to send when, and what came back.  (pure)
 *
 * Uses     schema/record.h
 * Used by  probe/engine_trace.c; the numbers also by measure_options, assigned
 *
 * A few TTLs are in flight at once; a silent one is tried again and then
 * given up, after a wait that follows from the round trips already seen.
 * Ends at the target, at an error that says the way ends, after
 * TRACE_SILENT_MAX silent hops in a row, or at TRACE_TTL_MAX.
 *
 * Then, if so limited, looks: further packets of the same flow to the TTLs
 * that answered.  Where balancers choose packet by packet, one packet per TTL
 * joins hops of different branches, and no flow is a path.  A TTL that shows
 * two addresses is balanced: both are kept, and looked for no more; TTLs next
 * to it are looked at twice as often.  All others show, with every further
 * look, that there is but one way: with 8 packets a second, even, branch is
 * missed with a chance of 1 % (the stopping point of mda.h for one known
 * next hop), and a link is false only if that happens at both its ends, since
 * all packets pass a TTL that has one hop; about 1 in 7000, of a balancer that
 * takes turns (tests/unit/test_trace.c).
 *
 * Looks go to the TTLs in random order: a balancer that counts packets would
 * keep step with any other.  They are never sent again, and silence says
 * nothing: routers that limit their errors go silent, and are let be.  The end
 * of the way needs no look: what is before it proves the last link.
 */
#ifndef PROBE_TRACE_H
#define PROBE_TRACE_H

#include <stdbool.h>
#include <stdint.h>

#include "schema/record.h"

#define TRACE_TRIES 2
#define TRACE_NODES 2  /* first replies' addresses kept per TTL */
#define TRACE_EXTRAS 2 /* extra replies kept per TTL */
#define TRACE_SILENT_MAX 5
#define TRACE_WINDOW 4  /* fresh TTLs, or looks, in flight at once */
#define TRACE_QUERIES 8 /* packets to a TTL, where looks are wanted */
#define TRACE_QUERIES_MAX 16
#define TRACE_QUERIES_NEXT 2 /* times as many next to a balanced TTL */

enum trace_state {
	TRACE_SEND, /* send to *ttl, then call trace_sent */
	TRACE_LOOK, /* the same; it may wait for what is more urgent */
	TRACE_WAIT, /* nothing to do before *until_us, or a reply */
	TRACE_DONE
};

struct trace_ttl {
	uint8_t n_sent;
	uint8_t n_looks;   /* of them */
	uint8_t n_replied; /* packets that were answered */
	uint8_t n_silent;  /* looks in a row that were not */
	uint8_t n_nodes;   /* addresses of first replies, up to TRACE_NODES */
	bool is_answered;
	bool is_given_up;
	bool is_looking;      /* a look is under way */
	int64_t sent_mono_us; /* the last packet */
	int64_t next_mono_us; /* no look before */
};

struct trace {
	uint8_t window;
	uint8_t first_ttl;
	uint8_t n_started;    /* TTLs first_ttl .. n_started were sent */
	uint8_t last_ttl;     /* where the way ends, or how far to look */
	uint8_t farthest_ttl; /* highest that answered; 0: none */
	uint8_t end_ttl;      /* where the way was told to end; 0: nowhere */
	uint8_t n_queries;    /* packets to a TTL; 1: no looks */
	uint64_t random;      /* state of a generator for the order of looks */
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
	uint8_t n_queries;           /* 0 and 1: no looks */
	uint64_t seed;               /* of the order of looks */
};

void trace_init(struct trace *t, const struct trace_limits *limits);

/* Says what to do now: *ttl when TRACE_SEND or TRACE_LOOK, *until_us when
 * TRACE_WAIT.  Gives up what is overdue. */
enum trace_state trace_next(
    struct trace *t, int64_t now_mono_us, uint8_t *ttl, int64_t *until_us);

/* A try or a look leaves for ttl: gives its number, from 1. */
uint8_t trace_sent(struct trace *t, uint8_t ttl, int64_t now_mono_us);

/* Is that packet of ttl a look? */
bool trace_is_look(const struct trace *t, uint8_t ttl, uint8_t attempt);

/* A reply came; copies *hop, whose ttl and attempt say to which packet.
 * is_end: the way ends there (the target, or an error that is not "TTL
 * exceeded").  is_first: the first reply to that packet; a further one from
 * the same address is counted, one from another address is kept as extra, and
 * neither says anything of the path. */
void
trace_reply(struct trace *t, const struct hop *hop, bool is_end, bool is_first);

/* Writes the hops in order of TTL, silent ones with family 0, up to where the
 * way ends or the last that answered; those of a balanced TTL in order of
 * address, so that equal paths are equal.  After looks, marks the links that
 * are proven: both TTLs have one address, which answered three quarters of
 * their packets or ends the way. */
void trace_finish(const struct trace *t, struct trace_result *out);

#endif
