/*
 * port.h - one socket that many targets share, in batches.           (edge)
 *
 * Uses     probe/ancillary.h, probe/rtt.h, the kernel's sendmmsg and recvmmsg
 * Used by  probe/engine_*.c
 *
 * A UDP socket of one family and one source port, or a socket for ICMP: not
 * connected, so that neither memory nor files grow with the targets.  Who
 * reads it must check who sent what came.
 */
#ifndef PROBE_PORT_H
#define PROBE_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "probe/icmpmsg.h"
#include "probe/rtt.h"
#include "schema/base/addr.h"
#include "schema/base/err.h"

#define PORT_BATCH 32       /* packets of one system call */
#define PORT_PACKET_MAX 320 /* bytes of one that we send */
#define PORT_READ_MAX 2048  /* bytes of one that we read; more is cut */
#define PORT_KEYS 512       /* departures waited for; a power of two */

struct port_out {
	struct addr to;
	uint16_t to_port; /* 0 for ICMP */
	uint8_t ttl;      /* 0: the system's */
	uint16_t len;
	void *tag; /* the caller's, told with its departure */
	uint32_t tag_serial;
	uint8_t bytes[PORT_PACKET_MAX];
};

struct port_in { /* a packet, or an ICMP error about one */
	struct arrival arrival;
	struct addr from; /* of an error: who the packet was sent to */
	uint16_t from_port;
	struct addr local; /* own address; family 0: not told */
	bool has_ttl;
	uint8_t ttl;
	bool is_cut; /* it was longer than PORT_READ_MAX */
	size_t len;
	const uint8_t *bytes; /* an error: the quoted payload */
	/* an error */
	struct addr offender;
	uint8_t type, code;
	struct icmpmsg_labels labels;
};

struct port_key {
	void *tag;
	uint32_t serial;
};

struct port {
	int fd;
	uint8_t family;
	uint16_t source_port; /* 0 for ICMP */
	uint32_t next_key;    /* of the next packet's departure */
	unsigned n_out;       /* written by port_put, not yet sent */
	unsigned out_cap;
	struct port_out *out;
	struct port_key *keys; /* PORT_KEYS of them */
};

/* Called by the functions below, for each thing that came or happened. */
struct port_events {
	/* A packet that was put left, or was handed over then; or it could
	 * not: sys_errno. */
	void (*sent)(
	    void *ctx, const struct port_out *out, const struct moment *before);
	void (*not_sent)(void *ctx, const struct port_out *out, int sys_errno);
	void (*departed)(
	    void *ctx, void *tag, uint32_t tag_serial, int64_t kernel_ns);
	void (*packet)(void *ctx, const struct port_in *in);
	void (*error)(void *ctx, const struct port_in *in);
};

/* Memory to read into, which several ports may share. */
struct port_buffers;                         /* opaque */
struct port_buffers *port_buffers_new(void); /* release with free() */

/* Opens a UDP socket.  source_port 0: any; else that one or, where somebody
 * has it, one of the next few.  with_errors: hear ICMP errors.  Release with
 * port_close.  RC_SYS: errno. */
MUST_USE enum rc port_open_udp(
    struct port *out, uint8_t family, uint16_t source_port, bool with_errors);

/* Takes a socket that is open already (ICMP), without owning it. */
void port_adopt(struct port *out, uint8_t family, int fd);

/* Closes what it owns.  NULL is fine. */
void port_close(struct port *p);
void port_release(struct port *p); /* of an adopted socket */

/* Gives room for one packet, to be filled; it leaves with port_flush, which
 * is due when port_is_full. */
struct port_out *port_put(struct port *p);
bool port_is_full(const struct port *p);

/* Sends what was put, in order; what the socket has no room for now stays. */
void port_flush(struct port *p, const struct port_events *events, void *ctx);

/* Takes what has come, at most max packets of each kind: departures and errors
 * first.  True: there may be more. */
bool port_read(struct port *p, struct port_buffers *buffers, unsigned max,
    const struct port_events *events, void *ctx);

#endif
