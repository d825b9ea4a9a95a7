/*
 * engine_syn.h - SYNs of our own making, all at once.              (wiring)
 *
 * Uses     probe/engine_port.h, tcpmsg
 * Used by  probe/engine_icmp.c, engine_trace.c
 *
 * All SYNs of a trace have the same 5-tuple and differ by sequence number,
 * which both an answer and an ICMP quote give back.
 */
#ifndef PROBE_ENGINE_SYN_H
#define PROBE_ENGINE_SYN_H

#include "probe/engine_port.h"

/* Can SYNs be made here for the family of the ask's target? */
bool syn_is_possible(struct ask *a);

/* Sends a SYN to the ask's target; what comes back for it goes to the ask's
 * packet (an answer by the target) and notice.  RC_SYS: errno. */
MUST_USE enum rc
syn_send(struct ask *a, uint16_t source_port, uint8_t ttl, uint8_t attempt);

/* Whose SYN an ICMP error quotes; NULL: nobody's. */
struct flight *
syn_find(const struct engine *e, const struct icmpmsg_quote *quote);

/* Did the target refuse, in this answer that was handed to packet? */
bool syn_is_refused(const struct port_in *in);

#endif
