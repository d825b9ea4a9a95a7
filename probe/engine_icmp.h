/*
 * engine_icmp.h - the engine's ICMP sockets and echo requests.     (wiring)
 *
 * Uses     probe/engine_core.h, icmpmsg, socks
 * Used by  probe/engine.c, engine_ping.c, engine_trace.c
 */
#ifndef PROBE_ENGINE_ICMP_H
#define PROBE_ENGINE_ICMP_H

#include "probe/engine_core.h"

/* Starts to listen on what sockets there are.  RC_SYS. */
MUST_USE enum rc icmp_start(struct engine *e, struct err *err);
void icmp_close(struct engine *e);

/* Sends an echo request to the ask's target; what comes back for it goes to
 * the ask's echo and echo_notice, with what.  ttl 0: the system's.  RC_SYS:
 * errno.  RC_NOTFOUND: this family has no ICMP socket. */
MUST_USE enum rc icmp_send(struct ask *a, uint16_t id,
    const uint8_t nonce[static ICMPMSG_NONCE_LEN], uint8_t what, uint8_t ttl,
    struct moment *sent);

#endif
