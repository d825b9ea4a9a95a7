/*
 * head.h - is the head of a request written in the one usual way?    (edge)
 *
 * Uses     libmicrohttpd
 * Used by  httpd
 *
 * A proxy before us and libmicrohttpd must see the same request, or what one
 * takes for a body is the next request to the other.  libmicrohttpd takes
 * folded lines, blanks before a colon, bare line feeds and NULs in ways of its
 * own; clients write none of them.  So a head must be what its parts come to
 * when they are put together again, byte for byte:
 *
 *     METHOD SP path [?query] SP version CRLF *( name ": " value CRLF ) CRLF
 */
#ifndef COLLECTOR_HEAD_H
#define COLLECTOR_HEAD_H

#include <microhttpd.h>
#include <stdbool.h>

/* The parts are those that libmicrohttpd tells; nothing of them unescaped. */
bool head_is_plain(struct MHD_Connection *connection, const char *method,
    const char *path, const char *version);

#endif
