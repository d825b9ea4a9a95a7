/*
 * trace_table.h - the rounds of a traceroute folded into one table. (pure)
 *
 * Uses     schema/record.h
 * Used by  probe/summary.c, probe/trace_text.c
 *
 * One row per TTL, one node per address that answered there.  Several first
 * answers at one TTL within a round are a set: packets of one flow that are
 * balanced.  Another address in another round is a change of path, unless
 * the first comes back: then the two alternate, which says balancing or
 * flapping, but no change.  Answers that were not the first to their packet
 * are counted apart and are part of no path.
 */
#ifndef PROBE_TRACE_TABLE_H
#define PROBE_TRACE_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "schema/record.h"

#define TRACE_NODES_MAX 12 /* addresses of one TTL told apart */

struct trace_node {
	struct addr address;
	bool is_target;
	uint8_t icmp_type, icmp_code;
	unsigned n;                       /* first answers */
	unsigned n_extra;                 /* answers that were not the first */
	unsigned n_duplicate;             /* further equal ones */
	unsigned first_round, last_round; /* with a first answer */
	int64_t last_us, best_us, worst_us;   /* of first answers, when n > 0 */
	double mean_us, square_us;            /* Welford's sum of squares */
	uint8_t n_labels;                     /* of the last answer */
	struct mpls_label labels[HOP_LABELS]; /* RFC 4950 */
};

struct trace_row {
	unsigned n_sent, n_answered; /* packets */
	bool is_set;                 /* several first answers in one round */
	bool is_linked;              /* with the row above, in some round */
	bool is_alternating;         /* one node, another, and the one again */
	unsigned n_changes;          /* of the node, from round to round */
	uint8_t n_nodes;
	uint8_t last_node; /* of the last round that had one; with n_answered */
	unsigned last_round;
	struct trace_node nodes[TRACE_NODES_MAX];
};

struct trace_table {
	unsigned n_rounds, n_reached;
	uint8_t n_ttls; /* rows 1 .. n_ttls have been asked */
	enum proto proto;
	enum outcome outcome; /* of the last round */
	bool is_reached;      /* in the last round */
	uint8_t last_ttl;     /* where the last round ended */
	uint8_t n_queries;    /* packets to each hop; the most of a round */
	uint16_t source_port;
	struct identity nsid; /* of the last hop, the last that was given */
	struct trace_row rows[TRACE_TTL_MAX + 1]; /* by TTL; [0] unused */
};

/* Adds one observation of kind trace. */
void trace_table_add(struct trace_table *t, const struct observation *o);

/* Standard deviation of the node's round trips, n in the denominator. */
double trace_node_deviation_us(const struct trace_node *n);

#endif
