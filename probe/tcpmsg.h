/*
 * tcpmsg.h - the SYN we send, and what answers it.                   (pure)
 *
 * Uses     schema/base/bytes.h, schema/base/addr.h
 * Used by  probe/engine_syn.c, socks.c
 *
 * RFC 9293.  A half-open handshake: our own system, which knows nothing of the
 * SYN, refuses the SYN-ACK with a RST, so nothing stays open at the target.
 */
#ifndef PROBE_TCPMSG_H
#define PROBE_TCPMSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "schema/base/addr.h"
#include "schema/base/err.h"

#define TCPMSG_SYN_LEN 24 /* header and the option for segment size */
#define TCPMSG_CHECKSUM_AT 16
#define TCPMSG_SYN 0x02
#define TCPMSG_RST 0x04
#define TCPMSG_ACK 0x10

struct tcpmsg {
	uint16_t source_port, target_port;
	uint32_t seq, ack;
	uint8_t flags;
};

/* Writes a SYN.  The checksum covers both addresses; for IPv6 the kernel fills
 * it in.  Returns its length, TCPMSG_SYN_LEN. */
size_t tcpmsg_write_syn(uint8_t buf[static TCPMSG_SYN_LEN],
    const struct addr *source, const struct addr *target, uint16_t source_port,
    uint16_t target_port, uint32_t seq);

/* Parses a segment's header.  RC_MALFORMED: cut, or no TCP. */
MUST_USE enum rc
tcpmsg_parse(struct tcpmsg *out, const void *bytes, size_t len);

/* Does it answer the SYN with that sequence number: by SYN-ACK, or by RST? */
bool tcpmsg_answers(const struct tcpmsg *m, uint32_t seq);

#endif
