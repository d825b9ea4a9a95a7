/*
 * engine_port.h - the engine's shared sockets: opened, kept, read. (wiring)
 *
 * Uses     probe/engine_flight.h, port, socks
 * Used by  probe/engine*.c
 *
 * One UDP socket per family and source port serves all targets; the sockets
 * for ICMP are the same kind of thing.  What comes is handed to the ask whose
 * packet it belongs to.
 */
#ifndef PROBE_ENGINE_PORT_H
#define PROBE_ENGINE_PORT_H

#include "probe/engine_flight.h"

struct engine_port {
	struct engine *engine;
	struct port port;
	uint16_t wanted_port; /* 0: any, and it ends after its asks */
	bool is_icmp, is_syn, is_raw, is_open, is_closing;
	unsigned n_asks;
	int64_t last_used_mono_us;
	uv_poll_t poll;
};

/* Starts to listen on what ICMP sockets there are.  RC_SYS. */
MUST_USE enum rc ports_start(struct engine *e, struct err *err);
void ports_close(struct engine *e);

/* Puts the ask on the UDP port that its question wants.  RC_SYS: errno.
 * RC_LIMIT. */
MUST_USE enum rc port_join(struct ask *a);
void port_leave(struct ask *a);

/* Puts a packet of the ask's into the next batch: the caller fills bytes and
 * len of what is lent, at once.  The flight is told when it left. */
struct port_out *
port_send(struct engine_port *p, struct flight *f, uint8_t ttl);

/* The port for ICMP of the family of a; NULL: there is none. */
struct engine_port *port_icmp(struct engine *e, const struct addr *a);

/* The port for SYNs of our own making, opened when it is first asked for;
 * NULL: there is none. */
struct engine_port *port_syn(struct engine *e, const struct addr *a);

/* Sends all batches; reads the ports of families that are in use; looks at them when something comes, or
 * not; closes those that nobody has used for long. */
void ports_flush(struct engine *e);
void ports_read(struct engine *e);
void ports_watch(struct engine *e, bool is_watched);
void ports_sweep(struct engine *e, int64_t now_mono_us);

/* Is there a batch that a socket had no room for? */
bool ports_have_rest(const struct engine *e);

/* A DNS id that no packet between the ask's port and its target has; never 0
 * or 0xffff, so that UDP checksums differ when ids do. */
uint16_t port_new_id(const struct ask *a);

#endif
