/*
 * ancillary.h - what the kernel tells beside a packet's bytes.       (edge)
 *
 * Uses     probe/icmpmsg.h, the kernel's ancillary messages
 * Used by  probe/port.c, flow.c, socks.c, stamps.c
 *
 * Every socket here is asked for the kernel's stamps of both directions
 * (SO_TIMESTAMPING: software, OPT_ID, OPT_TSONLY) and for the TTL of what it
 * receives; one that must do without a raw socket, for ICMP errors too
 * (ip(7), IP_RECVERR), which needs no privilege.
 */
#ifndef PROBE_ANCILLARY_H
#define PROBE_ANCILLARY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <time.h>

#include <linux/errqueue.h>

#include "schema/base/addr.h"
#include "schema/base/err.h"

#define ANCILLARY_LEN 512 /* of a control buffer that holds all of it */

struct ancillary {
	int64_t kernel_ns; /* when it came, or left; Unix time; 0: not told */
	bool has_ttl;
	uint8_t ttl;
	struct addr local; /* the own address it came to; family 0: not told */
	bool has_error;    /* it is from the error queue */
	struct sock_extended_err error;
	struct addr offender; /* who sent the ICMP message */
};

/* Asks for TTLs and own addresses; for ICMP errors when with_errors.  RC_SYS. */
MUST_USE enum rc ancillary_ask(int fd, int domain, bool with_errors);

/* Asks for stamps.  On a TCP socket: once it is connected; the keys of its
 * transmit stamps then count bytes from here.  False: the system has none, and
 * the program's own clock counts. */
bool ancillary_ask_stamps(int fd);

/* Counts the keys of transmit stamps from 0 again, after a write that failed
 * may or may not have used one up. */
bool ancillary_restart_keys(int fd);

void ancillary_read(struct ancillary *out, struct msghdr *msg);

/* Is it the stamp of a packet that left, whose key is error.ee_data? */
bool ancillary_is_departure(const struct ancillary *a);

/* Is it an ICMP error? */
bool ancillary_is_icmp(const struct ancillary *a);

#endif
