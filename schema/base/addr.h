/*
 * addr.h - IP addresses of both families as plain values.            (pure)
 *
 * Used by  record, wire, probe, collector
 */
#ifndef SCHEMA_BASE_ADDR_H
#define SCHEMA_BASE_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "schema/base/err.h"

/* Room for any address as text, with the closing NUL. */
#define ADDR_TEXT_LEN 46

struct addr {
	uint8_t family;    /* 4, 6, or 0 for "none" */
	uint8_t bytes[16]; /* network order; IPv4 uses the first four */
};

/* Reads a numeric address, without port, brackets or scope.  RC_MALFORMED. */
MUST_USE enum rc addr_parse(struct addr *out, const char *text);

/* Writes the canonical text (RFC 5952); "" for family 0.  Returns buf. */
const char *addr_format(const struct addr *a, char buf[static ADDR_TEXT_LEN]);

bool addr_equal(const struct addr *a, const struct addr *b);

/* Fills *ss for a and port (host order); returns its length in bytes. */
socklen_t addr_to_sockaddr(
    const struct addr *a, uint16_t port, struct sockaddr_storage *ss);

/* The reverse; a v4-mapped IPv6 address becomes IPv4.  port may be NULL.
 * Family 0 for a socket address that is neither. */
struct addr addr_from_sockaddr(const struct sockaddr *sa, uint16_t *port);

/* AF_INET or AF_INET6. */
int addr_domain(const struct addr *a);

/* Does nobody outside own a (loopback, private, link-local, CGN, unique local,
 * unspecified)?  Such an address says nothing about the origin AS. */
bool addr_is_private(const struct addr *a);

/* Is it 127.0.0.0/8 or ::1? */
bool addr_is_loopback(const struct addr *a);

#endif
