/*
 * engine_icmp.h - the engine's echo requests, and ICMP that comes. (wiring)
 *
 * Uses     probe/engine_port.h, icmpmsg
 * Used by  probe/engine_port.c, engine_ping.c, engine_trace.c
 */
#ifndef PROBE_ENGINE_ICMP_H
#define PROBE_ENGINE_ICMP_H

#include "probe/engine_port.h"

/* Sends an echo request to the ask's target; what comes back for it goes to
 * the ask's packet and notice.  The flight's what and attempt are as given.
 * ttl 0: the system's.  RC_NOTFOUND: this family has no ICMP socket. */
MUST_USE enum rc icmp_send(struct ask *a, uint16_t id,
    const uint8_t nonce[static ICMPMSG_NONCE_LEN], uint8_t ttl, uint8_t what,
    uint8_t attempt);

/* What a port for ICMP hands over: see struct port_events. */
void icmp_packet(void *ctx, const struct port_in *in);
void icmp_error(void *ctx, const struct port_in *in);

#endif
