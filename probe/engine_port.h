/*
 * engine_port.h - the engine's shared sockets: opened, kept, read. (wiring)
 *
 * Uses     probe/engine_again.h, engine_flight.h, port, socks
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
	const struct port_events *events;
	bool is_adopted; /* its socket is somebody else's */
	bool is_raw, is_open, is_closing;
	unsigned n_asks;
	int64_t last_used_mono_us;
	uv_poll_t poll;
};

enum port_role { PORT_ICMP, PORT_SYN, N_PORT_ROLES };

void ports_new(struct engine *e); /* they end with ports_close */

/* The port of that role of the family of a, on the socket fd: listened on from
 * the first call on, with these events.  NULL: it cannot be, or fd is -1. */
struct engine_port *port_of(struct engine *e, enum port_role role,
    const struct addr *a, int fd, const struct port_events *events);

/* An ICMP error from an error queue. */
struct notice port_notice(const struct port_in *in);

/* For the events of others: what is the same for all that is sent. */
void port_on_sent(
    void *ctx, const struct port_out *out, const struct moment *before);
void port_on_not_sent(void *ctx, const struct port_out *out, int sys_errno);
void
port_on_departed(void *ctx, void *tag, uint32_t tag_serial, int64_t kernel_ns);

void ports_close(struct engine *e);

/* Puts the ask on the UDP port that its question wants.  RC_SYS: errno.
 * RC_LIMIT. */
MUST_USE enum rc port_join(struct ask *a);
void port_leave(struct ask *a);

/* Puts a packet of the ask's into the next batch: the caller fills bytes and
 * len of what is lent, at once.  The flight is told when it left. */
struct port_out *
port_send(struct engine_port *p, struct flight *f, uint8_t ttl);

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
