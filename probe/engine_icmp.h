/*
 * engine_icmp.h - the engine's echo requests, and ICMP that comes. (wiring)
 *
 * Uses     probe/engine_port.h, engine_syn.h, icmpmsg
 * Used by  probe/engine.c, engine_ping.c, engine_trace.c
 */
#ifndef PROBE_ENGINE_ICMP_H
#define PROBE_ENGINE_ICMP_H

#include "probe/engine_port.h"

/* Starts to listen on what ICMP sockets there are. */
void icmp_start(struct engine *e);

/* The port for ICMP of the family of a; NULL: there is none. */
struct engine_port *icmp_port(struct engine *e, const struct addr *a);

/* Sends an echo request to the ask's target; what comes back for it goes to
 * the ask's packet and notice.  The flight's what and attempt are as given.
 * ttl 0: the system's.  RC_NOTFOUND: this family has no ICMP socket. */
MUST_USE enum rc icmp_send(struct ask *a, uint16_t id,
    const uint8_t nonce[static ICMPMSG_NONCE_LEN], uint8_t ttl, uint8_t what,
    uint8_t attempt);

#endif
