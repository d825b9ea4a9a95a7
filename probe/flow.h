/*
 * flow.h - one 5-tuple as a socket, and what arrives on it.          (edge)
 *
 * Uses     probe/icmpmsg.h, probe/rtt.h, the kernel's error queue
 * Used by  probe/socks.c, probe/engine*.c
 *
 * Every socket is connected (the kernel turns away strangers), has kernel
 * receive stamps, gives the TTL of what it receives, and hears ICMP errors
 * through its error queue, which needs no privilege (ip(7), IP_RECVERR).
 */
#ifndef PROBE_FLOW_H
#define PROBE_FLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "probe/icmpmsg.h"
#include "probe/rtt.h"
#include "schema/base/addr.h"
#include "schema/base/err.h"
#include "schema/record.h"

struct flow {
	int fd;
	struct addr target, source;
	uint16_t port, source_port;
};

struct flow_packet { /* the bytes are in the caller's buffer */
	struct arrival arrival;
	struct addr from;
	bool has_ttl;
	uint8_t ttl;
	size_t len;
};

struct flow_error {
	struct arrival arrival;
	bool is_icmp; /* else the own system's: see sys_errno */
	int sys_errno;
	struct addr from; /* who sent the ICMP message */
	uint8_t type, code;
	bool has_ttl;
	uint8_t ttl;
	struct icmpmsg_labels labels;
	size_t len; /* quoted payload in the caller's buffer */
};

/* Both clocks, now. */
struct moment flow_now(void);

/* Sets what every socket here needs: stamps, TTLs, errors.  RC_SYS. */
MUST_USE enum rc flow_prepare(int fd, int domain);

/* Opens a UDP socket to target and port.  source_port 0: any; else that one,
 * or, where somebody has it, one of the next few.  Release with flow_close.
 * RC_SYS: errno is kept, see flow_outcome. */
MUST_USE enum rc flow_open_udp(struct flow *out, const struct addr *target,
    uint16_t port, uint16_t source_port);

/* The same for TCP; starts to connect: writable when that is over.  ttl 0:
 * the system's. */
MUST_USE enum rc flow_open_tcp(struct flow *out, const struct addr *target,
    uint16_t port, uint16_t source_port, uint8_t ttl);

void flow_close(struct flow *f); /* NULL is fine */

/* How the TCP connection went: 0, or an errno. */
int flow_connect_errno(const struct flow *f);

/* Sends one packet, to when the socket is not connected (else NULL); ttl 0:
 * the system's.  *sent is read just before.  RC_SYS: errno. */
MUST_USE enum rc flow_write(int fd, const struct addr *to, const void *bytes,
    size_t len, uint8_t ttl, struct moment *sent);

/* Receives one packet, or what is there of a stream.  RC_AGAIN: nothing;
 * RC_SYS: errno (an ICMP error is waiting, or a stream broke). */
MUST_USE enum rc
flow_read(int fd, void *buf, size_t cap, struct flow_packet *out);

/* Takes one entry off the error queue.  RC_AGAIN: empty. */
MUST_USE enum rc
flow_read_error(int fd, void *buf, size_t cap, struct flow_error *out);

/* The own address towards target.  Family 0, errno: no route. */
struct addr flow_source_towards(const struct addr *target);

/* What a failed open or write means: no_family or send_failed. */
enum outcome flow_outcome(int sys_errno);

#endif
