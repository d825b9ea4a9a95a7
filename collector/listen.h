/*
 * listen.h - the socket that a server listens on.                    (edge)
 *
 * Used by  serve, check
 */
#ifndef COLLECTOR_LISTEN_H
#define COLLECTOR_LISTEN_H

#include <stdbool.h>
#include <stdint.h>

#include "schema/base/addr.h"
#include "schema/base/err.h"

/* Room for "[address]:port" and its NUL. */
#define LISTEN_TEXT_LEN (ADDR_TEXT_LEN + 8)

/* Reads "127.0.0.1:8420" or "[::]:8420".  RC_MALFORMED. */
MUST_USE enum rc listen_parse(
    struct addr *address, uint16_t *port, const char *text, struct err *err);

/* The same, and refuses what would be unsafe.  RC_RANGE: an address that is
 * not loopback, without TLS. */
MUST_USE enum rc listen_check(struct addr *address, uint16_t *port,
    const char *text, bool has_tls, struct err *err);

/* Gives *fd, listening: close it.  "::" takes IPv4 too.  Port 0 is any free
 * one; where writes what it has become.  RC_SYS. */
MUST_USE enum rc listen_open(int *fd, char where[static LISTEN_TEXT_LEN],
    const struct addr *address, uint16_t port, struct err *err);

#endif
