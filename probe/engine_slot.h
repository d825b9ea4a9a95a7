/*
 * engine_slot.h - the engine's flows: shared, kept, swept.         (wiring)
 *
 * Uses     probe/engine_core.h, libuv
 * Used by  probe/engine*.c
 */
#ifndef PROBE_ENGINE_SLOT_H
#define PROBE_ENGINE_SLOT_H

#include "probe/engine_core.h"

/* Puts the ask on the UDP flow of its question: the one that is open for a
 * fixed source port, or a new one.  RC_SYS: errno.  RC_LIMIT. */
MUST_USE enum rc slot_join_udp(struct ask *a);

/* Puts the ask on a TCP flow of its own, which starts to connect; its ready
 * is called when that is over.  source_port 0: any; ttl 0: the system's. */
MUST_USE enum rc
slot_join_tcp(struct ask *a, uint16_t source_port, uint8_t ttl);

/* What the ask waits for on its TCP flow: UV_READABLE, UV_WRITABLE. */
void slot_watch(struct ask *a, int uv_events);

/* Leaves a TCP flow and closes its socket at once. */
void slot_drop(struct ask *a);

/* Hands an ICMP error to whose packet it was about: on the UDP flow from
 * source_port to target and port.  False: none of ours. */
bool slot_notice(struct engine *e, const struct icmpmsg_quote *quote,
    const struct notice *n);

/* A DNS id that no ask on the flow uses; never 0 or 0xffff, so that UDP
 * checksums differ when ids do. */
uint16_t slot_new_id(const struct slot *s);

/* Remembers a closed question, to know its late replies and duplicates. */
void slot_remember(struct slot *s, uint16_t id, bool is_answered);

/* Closes flows that have been left long enough. */
void slots_sweep(struct engine *e, int64_t now_mono_us);
void slots_close(struct engine *e);

#endif
