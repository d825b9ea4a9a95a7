/*
 * flow.h - one TCP connection as a socket, and what a host knows.    (edge)
 *
 * Uses     probe/ancillary.h, probe/rtt.h
 * Used by  probe/port.c, probe/engine*.c, dot_conn.c, hostwatch.c
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

struct flow_bytes { /* of a stream; they are in the caller's buffer */
	struct arrival arrival;
	bool has_ttl;
	uint8_t ttl;
	size_t len; /* 0: the other side closed */
};

struct flow_news {         /* from the error queue */
	bool is_departure; /* the byte number key left at arrival.kernel_ns */
	uint32_t key;
	struct arrival arrival; /* else an ICMP error came */
	struct addr from;
	uint8_t type, code;
	bool has_ttl;
	uint8_t ttl;
	struct icmpmsg_labels labels;
};

/* Both clocks, now. */
struct moment flow_now(void);

/* Opens a TCP socket and starts to connect: writable when that is over.
 * source_port 0: any.  ttl 0: the system's; else a single SYN leaves with it,
 * and the same 5-tuple can be opened again at once.  Release with flow_close.
 * RC_SYS: errno is kept, see flow_outcome. */
MUST_USE enum rc flow_open_tcp(struct flow *out, const struct addr *target,
    uint16_t port, uint16_t source_port, uint8_t ttl);

void flow_close(struct flow *f); /* NULL is fine */

/* Binds to any address of the family and to source_port or, where somebody has
 * it, to one of the next few; 0: any.  RC_SYS: errno. */
MUST_USE enum rc flow_bind(int fd, uint8_t family, uint16_t source_port);

/* How the connection went: 0, or an errno. */
int flow_connect_errno(const struct flow *f);

/* The round trip of SYN and SYN-ACK as the kernel measured it, in
 * microseconds; 0 when it did not. */
int64_t flow_connect_rtt_us(const struct flow *f);

/* From now on, asks for the stamps of what is written and read. */
void flow_stamp(const struct flow *f);

/* Writes all of it, or RC_SYS: errno. */
MUST_USE enum rc flow_write(
    const struct flow *f, const void *bytes, size_t len, struct moment *before);

/* Reads what is there.  RC_AGAIN: nothing; RC_SYS: errno. */
MUST_USE enum rc
flow_read(const struct flow *f, void *buf, size_t cap, struct flow_bytes *out);

/* Takes one entry off the error queue.  RC_AGAIN: empty. */
MUST_USE enum rc flow_read_news(const struct flow *f, struct flow_news *out);

/* The own address towards target.  Family 0, errno: no route.  flow_source_by
 * uses a UDP socket of the target's family that is good for nothing else. */
struct addr flow_source_towards(const struct addr *target);
struct addr flow_source_by(int fd, const struct addr *target);

/* What a failed open or write means: no_family or send_failed. */
enum outcome flow_outcome(int sys_errno);

/* What the end of a TCP connection, or of an attempt, means. */
enum outcome flow_connect_outcome(int sys_errno);

#endif
