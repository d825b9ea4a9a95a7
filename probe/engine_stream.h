/*
 * engine_stream.h - the engine's TCP connections.                  (wiring)
 *
 * Uses     probe/engine_core.h, flow
 * Used by  probe/engine_dns_tcp.c, engine_ping.c, engine_trace.c
 */
#ifndef PROBE_ENGINE_STREAM_H
#define PROBE_ENGINE_STREAM_H

#include "probe/engine_core.h"

struct stream {
	struct ask *ask; /* NULL: left, being closed */
	struct engine *engine;
	struct flow flow;
	uv_poll_t poll;
	int watched; /* UV_READABLE, UV_WRITABLE */
};

/* Starts to connect to the ask's target; its ready is called when that is
 * over.  source_port 0: any; ttl 0: the system's.  RC_SYS: errno.  RC_LIMIT:
 * too many connections. */
MUST_USE enum rc stream_open(struct ask *a, uint16_t source_port, uint8_t ttl);

/* What the ask waits for: UV_READABLE, UV_WRITABLE. */
void stream_watch(struct ask *a, int uv_events);

/* Closes the ask's connection, if it has one. */
void stream_close(struct ask *a);

#endif
