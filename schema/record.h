/*
 * record.h - what one measurement found: the value that flows.       (pure)
 *
 * Uses     schema/base/addr.h
 * Used by  wire, probe, collector
 *
 * A struct observation is a plain value: no pointers, all fields public,
 * copied by assignment.  Meaning, unit and range of every field, and when it
 * is absent, are in schema/README.md; the names are the same in JSON, SQL
 * and reports.  An absent integer is told by its has_ flag or by the
 * outcome, never by a magic value.
 */
#ifndef SCHEMA_RECORD_H
#define SCHEMA_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "schema/base/addr.h"

#define IDENTITY_MAX 255 /* bytes of NSID or joined TXT kept */
#define EDE_MAX 4        /* extended DNS errors kept per reply (RFC 8914) */
#define HOP_MAX 64       /* replies kept per trace, over all TTLs */
#define HOP_LABELS 4     /* MPLS labels kept per hop (RFC 4950) */
#define TRACE_TTL_MAX 32
#define ZONE_TEXT_MAX 254
#define PROBE_ID_LEN 16 /* hexadecimal digits */

enum kind { KIND_DNS, KIND_PING, KIND_TRACE };

/* What carried the question.  A trace by udp is made of DNS questions, one by
 * plain of datagrams that are none. */
enum proto { PROTO_UDP, PROTO_TCP, PROTO_ICMP, PROTO_TLS, PROTO_PLAIN };

/* One list for all kinds.  The last two are the probe's own fault and never
 * count against a target. */
enum outcome {
	OUTCOME_OK,          /* answered as a healthy target does */
	OUTCOME_RCODE,       /* DNS answer with a code other than NOERROR */
	OUTCOME_TIMEOUT,     /* nothing came in time */
	OUTCOME_UNREACHABLE, /* ICMP: network, host or protocol; no route back */
	OUTCOME_REFUSED,     /* ICMP port unreachable, or TCP RST on connect */
	OUTCOME_RESET,       /* TCP connection broken later */
	OUTCOME_MALFORMED,   /* an answer that breaks its format */
	OUTCOME_MISMATCH,    /* an answer to another question */
	OUTCOME_NO_FAMILY, /* the probe has no address or route of the family */
	OUTCOME_SEND_FAILED /* the probe's own system refused to send */
};

/* Why this measurement was made. */
enum why {
	WHY_ROUND,   /* the schedule's turn */
	WHY_CONFIRM, /* after a changed identity: same flow, is it really so? */
	WHY_RETRY,   /* after a timeout: is it really silent? */
	WHY_CONTROL, /* asked of a control address after a timeout */
	WHY_VARIED,  /* from another source port: load balancing? */
	WHY_MANUAL,  /* `catchwater-probe measure` */
	WHY_DECOY    /* of an address that must not answer: interception? */
};

/* Who took the times of sending and receiving. */
enum stamp {
	STAMP_KERNEL, /* the kernel, both */
	STAMP_USER,   /* the program, at least the receive time */
	STAMP_RECEIVE /* the kernel the receive time, the program the other */
};

struct identity { /* raw bytes a server gave of itself */
	uint8_t bytes[IDENTITY_MAX];
	uint8_t len; /* 0 with is_present: the server sent it empty */
	bool is_present;
	bool is_cut; /* there was more than IDENTITY_MAX */
};

struct chaos { /* the CHAOS half of a DNS measurement */
	bool is_asked;
	uint8_t name; /* enum chaos_name: which name got this answer */
	enum outcome outcome;
	uint16_t rcode; /* when outcome is ok or rcode */
	int64_t rtt_us; /* when an answer came */
	struct identity txt;
	struct identity nsid; /* of this reply: to compare with the first */
};

/* CHAOS_GIVEN: the name that the question gave, of class CH or IN. */
enum chaos_name { CHAOS_HOSTNAME_BIND, CHAOS_ID_SERVER, CHAOS_GIVEN };

#define ZONEVERSION_MAX 8 /* bytes of a version kept; a serial has 4 */

struct zoneversion { /* RFC 9660 */
	bool is_present;
	uint8_t n_labels; /* of the zone's name */
	uint8_t type;     /* 0: SOA serial */
	uint8_t len;
	uint8_t bytes[ZONEVERSION_MAX];
};

/* A further reply to a question that was answered or given up: the last one
 * since the flow's previous observation.  A second answer that differs is a
 * sign of injection. */
struct second_answer {
	bool is_present;
	bool is_different; /* in code or NSID from the first answer */
	uint16_t rcode;
	int64_t rtt_us; /* from its own question */
	struct identity nsid;
};

#define TLS_TEXT_MAX 127 /* bytes of a text of a certificate kept */

struct tls_result {              /* of DNS over TLS (RFC 7858) */
	bool is_present;         /* the handshake was completed */
	bool is_verified;        /* the chain and the name are right */
	uint8_t version;         /* minor: 2 for TLS 1.2, 3 for TLS 1.3 */
	uint8_t fingerprint[32]; /* SHA-256 of the certificate */
	int64_t connect_us, handshake_us;
	int64_t not_after_us; /* Unix time */
	char subject[TLS_TEXT_MAX + 1], issuer[TLS_TEXT_MAX + 1];
	char names[TLS_TEXT_MAX + 1]; /* alternative names, blank between */
	char fault[TLS_TEXT_MAX + 1]; /* why it is not verified; "" */
};

struct dns_result {
	uint16_t source_port;
	uint16_t rcode; /* with an answer: outcome ok or rcode */
	int64_t rtt_us; /* with an answer, or refused/unreachable */
	bool has_reply_ttl;
	uint8_t reply_ttl; /* IP TTL or hop limit of the reply */
	bool is_aa, is_tc, is_ra;
	bool is_truncated_udp; /* UDP said TC; these fields are TCP's */
	bool has_serial;
	uint32_t serial;     /* of the zone's SOA in the answer */
	uint16_t size_bytes; /* of the DNS reply */
	uint8_t n_ede;
	uint16_t ede[EDE_MAX];
	uint8_t n_late;      /* replies after the timeout */
	uint8_t n_duplicate; /* further replies to the same question */
	struct identity nsid;
	struct chaos chaos;
	struct zoneversion zoneversion;
	struct second_answer second;
	struct tls_result tls; /* proto tls */
};

struct ping_result {
	uint16_t n_sent, n_received;
	int64_t rtt_min_us, rtt_median_us; /* when n_received > 0 */
	bool has_reply_ttl;
	uint8_t reply_ttl;
};

struct mpls_label {
	uint32_t label; /* 20 bits */
	uint8_t tc, ttl;
	bool is_bottom;
};

/* One reply to one TTL.  A TTL nobody answered has one hop with family 0.
 * Only the first reply to a packet is part of the path: an extra one, from
 * another address to the same packet, is kept apart.  A TTL with several
 * addresses that are not extra is balanced packet by packet: none of them
 * need be next to any hop of the TTLs beside. */
struct hop {
	uint8_t ttl;                  /* sent, 1 .. TRACE_TTL_MAX */
	struct addr address;          /* family 0: silent */
	int64_t rtt_us;               /* when not silent */
	uint8_t reply_ttl;            /* 0: not known */
	uint8_t icmp_type, icmp_code; /* both 0 for the target's own answer */
	bool is_target;               /* the target itself answered, not ICMP */
	bool is_extra;                /* not the first reply to its packet */
	bool is_linked;               /* proven: the hop before is next to it */
	uint8_t attempt;              /* which packet of this TTL, from 1 */
	uint8_t n_duplicate;          /* further equal replies */
	uint8_t n_labels;
	struct mpls_label labels[HOP_LABELS];
};

struct trace_result {
	uint16_t source_port;
	bool is_reached;   /* the target itself answered or refused */
	uint8_t n_queries; /* packets to each TTL that answered; with one, no
			    * link is proven */
	uint8_t n_hops;
	struct hop hops[HOP_MAX];
	struct identity nsid; /* of the last hop's own DNS answer */
};

struct observation {
	uint64_t seq;  /* per probe, from 1, no gaps unless lost */
	int64_t at_us; /* the first packet left; the probe's clock */
	enum kind kind;
	enum why why;
	enum proto proto;
	enum stamp stamp;
	enum outcome outcome;
	struct addr target;
	uint16_t port;      /* 0 for ICMP */
	struct addr source; /* the probe's own address; family 0: not known */
	union {
		struct dns_result dns;
		struct ping_result ping;
		struct trace_result trace;
	};
};

/* How well the probe's clock is known to be right. */
enum clock_state { CLOCK_UNKNOWN, CLOCK_SYNCHRONISED, CLOCK_UNSYNCHRONISED };

/* Can the host measure in an address family? */
enum family_state {
	FAMILY_UNKNOWN, /* not looked at yet */
	FAMILY_OK,      /* it has an address and a route */
	FAMILY_NONE     /* it has not: outcomes are no_family */
};

/* First line of a batch. */
struct batch_header {
	char probe[PROBE_ID_LEN + 1];
	char version[24]; /* of the probe's program */
	uint64_t first_seq, last_seq;
	bool has_sent_at; /* false: the observations' clock is lost (reboot) */
	int64_t sent_at_us; /* by the same anchor as the observations' at_us */
	int64_t anchor_at_us;   /* wall clock when the probe's run began */
	int64_t anchor_mono_us; /* monotonic clock at the same moment */
	enum clock_state clock;
	uint64_t n_lost;     /* observations dropped by the full spool so far */
	char assignment[17]; /* ETag of the assignment in force; "" for none */
	enum family_state v4, v6;
};

/* Words of the enums as they stand in JSON, SQL and reports; "?" when out of
 * range.  The _from_ functions return RC_MALFORMED for an unknown word. */
const char *kind_name(enum kind k);
const char *proto_name(enum proto p);
const char *outcome_name(enum outcome o);
const char *why_name(enum why w);
const char *stamp_name(enum stamp s);
const char *chaos_name_text(enum chaos_name n); /* "hostname.bind" */
const char *clock_state_name(enum clock_state c);
const char *family_state_name(enum family_state f);
MUST_USE enum rc kind_from_name(enum kind *out, const char *name);
MUST_USE enum rc proto_from_name(enum proto *out, const char *name);
MUST_USE enum rc outcome_from_name(enum outcome *out, const char *name);
MUST_USE enum rc why_from_name(enum why *out, const char *name);
MUST_USE enum rc stamp_from_name(enum stamp *out, const char *name);
MUST_USE enum rc chaos_name_from_text(enum chaos_name *out, const char *text);
MUST_USE enum rc clock_state_from_name(enum clock_state *out, const char *name);
MUST_USE enum rc
family_state_from_name(enum family_state *out, const char *name);

/* Is the outcome the probe's own fault? */
bool outcome_is_own_fault(enum outcome o);

/* Did the target answer at all (ok or rcode)? */
bool outcome_is_answer(enum outcome o);

bool identity_equal(const struct identity *a, const struct identity *b);

/* Sets *id to n bytes, marking what had to be cut. */
void identity_set(struct identity *id, const void *bytes, size_t n);

/* Writes the identity for a person: printable ASCII as it is, every other
 * byte and the backslash as \xHH (so no terminal escape survives); "" when
 * absent.  Returns buf. */
#define IDENTITY_TEXT_LEN (4 * IDENTITY_MAX + 1)
const char *
identity_format(const struct identity *id, char buf[static IDENTITY_TEXT_LEN]);

/* Is hop i one of several of a TTL that is balanced packet by packet? */
bool trace_is_balanced(const struct trace_result *t, unsigned i);

/* The hop before hop i, when the link between them is proven; else NULL. */
const struct hop *trace_link_from(const struct trace_result *t, unsigned i);

/* Hash of the path: TTLs, addresses and labels, without times and extra
 * replies (FNV-1a, 64 bits).
 * Two traces with equal hashes took the same path. */
uint64_t trace_path_hash(const struct trace_result *t);

/* The router before the target (or, of a trace that did not reach it, the last
 * that answered).  NULL: none is known, or its TTL has several. */
const struct hop *
trace_penultimate(const struct trace_result *t, const struct addr *target);

#endif
