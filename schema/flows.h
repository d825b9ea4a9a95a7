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
 *   single      flows enough were asked, and all met one key;
 *   per_flow    several keys at the same time, each flow with one only:
 *               harmless, since tracking keeps to one flow;
 *   per_packet  one flow that goes to and fro between keys within seconds:
 *               no landing of this vantage means anything;
 *   moving      one flow met several keys, but over minutes: routes changed.
 *
 * A key is what the caller compares: a site's id or name where templates tell
 * it (so instances of one site are one key), else the identity's bytes.
 * Answers without a key, and questions without an answer, say nothing.
 *
 * To tell per_flow from per_packet, flows must be asked again: there is no
 * verdict per_flow before flows_needed(0.5, 0.05) = 5 repeats.  A driver that
 * wants a verdict in one go asks n flows once each and, in between, one of
 * them n times: with 11 repeats a balancer of two equal ways is seen going to
 * and fro with 99 %.
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
	/* Answers within this time are of the same moment, and a flow that
	 * leaves its key for so short a time, twice, is balanced per packet:
	 * 60 s (science.md 3.2 c).  Once is not enough: routes that search for
	 * their way do that too.  Nor is a stay: three answers one after another
	 * with another key are a route, however soon it is withdrawn. */
	int64_t together_us;
	/* ... but a flow that left and was back within this time is, for routes
	 * are slower: 5 s. */
	int64_t instant_us;
	/* A change speaks for moving or per_packet so long; then only what came
	 * after it counts: 30 min. */
	int64_t recent_us;
	/* Older answers are forgotten: 6 h, the period of audits. */
	int64_t window_us;
	/* Before a vantage is called single, a further key with this share of
	 * the flows (0.4) would have been found, but for this chance (0.05): six
	 * flows, science.md 3.2 b. */
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

struct flow_seen { /* answers of one flow, one after another, with one key */
	int64_t first_us, last_us;
	uint32_t n;
	uint16_t flow;
	bool is_fixed;
	uint8_t key; /* index */
};

/* Of most there is one flow that has met one key: the lists grow as needed. */
struct flows {
	const struct flow_params *params;
	struct flow_seen *seen; /* in order of first_us; own */
	union {                 /* in order of appearance */
		uint64_t one;
		uint64_t *list; /* own; from two on */
	} keys;
	uint16_t n_seen, cap_seen, max_seen;
	uint8_t n_keys;
};

/* What can be said now, from the answers since the last change that is not
 * recent. */
struct flow_verdict {
	enum flow_class class;
	unsigned n_answers; /* that bore a key */
	unsigned n_flows;   /* distinct, among them */
	unsigned n_keys;    /* distinct */
	unsigned n_repeats; /* answers of a flow that had answered before */
	unsigned n_changes; /* of a flow's key, from one answer to its next */
};

/* Starts afresh, for up to n entries: one for each flow and each change; n at
 * least 2.  p is kept; NULL: flow_defaults.  Release with flows_fini. */
void flows_init(struct flows *f, const struct flow_params *p, uint16_t n);
void flows_fini(struct flows *f);

/* Takes one answer.  Answers of one flow that come out of order, and the same
 * again, change nothing.  Returns the index of its key (0 the first ever
 * seen), or -1 when it bears none or is no answer.  When there are as
 * many entries as there may be, the oldest goes. */
int flows_add(struct flows *f, const struct flow_answer *a);

/* Judges what was added, seen from the newest answer. */
void flows_judge(const struct flows *f, struct flow_verdict *out);

/* A further key of a smaller share of the flows than this may have been missed
 * by the verdict, with chance p->error.  p NULL: flow_defaults. */
double
flows_missed_share(const struct flow_params *p, const struct flow_verdict *v);

/* The class to keep after a verdict: a verdict that knows nothing leaves the
 * old class, but a flow that has been steady for 20 answers ends per_packet
 * and moving (science.md 11.2: 21 samples). */
enum flow_class flows_next(enum flow_class old, const struct flow_verdict *v);

/* Distinct flows that met the key with that index. */
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
