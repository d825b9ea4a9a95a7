/*
 * flows.h - is a vantage balanced per flow, per packet, or moving?   (pure)
 *
 * Uses     schema/record.h
 * Used by  probe/measure (--flows), collector/suspect
 *
 * A fold over the answers that one vantage got from one target.  A flow is a
 * source port (all else of the 5-tuple is the same).  The class says whether
 * the identity depends on the flow, on the single packet, or on the time:
 *
 *   single      enough flows were asked together, and all met one key;
 *   per_flow    several keys at the same time, each flow with one only:
 *               harmless, since tracking keeps to one flow;
 *   per_packet  one flow that met another key and then its first again within
 *               a minute: no landing of this vantage means anything;
 *   moving      one flow met several keys, but over minutes: routes changed.
 *
 * A key is what the caller compares: a site's id or name where templates tell
 * it (so instances of one site are one key), else the identity's bytes.
 * Answers without a key, and questions without an answer, say nothing.
 *
 * To tell per_flow from per_packet some flow must be asked again and again:
 * flows_needed(0.5, 0.05) times at least.  A driver that wants a verdict in
 * one go asks n flows once each and, in between, one of them n times.
 */
#ifndef SCHEMA_FLOWS_H
#define SCHEMA_FLOWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "schema/record.h"

#define FLOWS_KEYS_MAX 16 /* distinct keys told apart; more share the last */

enum flow_class {
	FLOWS_UNKNOWN, /* too few answers, or none that speak for a class */
	FLOWS_SINGLE,
	FLOWS_PER_FLOW,
	FLOWS_PER_PACKET,
	FLOWS_MOVING
};

struct flow_params {
	/* Answers within this time are of the same moment, and one flow that
	 * changes and returns within it is balanced per packet: 60 s
	 * (science.md 3.2 c). */
	int64_t together_us;
	/* Older answers are forgotten: 30 min. */
	int64_t window_us;
	/* A further key with this share of the flows (0.25) is to be found, with
	 * this chance to miss it (0.05), before it may be said that there is
	 * none: science.md 3.2 b. */
	double share, error;
};

extern const struct flow_params flow_defaults;

struct flow_answer {
	int64_t at_us;        /* when it was asked; any one clock */
	uint16_t source_port; /* which flow */
	bool is_fixed_flow; /* the flow of tracking, whatever its port: NAT and
			       * a restart may change the number */
	enum outcome outcome; /* only ok and rcode are answers */
	uint64_t key;         /* flow_key; 0: the answer bore no identity */
};

struct flow_seen { /* an answer as it is kept */
	int64_t at_us;
	uint16_t flow;
	bool is_fixed;
	uint8_t key; /* index */
};

struct flows {
	struct flow_params params;
	struct flow_seen *seen; /* in order of time; the caller's */
	size_t n_seen, max_seen;
	uint64_t keys[FLOWS_KEYS_MAX]; /* in order of appearance */
	uint8_t n_keys;
	uint64_t n_silent; /* questions that brought nothing to compare */
};

/* What can be said from the answers within the window. */
struct flow_verdict {
	enum flow_class class;
	unsigned n_answers;  /* that bore a key */
	unsigned n_flows;    /* distinct, among them */
	unsigned n_keys;     /* distinct */
	unsigned n_together; /* most distinct flows within together_us */
	unsigned n_repeats;  /* answers to a flow that had answered within
			      * together_us before */
	unsigned n_changes;  /* of a flow's key, from one answer to its next */
	double missed_share; /* largest share of a further key that could still
			      * have been missed with chance params.error, by
			      * n_together; 1 when there is nothing */
};

/* Starts afresh, keeping up to n answers in room, which the caller owns and
 * keeps as long as *f; n at least 2.  For one audit: two per flow asked. */
void flows_init(struct flows *f, const struct flow_params *p,
    struct flow_seen *room, size_t n);

/* Takes one answer; answers may come a little out of order, and the same
 * again changes nothing.  Returns the index of its key (0 the first ever
 * seen), or -1 when it bears none or is no answer.  When room is full the
 * oldest goes. */
int flows_add(struct flows *f, const struct flow_answer *a);

/* Judges the answers of the last window, seen from the newest of them. */
void flows_judge(const struct flows *f, struct flow_verdict *out);

/* Distinct flows of the window that met the key with that index. */
unsigned flows_of_key(const struct flows *f, unsigned key);

/* Questions on different flows that find a further key of share s (0 < s < 1)
 * of all flows, but for chance e (0 < e < 1): ceil(ln e / ln(1 - s)), so
 * 5, 11, 29 for shares of 0.5, 0.25, 0.1 at 0.05. */
unsigned flows_needed(double s, double e);

/* A key of n bytes, 0 for none: FNV-1a, 64 bits. */
uint64_t flow_key(const void *bytes, size_t n);

/* "unknown", "single", "per_flow", "per_packet", "moving". */
const char *flow_class_name(enum flow_class c);
MUST_USE enum rc flow_class_from_name(enum flow_class *out, const char *name);

#endif
