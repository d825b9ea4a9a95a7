/*
 * socks.h - the sockets that may need privilege, and its end.        (edge)
 *
 * Uses     probe/ancillary.h, libcap
 * Used by  probe/measure.c, probe/run.c, probe/doctor.c, probe/engine*.c
 *
 * First the sockets for ICMP are opened, the best kind that the system allows;
 * then every capability is dropped for good.  Only after that may anything be
 * read: arguments' meaning, configuration, the network.
 */
#ifndef PROBE_SOCKS_H
#define PROBE_SOCKS_H

#include "schema/base/addr.h"
#include "schema/base/err.h"

/* Source ports of SYNs: below what systems hand out by themselves. */
#define SOCKS_SYN_PORT_MIN 20000
#define SOCKS_SYN_PORT_MAX 32767

enum socks_mode {
	SOCKS_NONE,     /* ping by TCP; traceroute by the UDP error queue */
	SOCKS_DATAGRAM, /* ICMP datagram socket: ping; traceroute as above */
	SOCKS_RAW       /* ICMP raw socket: everything, and short quotes too */
};

struct socks_icmp {
	int fd; /* -1: none */
	enum socks_mode mode;
	char reason[160]; /* why this mode and no better one, for a person */
	int syn_fd; /* raw TCP, for SYNs and what answers them; -1: none */
};

struct socks {
	struct socks_icmp v4, v6;
};

/* Opens what it can, then drops all capabilities and forbids new ones
 * (PR_SET_NO_NEW_PRIVS).  Release with socks_close.  What could not be opened
 * is told by mode and reason, not by an error.  RC_SYS: the capabilities are
 * still there. */
MUST_USE enum rc socks_open(struct socks *out, struct err *err);

/* NULL is fine. */
void socks_close(struct socks *s);

/* Lends the part of the family of a. */
const struct socks_icmp *socks_for(const struct socks *s, const struct addr *a);

/* "raw", "datagram" or "none". */
const char *socks_mode_name(enum socks_mode mode);

#endif
