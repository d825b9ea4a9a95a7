/*
 * mda.h - every path to a target: which packet to send next.         (pure)
 *
 * Uses     schema/base/addr.h
 * Used by  probe/measure (--multipath)
 *
 * Multipath detection (Augustin, Friedman, Teixeira 2007; Veitch, Augustin,
 * Friedman, Teixeira 2009).  Balancers choose by flow, so many flows find all
 * next hops of a node: when k are known, and n(k) flows through the node
 * met no other, there is none, but for a chance of error:
 *
 *	n(k) = ceil(ln(error / (k + 1)) / ln(k / (k + 1)))
 *
 * 6, 11, 16, 21, 27, 33, 39 ... for 0.05.  Flows through a node are found by
 * sending new ones to its TTL (node control).
 *
 * A link is reported only when one flow got its first replies from both ends
 * at consecutive TTLs and, where either TTL has several nodes, met them again
 * each of params.n_confirm times at both.  When packets are balanced one by
 * one, two nodes of different branches pass one such pair with a chance of
 * 1/4 at most, whatever the shares; the first failure marks the TTL, and no
 * link of a marked TTL is reported.
 *
 * The caller sends, times out, and reports; at most one packet of a (TTL,
 * flow) is under way.  Above the engine a packet is one question: kind trace,
 * first_ttl = last_ttl = probe.ttl, source_port = base + probe.flow.  All
 * memory is in the struct (some 300 KB).
 */
#ifndef PROBE_MDA_H
#define PROBE_MDA_H

#include <stdbool.h>
#include <stdint.h>

#include "schema/base/addr.h"

#define MDA_TTL_MAX 32
#define MDA_FLOWS_MAX 1024 /* flows are 0 .. MDA_FLOWS_MAX - 1 */
#define MDA_NODES_MAX 64   /* of one TTL */
#define MDA_LINKS_MAX 256  /* from one TTL to the next */
#define MDA_SILENT_MAX 5   /* silent TTLs in a row that end it */

struct mda_params {
	double error; /* chance to miss a next hop of a node: 0.05 */
	uint8_t first_ttl, last_ttl; /* 1 and 32 */
	uint8_t n_attempts;   /* packets until a (TTL, flow) is silent: 3 */
	uint8_t n_confirm;    /* pairs of packets that confirm a link: 5 */
	uint16_t max_active;  /* packets under way: 16 */
	uint16_t max_flows;   /* up to MDA_FLOWS_MAX: 512 */
	uint32_t max_packets; /* over all: 5000 */
	int64_t deadline_us;  /* from the first packet: 300 s; 0: none */
	int64_t gap_us;       /* between two packets to one TTL: 10 ms */
	int64_t slow_gap_us;  /* the same, once a TTL that had answered was
				* silent: 1 s, what routers allow (Linux
				* icmp_ratelimit; science.md 6) */
};

extern const struct mda_params mda_defaults;

enum mda_step {
	MDA_SEND, /* send *probe now; it counts as sent */
	MDA_WAIT, /* call again after a reply, a silence, or at *until_us */
	MDA_DONE  /* what is still under way does not matter */
};

struct mda_probe {
	uint8_t ttl;
	uint16_t flow;
	uint8_t attempt; /* from 1, of this (TTL, flow); repeats count on */
};

/* Why it ended. */
enum mda_end {
	MDA_RUNNING,
	MDA_COMPLETE,   /* every way was followed to its end */
	MDA_SILENT_END, /* MDA_SILENT_MAX TTLs in a row did not answer, or
			 * last_ttl was reached */
	MDA_OUT_OF_PACKETS,
	MDA_OUT_OF_FLOWS, /* or more nodes or links than there is room for */
	MDA_OUT_OF_TIME
};

struct mda_node {
	struct addr address; /* family 0: flows that nobody answered */
	bool is_end;         /* the way ends here: target, or unreachable */
	bool is_target;
	uint16_t n_flows;   /* that met it */
	int64_t rtt_min_us; /* of an address */
};

struct mda_link {
	uint8_t from, to; /* nodes of TTL and TTL + 1 */
	uint16_t n_flows; /* that went along it */
	uint16_t flow;    /* the first of them */
};

struct mda_ttl {
	uint8_t n_nodes;
	uint16_t n_links;   /* to the next TTL, believed or not */
	bool is_per_packet; /* one flow met two nodes here */
	bool has_answered;
	bool is_slow;    /* and was silent afterwards */
	int64_t sent_us; /* the last packet to it; INT64_MIN: none */
	struct mda_node nodes[MDA_NODES_MAX];
	struct mda_link links[MDA_LINKS_MAX];
};

struct mda_cell {     /* one (TTL, flow) */
	uint8_t node; /* its index and 1; 0: not known yet; MDA_VOID */
	uint8_t n_sent;
	uint8_t n_silent; /* in a row */
	uint8_t n_again;  /* met its node again */
	bool is_active;
};

#define MDA_VOID 255 /* it answered, but there was no room for the node */

struct mda {
	struct mda_params params;
	enum mda_end end;
	uint16_t n_flows; /* in use */
	uint16_t n_active;
	uint32_t n_packets;
	int64_t begun_us; /* the first packet; INT64_MIN: not yet */
	bool is_short;    /* a node had not flows enough */
	bool is_crowded;  /* there was no room for a node or a link */
	uint64_t random;  /* state of a generator for the order of packets */
	uint16_t stop[MDA_NODES_MAX + 1];     /* n(k) */
	struct mda_ttl ttls[MDA_TTL_MAX + 1]; /* [0] unused */
	struct mda_cell cells[MDA_TTL_MAX + 1][MDA_FLOWS_MAX];
};

/* Flows that must have met no other next hop than the k known (k from 1). */
unsigned mda_stopping_point(unsigned k, double error);

/* p NULL: mda_defaults; out of range is brought into it. */
void mda_init(struct mda *m, const struct mda_params *p);

/* What to do at now_us (monotonic).  *probe with MDA_SEND, *until_us with
 * MDA_WAIT: INT64_MAX when only a reply or a silence goes on. */
enum mda_step mda_next(
    struct mda *m, int64_t now_us, struct mda_probe *probe, int64_t *until_us);

/* The first reply to the packet under way for (ttl, flow); others, and those
 * to packets given up, are not to be told, and are ignored where it can tell.
 * is_end: the way ends there, by the target's answer (is_target) or an error
 * other than "TTL exceeded". */
void mda_reply(struct mda *m, uint8_t ttl, uint16_t flow,
    const struct addr *address, int64_t rtt_us, bool is_end, bool is_target);

/* The packet under way for (ttl, flow) will have no reply. */
void mda_silent(struct mda *m, uint8_t ttl, uint16_t flow);

/* The result, at any time.  TTLs with nodes: 1 .. mda_n_ttls. */
unsigned mda_n_ttls(const struct mda *m);
unsigned mda_n_nodes(const struct mda *m, unsigned ttl);
const struct mda_node *
mda_node(const struct mda *m, unsigned ttl, unsigned i); /* lends */
bool mda_is_per_packet(const struct mda *m, unsigned ttl);

/* The i-th link from ttl to ttl + 1 that may be believed, or NULL after the
 * last: both ends answered, at no marked TTL, confirmed.  Lends. */
const struct mda_link *mda_link(const struct mda *m, unsigned ttl, unsigned i);

/* "complete", "silent", "packets", "flows", "time"; "running". */
const char *mda_end_name(enum mda_end e);

#endif
