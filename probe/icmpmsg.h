/*
 * icmpmsg.h - ICMP and ICMPv6: echoes, errors, and what errors quote. (pure)
 *
 * Uses     schema/base/bytes.h, schema/record.h
 * Used by  probe/engine_*.c, port.c, flow.c, trace_text.c, measure_mda.c
 *
 * RFC 792, RFC 4443; extensions by RFC 4884, MPLS labels by RFC 4950.
 */
#ifndef PROBE_ICMPMSG_H
#define PROBE_ICMPMSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "schema/base/addr.h"
#include "schema/base/err.h"
#include "schema/record.h"

#define ICMPMSG_NONCE_LEN 8
#define ICMPMSG_ECHO_LEN (8 + 2 + ICMPMSG_NONCE_LEN)

enum icmpmsg_kind { ICMPMSG_OTHER, ICMPMSG_ECHO_REPLY, ICMPMSG_ERROR };

/* What an error message means to the one who sent the quoted packet. */
enum icmpmsg_meaning {
	ICMPMSG_TTL_EXCEEDED, /* a hop of a path */
	ICMPMSG_PORT_CLOSED,
	ICMPMSG_UNREACHABLE,
	ICMPMSG_IGNORED /* too big, redirects and the like */
};

struct icmpmsg_echo {
	uint16_t id, seq;
	uint8_t nonce[ICMPMSG_NONCE_LEN];
};

struct icmpmsg_quote {    /* the packet of ours that an error is about */
	uint8_t ip_proto; /* IPPROTO_UDP, _TCP, _ICMP, _ICMPV6 */
	struct addr source, target;
	uint16_t source_port, target_port; /* UDP, TCP */
	uint16_t checksum;                 /* UDP, ICMP */
	uint16_t id, seq;                  /* ICMP echo */
	uint32_t tcp_seq;                  /* TCP */
	const uint8_t *payload; /* after the UDP header; lends the message */
	size_t payload_len;
};

struct icmpmsg_labels {
	uint8_t n;
	struct mpls_label label[HOP_LABELS];
};

struct icmpmsg {
	enum icmpmsg_kind kind;
	uint8_t type, code;
	struct icmpmsg_echo echo;   /* echo reply */
	struct icmpmsg_quote quote; /* error */
	struct icmpmsg_labels labels;
};

/* Parses an ICMP message without its IP header; family 4 or 6.  out lends
 * from bytes.  RC_MALFORMED: too short for its kind, or (IPv4) its checksum
 * is wrong; over IPv6 the kernel has checked it. */
MUST_USE enum rc
icmpmsg_parse(struct icmpmsg *out, int family, const void *bytes, size_t len);

/* Skips an IPv4 header (raw sockets give it), of a packet of that protocol.
 * RC_MALFORMED. */
MUST_USE enum rc icmpmsg_skip_ip4(const uint8_t **bytes, size_t *len,
    uint8_t ip_proto, struct addr *source, uint8_t *ttl);

/* Parses the quote of an echo request of ours, from its ICMP header on (as
 * error queues give it).  RC_MALFORMED: cut before the sequence number. */
MUST_USE enum rc icmpmsg_parse_quoted_echo(
    struct icmpmsg_quote *out, const void *bytes, size_t len);

/* Reads the MPLS labels of an extension structure (RFC 4884 section 7).
 * None when it is broken or absent. */
void icmpmsg_parse_extensions(
    struct icmpmsg_labels *out, const void *bytes, size_t len);

/* Writes an echo request.  Its ICMP checksum depends on id and nonce, never
 * on seq, so that routers which hash it keep it on one path (RFC 792 has the
 * layout, Augustin 2006 the reason).  The checksum is filled in for family 4;
 * for IPv6 the kernel does it.  Returns its length, ICMPMSG_ECHO_LEN. */
size_t icmpmsg_write_echo(uint8_t buf[static ICMPMSG_ECHO_LEN], int family,
    const struct icmpmsg_echo *echo);

/* The checksum that a UDP datagram will carry (RFC 768, RFC 8200 8.1): what
 * comes back in the quote of a router that returns 8 bytes only. */
uint16_t icmpmsg_udp_checksum(const struct addr *source, uint16_t source_port,
    const struct addr *target, uint16_t target_port, const void *payload,
    size_t len);

/* What the message means to the sender of the quoted packet. */
enum icmpmsg_meaning icmpmsg_meaning(int family, uint8_t type, uint8_t code);

#endif
